"""What is wrong with a row is found: other people's names, contradictions, answers about the absent, bad form."""

import random
from dataclasses import replace

import pytest

from pipelines.questions.build import relation_rows
from pipelines.questions.check import foreign_names, problems, sift
from pipelines.questions.rows import QuestionRow
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.questions import TYPE_OF
from pvchat.training.dialogue import make_qa
from tests.chat.scenes import random_scene

MARIA = SubjectFacts("Maria", "present", 0.9, ((0.0, 4.0),), place="left", upper="red", centre_x=0.2)
TOM = SubjectFacts("Tom", "present", 0.9, ((3.0, 8.0),), place="right", centre_x=0.8)
ANA = SubjectFacts("Ana", "absent", 0.1)
SCENE = SceneFacts(8.0, (MARIA, TOM, ANA), 2, 0)
EVERYBODY = ("Maria", "Tom", "Ana", "Zebulon Quist")


def row(question: str, answer: str, *subjects: str, present: bool = True, kind: str = "existence") -> QuestionRow:
    return QuestionRow(
        "a.mp4",
        "train",
        2,
        TYPE_OF[kind],
        kind,
        question,
        answer,
        subjects,
        present,
        "test",  # type: ignore[arg-type, index]
    )


@pytest.mark.parametrize(
    "good",
    [
        row("Is Maria here?", "Yes, Maria is in this video.", "Maria"),
        row("is maria here", "Yes, Maria is in this video.", "Maria"),
        row("Is Ana here?", "No, Ana is not in this video.", "Ana", present=False),
        row("Is Maria left of Tom?", "Yes, Maria is to the left of Tom.", "Maria", "Tom", kind="relation"),
        row("How many people are there?", "There are 2 people.", kind="count"),
    ],
)
def test_a_right_row_has_no_problems(good: QuestionRow) -> None:
    assert problems(good, SCENE, EVERYBODY) == []


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (row("Is Maria here?", "Yes, Maria is here with Tom.", "Maria"), "names Tom"),
        (row("Is Maria here?", "Yes, Maria is here with zebulon quist.", "Maria"), "names Zebulon Quist"),
        (row("Is Maria or Ingrid here?", "Yes, Maria is in this video.", "Maria"), "question names Ingrid"),
        (row("Is Maria here?", "Yes, Ingrid's Maria is in this video.", "Maria"), "answer names Ingrid"),
        (row("Is Maria here?", "Yes, Maria is here with Qwrtz.", "Maria"), "strange name Qwrtz"),
        (row("Is Ana here?", "Yes, Ana is in this video.", "Ana", present=False), "does not say so"),
        (row("Is Ana here?", "Yes, Ana is in this video.", "Ana", present=False), "takes Ana for present"),
        (row("Where is Ana?", "I can't tell.", "Ana", present=False, kind="location"), "does not say so"),
        (row("Is Ana here?", "No, Ana is not in this video.", "Ana"), "the facts say Ana is absent"),
        (
            row("Is Maria here?", "No, Maria is not in this video.", "Maria", present=False),
            "say Maria is present",
        ),
        (row("What colour is it?", "Maria's top is blue.", "Maria", kind="upper"), "blue"),
        (row("Is Maria left of Tom?", "No, Tom is to the left of Maria.", "Maria", "Tom", kind="relation"), "left of"),
        (row("Who comes first?", "Tom appears before Maria.", "Maria", "Tom", kind="earlier"), "before"),
        (row("Is Maria here?", " ", "Maria"), "the answer is empty"),
        (row("Is Maria here?", "Yes, Maria" + " is" * 50 + ".", "Maria"), "more than 40"),
        (row("Is Maria here?", "Yes, Maria is here", "Maria"), "does not end"),
        (replace(row("Is Maria here?", "Yes, Maria is here.", "Maria"), type="action"), "is of type existence"),
    ],
)
def test_what_is_wrong_is_said(bad: QuestionRow, said: str) -> None:
    assert any(said in problem for problem in problems(bad, SCENE, EVERYBODY))


def test_without_facts_the_words_alone_are_judged() -> None:
    wrong = row("Is Maria here?", "Yes, Maria is here with Tom.", "Maria")
    assert problems(wrong, None, EVERYBODY)
    assert problems(row("What is it?", "Maria's top is blue.", "Maria", kind="upper"), None, EVERYBODY) == []
    assert problems(row("Is Ana here?", "Yes, Ana is here.", "Ana", present=False), None, ()) != []


def test_a_name_that_is_a_word_is_foreign_only_as_it_is_written() -> None:
    assert foreign_names("She will stay", (), ["Will"]) == []
    assert foreign_names("It is Will", (), ["Will"]) == ["Will"]
    assert foreign_names("it is tom", (), ["Tom"]) == ["Tom"]
    assert foreign_names("Tomorrow", ("Ann",), ["Tom", "Ann"]) == []


def test_rows_are_parted_by_the_facts_of_their_clip() -> None:
    rows = [row("Is Maria here?", "Yes, Maria is in this video.", "Maria"), row("Is Ana here?", "Yes, Ana is.", "Ana")]
    sifted = sift(rows, {"a.mp4": SCENE}, EVERYBODY)
    assert list(sifted.kept) == rows[:1]
    assert [found for found, _ in sifted.rejected] == rows[1:]
    assert all(wrong for _, wrong in sifted.rejected)


def test_nothing_that_we_compose_has_a_problem() -> None:
    rng = random.Random(21)
    for number in range(500):
        scene = random_scene(rng, rng.choice(("train", "heldout")), subjects=rng.choice((1, 2, 3)))
        names = [s.name for s in scene.subjects]
        qa = make_qa(scene, rng, split=rng.choice(("train", "heldout")))
        states = {s.name: s.state for s in scene.subjects}
        made = QuestionRow(
            clip=str(number),
            split="train",
            stage=2,
            type=TYPE_OF[qa.kind],
            kind=qa.kind,
            question=qa.question,
            answer=qa.answer,
            subjects=qa.subjects,
            present=all(states[name] == "present" for name in qa.subjects),
            source="",
        )
        assert problems(made, scene, names) == [], made
        for about in relation_rows(scene, names, rng, 3, clip="a"):
            assert problems(about, scene, names) == [], about
