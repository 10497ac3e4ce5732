"""Wordings and names: enough of them, and a part that training never sees."""

import random
import re

import pytest

from pvchat.chat.lexicon import LEXICON
from pvchat.chat.questions import plain
from pvchat.training import answers, answers_several
from pvchat.training.names import FAMILY, GIVEN, invented_name, of_split, sample_name, sample_names
from pvchat.training.wordings import QUESTIONS, Kind, names_a_person, split_wordings

SLOTS = {"v", "n", "a", "b", "names", "names_or", "up", "lo", "c", "a_c", "act", "do", "place", "rel", "h", "g", "p"}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_each_kind_has_thirty_wordings_and_holds_three_in_ten_out(kind: Kind) -> None:
    train, held = split_wordings(kind, "train"), split_wordings(kind, "heldout")
    assert len(QUESTIONS[kind]) >= 30
    assert len(set(QUESTIONS[kind])) == len(QUESTIONS[kind])
    assert sorted((*train, *held)) == sorted(QUESTIONS[kind])
    assert 0.24 <= len(held) / len(QUESTIONS[kind]) <= 0.36


def test_question_slots_are_known() -> None:
    for wordings in QUESTIONS.values():
        for wording in wordings:
            assert set(re.findall(r"\{(\w+)\}", wording)) <= SLOTS


def test_wordings_without_a_name_are_few_where_a_person_is_asked_about() -> None:
    named = [kind for kind in QUESTIONS if kind not in ("count", "setting")]
    assert all(sum(not names_a_person(t) for t in QUESTIONS[k]) <= 6 for k in named)


@pytest.mark.parametrize(
    "table",
    (
        "ABSENT ABSENT_NO UNSURE CANNOT_TELL YES YES_WHEN WEAR UPPER LOWER ACTION LOCATION NEAR FAR TIME FIRST LAST "
        "DURATION COUNT_PRESENT COUNT_OTHER COUNT_BARE RELATION TOGETHER_YES TOGETHER_NO EARLIER SAME_START"
    ).split(),
)
def test_answers_come_in_twelve_wordings_that_end_well(table: str) -> None:
    wordings = getattr(answers, table, None) or getattr(answers_several, table)
    assert len(set(wordings)) >= 11
    assert len(wordings) >= 12
    assert all(w.endswith((".", "!", "?")) for w in wordings)


def test_every_refusal_says_so_in_the_fixed_words() -> None:
    assert all("{n} is not in this video" in w for w in (*answers.ABSENT, *answers.ABSENT_NO))
    assert all(w.startswith("I am not sure") for w in answers.UNSURE)
    assert all(w.startswith("No, ") for w in answers.ABSENT_NO)
    assert all(w.startswith("Yes, ") for w in (*answers.YES, *answers.YES_WHEN))


def test_names_are_many_distinct_and_no_words_of_ours() -> None:
    assert len(set(GIVEN)) == len(GIVEN) >= 400
    assert not {n.lower() for n in (*GIVEN, *FAMILY)} & LEXICON
    assert sum(not n.isascii() for n in GIVEN) >= 100


def test_held_out_names_never_occur_in_training() -> None:
    rng = random.Random(3)
    held = {w for n in (*of_split(GIVEN, "heldout"), *of_split(FAMILY, "heldout")) for w in plain(n).split()}
    shared = {w for n in (*of_split(GIVEN, "train"), *of_split(FAMILY, "train")) for w in plain(n).split()}
    drawn = {w for _ in range(3000) for w in plain(sample_name(rng, "train")).split()}
    assert not drawn & (held - shared)
    assert 0.27 <= len(of_split(GIVEN, "heldout")) / len(GIVEN) <= 0.33
    invented = [{invented_name(rng, split) for _ in range(1000)} for split in ("train", "heldout")]
    assert not invented[0] & invented[1]


def test_people_of_one_scene_share_no_word_of_their_names() -> None:
    rng = random.Random(4)
    for _ in range(300):
        words = [w for name in sample_names(rng, 4) for w in plain(name).split()]
        assert len(set(words)) == len(words)
