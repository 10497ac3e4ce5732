"""What turns mean after the turns before them."""

import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.dialogue.following import replay
from pvchat.dialogue.read import Scene
from pvchat.dialogue.state import DialogueState
from pvchat.dialogue.views import VideoView
from tests.dialogue.talks import NAMES, Talk, video

LOOKS = {"Maria": [("upper_colour", "red"), ("action", "talking")], "Tom": [("action", "keeping still")]}


def party() -> VideoView:
    """Maria on the left, Tom on the right, all the time."""
    return video("party.mp4", ("Maria", 0.2, (0, 10)), ("Tom", 0.8, (0, 10)), said=LOOKS)


def walk() -> VideoView:
    """Maria, then Tom, then nobody."""
    return video("walk.mp4", ("Maria", 0.5, (0, 4)), ("Tom", 0.2, (4, 8)))


def three() -> list[VideoView]:
    """Maria is in the first two, Tom in the first and the last, Anna in the second."""
    return [
        party(),
        video("garden.mp4", ("Maria", 0.8, (0, 5)), ("Anna", 0.2, (5, 10))),
        video("kitchen.mp4", ("Tom", 0.5, (0, 10))),
    ]


@pytest.mark.parametrize(
    ("turns", "people", "topic"),
    [
        (["Is Maria here?", "Where is she?"], ("Maria",), "location"),
        (["Where is Maria?", "And Tom?"], ("Tom",), "location"),
        (["Where is Maria?", "what about tom"], ("Tom",), "location"),
        (["Is Maria here?", "And Tom?", "Are they together?"], ("Maria", "Tom"), "together"),
        (["Is Maria here?", "And Tom?", "What is he doing?"], ("Tom",), "action"),
        (["Are Maria and Tom here?", "What is Maria wearing?", "And him?"], ("Tom",), "appearance"),
        (["Where is Maria?", "And the other one?"], ("Tom",), "location"),
        (["Where is Maria?", "No, I meant Tom."], ("Tom",), "location"),
        (["Are Maria and Tom both there?", "When does she appear?", "Tom of course"], ("Tom",), "time"),
        (["Is Maria here?", "And Tom?", "Are they both around?"], ("Maria", "Tom"), "both"),
        (["Are Maria and Tom here?", "Not Tom, Anna."], ("Maria", "Anna"), "both"),
        (["Is Maria here?", "What is she wearing?", "And Tom?", "And her?"], ("Maria",), "appearance"),
        (["Is Maria wearing red?", "And Tom?"], ("Tom",), "is_colour"),
        (["What is Maria doing?", "How many people are there?"], (), "count"),
        (["Is Maria here?", "Is his jacket red?"], ("Maria",), "is_colour"),
        (["Is Maria here?", "Who else is there?", "Where is he?"], ("Tom",), "location"),
    ],
)
def test_people_are_found_again(turns: list[str], people: tuple[str, ...], topic: str) -> None:
    talk = Talk([party()])
    for turn in turns:
        talk(turn)
    assert (talk.reading.ask_back, talk.reading.people, talk.reading.topic) == ("", people, topic)


def test_when_somebody_was_there_is_said_to_be_a_time_in_the_video_where_the_file_has_no_clock() -> None:
    talk = Talk([walk()])
    talk("Is Tom here?")
    assert talk("At what time was he here?") == (
        "Tom is seen from 0:04 to 0:08. The file does not say when it was recorded, so these are times in the video."
    )


def test_what_could_mean_two_is_asked_back() -> None:
    talk = Talk([party()])
    talk("Are Maria and Tom here?")
    assert talk("Where is she?") == "Do you mean Maria or Tom?"
    assert talk("Maria, please.") == "Maria is on the left."
    # Who "she" is was told; the other one is all that is left for "he".
    assert talk("And him?") == "Tom is on the right."
    assert talk("And she?") == "Maria is on the left."


def test_another_question_is_no_choice() -> None:
    talk = Talk([party()])
    talk("Are Maria and Tom here?")
    talk("Where is she?")
    assert talk("What is Tom doing?") == "Tom is keeping still."
    assert talk.state.pending is None


def test_a_pronoun_of_somebody_else_is_asked_back() -> None:
    talk = Talk([party()])
    talk("Is Maria here?")
    talk("What is she wearing?")
    talk("Is Tom here?")
    assert talk("Where is she?") == "Do you mean Maria or Tom?"


def test_times_follow_the_evidence_of_the_last_answer() -> None:
    talk = Talk([walk()])
    talk("When is Maria seen?")
    assert talk("And after that?").startswith("After 0:04: Tom is seen from 0:04 to 0:08")
    assert talk("And before that?").startswith("Before 0:04: Maria is seen from 0:00 to 0:04")
    assert talk("Where is she then?") == "Before 0:04: Maria is in the middle."
    assert talk("Where was Tom at that moment?").startswith("Before 0:04: Tom is not seen.")
    assert talk("What happened after 0:08?") == "After 0:08: I see nobody."


def test_that_without_a_moment_is_asked_back() -> None:
    assert Talk([walk()])("What happened after that?").startswith("Which moment do you mean?")


@pytest.mark.parametrize(
    ("turn", "window"),
    [
        ("Who is there after 0:03?", (3, 10)),
        ("What happens before 0:03?", (0, 3)),
        ("What happens between 0:02 and 0:05?", (2, 5)),
        ("Who is seen in the first 4 seconds?", (0, 4)),
        ("Who is seen in the last two seconds of the video?", (8, 10)),
        ("What happened in the first minute?", (0, 10)),
        ("Who is there in the second half?", (5, 10)),
        ("What happens from second 3 on?", (3, 10)),
    ],
)
def test_parts_of_a_video(turn: str, window: tuple[float, float]) -> None:
    talk = Talk([walk()])
    talk(turn)
    assert talk.reading.window == window


def test_several_videos() -> None:
    talk = Talk(three())
    assert talk("In which of these is Maria?") == "Maria is in party.mp4 and garden.mp4, but not in kitchen.mp4."
    assert talk("Is she in all of them?") == "No, Maria is in 2 of the 3 videos: party.mp4 and garden.mp4."
    assert talk("Where was she in the second one?") == "In garden.mp4: Maria is on the right."
    assert talk("When was she seen last?").startswith("Maria is last seen at 0:05 in garden.mp4")
    assert talk("And Tom?").startswith("Tom is last seen at 0:10 in kitchen.mp4")
    assert talk("Where is he there?") == "In kitchen.mp4: Tom is in the middle."
    assert talk("I meant the first video.") == "In party.mp4: Tom is on the right."
    assert talk("How many of the videos show Anna?") == "Anna is in 1 of the 3 videos: garden.mp4."
    assert talk("Which ones have Bob in them?") == "Bob is in none of the 3 videos."


@pytest.mark.parametrize("turn", ["How about the other clip?", "What about the second video?", "And in garden.mp4?"])
def test_the_last_question_is_asked_of_another_video(turn: str) -> None:
    talk = Talk(three()[:2])
    talk("Where is Maria in the first video?")
    assert talk(turn) == "In garden.mp4: Maria is on the right."


def test_which_other_video_is_asked_back_where_there_are_two() -> None:
    talk = Talk(three())
    talk("Where is Maria in the first video?")
    assert talk("And in the other one?") == "Which video do you mean: garden.mp4 or kitchen.mp4?"
    assert talk("the second one") == "In garden.mp4: Maria is on the right."
    two = Talk(three()[:2])
    two("Where is Maria in the first video?")
    assert two("And in the other one?") == "In garden.mp4: Maria is on the right."


def test_a_video_that_there_is_not() -> None:
    assert Talk(three())("Where is Maria in the fifth video?").startswith("There are 3 videos: party.mp4")
    assert Talk([party()])("Where is Maria in the second video?").startswith("There is one video: party.mp4")


def test_the_last_time_goes_by_the_clock_where_all_files_have_one() -> None:
    early, late = datetime(2026, 5, 1, 9, 0), datetime(2026, 5, 2, 9, 0)
    views = [
        video("b.mp4", ("Maria", 0.5, (0, 5)), recorded_at=late),
        video("a.mp4", ("Maria", 0.5, (1, 9)), recorded_at=early),
    ]
    assert Talk(views)("When was Maria seen last?") == (
        "Maria is last seen at 0:05 in b.mp4, on 2026-05-02 at 09:00:05."
    )


def test_what_else_goes_on_until_all_is_told() -> None:
    talk = Talk([party()])
    told = [talk("Where is Maria?"), *(talk("What else?") for _ in range(4))]
    assert told == [
        "Maria is on the left.",
        "Maria is seen from 0:00 to 0:10.",
        "Maria is wearing a red top.",
        "Maria is talking.",
        "That is all I can tell about Maria.",
    ]


def test_the_state_is_plain_values_and_comes_from_the_turns_alone() -> None:
    talk = Talk(three())
    turns = ["In which of these is Maria?", "Where was she in the second one?", "And after that?", "Where is he?"]
    for turn in turns:
        talk(turn)
    again = replay(turns, Scene(NAMES, talk.views, talk.mentioned))
    assert again == talk.state
    assert DialogueState.from_dict(json.loads(json.dumps(again.to_dict()))) == again


WORDS = st.sampled_from(
    "is are where when what who else happened maria tom anna she he they the other one second video in all of them "
    "after that before 0:03 no i meant and first party.mp4 ? , last then summary left red {?} 's".split()
)


@settings(max_examples=50, deadline=None)
@given(turns=st.lists(st.lists(WORDS, min_size=1, max_size=8).map(" ".join), min_size=1, max_size=4))
def test_no_turn_breaks_a_conversation_and_nothing_is_made_up(turns: list[str]) -> None:
    for views in ([party()], three()):
        talk = Talk(views)
        for turn in turns:
            answer = talk(turn)
            assert answer
            assert "Bob" not in answer or "Do you mean" in answer
        assert DialogueState.from_dict(json.loads(json.dumps(talk.state.to_dict()))) == talk.state
