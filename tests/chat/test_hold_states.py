"""Answers about several people say of each what is known of that one, and end when all are spoken of."""

import random
from dataclasses import replace

import pytest

from pvchat.chat.constrain import Constraint
from pvchat.chat.facts import SceneFacts, State, SubjectFacts
from pvchat.chat.hold_states import PAIRED, STATED_ONCE
from pvchat.training.dialogue import make_qa
from tests.chat.scenes import random_scene
from tests.chat.test_constrain import accepts, pieces_of

STATES: tuple[State, ...] = ("present", "absent", "unsure")
ANA = SubjectFacts("Ana", "present", 0.9, ((0.0, 4.0),), place="left", centre_x=0.2)
BO = SubjectFacts("Bo", "absent", 0.1)
CEM = SubjectFacts("Cem", "absent", 0.1)
DEE = SubjectFacts("Dee", "unsure", 0.5)
EVE = SubjectFacts("Eve", "present", 0.9, ((0.0, 4.0),), place="right", centre_x=0.8)


def test_an_answer_that_takes_one_person_for_something_else_is_stopped() -> None:
    rng = random.Random(12)
    tried = 0
    while tried < 500:
        scene = random_scene(rng)
        if not 1 < len(scene.subjects) < 4:
            continue
        kind = rng.choice([*STATED_ONCE, *PAIRED])
        who = rng.randrange(len(scene.subjects))
        other = rng.choice([s for s in STATES if s != scene.subjects[who].state])
        believed = list(scene.subjects)
        believed[who] = replace(believed[who], state=other, centre_x=0.5)
        qa = make_qa(replace(scene, subjects=tuple(believed)), rng, kind=kind)
        if believed[who].name not in qa.subjects:
            continue
        tried += 1
        constraint = Constraint(scene, qa.question, asked=qa.subjects)
        so_far = b""
        for piece in pieces_of(qa.answer, rng):
            if not constraint.allows(so_far, piece):
                break
            so_far += piece
        else:
            pytest.fail(f"{qa.answer!r} passed where {believed[who].name} is {scene.subjects[who].state}")


@pytest.mark.parametrize(
    ("people", "question", "answer", "passes"),
    [
        ((ANA, BO), "Are Ana and Bo here?", "No, Ana is in this video, but Bo is not in this video.", True),
        ((ANA, BO), "Are Ana and Bo here?", "Yes, Ana is in this video, but Bo is not in this video.", False),
        ((ANA, BO), "Are Ana and Bo here?", "No, Ana and Bo are in this video.", False),
        ((ANA, BO), "Is Ana or Bo here?", "Yes, Ana is in this video, but Bo is not in this video.", True),
        ((ANA, BO), "Is Ana or Bo here?", "No, Bo is not in this video and Ana is not in this video.", False),
        ((BO, CEM), "Which of Bo and Cem do you see?", "Bo is not in this video and Cem is not in this video.", True),
        ((BO, CEM), "Which of Bo and Cem do you see?", "Only Bo is in this video.", False),
        ((BO, CEM), "Which of Bo and Cem do you see?", "I am not sure about Bo and Cem.", False),
        ((BO, DEE), "Which of Bo and Dee is here?", "I am not sure about Dee, but Bo is not in this video.", True),
        ((BO, DEE), "Which of Bo and Dee is here?", "I am not sure about Bo and Dee.", False),
        ((BO, CEM), "How many of Bo and Cem are here?", "None of them: Bo and Cem are not in this video.", True),
        ((ANA, BO), "How many of Ana and Bo are here?", "2 of them: Ana and Bo are in this video.", False),
        ((ANA, EVE), "Is Ana left of Eve?", "Yes, Ana is to the left of Eve.", True),
        ((ANA, EVE), "Is Ana left of Eve?", "No, Ana is to the left of Eve.", False),
        ((ANA, EVE), "Is Ana left of Eve?", "I can't tell who is further left, Ana or Eve.", False),
        ((ANA, BO), "Is Ana left of Bo?", "No, Ana is to the left of Bo.", False),
        ((ANA, EVE), "Are Ana and Eve together?", "Yes, Ana and Eve are in this video together.", True),
        ((ANA, EVE), "Are Ana and Eve together?", "No, Ana and Eve are in this video, but not together.", False),
    ],
)
def test_who_is_said_to_be_there(people: tuple[SubjectFacts, ...], question: str, answer: str, passes: bool) -> None:
    assert accepts(Constraint(SceneFacts(4.0, people, 3, 1), question), answer) is passes


def test_a_sentence_does_not_end_before_everybody_is_named() -> None:
    constraint = Constraint(SceneFacts(4.0, (ANA, EVE), 2, 0), "Who of Ana and Eve is here?")
    assert not constraint.allows("Ana is in this video", ".")
    assert constraint.allows("Ana and Eve are in this video", ".")


def test_one_persons_state_is_left_to_the_model() -> None:
    constraint = Constraint(SceneFacts(4.0, (BO,), 1, 1), "Is Bo here?")
    assert accepts(constraint, "Yes, Bo is in this video.")
    assert accepts(constraint, "No, Bo is not in this video.")


def test_without_the_record_several_people_are_left_to_the_model() -> None:
    constraint = Constraint(SceneFacts(4.0, (ANA, BO), 2, 1), "Are Ana and Bo here?", use_record=False)
    assert accepts(constraint, "Yes, Ana and Bo are in this video.")
