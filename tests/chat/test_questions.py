"""Questions are read by key words; names by whole words."""

import random
from collections import Counter
from itertools import cycle

import pytest

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.looks import with_article
from pvchat.chat.questions import asked_names, kind_of, mentioned
from pvchat.perception.words import BARE, DOINGS, GARMENTS, HAIR_COLOURS, PATTERNS
from pvchat.training.dialogue import make_qa
from pvchat.training.wordings import UPPER_GARMENTS, Kind, split_wordings
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
        ("Is Maria still there?", "existence"),
        ("Is Maria still sitting there?", "is_action"),
        ("Tell me if Maria is on camera", "existence"),
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
        ("What colour is Maria's hair?", "hair"),
        ("Describe her hair", "hair"),
        ("Does Maria have long hair?", "is_hair"),
        ("Is Maria blonde?", "is_hair"),
        ("Does Maria have curly hair?", "unanswerable"),
        ("What kind of top does she wear?", "garment"),
        ("What suit is Maria wearing?", "garment"),
        ("What colour is Maria's dress?", "upper"),
        ("Is Maria wearing a suit?", "is_garment"),
        ("Is Maria wearing a sweater?", "is_garment"),
        ("Is Maria wearing a red sweater?", "is_colour"),
        ("Is her top striped?", "is_garment"),
        ("What pattern does Maria's shirt have?", "pattern"),
        ("Is Maria sitting or standing?", "posture"),
        ("Is Maria sitting?", "is_action"),
        ("What is she doing with her hands?", "hands"),
        ("What does Maria hold in her hands?", "unanswerable"),
        ("Is Maria nodding?", "is_action"),
        ("Does Maria wave?", "is_action"),
        ("Are Maria's eyes closed?", "is_action"),
        ("What colour are Maria's eyes?", "unanswerable"),
        ("Is Maria looking away?", "is_action"),
        ("Is Maria coming closer?", "is_action"),
        ("Is Maria lying about it?", "unanswerable"),
        ("Where was this filmed?", "setting"),
        ("What is in the background?", "setting"),
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
        ("Is Tom talking to Sarah?", "talks"),
        ("Do Tom and Sarah talk to each other?", "talks"),
        ("Are Tom and Sarah sitting or standing?", "posture"),
        ("What are Tom and Sarah doing with their hands?", "hands"),
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


NEW: tuple[Kind, ...] = (
    *("hair", "is_hair", "garment", "is_garment", "pattern", "posture", "hands", "talks", "setting"),
    *("is_action", "unanswerable"),
)


@pytest.mark.parametrize("kind", NEW)
def test_every_wording_is_read_as_its_kind_whatever_word_it_asks_for(kind: Kind) -> None:
    words = (UPPER_GARMENTS, GARMENTS, PATTERNS, (*HAIR_COLOURS, "long", "short"))
    rows = [
        {"up": up, "g": with_article(garment), "p": pattern, "h": hair, "act": doing, "do": BARE[doing]}
        for up, garment, pattern, hair, doing in zip(*(cycle(w) for w in words), DOINGS, strict=False)
    ]
    people = {"v": "the clip", "n": "Maria", "a": "Maria", "b": "Tom", "lo": "jeans"}
    for template in (*split_wordings(kind, "train"), *split_wordings(kind, "heldout")):
        asked = ["Maria", "Tom"] if "{b}" in template else ["Maria"]
        for question in {template.format(**people, **row) for row in rows}:
            assert kind_of(question, asked) == kind, question


@pytest.mark.parametrize("kind", NEW)
def test_new_kinds_have_forty_wordings(kind: Kind) -> None:
    assert len({*split_wordings(kind, "train"), *split_wordings(kind, "heldout")}) >= 40


def test_a_question_that_names_nobody_is_about_everyone_asked() -> None:
    scene = SceneFacts(5.0, (SubjectFacts("Tom", "absent"), SubjectFacts("Ana", "absent")), 0, 0)
    assert asked_names("Who is here?", scene) == ("Tom", "Ana")
    assert asked_names("Where is ana?", scene) == ("Ana",)
