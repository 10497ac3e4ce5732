"""Enrollments that train, as jobs: submit one, let one go on, follow one. A `TrainingWorker` does the work."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.enroll.processes import Process, this_host
from pvchat.errors import AmbiguousSubjectError, ConsentError, PVChatError, SubjectError, VideoError
from pvchat.weights.files import sha256_of
from storage import jobs, media, people, trainings, workers
from storage.jobs import Job
from storage.schema import now
from storage.store import Store
from storage.training_folder import TrainingFolder

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from pipelines.enroll.options import JobOptions

REPORT = "report.html"
LEAST_QUESTIONS = 3

_STILLS, _CLIPS = 27, 54
_LEAST_QUESTIONS_PER_CLIP = 5
_LOOK_EVERY_S = 0.25
_SILENT_S = 5.0


class JobError(PVChatError):
    """A job cannot be found, or cannot do what is asked of it."""


def submit(
    store: Store,
    subject_id: str,
    options: "JobOptions",
    *,
    owner: str,
    media_id: str | None = None,
    pick: int | None = None,
    idempotency_key: str | None = None,
    fingerprint: str | None = None,
) -> Job:
    """Have a person trained: from an upload, from `options.file`, or else from the video they were enrolled from.

    Args:
        store: the data folder. subject_id: who; with a consent that holds.
        owner: whom the job is accepted for. media_id: the upload. pick: who of the video is meant, from 1.
        idempotency_key: stands for one request of the owner. fingerprint: what it stands for.

    Returns:
        The job; one that is under way where it is of the same video.

    Raises:
        SubjectError: there is no such person, they have no video, or another training of them is under way.
        ConsentError: the consent is withdrawn or expired. VideoError: the file cannot be read.
    """
    if options.file is not None and fingerprint is None:
        fingerprint = content_of(Path(options.file))
    with store.write() as session:
        return accept(
            session,
            subject_id,
            options.to_dict(),
            owner=owner,
            media_id=media_id,
            pick=pick,
            idempotency_key=idempotency_key,
            fingerprint=fingerprint,
        )


def accept(
    session: "Session",
    subject_id: str,
    options: Mapping[str, Any],
    *,
    owner: str,
    media_id: str | None = None,
    pick: int | None = None,
    idempotency_key: str | None = None,
    fingerprint: str | None = None,
) -> Job:
    """The same inside a transaction that holds the write lock.

    Args:
        options: of `JobOptions`, those that are not as usual. fingerprint: with a file, its `content_of`.
    """
    known = None if idempotency_key is None else jobs.by_idempotency_key(session, owner, idempotency_key)
    if known is not None:
        return known
    person = people.get(session, subject_id)
    if person is None:
        raise SubjectError("this person was forgotten meanwhile; create the person anew")
    if not person.consent.valid(now()):
        raise ConsentError(f'the consent for "{person.name}" has ended; forget the person and ask for a new consent')
    file = options.get("file")
    video = _content(session, subject_id, media_id, file, fingerprint)
    if video is None:
        raise SubjectError(f'"{person.name}" is not enrolled yet; give a video to enroll from')
    live = trainings.live(session, subject_id)
    if live is not None:
        under_way = _content(session, subject_id, live.media_id, (live.options or {}).get("file"), live.fingerprint)
        same_person = pick is None or live.pick in (None, pick)
        if same_person and (under_way == video or (fingerprint is not None and fingerprint == live.fingerprint)):
            return live
        how = "from another video" if same_person else "as somebody else in this video"
        raise SubjectError(f'"{person.name}" is being trained {how}; wait until job {live.id} has ended, or cancel it')
    job = jobs.add(
        session,
        kind="train",
        owner=owner,
        subject_id=subject_id,
        media_id=media_id,
        pick=pick,
        options=options,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
    )
    if job is None:
        raise JobError("the same request is being worked on; try again")
    return job


def resume(store: Store, job_id: str, *, pick: int | None = None) -> Job:
    """Let a training go on: one that failed, was cancelled, asks who is meant, or lost its worker.

    Args:
        pick: who is meant, of a job that asks.

    Raises:
        JobError: there is no such job, it is none that can go on, or another one of the person is under way.
        AmbiguousSubjectError: the job asks who is meant, and `pick` does not say.
    """
    with store.write() as session:
        job = jobs.get(session, job_id)
        if job is None:
            raise _gone()
        if job.kind != "train":
            raise JobError(f"job {job_id} is no training; only trainings can go on")
        if job.state == "done":
            raise JobError(f"job {job_id} is done already; begin another one")
        if job.state == "needs_pick":
            if pick is None or not jobs.choose(session, job_id, pick):
                raise needs_pick(job)
        elif pick is not None:
            raise JobError(f"job {job_id} does not ask who is meant; it is {job.state}")
        elif job.ended and not trainings.resume(session, job_id):
            raise JobError("another training of this person is under way; wait until it has ended, or cancel it")
        return jobs.get(session, job_id) or job


def needs_pick(job: Job) -> AmbiguousSubjectError:
    """The error for a job that asks who is meant: it says who could be."""
    choices = [f"{number}: {description}" for number, description in job.choices]
    return AmbiguousSubjectError(
        f"the video shows {len(choices)} people who could be meant; "
        f"say which: pvchat jobs resume {job.id[:8]} --pick N: {'; '.join(choices)}",
        choices,
    )


def get(store: Store, job_id: str) -> Job:
    """A job as it is. Raises JobError when it is gone."""
    with store.read() as session:
        job = jobs.get(session, job_id)
    if job is None:
        raise _gone()
    return job


def changes(store: Store, job_id: str, every_s: float = _LOOK_EVERY_S) -> Iterator[Job]:
    """A job as it is and at each change, until it has ended or asks who is meant.

    Args:
        every_s: how often to look.

    Raises:
        JobError: it is gone.
    """
    seen = -1
    while True:
        job = get(store, job_id)
        if job.version != seen:
            seen = job.version
            yield job
        if job.ended or job.state == "needs_pick":
            return
        time.sleep(every_s)


def interrupted(store: Store, job: Job) -> bool:
    """Whether a training counts as running although there is surely no worker that could be at it."""
    return job.kind == "train" and job.state == "running" and not _beats(store)


def somebody_works(store: Store, within_s: float = _SILENT_S) -> bool:
    """Whether a worker of this data folder is alive: whether one says so.

    Args:
        within_s: a worker that is silent for so long counts as dead.
    """
    before = _beats(store)
    until = time.monotonic() + within_s if before else 0.0
    while time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
        if any(beats > before.get(worker, -1) for worker, beats in _beats(store).items()):
            return True
    return False


def plain_options(
    questions: int | None = None, file: Path | None = None, synthesis: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Options of a job that are not as usual; fewer questions than a few per clip make fewer clips.

    Args:
        questions: how many are trained on, `LEAST_QUESTIONS` or more. file: the video, where it is no upload.
        synthesis: those options of `JobOptions` that begin with "synthesizer"; "" is as usual.
    """
    chosen: dict[str, Any] = {name: value for name, value in (synthesis or {}).items() if value}
    if file is not None:
        chosen["file"] = str(file.absolute())
    if questions is not None:
        most = max(2, questions // _LEAST_QUESTIONS_PER_CLIP)
        chosen["questions"] = questions
        chosen["stills"] = min(_STILLS, max(1, most // 3))
        chosen["clips"] = min(_CLIPS, max(1, most - most // 3))
    return chosen


def report_path(home: Path, job: Job) -> Path | None:
    """Where the report of a job that is done lies; None before, and where it was deleted."""
    if job.state != "done" or job.subject_id is None:
        return None
    path = TrainingFolder(home).path(job.subject_id) / job.id / REPORT
    return path if path.is_file() else None


def content_of(file: Path) -> str:
    """SHA-256 of a video.

    Raises:
        VideoError: it cannot be read.
    """
    try:
        return sha256_of(file)
    except (OSError, ValueError) as error:
        raise VideoError(f"{file} cannot be read: {error}; check the path") from error


def _content(
    session: "Session", subject_id: str, media_id: str | None, file: str | None, fingerprint: str | None
) -> str | None:
    """SHA-256 of the video that a job is about."""
    if file is not None:
        return fingerprint
    uploaded = None if media_id is None else media.get(session, media_id)
    if uploaded is not None:
        return uploaded.sha256
    return people.video_of(session, subject_id)


def _beats(store: Store) -> dict[str, int]:
    """How often each worker has said that it lives, less those of this host whose process has ended."""
    host = this_host()
    with store.read() as session:
        found = workers.all_workers(session)
    return {w.id: w.beats for w in found if not Process(w.host, w.pid, w.pid_started).is_gone_from(host)}


def _gone() -> JobError:
    return JobError("there is no such job any more; it went with its person, see: pvchat jobs list")
