"""Scores: pure functions from cases and replies to figures."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.people.cases import Case
from benchmarks.people.metrics import (
    Outcome,
    Reply,
    figures,
    first_is_left,
    names_someone,
    percentile,
    right_existence,
    right_order,
    right_place,
    right_refusal,
    right_words,
    span_error_s,
    wrong_and_sure,
)
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.evaluation.clips import ClipTruth

CLIP = ClipTruth(Path("clip.mp4"), 4.0, (640, 360), ())
BASE = Case("same", CLIP, "A > B", ("A",), ("Maria",), "existence", "Is Maria here?", (True,))
ABSENT = replace(BASE, present=(False,))


def said(text: str, state: str = "present", **more: object) -> Reply:
    return Reply(text=text, states={"Maria": state}, **more)  # type: ignore[arg-type]


def test_presence_needs_the_right_words_and_the_right_decision() -> None:
    assert right_existence(BASE, said("Yes, Maria is in this video."))
    assert not right_existence(BASE, said("Yes, Maria is in this video.", "unsure"))
    assert not right_existence(BASE, said("No, Maria is not in this video."))
    assert right_existence(ABSENT, said("No, Maria is not in this video.", "absent"))


def test_without_evidence_lines_the_words_alone_count() -> None:
    assert right_existence(replace(BASE, use_evidence=False), said("Yes, Maria is in this video.", "absent"))


def test_without_a_model_the_decision_counts() -> None:
    assert right_existence(BASE, Reply(text=None, states={"Maria": "present"}))
    assert not right_existence(ABSENT, Reply(text=None, states={"Maria": "unsure"}))


def test_unsure_is_neither_right_nor_wrong_and_sure() -> None:
    reply = said("I am not sure whether Maria is in this video.", "unsure")
    assert not right_existence(BASE, reply)
    assert not wrong_and_sure(BASE, reply)
    assert wrong_and_sure(BASE, said("No, Maria is not in this video.", "absent"))
    assert wrong_and_sure(ABSENT, said("Yes, Maria is in this video."))
    assert not wrong_and_sure(ABSENT, said("No, Maria is not in this video.", "absent"))


PAIR = replace(BASE, row="stranger", people=("A", "B"), names=("Maria", "Tom"), present=(False, False), kind="which")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Neither Maria nor Tom is in this video.", []),
        ("None of Maria and Tom is in this video.", []),
        ("Maria and Tom are not in this video.", []),
        ("I am not sure about Maria and Tom.", []),
        ("Tom is in this video.", ["Tom"]),
        ("Only Tom is in this video, Maria is not.", ["Maria", "Tom"]),
        ("Yes, both are not unknown: Maria, Tom.", ["Maria", "Tom"]),
    ],
)
def test_strangers_named_in_words(text: str, named: list[str]) -> None:
    assert names_someone(PAIR, Reply(text=text, states={})) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Maria is not in this video, but Tom is not in this video.", []),
        ("Maria is not in this video, but Tom is in this video.", ["Tom"]),
        ("Maria is not in this video. I see Tom.", ["Tom"]),
        ("Maria is not in this video, but I am not sure about Tom.", []),
        ("I am not sure about Maria, but Tom is in this video.", ["Tom"]),
        ("I am not sure about Maria and Tom is in this video.", ["Tom"]),
        ("I am not sure whether Maria is in this video, and Tom is on the left.", ["Tom"]),
    ],
)
def test_who_is_refused_by_name_is_not_named(text: str, named: list[str]) -> None:
    assert names_someone(PAIR, Reply(text=text, states={})) == named


def test_strangers_named_by_decision_count_whatever_is_said() -> None:
    reply = Reply(text="Neither Maria nor Tom is in this video.", states={"Maria": "present", "Tom": "unsure"})
    assert names_someone(PAIR, reply) == ["Maria"]


def test_people_who_are_there_may_be_named() -> None:
    assert names_someone(replace(PAIR, present=(True, False)), Reply(text="Maria is here.", states={})) == []


def test_a_place_answer_has_the_right_side_and_no_other() -> None:
    case = replace(BASE, row="place", place="left")
    assert right_place(case, said("Maria is on the left."))
    assert not right_place(case, said("Maria is on the left, then on the right."))
    assert not right_place(case, said("Maria is in the middle."))
    assert right_place(replace(case, place="middle"), said("Maria is in the centre."))


@pytest.mark.parametrize(
    ("text", "first_left"),
    [
        ("Maria is to the left of Tom.", True),
        ("Maria is further right than Tom.", False),
        ("Tom is left of Maria.", False),
        ("Tom is on the right, and Maria is on the left.", True),
        ("From left to right: Tom, Maria.", False),
        ("Tom is on the left.", False),
        ("I can't tell.", None),
    ],
)
def test_order_is_read_from_the_side_word_after_a_name(text: str, first_left: bool | None) -> None:
    assert first_is_left(text, ("Maria", "Tom")) is first_left


@pytest.mark.parametrize(
    ("side", "first_left", "text", "right"),
    [
        ("left", True, "Yes, Maria is to the left of Tom.", True),
        ("right", True, "Yes, Maria is to the right of Tom.", False),
        ("right", True, "No, Maria is to the left of Tom.", True),
        ("left", False, "No, Tom is to the left of Maria.", True),
        ("left", False, "I am not sure.", False),
    ],
)
def test_a_relation_is_confirmed_or_denied(side: str, first_left: bool, text: str, right: bool) -> None:
    case = replace(BASE, row="order", kind="relation", names=("Maria", "Tom"), first_left=first_left, side=side)
    assert right_order(case, said(text)) is right


def test_the_span_error_is_the_larger_of_both_ends() -> None:
    case = replace(BASE, span=(2.0, 4.0))
    assert span_error_s(case, said("", spans={"Maria": ((2.25, 3.0), (3.25, 3.9))})) == pytest.approx(0.25)
    assert span_error_s(case, said("", spans={"Maria": ((0.0, 4.0),)})) == pytest.approx(2.0)
    assert span_error_s(case, said("", spans={})) >= 60


def test_words_written_down_by_the_benchmark_itself_count_apart() -> None:
    shared = Outcome(replace(BASE, row="colour", accept=("gray",)), Reply("Ana is wearing a gray top.", {}))
    own = Outcome(replace(BASE, row="colour", accept=("red",), own_label=True), Reply("Ana's top is gray.", {}))
    measured = figures([shared, own], [])
    assert (measured["colour"].value, measured["colour"].n) == (1.0, 1)
    assert (measured["colour_own"].value, measured["colour_own"].n) == (0.0, 1)


def test_colours_accept_synonyms_and_no_other_colour() -> None:
    case = replace(BASE, row="colour", accept=("gray", "grey", "cream"))
    assert right_words(case, said("Maria is wearing a gray top."))
    assert right_words(case, said("Maria's top is beige."))
    assert not right_words(case, said("Maria's top is gray and red."))
    assert not right_words(case, said("I can't tell what Maria wears."))


def test_actions_need_an_accepted_word_and_no_excluded_one() -> None:
    case = replace(BASE, row="action", accept=("talking", "mouth"), exclude=("walking",))
    assert right_words(case, said("Maria is talking."))
    assert not right_words(case, said("Maria is talking and walking."))
    assert not right_words(case, said("Maria is smiling."))


def test_without_a_model_the_facts_are_scored() -> None:
    subject = SubjectFacts("Maria", "present", upper="gray", actions=("keeping still",), place="left")
    reply = Reply(text=None, states={"Maria": "present"}, facts=SceneFacts(4.0, (subject,), 1, 0))
    assert right_words(replace(BASE, row="colour", accept=("grey", "gray")), reply)
    assert right_words(replace(BASE, row="action", accept=("still",)), reply)
    assert right_place(replace(BASE, row="place", place="left"), reply)
    assert not right_refusal(replace(BASE, row="refusal", present=(False,)), reply)


def test_percentiles_are_measured_values() -> None:
    assert percentile([], 0.95) is None
    assert percentile([3.0], 0.95) == 3.0
    assert percentile([float(i) for i in range(1, 101)], 0.95) == 95.0
    assert percentile([1.0, 9.0], 0.95) == 9.0


def test_figures_count_their_own_rows_and_list_their_misses() -> None:
    good = Outcome(BASE, said("Yes, Maria is in this video.", agrees=True))
    bad = Outcome(BASE, said("No, Maria is not in this video.", "absent", agrees=False))
    blurred = Outcome(replace(BASE, row="degraded"), said("No, Maria is not in this video.", "absent", agrees=True))
    found = figures([good, bad, blurred], ["Maria", "Tom"])
    assert (found["present"].value, found["present"].n) == (0.5, 2)
    assert len(found["present"].misses) == 1
    assert (found["wrong_and_sure"].value, found["wrong_and_sure"].n) == (1.0, 1)
    assert found["disagreement"].value == pytest.approx(1 / 3)
    assert found["wellformed"].value == 1.0
    assert (found["cross_present"].value, found["cross_present"].n) == (None, 0)


def test_a_missing_answer_is_malformed_and_wrong() -> None:
    found = figures([Outcome(BASE, Reply(text="", states={}))], ["Maria"])
    assert found["present"].value == 0.0
    assert found["wellformed"].value == 0.0
    assert found["unsure_clean"].value == 1.0
