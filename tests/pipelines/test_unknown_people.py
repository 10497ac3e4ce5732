"""Unknown people of a data folder: the same number in every video, a name with consent, and an end to what is kept."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from pipelines.retention import RetentionError, unknown_hours
from pipelines.session import Session
from pvchat.errors import ConsentError, NoFaceError, SubjectError
from storage import people, perceptions
from storage.schema import PerceptionRow, now
from storage.store import Store

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}


def content(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())


def numbers(session: Session) -> dict[int, list[str]]:
    return {person.number: [video.video for video in person.videos] for person in session.unknown.list()}


def make_older(home: Path, hours: float) -> None:
    """As if everything had been perceived so many hours earlier."""
    with Store.open(home) as store, store.write() as session:
        session.execute(update(PerceptionRow).values(created_at=now() - timedelta(hours=hours)))


def vectors_left(home: Path) -> int:
    with Store.open(home) as store, store.read() as session:
        return sum(len(found.vectors.faces) for found in perceptions.load_all(session))


def test_an_unknown_person_has_one_number_in_all_videos(session: Session, video: Video) -> None:
    first = session.ask(video("a.mp4", {"face": 1}, {"face": 2, "spans": [[3, 6]]}), "Who is here?")
    second = session.ask(video("b.mp4", {"face": 3}), "Who is here?")
    third = session.ask(video("c.mp4", {"face": 2}), "Who is here?")
    assert [stranger.number for stranger in first.strangers] == [1, 2]
    assert first.strangers[1].spans == ((3.0, 6.0),)
    assert [stranger.number for stranger in second.strangers] == [3]
    assert [stranger.id for stranger in third.strangers] == [first.strangers[1].id]
    assert numbers(session) == {1: ["a.mp4"], 2: ["a.mp4", "c.mp4"], 3: ["b.mp4"]}
    assert third.to_dict()["strangers"][0]["number"] == 2


def test_somebody_enrolled_is_no_unknown_person_and_becomes_one_when_forgotten(session: Session, video: Video) -> None:
    party = video("party.mp4", {"face": 1}, {"face": 2})
    session.ask(party, "Who is here?")
    assert list(numbers(session)) == [1, 2]
    session.enroll("Maria", video("m.mp4", {"face": 1}), **CONSENT)
    assert numbers(session) == {2: ["party.mp4"]}
    assert [stranger.number for stranger in session.ask(party, "Who is here?").strangers] == [2]
    session.forget("Maria")
    assert numbers(session) == {}
    again = session.ask(party, "Who is here?")
    assert len(again.strangers) == 2
    # Numbers are never given to somebody else.
    assert min(stranger.number for stranger in again.strangers) > 2


def test_naming_makes_a_subject_of_the_faces_of_all_videos(session: Session, video: Video, home: Path) -> None:
    session.ask(video("a.mp4", {"face": 1}, {"face": 2}), "Who is here?")
    session.ask(video("b.mp4", {"face": 2}), "Who is here?")
    named = session.unknown.name(2, "  Maria ", **CONSENT)
    assert named.result.subject == "Maria"
    assert named.result.coverage["videos"] == 2
    assert [person.name for person in session.people()] == ["Maria"]
    assert session.people()[0].consent_by == "Ann"
    assert numbers(session) == {1: ["a.mp4"]}
    answer = session.ask(video("c.mp4", {"face": 2}), "Is Maria here?")
    assert answer.evidence[0].state == "present"
    session.forget("Maria")
    with Store.open(home) as store, store.read() as database:
        assert people.list_info(database) == []


def test_naming_needs_consent_a_free_name_and_faces_enough(session: Session, video: Video) -> None:
    session.enroll("Bob", video("bob.mp4", {"face": 9}), **CONSENT)
    session.ask(video("a.mp4", {"face": 1}), "Who is here?")
    number = next(iter(numbers(session)))
    with pytest.raises(ConsentError, match="nobody is enrolled without consent"):
        session.unknown.name(number, "Maria", consent_by="", purpose="door")
    with pytest.raises(SubjectError, match="enrolled already"):
        session.unknown.name(number, "bob", **CONSENT)
    with pytest.raises(SubjectError, match="no unknown person 77"):
        session.unknown.name(77, "Maria", **CONSENT)
    session.ask(video("glimpse.mp4", {"face": 5, "faces": 2}), "Who is here?")
    glimpsed = max(numbers(session))
    with pytest.raises(NoFaceError, match=r"known by 2 faces, at least 3 are needed; ask about a video"):
        session.unknown.name(glimpsed, "Maria", **CONSENT)
    assert [person.name for person in session.people()] == ["Bob"]
    assert glimpsed in numbers(session)


def test_forgetting_takes_their_vectors_everywhere_and_leaves_others_alone(
    session: Session, video: Video, tools: Any, home: Path
) -> None:
    party, street = video("party.mp4", {"face": 1}, {"face": 2}), video("street.mp4", {"face": 2})
    other = video("other.mp4", {"face": 3})
    for file in (party, street, other):
        session.ask(file, "Who is here?")
    face = tools.vectors_of(2)[0].astype("<f4").tobytes()
    assert face in content(home)
    gone = session.unknown.forget(2)
    assert (gone.number, gone.records) == (2, ("party.mp4", "street.mp4"))
    assert gone.vectors > 0
    assert face not in content(home)
    assert numbers(session) == {3: ["other.mp4"]}
    with pytest.raises(SubjectError, match="no unknown person 2"):
        session.unknown.forget(2)
    assert session.ask(street, "Who is here?").unknown_people == 1


def test_vectors_of_strangers_expire_after_a_day_and_questions_still_work(
    session: Session, video: Video, tools: Any, home: Path
) -> None:
    session.enroll("Maria", video("m.mp4", {"face": 1}), **CONSENT)
    party = video("party.mp4", {"face": 1}, {"face": 2})
    session.ask(party, "Is Maria here?")
    stranger, maria = (tools.vectors_of(face)[0].astype("<f4").tobytes() for face in (2, 1))
    make_older(home, 23)
    assert session.sweep().records == 0
    assert stranger in content(home)
    make_older(home, 25)
    swept = session.sweep()
    assert (swept.records, swept.scrubbed) == (1, True)
    assert stranger not in content(home)
    assert numbers(session) == {}
    # What the enrollment needs stays: the templates, and the video that shows nobody else.
    assert maria in content(home)
    assert vectors_left(home) == 1
    looked = tools.calls.count("perceive")
    answer = session.ask(party, "Is Maria here?")
    assert answer.evidence[0].state == "present"
    assert tools.calls.count("perceive") == looked + 1
    assert session.sweep().records == 0
    assert [s.number for s in session.ask(party, "Is Maria here?").strangers] == [2]


def test_the_operator_can_keep_them_longer(
    session: Session, video: Video, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.ask(video("a.mp4", {"face": 1}), "Who is here?")
    make_older(home, 100)
    monkeypatch.setenv("PVCHAT_UNKNOWN_HOURS", "720")
    assert session.sweep().records == 0
    assert list(numbers(session)) == [1]
    monkeypatch.setenv("PVCHAT_UNKNOWN_HOURS", "0")
    with pytest.raises(RetentionError, match="above zero"):
        unknown_hours()
    monkeypatch.delenv("PVCHAT_UNKNOWN_HOURS")
    assert session.sweep().records == 1


def test_enrolling_from_a_video_seen_before_does_not_start_the_day_anew(
    session: Session, video: Video, home: Path
) -> None:
    party = video("party.mp4", {"face": 1, "px": 200}, {"face": 2, "px": 30})
    session.ask(party, "Who is here?")
    make_older(home, 25)
    session.enroll("Maria", party, pick=1, **CONSENT)
    assert list(numbers(session)) == [2]
    assert session.sweep().records == 1
    assert vectors_left(home) == 0


def test_consent_that_ended_makes_a_stranger_of_an_enrolled_person(session: Session, video: Video, home: Path) -> None:
    ends = now() + timedelta(milliseconds=400)
    session.enroll("Maria", video("m.mp4", {"face": 1}), expires_at=ends, **CONSENT)
    make_older(home, 25)
    while now() < ends:
        pass
    assert session.sweep().records == 1
    assert vectors_left(home) == 0


def test_opening_a_data_folder_sweeps_it(
    session: Session, video: Video, tools: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pipelines

    monkeypatch.setattr("pipelines.session.EmbeddedTools", lambda *_args: tools)
    session.ask(video("a.mp4", {"face": 1}), "Who is here?")
    make_older(home, 25)
    with pipelines.open(home):
        assert vectors_left(home) == 0


def test_forgetting_a_person_takes_records_whose_vectors_expired(session: Session, video: Video, home: Path) -> None:
    session.enroll("Maria", video("m.mp4", {"face": 1}), **CONSENT)
    session.ask(video("party.mp4", {"face": 1}, {"face": 2}), "Is Maria here?")
    make_older(home, 25)
    session.sweep()
    assert "party.mp4" in session.forget("Maria").records


def test_other_models_see_the_same_video_with_other_tracks(session: Session, video: Video, tools: Any) -> None:
    file = video("a.mp4", {"face": 1}, {"face": 2, "spans": [[1, 2]]})
    session.ask(file, "Who is here?")
    session.unknown.list()
    both = tools.scene_of

    def second_only(content: bytes) -> Any:
        return {**both(content), "people": both(content)["people"][1:]}

    tools.scene_of = second_only
    tools.perception_models = lambda: {"face": tools.face_model, "detector": "2"}
    perceive = tools.perceive

    def by_newer(*args: Any, **more: Any) -> Any:
        record, vectors = perceive(*args, **more)
        return record.model_copy(update={"models": tools.perception_models()}), vectors

    tools.perceive = by_newer
    session._let_go()
    answer = session.ask(file, "Who is here?")
    # Track 1 is another person now, and is known again all the same.
    assert [(stranger.number, stranger.spans) for stranger in answer.strangers] == [(2, ((1.0, 2.0),))]
    assert [len({v.sha256 for v in person.videos}) for person in session.unknown.list()] == [1, 1]
