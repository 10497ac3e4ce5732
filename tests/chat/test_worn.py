"""Questions about glasses and hats: which are read as such, what is answered, and which answers are true."""

from dataclasses import replace

import pytest

from pvchat.chat.agreement import check
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.questions import kind_of
from pvchat.dialogue.said import sentences
from pvchat.dialogue.summary import about

MARIA = SubjectFacts("Maria", "present", 0.9, ((2.0, 9.0),), eyewear="glasses", headwear="no hat")
TOM = SubjectFacts("Tom", "present", 0.9, ((5.0, 12.0),))
ANA = SubjectFacts("Ana", "absent")


def scene(*people: SubjectFacts) -> SceneFacts:
    return SceneFacts(12.0, people, len(people), 0)


@pytest.mark.parametrize(
    "question",
    [
        "Is Maria wearing glasses?",
        "Does Maria wear a hat?",
        "does maria have glasses on",
        "Is Maria wearing sunglasses in this video?",
        "What is on Maria's head?",
        "Are Maria and Tom wearing hats?",
        "Is Maria in a cap?",
        "Maria with glasses?",
        "Is it true that Maria wears a hat?",
        "Could you find out if Maria has glasses on?",
        "Can you tell whether Maria is wearing a helmet?",
        "Has Maria got a hat on?",
        "Please tell me if Maria is wearing spectacles.",
        "Is Maria bareheaded?",
    ],
)
def test_what_asks_for_glasses_or_hats(question: str) -> None:
    assert kind_of(question, ["Maria", "Tom"] if "Tom" in question else ["Maria"]) == "worn"


@pytest.mark.parametrize(
    "question",
    [
        "Is Maria wearing a red hat?",
        "What colour are Maria's glasses?",
        "Where is Maria's hat?",
        "Where did Maria buy her glasses?",
        "Is Maria drinking from glasses?",
        "Did Maria lose her glasses?",
        "Does Maria need glasses?",
    ],
)
def test_what_else_about_them_cannot_be_told(question: str) -> None:
    assert kind_of(question, ["Maria"]) == "unanswerable"


@pytest.mark.parametrize(
    ("question", "person", "answer"),
    [
        ("Is Maria wearing glasses?", MARIA, "Yes, Maria is wearing glasses."),
        ("Is Maria wearing sunglasses?", MARIA, "Maria is wearing glasses; I can't tell what kind."),
        ("Is Maria wearing a hat?", MARIA, "No, Maria is not wearing a hat."),
        ("Is Maria wearing a helmet?", MARIA, "No, Maria is not wearing a hat."),
        ("What is on Maria's head?", MARIA, "Maria is not wearing a hat."),
        ("Is Tom wearing glasses?", TOM, "I can't tell whether Tom is wearing glasses."),
        ("Is Ana wearing glasses?", ANA, "No, Ana is not in this video."),
        (
            "Is Ana wearing a hat?",
            replace(ANA, state="unsure", score=0.5),
            "I am not sure whether Ana is in this video.",
        ),
    ],
)
def test_what_is_answered_agrees_with_the_record(question: str, person: SubjectFacts, answer: str) -> None:
    assert sentences("worn", scene(person), question) == [answer]
    assert check(answer, question, scene(person), [person.name]).agrees


def test_each_of_several_is_told() -> None:
    said = sentences("worn", scene(MARIA, TOM), "Are Maria and Tom wearing glasses?")
    assert said == ["Yes, Maria is wearing glasses.", "I can't tell whether Tom is wearing glasses."]


@pytest.mark.parametrize(
    ("answer", "question", "person"),
    [
        ("Yes, Maria is wearing a hat.", "Is Maria wearing a hat?", MARIA),
        ("No, Maria is not wearing glasses.", "Is Maria wearing glasses?", MARIA),
        ("No, Maria is wearing glasses.", "Is Maria wearing glasses?", MARIA),
        ("Yes, Tom is wearing glasses.", "Is Tom wearing glasses?", TOM),
        ("No, Tom is not wearing glasses.", "Is Tom wearing glasses?", TOM),
        ("Tom is wearing a hat.", "What is Tom wearing?", TOM),
        ("Ana is wearing glasses.", "What is Ana wearing?", ANA),
    ],
)
def test_what_the_record_does_not_tell_disagrees(answer: str, question: str, person: SubjectFacts) -> None:
    assert not check(answer, question, scene(person), [person.name]).agrees


def test_a_summary_tells_what_is_worn() -> None:
    lines = about(MARIA, scene(MARIA))
    assert "Maria is wearing glasses." in lines
    assert not any("hat" in line for line in lines)
