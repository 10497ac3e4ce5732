"""Enrolling: what is checked, who is picked, what is kept, and that a failure keeps nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from pipelines.enroll_instant import find_candidates
from pipelines.session import Session
from pvchat.errors import AmbiguousSubjectError, ConsentError, NoFaceError, SubjectError, VideoError
from storage.schema import Base
from storage.store import Store

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}


def rows(home: Path) -> dict[str, int]:
    """Rows per table."""
    with Store.open(home) as store, store.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


EMPTY = dict.fromkeys(Base.metadata.tables, 0)


def test_enrolled_person_is_listed_with_consent(session: Session, video: Video) -> None:
    result = session.enroll("  Ana   María ", video("a.mp4", {"face": 1}), consent_by=" Ann ", purpose="front\ndoor")
    assert result.subject == "Ana María"
    assert result.coverage == {"faces": 3, "seconds": 10.0, "face_px": 60, "other_people": 0}
    assert result.warnings == ()
    assert {"perceive", "total"} <= set(result.timing_s)
    (person,) = session.people()
    assert (person.name, person.consent_by, person.purpose) == ("Ana María", "Ann", "front door")
    assert person.consent_state == "given"
    assert person.templates == 1


@pytest.mark.parametrize("other", ["maria", "MARIA", "Mari\u0061", "  Maria "])
def test_a_taken_name_is_refused_before_anything_is_perceived(
    session: Session, video: Video, tools: Any, other: str
) -> None:
    session.enroll("Maria", video("a.mp4", {"face": 1}), **CONSENT)
    tools.calls.clear()
    with pytest.raises(SubjectError, match="enrolled already"):
        session.enroll(other, video("b.mp4", {"face": 2}), **CONSENT)
    assert tools.calls == []


def test_names_in_other_unicode_forms_are_the_same(session: Session, video: Video) -> None:
    session.enroll("José", video("a.mp4", {"face": 1}), **CONSENT)
    with pytest.raises(SubjectError, match="enrolled already"):
        session.enroll("JOSE\u0301", video("b.mp4", {"face": 2}), **CONSENT)
    session.enroll("Jose", video("c.mp4", {"face": 3}), **CONSENT)
    assert [person.name for person in session.people()] == ["José", "Jose"]


@pytest.mark.parametrize(("who", "purpose"), [("", "door"), ("Ann", ""), ("  ", "door"), ("Ann", "x" * 501)])
def test_no_consent_no_enrollment(
    session: Session, video: Video, tools: Any, home: Path, who: str, purpose: str
) -> None:
    with pytest.raises(ConsentError):
        session.enroll("Ann", video("a.mp4", {"face": 1}), consent_by=who, purpose=purpose)
    assert tools.calls == []
    assert rows(home) == EMPTY


def test_expired_consent_is_none(session: Session, video: Video) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(ConsentError, match="expired"):
        session.enroll("Ann", video("a.mp4", {"face": 1}), expires_at=past, **CONSENT)


@pytest.mark.parametrize("content", [b"", b"just some text"])
def test_what_is_no_video_is_refused_without_models_and_leaves_nothing(
    session: Session, tmp_path: Path, tools: Any, home: Path, content: bytes
) -> None:
    file = tmp_path / "v.mp4"
    file.write_bytes(content)
    with pytest.raises(VideoError):
        session.enroll("Ann", file, **CONSENT)
    assert "models" not in tools.calls
    assert "perceive" not in tools.calls
    assert rows(home) == EMPTY


def test_missing_files_and_folders_are_refused(session: Session, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.mp4", tmp_path, Path("a\0b")):
        with pytest.raises(VideoError) as caught:
            session.enroll("Ann", path, **CONSENT)
        assert "\n" not in str(caught.value)


def test_no_face_leaves_nothing(session: Session, video: Video, home: Path) -> None:
    with pytest.raises(NoFaceError, match=r"a\.mp4"):
        session.enroll("Ann", video("a.mp4", {"face": None}), **CONSENT)
    with pytest.raises(NoFaceError):
        session.enroll("Ann", video("b.mp4"), **CONSENT)
    assert rows(home) == EMPTY


def test_equally_likely_people_are_listed_and_can_be_picked(session: Session, video: Video, home: Path) -> None:
    party = video("party.mp4", {"face": 1, "x": 0.8}, {"face": 2, "x": 0.2}, {"face": 3, "spans": [[4, 10]]})
    with pytest.raises(AmbiguousSubjectError) as caught:
        session.enroll("Bea", party, **CONSENT)
    assert caught.value.candidates == (
        "1: left, first at 0:00",
        "2: right, first at 0:00",
        "3: middle, first at 0:04",
    )
    assert "--pick" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert rows(home) == EMPTY
    session.enroll("Bea", party, pick=1, **CONSENT)
    answer = session.ask(video("b.mp4", {"face": 2}), "Is Bea here?")
    assert answer.evidence[0].state == "present"


@pytest.mark.parametrize("pick", [0, -1, 3])
def test_a_pick_that_is_not_there_lists_who_is(session: Session, video: Video, pick: int) -> None:
    with pytest.raises(AmbiguousSubjectError, match="2: right"):
        session.enroll("Bea", video("v.mp4", {"face": 1, "x": 0.1}, {"face": 2, "x": 0.9}), pick=pick, **CONSENT)


def test_a_clearly_dominant_person_needs_no_pick(session: Session, video: Video) -> None:
    session.enroll("Ann", video("a.mp4", {"face": 1, "px": 20}, {"face": 2, "px": 90}), **CONSENT)
    assert session.ask(video("b.mp4", {"face": 2}), "Is Ann here?").evidence[0].state == "present"
    assert session.ask(video("c.mp4", {"face": 1}), "Is Ann here?").evidence[0].state == "absent"


def test_people_without_a_describable_face_are_no_candidates(session: Session, video: Video) -> None:
    session.enroll("Ann", video("a.mp4", {"face": None, "px": 200}, {"face": 2, "px": 30}), **CONSENT)
    assert len(session.people()) == 1


def test_tracks_of_one_person_are_one_candidate_unless_they_overlap(tools: Any, video: Video) -> None:
    file = video(
        "a.mp4", {"face": 1, "spans": [[0, 4]]}, {"face": 1, "spans": [[6, 10]]}, {"face": 1, "spans": [[3, 7]]}
    )
    record, vectors = tools.perceive(file, None)

    def same(a: Any, b: Any) -> bool:
        return True

    candidates = find_candidates(record, vectors, same)
    assert [[track.id for track in c.tracks] for c in candidates] == [[1, 2], [3]]
    assert candidates[0].seconds == pytest.approx(8)
    assert len(find_candidates(record, vectors)) == 3


def test_a_person_seen_twice_in_the_video_is_one_person(session: Session, video: Video, home: Path) -> None:
    file = video("a.mp4", {"face": 1, "spans": [[0, 4]]}, {"face": 1, "spans": [[6, 10]]}, {"face": 2, "px": 10})
    session.enroll("Ann", file, **CONSENT)
    assert session.people()[0].name == "Ann"


def test_look_alikes_are_warned_about(session: Session, video: Video) -> None:
    session.enroll("Ann", video("a.mp4", {"face": 1}), **CONSENT)
    assert session.enroll("Bea", video("b.mp4", {"face": 1}), **CONSENT).warnings == ("Ann looks like Bea",)


def test_thin_coverage_is_warned_about_and_others_are_counted(session: Session, video: Video) -> None:
    result = session.enroll("Ann", video("a.mp4", {"face": 1, "px": 25}, {"face": 2, "px": 4}), **CONSENT)
    assert ["25 pixels" in warning for warning in result.warnings] == [True]
    assert result.coverage["other_people"] == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("step", ["perceive", "build_entry", "look_alikes"])
def test_interruption_at_any_step_leaves_nothing(
    session: Session,
    video: Video,
    tools: Any,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: type[BaseException],
) -> None:
    def stop(*_args: object) -> None:
        raise error

    file = video("a.mp4", {"face": 1})
    with monkeypatch.context() as patch:
        patch.setattr(tools, step, stop)
        with pytest.raises(error):
            session.enroll("Ann", file, **CONSENT)
    assert rows(home) == EMPTY
    session.enroll("Ann", file, **CONSENT)
    assert [person.name for person in session.people()] == ["Ann"]


def test_interruption_inside_the_transaction_leaves_nothing(
    session: Session, video: Video, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("storage.people.enroll", stop)
        with pytest.raises(KeyboardInterrupt):
            session.enroll("Ann", video("a.mp4", {"face": 1}), **CONSENT)
    assert rows(home) == EMPTY


def test_somebody_taking_the_name_meanwhile_wins(session: Session, video: Video, tools: Any, home: Path) -> None:
    def race() -> None:
        tools.on_perceive = None
        session.enroll("ann", video("a.mp4", {"face": 1}), **CONSENT)

    tools.on_perceive = race
    with pytest.raises(SubjectError, match="enrolled already"):
        session.enroll("Ann", video("b.mp4", {"face": 2}), **CONSENT)
    assert rows(home)["subjects"] == rows(home)["consents"] == rows(home)["videos"] == 1


def test_progress_is_told(session: Session, video: Video) -> None:
    told: list[tuple[float, str]] = []
    session.enroll("Ann", video("a.mp4", {"face": 1}), progress=lambda f, s: told.append((f, s)), **CONSENT)
    assert told
    assert all(0 <= fraction <= 1 and step for fraction, step in told)
