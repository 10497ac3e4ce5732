"""When somebody does something: asked in many ways, read off the record, held to it."""

from dataclasses import replace

import pytest

from pvchat.chat.agreement import check
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.facts_from_record import subject_facts
from pvchat.chat.moments import asked_doings, moments_of
from pvchat.chat.questions import TYPE_OF, kind_of
from pvchat.dialogue.said import sentences
from pvchat.perception.record import Attribute, PerceptionRecord, Sighting, Track, VideoInfo
from tests.dialogue.talks import Decided

MARIA = SubjectFacts(
    name="Maria",
    state="present",
    spans=((0.0, 15.0),),
    actions=("smiling", "looking away"),
    moments=(("smiling", ((3.0, 5.0), (9.0, 9.4))), ("looking away", ((12.0, 14.0),))),
)
TOM = SubjectFacts(name="Tom", state="absent")


def scene(*people: SubjectFacts) -> SceneFacts:
    return SceneFacts(duration_s=15.0, subjects=people, people=1, unknown_people=0)


@pytest.mark.parametrize(
    ("question", "doing"),
    [
        ("When does Maria smile?", "smiling"),
        ("At what time is Maria smiling?", "smiling"),
        ("when did Maria look away", "looking away"),
        ("At which moment does Maria raise the arms?", "raising the arms"),
    ],
)
def test_when_something_is_done_is_a_question_of_its_own(question: str, doing: str) -> None:
    assert kind_of(question, ["Maria"]) == "moment"
    assert TYPE_OF["moment"] == "action"
    assert asked_doings(question.lower()) == {doing}


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When is Maria in the video?", "time"),
        ("When is Maria on the left?", "time"),
        ("When does Maria come in?", "first"),
        ("When does Maria leave?", "last"),
        ("Does Maria smile?", "is_action"),
        ("How long does Maria talk?", "duration"),
    ],
)
def test_other_questions_about_times_stay_what_they_were(question: str, kind: str) -> None:
    assert kind_of(question, ["Maria"]) == kind


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When does Maria smile?", "Maria is smiling from 0:03 to 0:05 and at 0:09."),
        ("When does Maria look away?", "Maria is looking away from 0:12 to 0:14."),
        ("When does Maria wave?", "I can't tell when Maria is waving."),
    ],
)
def test_moments_are_read_off_the_record_and_agree_with_it(question: str, answer: str) -> None:
    assert sentences("moment", scene(MARIA), question) == [answer]
    assert check(answer, question, scene(MARIA), ["Maria"]).agrees


def test_of_absent_people_nothing_is_told() -> None:
    (said,) = sentences("moment", scene(TOM), "When does Tom smile?")
    assert "not in this video" in said


@pytest.mark.parametrize("wrong", ["Maria is smiling at 0:13.", "Maria is smiling from 0:00 to 0:15."])
def test_a_time_at_which_something_else_is_done_disagrees(wrong: str) -> None:
    assert not check(wrong, "When does Maria smile?", scene(MARIA), ["Maria"]).agrees


def test_moments_come_from_the_tracks_and_last_as_long_as_they_do_where_no_times_are_told() -> None:
    box = (0.1, 0.1, 0.2, 0.3)
    seen = Track(
        id=1,
        spans=((1.0, 4.0), (6.0, 8.0)),
        sightings=(Sighting(time_s=1.0, face_box=box),),
        attributes=(
            Attribute(name="action", value="smiling", confidence=0.9, spans=((1.0, 2.0),)),
            Attribute(name="action", value="talking", confidence=0.9),
        ),
        keyframe_s=1.0,
        keyframe_box=box,
    )
    video = VideoInfo(sha256="", duration_s=9.0, width=640, height=360, fps=25.0, decoder="made up")
    record = PerceptionRecord(models={}, video=video, sampled_s=(0.0,), tracks=(seen,))
    facts = subject_facts("Maria", Decided("Maria", "present", 0.9, [1]), record)
    assert dict(facts.moments) == {"smiling": ((1.0, 2.0),), "talking": ((1.0, 4.0), (6.0, 8.0))}
    assert moments_of(facts, "when does maria smile?") == [(1.0, 2.0)]
    assert moments_of(replace(facts, moments=()), "when does maria smile?") == []
