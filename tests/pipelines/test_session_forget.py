"""Forgetting: the person is gone from memory, from answers, and from the bytes on disk; others stay."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines.session import Session
from pvchat.errors import SubjectError
from storage import corpus_faces, jobs, media, people
from storage.corpus_folder import CorpusFolder
from storage.media import MediaFolder
from storage.store import Store
from tests.pipelines.scene_tools import picture_of

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}


def content(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())


def test_forgetting_takes_what_came_from_the_face_and_nothing_else(
    session: Session, video: Video, tools: Any, home: Path
) -> None:
    session.enroll("Wilhelmina", video("wilhelmina.mp4", {"face": 1}), **CONSENT)
    session.enroll("Bob", video("b.mp4", {"face": 2}), **CONSENT)
    party, street = video("party.mp4", {"face": 1}, {"face": 2}), video("street.mp4", {"face": 2})
    session.ask(party, "Who is here?")
    session.ask(street, "Who is here?")
    face = tools.perceive(party, None)[1].faces[1].vectors[0].astype("<f4").tobytes()
    assert face in content(home)
    assert b"Wilhelmina" in content(home)

    report = session.forget("WILHELMINA")
    assert report.subject == "Wilhelmina"
    assert report.templates == 1
    assert report.appearance == 1
    assert report.records == ("wilhelmina.mp4", "party.mp4")
    assert face not in content(home)
    assert b"ilhelmina" not in content(home)
    assert [person.name for person in session.people()] == ["Bob"]

    tools.calls.clear()
    assert session.ask(street, "Is Bob here?").evidence[0].state == "present"
    assert "perceive" not in tools.calls
    answer = session.ask(party, "Who is here?")
    assert "perceive" in tools.calls
    assert [item.subject for item in answer.evidence] == ["Bob"]
    assert answer.unknown_people == 1


def test_a_forgotten_name_is_unknown_and_free_again(session: Session, video: Video) -> None:
    file = video("a.mp4", {"face": 1})
    session.enroll("Ann", file, **CONSENT)
    session.forget("Ann")
    with pytest.raises(SubjectError, match="nobody"):
        session.ask(file, "Is she here?", ["Ann"])
    with pytest.raises(SubjectError, match="nobody"):
        session.forget("Ann")
    session.enroll("Ann", file, **CONSENT)


def test_forgetting_one_of_two_from_one_video_keeps_the_other(session: Session, video: Video) -> None:
    file = video("both.mp4", {"face": 1, "x": 0.2}, {"face": 2, "x": 0.8})
    session.enroll("Ann", file, pick=1, **CONSENT)
    session.enroll("Bea", file, pick=2, **CONSENT)
    report = session.forget("Ann")
    assert report.videos == ()
    assert session.ask(video("c.mp4", {"face": 2}), "Is Bea here?").evidence[0].state == "present"


def test_records_that_cannot_be_compared_go_too(session: Session, video: Video, tools: Any, home: Path) -> None:
    session.enroll("Ann", video("a.mp4", {"face": 1}), **CONSENT)
    tools.face_model = "other-engine"
    with Session(Store.open(home), tools) as other:
        other.ask(video("c.mp4", {"face": 1}), "Who is here?")
        assert "c.mp4" in other.forget("Ann").records


def test_a_session_lets_go_of_what_another_process_forgot(
    session: Session, video: Video, tools: Any, home: Path
) -> None:
    session.enroll("Ann", video("a.mp4", {"face": 1}), **CONSENT)
    clip = video("c.mp4", {"face": 1})
    assert session.ask(clip, "Who is here?").unknown_people == 0
    with Session(Store.open(home), tools) as other:
        other.forget("Ann")
    tools.calls.clear()
    assert session.ask(clip, "Who is here?").unknown_people == 1
    assert "release" in tools.calls


def test_accents_are_needed_only_where_names_differ_by_nothing_else(session: Session, video: Video) -> None:
    session.enroll("José", video("a.mp4", {"face": 1}), **CONSENT)
    assert session.find("jose") == "José"
    session.enroll("Jose", video("b.mp4", {"face": 2}), **CONSENT)
    assert session.find("JOSE") == "Jose"
    assert session.find("JOSÉ") == "José"


def test_forgetting_deletes_the_files_uploaded_to_enroll_the_person(session: Session, home: Path) -> None:
    subject_id = session.create_subject("Ann", consent_by="Ann", purpose="door")
    folder = MediaFolder(home)
    with Store.open(home) as store, store.write() as database:
        for media_id, subject in (("hers", subject_id), ("other", None)):
            folder.keep(folder.begin(), media_id)
            media.add(
                database,
                media_id=media_id,
                sha256=media_id,
                name="ann.mp4",
                size_bytes=1,
                duration_s=1.0,
                width=1,
                height=1,
                fps=1.0,
            )
            jobs.add(database, kind="enroll", owner="key", subject_id=subject, media_id=media_id)
    assert session.forget_subject(subject_id).uploads == 1
    assert [path.name for path in (home / media.FOLDER).iterdir()] == ["other"]


def test_faces_of_the_corpus_that_are_the_persons_go_with_their_indexes(
    session: Session, video: Video, tools: Any, home: Path, tmp_path: Path
) -> None:
    from pipelines.mine.add import CorpusIndexer

    session.enroll("Ann", video("a.mp4", {"face": 1}), **CONSENT)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in (1, 2):
        Image.fromarray(picture_of(number)).save(pictures / f"{number}.png")
    with Store.open(home) as store:
        CorpusIndexer(store, tools, session.videos).add(pictures)
        index = CorpusFolder(home).index("dlib-resnet-v1")
        index.mkdir()
        subject_id = _id(store)
        assert session.preview_forgetting(subject_id).corpus_faces == 1
        assert session.forget("Ann").corpus_faces == 1
        assert not index.exists()
        with store.read() as database:
            assert corpus_faces.stamp(database, "dlib-resnet-v1")[0] == 1
        # The picture is still there; it is known, and not looked at again.
        assert CorpusIndexer(store, tools, session.videos).add(pictures).known == 2


def _id(store: Store) -> str:
    with store.read() as database:
        return people.list_all(database)[0].id
