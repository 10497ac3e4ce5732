"""What counts as a right answer about a simulated scene."""

from dataclasses import replace

import pytest

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.evaluation.simulated import is_right
from pvchat.models.config import TokenLayout
from pvchat.training.dialogue import QA
from pvchat.training.simulate import SceneSimulator
from pvchat.training.simulated_scene import SimulatedScene

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
