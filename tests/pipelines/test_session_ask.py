"""Asking: who is asked about, what is looked at again, and the shape of an answer."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from pipelines.conversation import LONGEST_QUESTION
from pipelines.session import Session
from pvchat.errors import ConsentError, QuestionError, SubjectError, VideoError
from storage.schema import ConsentRow
from storage.store import Store

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}


@pytest.fixture
def three(session: Session, video: Video) -> Session:
    """A session with Maria (1), José Luis (2) and Bob (3) enrolled."""
    for number, name in enumerate(["Maria", "José Luis", "Bob"], start=1):
        session.enroll(name, video(f"{number}.mp4", {"face": number}), **CONSENT)
    return session


def states(answer: Any) -> list[tuple[str, str]]:
    return [(item.subject, item.state) for item in answer.evidence]


def test_named_people_are_asked_about_in_the_order_of_the_question(three: Session, video: Video) -> None:
    clip = video("c.mp4", {"face": 1}, {"face": 9})
    answer = three.ask(clip, "Where are JOSE LUIS and maria?")
    assert states(answer) == [("José Luis", "absent"), ("Maria", "present")]
    assert answer.unknown_people == 1


def test_subjects_decide_the_order_of_the_evidence(three: Session, video: Video) -> None:
    clip = video("c.mp4", {"face": 1})
    answer = three.ask(clip, "Who is here?", ["bob", "MARIA", "Bob"])
    assert states(answer) == [("Bob", "absent"), ("Maria", "present")]
    assert states(three.ask(clip, "Who is here?", "Bob")) == [("Bob", "absent")]


def test_without_a_name_everybody_found_is_asked_about_by_first_time(three: Session, video: Video) -> None:
    clip = video("c.mp4", {"face": 3, "spans": [[5, 9]]}, {"face": 1, "spans": [[1, 2]]}, {"face": 8})
    answer = three.ask(clip, "Who can be seen?")
    assert states(answer) == [("Maria", "present"), ("Bob", "present")]
    assert answer.unknown_people == 1
    assert states(three.ask(video("d.mp4"), "Who can be seen?")) == []


def test_an_unknown_subject_is_an_error_that_lists_the_known(three: Session, video: Video, tools: Any) -> None:
    clip = video("c.mp4", {"face": 1})
    tools.calls.clear()
    with pytest.raises(SubjectError, match="Maria, José Luis, Bob"):
        three.ask(clip, "Is she here?", ["Nobody"])
    with pytest.raises(SubjectError, match='nobody called "Carol"'):
        three.ask(clip, "Is Carol in this video?")
    assert tools.calls == []


@pytest.mark.parametrize("question", ["", "  \n ", "\x00", "x" * 10_000, "x" * (LONGEST_QUESTION + 1)])
def test_empty_and_endless_questions_are_refused(three: Session, video: Video, tools: Any, question: str) -> None:
    clip = video("c.mp4", {"face": 1})
    tools.calls.clear()
    with pytest.raises(QuestionError) as caught:
        three.ask(clip, question)
    assert len(str(caught.value)) < 200
    assert tools.calls == []


def test_the_longest_question_and_control_characters_pass(three: Session, video: Video, tools: Any) -> None:
    clip = video("c.mp4", {"face": 1})
    three.ask(clip, "x" * LONGEST_QUESTION)
    three.ask(clip, "  Is\tMaria\x1b\n here? ")
    assert tools.asked[-1][0] == "Is Maria here?"


def test_switches_reach_the_model(three: Session, video: Video, tools: Any) -> None:
    three.ask(video("c.mp4", {"face": 1}), "Is Maria here?", use_evidence=False, use_identity_bias=False)
    assert tools.asked[-1][2:] == (False, False)


@pytest.mark.usefixtures("mistaken")
def test_what_the_model_gets_wrong_is_read_off_the_record(three: Session, video: Video) -> None:
    clip = video("c.mp4", {"face": 1, "spans": [[0, 4]]})
    answer = three.ask(clip, "When is Maria seen?")
    assert (answer.answer, answer.agrees_with_evidence) == ("Maria is seen from 0:00 to 0:04.", True)
    assert answer.model["answer"] == "rule"
    # Nothing is read off what the model was not shown.
    assert not three.ask(clip, "When is Maria seen?", use_evidence=False).agrees_with_evidence


def test_words_that_do_not_tell_what_was_asked_are_read_off_the_record(three: Session, video: Video) -> None:
    # The stand-in says yes to everything.
    clip = video("c.mp4", {"face": 1, "spans": [[0, 4]]})
    answer = three.ask(clip, "When is Maria seen?")
    assert (answer.answer, answer.model["answer"]) == ("Maria is seen from 0:00 to 0:04.", "rule")
    assert "answer" not in three.ask(clip, "Is Maria here?").model
    assert "answer" not in three.ask(clip, "When is Maria seen?", use_evidence=False).model


@pytest.mark.parametrize("question", ["Is Maria in love?", "Tell me what Maria does for a living."])
def test_what_no_video_shows_is_said_to_be_unknown_without_a_model(
    three: Session, video: Video, tools: Any, question: str
) -> None:
    clip = video("c.mp4", {"face": 1})
    tools.asked.clear()
    for answer in (three.ask(clip, question), three.chat([clip], question)):
        assert answer.answer == "I can't tell that from this video."
        assert states(answer) == [("Maria", "present")]
    assert tools.asked == []


def test_a_follow_up_perceives_and_decides_nothing_again(three: Session, video: Video, tools: Any) -> None:
    clip = video("c.mp4", {"face": 1})
    three.ask(clip, "Is Maria here?")
    tools.calls.clear()
    three.ask(clip, "Where is she?", ["Maria"])
    assert "perceive" not in tools.calls
    assert "decide" not in tools.calls
    assert tools.clips[-1] is tools.clips[0]


def test_a_new_process_takes_the_record_from_the_data_folder(
    three: Session, video: Video, tools: Any, home: Path
) -> None:
    clip = video("c.mp4", {"face": 1})
    before = three.ask(clip, "Is Maria here?")
    three.close()
    tools.calls.clear()
    with Session(Store.open(home), tools) as again:
        after = again.ask(clip, "Is Maria here?")
    assert "perceive" not in tools.calls
    assert after.evidence == before.evidence


def test_a_copy_of_the_file_is_known_and_a_changed_file_is_not(three: Session, video: Video, tools: Any) -> None:
    clip = video("c.mp4", {"face": 1})
    three.ask(clip, "Is Maria here?")
    copy = clip.with_name("copy.mp4")
    copy.write_bytes(clip.read_bytes())
    tools.calls.clear()
    three.ask(copy, "Is Maria here?")
    assert "perceive" not in tools.calls
    video("c.mp4", {"face": 3})
    assert states(three.ask(clip, "Is Maria here?")) == [("Maria", "absent")]
    assert "perceive" in tools.calls


def test_records_of_other_models_are_not_used(three: Session, video: Video, tools: Any, home: Path) -> None:
    clip = video("c.mp4", {"face": 1})
    three.ask(clip, "Is Maria here?")
    three.close()
    tools.face_model = "other-engine"
    tools.calls.clear()
    with Session(Store.open(home), tools) as again, pytest.raises(SubjectError, match="dlib-resnet-v1"):
        again.ask(clip, "Is Maria here?")
    with Session(Store.open(home), tools) as again:
        assert states(again.ask(clip, "Who is there?")) == []
    assert "perceive" in tools.calls


def test_enrolling_somebody_changes_the_next_answer(session: Session, video: Video) -> None:
    clip = video("c.mp4", {"face": 1}, {"face": 2, "px": 9})
    session.enroll("Maria", video("1.mp4", {"face": 1}), **CONSENT)
    assert session.ask(clip, "Is Maria here?").unknown_people == 1
    session.enroll("Bob", video("2.mp4", {"face": 2}), **CONSENT)
    assert session.ask(clip, "Is Maria here?").unknown_people == 0


@pytest.mark.parametrize("column", ["withdrawn_at", "expires_at"])
def test_without_valid_consent_nobody_is_found_or_asked_about(
    three: Session, video: Video, home: Path, column: str
) -> None:
    clip = video("c.mp4", {"face": 3})
    assert states(three.ask(clip, "Is Bob here?")) == [("Bob", "present")]
    with Store.open(home) as store, store.write() as session:
        session.execute(update(ConsentRow).where(ConsentRow.id == 3).values({column: datetime.now(UTC)}))
    with pytest.raises(ConsentError, match="Bob"):
        three.ask(clip, "Is Bob here?")
    answer = three.ask(clip, "Who is here?")
    assert states(answer) == []
    assert answer.unknown_people == 1


def test_json_of_an_answer(three: Session, video: Video) -> None:
    clip = video("c.mp4", {"face": 1, "spans": [[2, 9]], "x": 0.25})
    line = three.ask(clip, "Is Maria with Bob?").to_json()
    assert "\n" not in line
    data = json.loads(line)
    assert list(data) == [
        "answer",
        "evidence",
        "agrees_with_evidence",
        "unknown_people",
        "strangers",
        "model",
        "timing_s",
    ]
    assert data["evidence"][0] == {
        "subject": "Maria",
        "state": "present",
        "score": 0.99,
        "spans": [[2.0, 9.0]],
        "keyframe_s": 2.0,
        "box": [0.2, 0.2, 0.3, 0.4],
        "tracks": [1],
    }
    assert data["evidence"][1] == {
        "subject": "Bob",
        "state": "absent",
        "score": 0.01,
        "spans": [],
        "keyframe_s": None,
        "box": None,
        "tracks": [],
    }
    assert data["model"]["base"] == "nano"
    assert all(isinstance(seconds, float) for seconds in data["timing_s"].values())


def test_what_is_no_video_is_refused_and_not_remembered(three: Session, tmp_path: Path) -> None:
    file = tmp_path / "v.mp4"
    file.write_text("no video")
    for _ in range(2):
        with pytest.raises(VideoError):
            three.ask(file, "Is Maria here?")


def test_threads_share_a_session(three: Session, video: Video) -> None:
    clips = [video(f"c{number}.mp4", {"face": number % 3 + 1}) for number in range(6)]
    found: dict[int, list[tuple[str, str]]] = {}

    def run(number: int) -> None:
        found[number] = states(three.ask(clips[number], "Who is here?"))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    names = ["Maria", "José Luis", "Bob"]
    assert found == {number: [(names[number % 3], "present")] for number in range(6)}
