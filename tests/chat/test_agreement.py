"""The agreement check accepts what the facts bear out and catches what they do not, whoever worded it."""

import random
import re
from collections import Counter
from collections.abc import Callable

import pytest

from pvchat.chat.agreement import check
from pvchat.chat.facts import SceneFacts, SubjectFacts, clock
from pvchat.chat.lexicon import CLOCK
from pvchat.perception.record import COLOURS, PLACES
from pvchat.training.dialogue import QA, make_qa
from tests.chat.scenes import random_scene

MARIA = SubjectFacts(
    "Maria", "present", 0.9, ((2.0, 9.0),), "left", "near", "black", "blue", ("talking", "moving left"), 0.2
)
TOM = SubjectFacts("Tom", "present", 0.9, ((5.0, 12.0),), "right", "far", "red", None, ("smiling",), 0.8)
ANA = SubjectFacts("Ana", "absent", 0.0)
LEO = SubjectFacts("Leo", "unsure", 0.5)
SCENE = SceneFacts(12.0, (MARIA, TOM, ANA, LEO), 3, 1)


@pytest.mark.parametrize(
    ("question", "answer", "asked"),
    [
        ("Who is on the left, Maria or Tom?", "Maria is on the left-hand side, Tom on the right.", ["Maria", "Tom"]),
        ("Is Maria here?", "Yes, Maria is in this video, from 0:02 to 0:09.", ["Maria"]),
        ("Is Maria here?", "Yes! I can clearly see Maria between 0:02 and 0:09.", ["Maria"]),
        ("Is Ana here?", "No, Ana is not in this video.", ["Ana"]),
        ("Is Ana here?", "No, I cannot see Ana anywhere.", ["Ana"]),
        ("Is Ana here?", "Ana doesn't appear in the clip.", ["Ana"]),
        ("Is Ana here?", "There is no sign of Ana.", ["Ana"]),
        ("Is Leo here?", "I am not sure. It might be Leo.", ["Leo"]),
        ("What is Maria wearing?", "She wears a black shirt and blue jeans.", ["Maria"]),
        ("What is Maria wearing?", "Maria's jacket is black; the trousers are blue.", ["Maria"]),
        ("What is Tom wearing?", "Tom is in a red sweater, but I can't tell the colour of the trousers.", ["Tom"]),
        ("What is Maria doing?", "Maria is talking and moving to the left.", ["Maria"]),
        ("Where is Maria?", "Maria stays on the left, close to the camera.", ["Maria"]),
        ("Is Maria on the right?", "No, Maria is not on the right, Maria is on the left.", ["Maria"]),
        ("Where is Maria?", "As far as I can see, Maria is on the left.", ["Maria"]),
        ("How long?", "Maria can be seen for 7 seconds.", ["Maria"]),
        ("When?", "Maria: 0:02-0:09.", ["Maria"]),
        ("How many people?", "There are three people, and one of them is Maria.", ["Maria"]),
        ("Is Maria left of Tom?", "Yes, Maria is to the left of Tom.", ["Maria", "Tom"]),
        ("Who is on the right, Maria or Tom?", "Tom is further right than Maria.", ["Maria", "Tom"]),
        ("Are Maria and Tom together?", "Yes, Maria and Tom appear together from 0:05 to 0:09.", ["Maria", "Tom"]),
        ("Are Maria and Ana here?", "Maria is here, but Ana is not in this video.", ["Maria", "Ana"]),
        ("Who comes first, Maria or Tom?", "Maria appears before Tom.", ["Maria", "Tom"]),
        ("Who comes first, Maria or Tom?", "Tom is seen later than Maria.", ["Maria", "Tom"]),
        ("Who comes first, Maria or Tom?", "Maria is first seen at 0:02, and Tom at 0:05.", ["Maria", "Tom"]),
        ("Who comes first, Maria or Ana?", "Maria is here, but Ana is not in this video.", ["Maria", "Ana"]),
        ("Does Maria appear before Tom?", "Yes, Maria appears earlier than Tom.", ["Maria", "Tom"]),
        ("Does Maria appear after Tom?", "No, Maria comes before Tom.", ["Maria", "Tom"]),
        ("Is Maria here?", "Yes, Maria is in this video.", ["Maria", "Ana"]),
        ("What is Tom wearing?", "Tom is wearing a red top.", ["Maria", "Tom"]),
        ("How old is Maria?", "I can't tell how old Maria is.", ["Maria"]),
        ("Is Maria wearing a hat?", "I can't tell whether Maria is wearing a hat.", ["Maria"]),
    ],
)
def test_true_answers_agree(question: str, answer: str, asked: list[str]) -> None:
    result = check(answer, question, SCENE, asked)
    assert result.agrees, result.why
    assert result.why == ""


@pytest.mark.parametrize(
    ("question", "answer", "asked"),
    [
        ("Who is on the left, Maria or Tom?", "Tom is to the left-hand, Maria to the right-hand.", ["Maria", "Tom"]),
        ("Who is on the left, Maria or Tom?", "Tom is on the left-hand side of Maria.", ["Maria", "Tom"]),
        ("Who is on the right, Maria or Tom?", "Maria and Tom are on the right.", ["Maria", "Tom"]),
        ("What are they doing?", "Maria and Tom are talking.", ["Maria", "Tom"]),
        ("Is Maria here?", "", ["Maria"]),
        ("Is Maria here?", "No, Maria is not in this video.", ["Maria"]),
        ("Is Maria here?", "No.", ["Maria"]),
        ("Is Maria here?", "I am not sure whether Maria is in this video.", ["Maria"]),
        ("Is Ana here?", "Yes, Ana is in this video.", ["Ana"]),
        ("Is Ana here?", "Yes.", ["Ana"]),
        ("What is Ana wearing?", "Ana is wearing a red top.", ["Ana"]),
        ("What is Ana wearing?", "A red top.", ["Ana"]),
        ("Is Leo here?", "Yes, Leo is here.", ["Leo"]),
        ("Is Maria here?", "Yes, Tom is in this video.", ["Maria"]),
        ("Is Maria here?", "Yes, Maria is here with Roberto.", ["Maria"]),
        ("What is Maria wearing?", "Maria is wearing a red top.", ["Maria"]),
        ("What is Maria wearing?", "Maria is wearing a blue top and black trousers.", ["Maria"]),
        ("What is Tom wearing?", "Tom is wearing a red top and black trousers.", ["Tom"]),
        ("What is Maria wearing?", "Maria is not wearing black.", ["Maria"]),
        ("What is Maria wearing?", "Maria wears a black top and a hat.", ["Maria"]),
        ("What is Maria doing?", "Maria is smiling.", ["Maria"]),
        ("What is Maria doing?", "Maria is moving right.", ["Maria"]),
        ("What is Maria doing?", "Maria is walking.", ["Maria"]),
        ("Where is Maria?", "Maria is in the middle.", ["Maria"]),
        ("Where is Maria?", "Maria is on the left, far from the camera.", ["Maria"]),
        ("Is Maria on the left?", "No, Maria is on the left.", ["Maria"]),
        ("When?", "Maria is visible from 0:02 to 0:12.", ["Maria"]),
        ("When?", "Maria is visible from 0:05 to 0:09.", ["Maria"]),
        ("How long?", "Maria is visible for 12 seconds.", ["Maria"]),
        ("How many people?", "There are 2 people, and Maria is one of them.", ["Maria"]),
        ("How many people?", "There is nobody.", ["Maria"]),
        ("Is Maria left of Tom?", "No, Maria is to the right of Tom.", ["Maria", "Tom"]),
        ("Is Maria left of Tom?", "No, Maria is to the left of Tom.", ["Maria", "Tom"]),
        ("Are Maria and Tom together?", "No, Maria and Tom appear, but not at the same time.", ["Maria", "Tom"]),
        ("Are Maria and Ana here?", "Yes, Maria and Ana are in this video.", ["Maria", "Ana"]),
        ("Who comes first, Maria or Tom?", "Tom appears before Maria.", ["Maria", "Tom"]),
        ("Who comes first, Maria or Tom?", "Tom is first, then Maria.", ["Maria", "Tom"]),
        ("Who comes first, Maria or Tom?", "Tom is first seen at 0:05, and Maria at 0:02.", ["Maria", "Tom"]),
        ("Who comes first, Maria or Tom?", "Maria and Tom appear at the same time.", ["Maria", "Tom"]),
        ("Who comes first, Maria or Ana?", "Maria appears before Ana.", ["Maria", "Ana"]),
        ("Does Maria appear before Tom?", "No, Maria appears before Tom.", ["Maria", "Tom"]),
        ("Are Maria and Ana here?", "No, Ana is here, but Maria is not in this video.", ["Maria", "Ana"]),
    ],
)
def test_false_answers_disagree_with_a_reason(question: str, answer: str, asked: list[str]) -> None:
    result = check(answer, question, SCENE, asked)
    assert not result.agrees
    assert result.why
    assert "\n" not in result.why


def test_right_answers_to_all_questions_agree() -> None:
    rng = random.Random(8)
    for _ in range(1200):
        scene = random_scene(rng, rng.choice(("train", "heldout")))
        qa = make_qa(scene, rng, split=rng.choice(("train", "heldout")), precise_times=rng.random() < 0.7)
        result = check(qa.answer, qa.question, scene, qa.subjects)
        assert result.agrees, (qa, result.why)


Mutation = Callable[[QA, SceneFacts, random.Random], str | None]


def _facts(qa: QA, scene: SceneFacts) -> SubjectFacts | None:
    found = [s for s in scene.subjects if s.name in qa.subjects]
    return found[0] if len(found) == 1 else None


def other_place(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    facts = _facts(qa, scene)
    if facts is None or facts.place is None or qa.kind not in ("location", "is_place"):
        return None
    wrong = rng.choice([p for p in PLACES if p != facts.place])
    return qa.answer.replace(f" {facts.place}", f" {wrong}", 1)


def other_colour(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    facts = _facts(qa, scene)
    if facts is None or facts.upper is None or qa.kind not in ("appearance", "upper"):
        return None
    wrong = rng.choice([c for c in COLOURS if c not in (facts.upper, facts.lower)])
    return re.sub(rf"\b{facts.upper}\b", wrong, qa.answer, count=1)


def flipped(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    facts = _facts(qa, scene)
    if qa.kind != "existence" or facts is None:
        return None
    if facts.state == "present":
        return f"No, {facts.name} is not in this video."
    return f"Yes, {facts.name} is in this video."


def other_name(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    return qa.answer.replace(qa.subjects[0], "Zebulon") if qa.subjects else None


def other_time(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    match = CLOCK.search(qa.answer)
    return qa.answer.replace(match.group(), clock(scene.duration_s + 7), 1) if match else None


def other_count(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    if qa.kind != "count" or f"{scene.people} p" not in qa.answer:
        return None
    return qa.answer.replace(f"{scene.people} p", f"{scene.people + 2} p", 1)


@pytest.mark.parametrize("mutate", [other_place, other_colour, flipped, other_name, other_time, other_count])
def test_mutated_answers_disagree(mutate: Mutation) -> None:
    rng = random.Random(9)
    seen: Counter[bool] = Counter()
    for _ in range(1000):
        scene = random_scene(rng)
        qa = make_qa(scene, rng)
        wrong = mutate(qa, scene, rng)
        if wrong is not None and wrong != qa.answer:
            result = check(wrong, qa.question, scene, qa.subjects)
            assert not result.agrees, (qa.question, wrong)
            seen[result.agrees] += 1
    assert seen[False] >= 15
