"""Feedback on who is who: it holds from the next answer on, in every session, and leaves nothing when it is undone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from pipelines.session import Session
from pvchat.errors import ConsentError, FeedbackConflictError, FeedbackError, SubjectError
from pvchat.identity.pointing import Pointer
from storage import feedback
from storage.schema import ConsentRow, FeedbackRow, FeedbackVectorRow, PerceptionRow, now
from storage.store import Store

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}


@pytest.fixture
def two(session: Session, video: Video) -> Session:
    """A session with Maria (1) and Bob (2) enrolled."""
    for number, name in enumerate(["Maria", "Bob"], start=1):
        session.enroll(name, video(f"{number}.mp4", {"face": number}), **CONSENT)
    return session


@pytest.fixture
def clip(video: Video) -> Path:
    """Maria (track 1, left), a stranger (track 2, right), and nobody's face (track 3) later."""
    return video(
        "c.mp4",
        {"face": 1, "x": 0.2, "spans": [[0, 4]], "every": 0.5},
        {"face": 8, "x": 0.8, "spans": [[0, 4]], "every": 0.5},
        {"face": None, "x": 0.5, "spans": [[6, 9]], "every": 0.5},
    )


def state(session: Session, video: Path, name: str = "Maria") -> tuple[str, tuple[int, ...]]:
    evidence = session.ask(video, f"Is {name} here?", [name]).evidence[0]
    return evidence.state, evidence.tracks


def test_not_maria_changes_the_next_answer_and_undo_brings_it_back(two: Session, clip: Path) -> None:
    before = two.ask(clip, "Is Maria here?").to_dict()
    said = two.feedback.say(clip, "maria", "is_not", Pointer(track=1), author="cli")
    assert (said.new, said.in_effect, said.feedback.subject, said.feedback.author) == (True, True, "Maria", "cli")
    assert state(two, clip) == ("absent", ())
    two.feedback.undo(said.feedback.id)
    after = two.ask(clip, "Is Maria here?").to_dict()
    before.pop("timing_s"), after.pop("timing_s")
    assert after == before


def test_it_holds_in_a_session_that_is_open_already(two: Session, clip: Path, home: Path, tools: Any) -> None:
    with Session(Store.open(home), tools) as other:
        assert state(other, clip)[0] == "present"
        said = two.feedback.say(clip, "Maria", "is_not", Pointer(time_s=1, place="left"))
        assert state(other, clip)[0] == "absent"
        other.feedback.undo(said.feedback.id[:8])
        assert state(two, clip)[0] == "present"


def test_is_maria_holds_for_a_face_of_somebody_else_and_without_a_face(two: Session, clip: Path) -> None:
    two.feedback.say(clip, "Bob", "is", Pointer(track=2))
    assert state(two, clip, "Bob") == ("present", (2,))
    two.feedback.say(clip, "Maria", "is", Pointer(track=3))
    assert state(two, clip) == ("present", (1, 3))


def test_the_face_counts_in_other_videos(two: Session, clip: Path, video: Video) -> None:
    other = video("d.mp4", {"face": 8}, {"face": 2})
    assert state(two, other, "Maria")[0] == "absent"
    said = two.feedback.say(clip, "Maria", "is", Pointer(track=3))
    assert state(two, other, "Maria")[0] == "absent"
    two.feedback.undo(said.feedback.id)
    confirmed = two.feedback.say(clip, "Bob", "is", Pointer(track=2))
    assert state(two, other, "Bob") == ("present", (1, 2))
    two.feedback.undo(confirmed.feedback.id)
    assert state(two, other, "Bob") == ("present", (2,))
    two.feedback.say(video("e.mp4", {"face": 2}), "Bob", "is_not", Pointer())
    assert state(two, other, "Bob") == ("absent", ())


def test_what_somebody_was_enrolled_from_stays_theirs(two: Session, clip: Path, video: Video, tmp_path: Path) -> None:
    own, other = tmp_path / "1.mp4", video("e.mp4", {"face": 1})
    assert own.is_file()
    two.feedback.say(clip, "Maria", "is_not", Pointer(track=1))
    assert state(two, other)[0] == "absent"
    assert state(two, own)[0] == "present"


def test_the_same_said_twice_is_said_once(two: Session, clip: Path) -> None:
    first = two.feedback.say(clip, "Maria", "is_not", Pointer(track=1))
    again = two.feedback.say(clip, "Maria", "is_not", Pointer(time_s=2, place="left"))
    assert (again.new, again.feedback.id) == (False, first.feedback.id)
    assert len(two.feedback.list()) == 1


def test_what_cannot_be_is_refused_and_not_stored(two: Session, clip: Path, home: Path) -> None:
    two.feedback.say(clip, "Maria", "is", Pointer(track=1))
    for name, verdict, track in (("Maria", "is", 2), ("Bob", "is", 1), ("Maria", "is_not", 1)):
        with pytest.raises(FeedbackConflictError):
            two.feedback.say(clip, name, verdict, Pointer(track=track))  # type: ignore[arg-type]
    with pytest.raises(SubjectError, match="nobody called"):
        two.feedback.say(clip, "Zoe", "is", Pointer(track=2))
    with pytest.raises(FeedbackError, match="no feedback"):
        two.feedback.undo("nothing-there")
    with Store.open(home) as store, store.write() as session:
        session.execute(update(ConsentRow).values(withdrawn_at=now()))
    with pytest.raises(ConsentError):
        two.feedback.say(clip, "Bob", "is", Pointer(track=2))
    assert len(two.feedback.list()) == 1


def test_it_outlives_a_rename_and_a_new_perception_with_other_numbers(
    two: Session, clip: Path, home: Path, tools: Any, video: Video
) -> None:
    two.feedback.say(clip, "Maria", "is_not", Pointer(track=1))
    gone = two.feedback.say(clip, "Bob", "is_not", Pointer(track=3))
    two.ask(clip, "Who is here?", ["Maria"])
    with Store.open(home) as store, store.write() as session:
        from storage import people

        subject = next(info.id for info in people.list_info(session) if info.name == "Maria")
        people.rename(session, subject, name="Marie", name_key="marie")
        for row in session.scalars(select(PerceptionRow)).all():
            session.delete(row)
    people_now = [
        {"face": 8, "x": 0.8, "spans": [[0, 4]], "every": 0.25},
        {"face": 1, "x": 0.21, "spans": [[0, 4]], "every": 0.25},
    ]
    tools.scene_of = lambda _content: {"duration": 10.0, "people": people_now}
    with Session(Store.open(home), tools) as again:
        assert [said.in_effect for said in again.feedback.list(clip)] == [None, None]
        assert state(again, clip, "Marie")[0] == "absent"
        listed = {said.feedback.id: said for said in again.feedback.list(clip)}
        assert [said.in_effect for said in listed.values()] == [True, False]
        assert listed[gone.feedback.id].feedback.subject == "Bob"
        again.feedback.undo(next(iter(listed)))
        assert state(again, clip, "Marie") == ("present", (2,))


def test_forgetting_takes_all_that_was_said_and_the_faces_it_left(
    two: Session, clip: Path, home: Path, video: Video
) -> None:
    two.feedback.say(clip, "Maria", "is_not", Pointer(track=2))
    two.feedback.say(clip, "Maria", "is", Pointer(track=3))
    two.feedback.say(video("b.mp4", {"face": 2}), "Maria", "is_not", Pointer())
    bobs = [face for face in faces(home) if np.allclose(face, faces_of(two, "Bob"), atol=1e-5)]
    assert len(bobs) == 1
    report = two.forget("Bob")
    assert (report.feedback, report.feedback_faces) == (0, 1)
    assert len(faces(home)) == 1
    assert len(two.feedback.list(name="Maria")) == 3, "what was said about Maria goes on to hold"
    report = two.forget("Maria")
    assert (report.feedback, report.feedback_faces) == (3, 0)
    assert "c.mp4" in report.records, "somebody said that Maria is in it"
    with Store.open(home) as store, store.read() as session:
        assert session.scalars(select(FeedbackRow)).all() == []
        assert session.scalars(select(FeedbackVectorRow)).all() == []


def faces(home: Path) -> list[Any]:
    with Store.open(home) as store, store.read() as session:
        return [face.vector for face in feedback.faces(session)]


def faces_of(session: Session, name: str) -> Any:
    return next(s.vectors.templates[0] for s in session._subjects() if s.name == name)


def test_a_statement_as_json(two: Session, clip: Path) -> None:
    two.feedback.say(clip, "Maria", "is_not", Pointer(track=2), author="cli")
    (said,) = two.feedback.list(clip, "Maria")
    told = json.loads(json.dumps(said.to_dict()))
    assert told.pop("created_at")
    assert (len(told.pop("id")), len(told.pop("video_sha256"))) == (36, 64)
    assert told == {
        "subject": "Maria",
        "verdict": "is_not",
        "video": "c.mp4",
        "track": 2,
        "spans": [[0.0, 4.0]],
        "author": "cli",
        "in_effect": True,
    }
