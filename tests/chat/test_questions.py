"""Questions are read by key words; names by whole words."""

import random
from collections import Counter

import pytest

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.questions import asked_names, kind_of, mentioned
from pvchat.training.dialogue import make_qa
from tests.chat.scenes import random_scene


@pytest.mark.parametrize(
    ("question", "names", "found"),
    [
        ("Is maria here?", ["Maria"], ["Maria"]),
        ("What is Zoe's shirt like?", ["Zoë"], ["Zoë"]),
        ("is lukasz here", ["Łukasz"], ["Łukasz"]),
        ("Is Mary Ann with Mary?", ["Mary", "Mary Ann"], ["Mary Ann", "Mary"]),
        ("Is Mary Ann here?", ["Mary", "Mary Ann"], ["Mary Ann"]),
        ("Is Annabel here?", ["Anna"], []),
        ("Sarah and Tom?", ["Tom", "Sarah"], ["Sarah", "Tom"]),
        ("Is O\u2019Shea here?", ["O'Shea"], ["O'Shea"]),
        ("What is she wearing?", ["Maria"], []),
    ],
)
def test_mentioned(question: str, names: list[str], found: list[str]) -> None:
    assert mentioned(question, names) == found


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Is Maria in this video?", "existence"),
        ("maria here", "existence"),
        ("What is Maria wearing?", "appearance"),
        ("What colour is Maria's shirt?", "upper"),
        ("What colour are Maria's jeans?", "lower"),
        ("What's Maria up to?", "action"),
        ("Where is Maria?", "location"),
        ("Is Maria on the left?", "is_place"),
        ("Is Maria wearing a red top?", "is_colour"),
        ("Is Maria talking?", "is_action"),
        ("Is Maria moving left?", "is_action"),
        ("When does Maria show up?", "time"),
        ("When does Maria leave?", "last"),
        ("When does Maria first appear?", "first"),
        ("How long is Maria in it?", "duration"),
        ("How far away is Maria?", "distance"),
        ("How many people are there?", "count"),
        ("How old is Maria?", "unanswerable"),
    ],
)
def test_kinds_about_one_person(question: str, kind: str) -> None:
    assert kind_of(question, ["Maria"]) == kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Are Tom and Sarah both here?", "both"),
        ("Is Tom or Sarah here?", "either"),
        ("Which of Tom and Sarah is here?", "which"),
        ("How many of Tom and Sarah are here?", "count_named"),
        ("Is Tom left of Sarah?", "relation"),
        ("Who is on the left, Tom or Sarah?", "order"),
        ("Are Tom and Sarah there at the same time?", "together"),
        ("Who appears first, Tom or Sarah?", "earlier"),
        ("Which of Tom and Sarah do we see first?", "earlier"),
        ("Does Tom appear before Sarah?", "earlier"),
        ("When do we first see Tom?", "first"),
        ("At which time does Tom first come up?", "first"),
        ("What are Tom and Sarah wearing?", "appearance"),
        ("Where is Tom?", "location"),
    ],
)
def test_kinds_about_several_people(question: str, kind: str) -> None:
    assert kind_of(question, ["Tom", "Sarah"]) == kind


def test_wordings_of_all_kinds_are_told_apart() -> None:
    rng = random.Random(2)
    wrong: Counter[tuple[str, str]] = Counter()
    for _ in range(2000):
        scene = random_scene(rng)
        qa = make_qa(scene, rng, split=rng.choice(("train", "heldout")))
        kind = kind_of(qa.question, [s.name for s in scene.subjects])
        wrong[qa.kind, kind] += kind != qa.kind
    assert wrong.total() <= 20, wrong.most_common(5)


def test_a_question_that_names_nobody_is_about_everyone_asked() -> None:
    scene = SceneFacts(5.0, (SubjectFacts("Tom", "absent"), SubjectFacts("Ana", "absent")), 0, 0)
    assert asked_names("Who is here?", scene) == ("Tom", "Ana")
    assert asked_names("Where is ana?", scene) == ("Ana",)
