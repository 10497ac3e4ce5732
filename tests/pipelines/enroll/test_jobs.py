"""Trainings are accepted once per person and video, and go on from where they were."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.enroll import jobs as trained
from pipelines.enroll.jobs import JobError, submit
from pipelines.enroll.options import QUICK, JobOptions
from pvchat.errors import AmbiguousSubjectError, ConsentError, SubjectError, TrainingError, VideoError
from storage import jobs, media, people, trainings
from storage.jobs import Choice
from storage.people import Consent
from storage.schema import now
from storage.store import Store
from storage.training_folder import TrainingFolder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store."""
    with Store.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def maria(store: Store) -> str:
    """Somebody who is noted, with a consent."""
    return person(store, "Maria")


def person(store: Store, name: str, **consent: Any) -> str:
    with store.write() as session:
        return people.create(session, name=name, name_key=name.lower(), consent=Consent("Ann", "door", **consent))


def upload(store: Store, content: str) -> str:
    facts = {"name": "a.mp4", "size_bytes": 1, "duration_s": 1.0, "width": 1, "height": 1, "fps": 1.0}
    with store.write() as session:
        media_id = f"upload {content} {len(media.list_all(session))}"
        media.add(session, media_id=media_id, sha256=content * 64, **facts)  # type: ignore[arg-type]
    return media_id


def of(file: Path, content: str = "a") -> JobOptions:
    file.write_text(content)
    return replace(QUICK, file=str(file))


def test_the_same_video_is_one_job_wherever_it_lies(store: Store, maria: str, tmp_path: Path) -> None:
    first = submit(store, maria, of(tmp_path / "a.mp4"), owner="me", pick=1)
    assert (first.kind, first.state, first.pick, first.owner) == ("train", "queued", 1, "me")
    assert JobOptions.from_dict(first.options) == replace(QUICK, file=str(tmp_path / "a.mp4"))
    assert submit(store, maria, of(tmp_path / "copy.mp4"), owner="me") == first
    with pytest.raises(SubjectError, match=f"another video; wait until job {first.id}"):
        submit(store, maria, of(tmp_path / "b.mp4", "b"), owner="me")
    with pytest.raises(SubjectError, match="somebody else in this video"):
        submit(store, maria, of(tmp_path / "a.mp4"), owner="me", pick=2)
    nina = submit(store, person(store, "Nina"), of(tmp_path / "a.mp4"), owner="me")
    assert nina.id != first.id
    with store.write() as session:
        jobs.cancel(session, first.id)
    assert submit(store, maria, of(tmp_path / "b.mp4", "b"), owner="me").id != first.id


def test_uploads_are_the_same_by_content(store: Store, maria: str) -> None:
    first = submit(store, maria, QUICK, owner="me", media_id=upload(store, "a"))
    assert submit(store, maria, QUICK, owner="you", media_id=upload(store, "a")) == first
    with pytest.raises(SubjectError, match="another video"):
        submit(store, maria, QUICK, owner="me", media_id=upload(store, "b"))


def test_an_idempotency_key_stands_for_one_job_even_when_it_has_ended(store: Store, maria: str) -> None:
    first = submit(store, maria, QUICK, owner="me", media_id=upload(store, "a"), idempotency_key="k")
    with store.write() as session:
        jobs.cancel(session, first.id)
    assert submit(store, maria, QUICK, owner="me", media_id=upload(store, "b"), idempotency_key="k").id == first.id


def test_what_cannot_be_trained_is_refused(store: Store, maria: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="not enrolled yet"):
        submit(store, maria, QUICK, owner="me")
    with pytest.raises(SubjectError, match="forgotten"):
        submit(store, "nobody", QUICK, owner="me")
    with pytest.raises(VideoError, match=r"missing\.mp4"):
        submit(store, maria, replace(QUICK, file=str(tmp_path / "missing.mp4")), owner="me")
    ended = person(store, "Olga", expires_at=now() - timedelta(days=1))
    with pytest.raises(ConsentError, match="Olga"):
        submit(store, ended, of(tmp_path / "a.mp4"), owner="me")


@pytest.mark.parametrize("questions", [trained.LEAST_QUESTIONS, 40, 1455, 5000])
def test_any_number_of_questions_makes_options_that_hold(questions: int, tmp_path: Path) -> None:
    options = JobOptions.from_dict(trained.plain_options(questions, tmp_path / "a.mp4"))
    assert (options.questions, options.file) == (questions, str(tmp_path / "a.mp4"))
    assert JobOptions.from_dict(trained.plain_options()) == JobOptions()
    if questions == 1455:
        assert options == replace(JobOptions(), file=options.file)


def test_options_of_a_synthesizer_are_kept_where_they_are_not_as_usual() -> None:
    given = {"synthesizer": "consisid", "synthesizer_model": "", "synthesizer_offload": "model"}
    assert trained.plain_options(synthesis=given) == {"synthesizer": "consisid", "synthesizer_offload": "model"}
    options = JobOptions.from_dict(trained.plain_options(synthesis=given))
    assert (options.hub.model, options.hub.offload, options.hub.device) == ("", "model", "auto")
    assert JobOptions.from_dict(options.to_dict()) == options
    # How it is run is no part of what is made: another GPU makes the same.
    assert options.what_is_made() == replace(JobOptions(), synthesizer="consisid").what_is_made()
    for wrong in ({"synthesizer": "magic"}, {"synthesizer_offload": "disk"}):
        with pytest.raises(TrainingError, match=r'is "(magic|disk)"; give '):
            JobOptions.from_dict(trained.plain_options(synthesis=wrong))


def test_a_job_that_asks_goes_on_with_an_answer(store: Store, maria: str, tmp_path: Path) -> None:
    job = submit(store, maria, of(tmp_path / "a.mp4"), owner="me")
    with store.write() as session:
        trainings.begin(session, job.id)
        jobs.ask_for_pick(session, job.id, [Choice(1, "left", b"x"), Choice(2, "right", b"y")])
    with pytest.raises(AmbiguousSubjectError, match="1: left; 2: right"):
        trained.resume(store, job.id)
    with pytest.raises(AmbiguousSubjectError):
        trained.resume(store, job.id, pick=3)
    gone_on = trained.resume(store, job.id, pick=2)
    assert (gone_on.state, gone_on.pick, gone_on.workflow) == ("queued", 2, None)


def test_what_cannot_go_on_is_refused(store: Store, maria: str) -> None:
    with store.write() as session:
        other = jobs.add(session, kind="enroll", owner="me", subject_id=maria)
    assert other is not None
    with pytest.raises(JobError, match="no training"):
        trained.resume(store, other.id)
    with pytest.raises(JobError, match="no such job"):
        trained.resume(store, "none")


def test_a_report_is_there_once_the_job_is_done(store: Store, maria: str, tmp_path: Path) -> None:
    home = store.database.parent
    job = submit(store, maria, of(tmp_path / "a.mp4"), owner="me")
    done = replace(job, state="done")
    assert trained.report_path(home, done) is None
    folder = TrainingFolder(home).make(maria) / job.id
    folder.mkdir()
    (folder / trained.REPORT).touch()
    assert trained.report_path(home, job) is None
    assert trained.report_path(home, done) == folder / trained.REPORT
