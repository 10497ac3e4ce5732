"""The judge of questions about composites: right rows pass, those of a record that errs about anything known do not."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.enroll.known import Known, fault, is_fixed, known_of
from benchmarks.enroll.questions import QuestionsConfig, composites
from benchmarks.people.build import After, Beside, sources_of
from benchmarks.people.media import Source
from pipelines.questions.build import person_rows, relation_rows
from pipelines.questions.rows import QuestionRow
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.evaluation.clips import ClipPart, ClipTruth

BESIDE = ClipTruth(
    Path("b.mp4"),
    3.0,
    (640, 320),
    (ClipPart(0, (0.0, 3.0), (0.0, 0.0, 0.5, 1.0)), ClipPart(1, (0.0, 3.0), (0.5, 0.0, 1.0, 1.0))),
)
AFTER = ClipTruth(
    Path("a.mp4"),
    8.0,
    (640, 480),
    (ClipPart(0, (0.0, 4.0), (0.0, 0.0, 1.0, 1.0)), ClipPart(1, (4.0, 8.0), (0.0, 0.0, 1.0, 1.0))),
)
NAMES = ("Tom", "Sarah", "Ana")


def facts_of(clip: ClipTruth) -> SceneFacts:
    tom, sarah = (
        SubjectFacts(
            name,
            "present",
            0.9,
            (part.span,),
            place=("left" if part.box[2] <= 0.5 else "right" if part.box[0] >= 0.5 else "middle"),
            upper="red",
            actions=("talking",),
            centre_x=(part.box[0] + part.box[2]) / 2 + 0.1 * number,
        )
        for number, (name, part) in enumerate(zip(NAMES, clip.parts, strict=False))
    )
    return SceneFacts(clip.duration_s, (tom, sarah, SubjectFacts("Ana", "absent", 0.1)), 2, 0)


def rows_from(facts: SceneFacts, seed: int, names: tuple[str, ...] = NAMES) -> list[QuestionRow]:
    rng = random.Random(seed)
    about = [row for name in names for row in person_rows(facts, name, rng, 40, clip="x")]
    return [*about, *relation_rows(facts, names, rng, 120, clip="x")]


def known(clip: ClipTruth) -> Known:
    return known_of(clip, NAMES[:2], NAMES[2:])


@pytest.mark.parametrize("clip", [BESIDE, AFTER], ids=["beside", "after"])
def test_what_a_true_record_says_has_no_fault(clip: ClipTruth) -> None:
    rows = rows_from(facts_of(clip), 1)
    assert [(row.question, row.answer, fault(row, known(clip))) for row in rows if fault(row, known(clip))] == []
    assert sum(is_fixed(row, known(clip)) for row in rows) > 100


def changed(facts: SceneFacts, who: int, **changes: object) -> SceneFacts:
    people = list(facts.subjects)
    people[who] = replace(people[who], **changes)  # type: ignore[arg-type]
    return replace(facts, subjects=tuple(people))


@pytest.mark.parametrize(
    ("clip", "who", "changes", "kinds"),
    [
        (BESIDE, 0, {"state": "absent", "spans": ()}, {"existence", "both", "relation", "together", "earlier"}),
        (BESIDE, 0, {"state": "unsure"}, {"existence", "action", "both", "which", "relation", "together", "earlier"}),
        (BESIDE, 2, {"state": "present", "spans": ((0.0, 3.0),)}, {"existence", "action", "both", "which"}),
        (BESIDE, 0, {"centre_x": 0.95}, {"relation", "order"}),
        (BESIDE, 0, {"place": "right"}, {"location"}),
        (BESIDE, 0, {"spans": ((1.6, 3.0),)}, {"earlier", "first"}),
        (AFTER, 0, {"spans": ((0.0, 6.0),)}, {"last", "duration", "together"}),
        (AFTER, 1, {"spans": ((0.0, 8.0),)}, {"first", "duration", "together", "earlier"}),
    ],
)
def test_a_record_that_errs_is_found_out(
    clip: ClipTruth, who: int, changes: dict[str, object], kinds: set[str]
) -> None:
    name = NAMES[who]
    rows = rows_from(changed(facts_of(clip), who, **changes), 2, NAMES if who == 2 else NAMES[:2])
    for kind in kinds:
        asked = [row for row in rows if row.kind == kind and name in row.subjects]
        missed = [row for row in asked if fault(row, known(clip)) is None]
        assert asked, kind
        assert missed == []


def test_a_wrong_number_of_people_is_found_out() -> None:
    rows = relation_rows(replace(facts_of(BESIDE), people=3), NAMES, random.Random(3), 120, clip="x")
    assert all(fault(row, known(BESIDE)) for row in rows if row.kind == "count")


def test_composites_show_everybody_and_nobody_twice() -> None:
    people = [Source(key, Path(key), key, "clip") for key in "ABCDEFGH"]
    found = composites(people, QuestionsConfig())
    assert len({recipe for recipe, _ in found}) == 10
    assert {type(recipe) for recipe, _ in found} == {Beside, After}
    for recipe, shown in found:
        assert list(sources_of(recipe)) == [s.key for s in shown]
        assert len(set(sources_of(recipe))) == len(shown) in (2, 3)
    assert {key for recipe, _ in found for key in sources_of(recipe)} == set("ABCDEFGH")
