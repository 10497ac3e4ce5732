"""Questions and answers made from facts are right, well formed and refuse where they have to."""

import random
import re

import pytest

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.training.dialogue import MAX_WORDS, PAIR, SINGLE, make_qa
from pvchat.training.wordings import QUESTIONS, Kind
from tests.chat.scenes import random_scene

DIGITS = re.compile(r"\d+:\d\d|\d+ (?:second|minute)")
ABSENT = SceneFacts(8.0, (SubjectFacts("Anna Müller", "absent"),), 1, 1)
UNSURE = SceneFacts(8.0, (SubjectFacts("Zoë", "unsure", 0.5, ((1.0, 3.0),)),), 1, 1)
UNTOLD = SceneFacts(8.0, (SubjectFacts("José", "present", 0.9),), 1, 0)
TOLD = SceneFacts(
    12.0,
    (
        SubjectFacts(
            "Maria", "present", 0.9, ((2.0, 9.0),), "left", "near", "orange", "blue", ("talking", "smiling"), 0.2
        ),
    ),
    2,
    1,
)


def answers(scene: SceneFacts, kind: Kind, *, precise: bool = True) -> list[str]:
    return [make_qa(scene, random.Random(i), kind=kind, precise_times=precise).answer for i in range(60)]


def test_every_answer_is_well_formed() -> None:
    rng = random.Random(5)
    for _ in range(2000):
        scene = random_scene(rng, rng.choice(("train", "heldout")))
        qa = make_qa(scene, rng, split=rng.choice(("train", "heldout")), precise_times=rng.random() < 0.7)
        assert "{" not in qa.question + qa.answer
        assert qa.answer[-1] in ".!?"
        assert len(qa.answer.split()) <= MAX_WORDS
        assert all(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", qa.answer) for n in qa.subjects)
        others = [s.name for s in scene.subjects if s.name not in qa.subjects]
        assert not any(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", qa.answer) for n in others)
        if qa.kind in ("existence", "both", "either"):
            assert qa.answer.startswith(("Yes", "No", "I am not sure"))


@pytest.mark.parametrize("kind", [k for k in SINGLE if k != "count"])
def test_all_kinds_are_refused_for_the_absent(kind: Kind) -> None:
    assert all("Anna Müller is not in this video" in a for a in answers(ABSENT, kind))


@pytest.mark.parametrize("kind", [k for k in SINGLE if k != "count"])
def test_doubt_is_said_for_the_unsure(kind: Kind) -> None:
    assert all(a.startswith("I am not sure") for a in answers(UNSURE, kind))


@pytest.mark.parametrize("kind", [k for k in SINGLE if k not in ("count", "existence")])
def test_what_was_not_told_is_not_made_up(kind: Kind) -> None:
    declined = re.compile(r"can't|don't know|not clear|does not let|does not show")
    assert all(declined.search(a) for a in answers(UNTOLD, kind))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("appearance", ("orange", "blue")),
        ("upper", ("orange",)),
        ("lower", ("blue",)),
        ("action", ("talking", "smiling")),
        ("location", ("left",)),
        ("time", ("0:02", "0:09")),
        ("first", ("0:02",)),
        ("last", ("0:09",)),
        ("duration", ("7 seconds",)),
        ("count", ("2 people",)),
    ],
)
def test_answers_say_what_was_told(kind: Kind, words: tuple[str, ...]) -> None:
    assert all(word in a for a in answers(TOLD, kind) for word in words)


def test_articles_fit_the_colour() -> None:
    assert not any(" a orange" in a for a in answers(TOLD, "appearance"))


@pytest.mark.parametrize("kind", ["existence", "time", "first", "last", "duration"])
def test_without_precise_times_no_clock_is_said(kind: Kind) -> None:
    assert not any(DIGITS.search(a) for a in answers(TOLD, kind, precise=False))


def test_the_same_seed_gives_the_same_sample() -> None:
    scene = random_scene(random.Random(6), subjects=3)
    assert make_qa(scene, random.Random(7)) == make_qa(scene, random.Random(7))


def test_the_two_sides_never_ask_in_the_same_words() -> None:
    pair = SceneFacts(9.0, (SubjectFacts("A", "present"), SubjectFacts("B", "absent")), 1, 0)
    for kind in QUESTIONS:
        scene = TOLD if kind in SINGLE else pair
        asked = [
            {make_qa(scene, random.Random(i), kind=kind, split=split).question.lower() for i in range(200)}
            for split in ("train", "heldout")
        ]
        assert not asked[0] & asked[1]


@pytest.mark.parametrize("kind", PAIR)
def test_kinds_about_two_people_need_two(kind: Kind) -> None:
    with pytest.raises(ValueError, match="two subjects"):
        make_qa(TOLD, random.Random(1), kind=kind)


def test_relations_are_true() -> None:
    scene = SceneFacts(
        9.0,
        (
            SubjectFacts("Tom", "present", 0.9, ((0.0, 4.0),), centre_x=0.2),
            SubjectFacts("Sarah", "present", 0.9, ((3.0, 9.0),), centre_x=0.7),
        ),
        2,
        0,
    )
    for i in range(100):
        qa = make_qa(scene, random.Random(i), kind="relation")
        asks_left = " left" in qa.question.lower()
        tom_first = qa.question.lower().index("tom") < qa.question.lower().index("sarah")
        assert qa.answer.startswith("Yes" if asks_left == tom_first else "No")
    assert all(a.startswith("Yes") for a in answers(scene, "together"))


@pytest.mark.parametrize(
    ("start_s", "said"),
    [(3.0, r"Tom .*(?:before|earlier than|then) Sarah"), (0.2, r"same time|together|Tom and Sarah .* from the same")],
)
def test_who_is_seen_first_is_told_by_when_they_are_seen(start_s: float, said: str) -> None:
    people = [SubjectFacts(n, "present", 0.9, ((s, 6.0),)) for n, s in (("Sarah", start_s), ("Tom", 0.0))]
    scene = SceneFacts(9.0, tuple(people), 2, 0)
    assert all(re.search(said, answer) for answer in answers(scene, "earlier"))


def test_who_is_seen_first_is_not_said_of_the_absent() -> None:
    people = (SubjectFacts("Tom", "present", 0.9, ((0.0, 4.0),)), SubjectFacts("Sarah", "absent"))
    scene = SceneFacts(9.0, people, 1, 0)
    assert all("Sarah is not in this video" in answer for answer in answers(scene, "earlier"))
