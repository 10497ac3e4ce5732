"""Conversations about hair, clothes, hands and posture, about somebody who is absent, and about the picture."""

from dataclasses import replace

import pytest

from pvchat.dialogue.views import VideoView
from pvchat.perception.record import Relation, SceneWord
from tests.dialogue.talks import Talk, video


@pytest.fixture
def party() -> VideoView:
    view = video(
        "party.mp4",
        ("Maria", 0.2, (0.0, 5.0)),
        ("Tom", 0.8, (2.0, 9.0)),
        said={
            "Maria": [
                *(("hair_colour", "brown"), ("hair_length", "long"), ("upper_garment", "sweater")),
                *(("upper_colour", "red"), ("pattern", "striped"), ("posture", "sitting")),
                *(("gesture", "waving"), ("action", "talking")),
            ],
            "Tom": [("head", "nodding"), ("hair_colour", "gray")],
        },
    )
    record = view.record.model_copy(
        update={
            "scene": (SceneWord(kind="place", value="street", confidence=0.9),),
            "relations": (Relation(name="talking to", subject=1, other=2, confidence=0.9, spans=((2.0, 5.0),)),),
        }
    )
    return replace(view, record=record)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What colour is Maria's hair?", "Maria has long brown hair."),
        ("How long is Maria's hair?", "Maria has long brown hair."),
        ("How long is Tom's hair?", "I can't tell what Tom's hair is like."),
        ("Does Maria have long hair?", "Yes, Maria has long brown hair."),
        ("Does Tom have long hair?", "I can't tell that from this video."),
        ("Is Tom's hair brown?", "No, Tom has gray hair."),
        ("What kind of top does Maria wear?", "Maria is wearing a striped red sweater."),
        ("What is Maria wearing?", "Maria is wearing a striped red sweater."),
        ("Is Maria wearing a suit?", "No, Maria is wearing a striped red sweater."),
        ("What pattern does Tom's shirt have?", "I can't tell what pattern Tom is wearing from this video."),
        ("Is Maria sitting or standing?", "Maria is sitting."),
        ("What is Maria doing with her hands?", "Maria is waving."),
        ("Is Tom nodding?", "Yes, Tom is nodding."),
        ("Does Tom clap?", "Not that I can see: Tom is nodding."),
        ("Is Maria talking to Tom?", "Yes, Maria is talking to Tom."),
        ("Is Tom talking to Maria?", "I can't tell that from this video."),
        ("Where was this filmed?", "It looks like this video was filmed on a street."),
        ("What colour is Anna's hair?", "Anna is not in this video."),
        ("Is Anna nodding?", "No, Anna is not in this video."),
        ("How old is Anna?", "Anna is not in this video."),
        ("Is Maria talking to Anna?", "Anna is not in this video."),
    ],
)
def test_answers_are_read_off_the_record(party: VideoView, question: str, answer: str) -> None:
    talk = Talk([party])
    assert talk(question) == answer
    assert talk.agreed


def test_looks_are_asked_on_about_others(party: VideoView) -> None:
    talk = Talk([party])
    talk("Is Maria sitting or standing?")
    assert talk("And Tom?") == "I can't tell whether Tom is sitting or standing from this video."
    assert talk("What colour is his hair?") == "Tom has gray hair."
    assert talk("And Anna?") == "Anna is not in this video."
    assert talk.agreed


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Tell me what Maria is wearing.", "Maria is wearing a striped red sweater."),
        ("Tell me about Maria's hair.", "Maria has long brown hair."),
        ("Could you tell me what Maria is doing with her hands?", "Maria is waving."),
        ("What can you say about Maria's posture?", "Maria is sitting."),
        ("What is in the background?", "It looks like this video was filmed on a street."),
    ],
)
def test_what_is_asked_for_by_itself_is_told_by_itself(party: VideoView, question: str, answer: str) -> None:
    assert Talk([party])(question) == answer


def test_two_people_at_the_same_time_are_together_and_no_moment(party: VideoView) -> None:
    talk = Talk([party])
    assert (
        talk("Are Maria and Tom seen at the same time?") == "Yes, Maria and Tom are seen together, from 0:02 to 0:05."
    )
