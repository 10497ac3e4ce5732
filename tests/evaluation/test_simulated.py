"""What counts as a right answer about a simulated scene."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.evaluation.simulated import is_right, questions_about
from pvchat.models.config import TokenLayout
from pvchat.training.dialogue import QA
from pvchat.training.simulate import SceneSimulator
from pvchat.training.simulated_scene import SimulatedScene
from pvchat.training.wordings import QUESTIONS

PRESENT = SubjectFacts("Maria", "present", 0.9, ((1.0, 4.0),), place="left", upper="red")
ABSENT = SubjectFacts("Maria", "absent", 0.1)


def scene(facts: SubjectFacts) -> SimulatedScene:
    drawn = SceneSimulator(0, TokenLayout()).scene()
    return replace(drawn, facts=SceneFacts(8.0, (facts,), 1, 0))


@pytest.mark.parametrize(
    ("facts", "question", "reference", "answer", "right"),
    [
        (PRESENT, "Where is Maria?", "Maria is on the left.", "You can see Maria on the left side.", True),
        (PRESENT, "Where is Maria?", "Maria is on the left.", "Maria is on the right.", False),
        (PRESENT, "Where is Maria?", "Maria is on the left.", "I can't tell where Maria is.", False),
        (PRESENT, "What is Maria doing?", "I can't tell what Maria is doing.", "I can't say what Maria does.", True),
        (ABSENT, "Where is Maria?", "Maria is not in this video.", "Sorry, Maria is not in this video.", True),
        (ABSENT, "Where is Maria?", "Maria is not in this video.", "I can't tell where Maria is.", False),
        (ABSENT, "Is Maria here?", "No, Maria is not in this video.", "Yes, Maria is in this video.", False),
    ],
)
def test_right_answers(facts: SubjectFacts, question: str, reference: str, answer: str, right: bool) -> None:
    assert is_right(answer, QA(question, reference, "location", ("Maria",)), scene(facts)) is right


def test_every_kind_is_asked_often_enough_to_have_a_figure() -> None:
    rng, simulator = random.Random(1), SceneSimulator(1, TokenLayout(), split="heldout")
    asked: Counter[str] = Counter()
    for number in range(120):
        found = questions_about(simulator.scene(), rng, 6, number % 2 == 0, asked)
        asked.update(qa.kind for qa in found)
        assert len(found) == 6
    assert set(asked) == set(QUESTIONS)
    assert min(asked.values()) >= 6, asked
