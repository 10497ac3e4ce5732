"""Jobs: accepted work that outlives the request and the process.

queued -> running -> done | failed | needs_pick -> queued -> ... ; cancelled from any state that is not an end.
How a training gets to a durable workflow, and on after its end, is in `storage.trainings`.
Every change raises `version`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.schema import JobCropRow, JobKind, JobRow, JobState, now

ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")
MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class Choice:
    """A person an enrollment could mean: the number to pick, where to find them, a JPEG of the face."""

    number: int
    description: str
    jpeg: bytes


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes:
        progress: 0..1. step: what is being done. what: a detail of it. eta_s: seconds left, where that is known.
        result: what came of it, once done. error: {"title", "detail"}, once failed.
        choices: how many people there are to pick from, while a pick is needed.
        owner: id of the key it was accepted for.
        options: plain settings of a training.
        workflow: id of the durable workflow that has a training now, None until it is handed over.
        runs: how often it was handed over.
    """

    id: str
    kind: JobKind
    state: JobState
    subject_id: str | None
    media_id: str | None
    pick: int | None
    progress: float
    step: str
    what: str
    eta_s: float | None
    attempts: int
    version: int
    options: dict[str, Any] | None
    workflow: str | None
    runs: int
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    choices: tuple[tuple[int, str], ...]
    owner: str
    fingerprint: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: JobRow) -> "Job":
        """From the database."""
        return cls(
            id=row.id,
            kind=row.kind,
            state=row.state,
            subject_id=row.subject_id,
            media_id=row.media_id,
            pick=row.pick,
            progress=row.progress,
            step=row.step,
            what=row.what,
            eta_s=row.eta_s,
            attempts=row.attempts,
            version=row.version,
            options=row.options,
            workflow=row.workflow,
            runs=row.runs,
            result=row.result,
            error=row.error,
            choices=tuple((crop.number, crop.description) for crop in row.crops),
            owner=row.owner,
            fingerprint=row.fingerprint,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED


def add(
    session: Session,
    *,
    kind: JobKind,
    owner: str,
    subject_id: str | None = None,
    media_id: str | None = None,
    pick: int | None = None,
    options: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    fingerprint: str | None = None,
) -> Job | None:
    """Accept a job; the caller's transaction decides whether it stays.

    Args:
        options: plain settings of a training, as JSON can hold them.

    Returns:
        The job, or None when this owner has used the idempotency key before.
    """
    row = JobRow(
        kind=kind,
        owner=owner,
        subject_id=subject_id,
        media_id=media_id,
        pick=pick,
        options=None if options is None else dict(options),
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        if idempotency_key is not None and by_idempotency_key(session, owner, idempotency_key) is not None:
            return None
        raise
    return Job.of(row)


def get(session: Session, job_id: str) -> Job | None:
    """The job with this id."""
    row = session.get(JobRow, job_id)
    return None if row is None else Job.of(row)


def starting_with(session: Session, beginning: str) -> list[Job]:
    """The newest jobs whose ids begin so, a few of them."""
    query = select(JobRow).where(JobRow.id.startswith(beginning, autoescape=True))
    return [Job.of(row) for row in session.scalars(query.order_by(JobRow.created_at.desc(), JobRow.id).limit(10)).all()]


def by_idempotency_key(session: Session, owner: str, key: str) -> Job | None:
    """The job this owner had accepted under this idempotency key."""
    row = session.scalar(select(JobRow).where(JobRow.owner == owner, JobRow.idempotency_key == key))
    return None if row is None else Job.of(row)


def list_all(
    session: Session, *, subject_id: str | None = None, state: JobState | None = None, most: int = 100
) -> list[Job]:
    """The newest jobs, newest first."""
    query = select(JobRow).order_by(JobRow.created_at.desc(), JobRow.id).limit(most)
    if subject_id is not None:
        query = query.where(JobRow.subject_id == subject_id)
    if state is not None:
        query = query.where(JobRow.state == state)
    return [Job.of(row) for row in session.scalars(query).all()]


def waiting(session: Session) -> int:
    """How many jobs are queued."""
    return len(session.scalars(select(JobRow.id).where(JobRow.state == "queued")).all())


def perceiving(session: Session, media_id: str) -> Job | None:
    """The job that looks, or is going to look, at this file."""
    row = session.scalar(
        select(JobRow)
        .where(JobRow.media_id == media_id, JobRow.kind == "perceive", JobRow.state.in_(("queued", "running")))
        .limit(1)
    )
    return None if row is None else Job.of(row)


def requeue_orphans(session: Session) -> int:
    """Put back what a dead worker was at; what has died too often fails. Trainings are left to `storage.trainings`.

    Returns:
        How many jobs there were.
    """
    rows = session.scalars(select(JobRow).where(JobRow.state == "running", JobRow.kind != "train")).all()
    for row in rows:
        if row.attempts >= MOST_ATTEMPTS:
            _end(row, "failed")
            row.crops.clear()
            row.error = {
                "title": "The worker stopped",
                "detail": f"the worker stopped {row.attempts} times while at this video; try another copy of it",
            }
        else:
            _begin_again(row)
    session.flush()
    return len(rows)


def put_back(session: Session, job_id: str) -> None:
    """Let a running job begin again later, as if it had not been taken: the worker is being stopped.

    Trainings are left to `storage.trainings`.
    """
    row = _running(session, job_id)
    if row is not None and row.kind != "train":
        _begin_again(row)
        row.attempts -= 1
        session.flush()


def cancel_of_subject(session: Session, subject_id: str) -> None:
    """End everything that is under way for a person."""
    ids = session.scalars(select(JobRow.id).where(JobRow.subject_id == subject_id, JobRow.state.not_in(ENDED))).all()
    for job_id in ids:
        cancel(session, job_id)


def take_next(session: Session) -> Job | None:
    """The longest waiting job other than a training, now running. Needs a session that holds the write lock."""
    row = session.scalar(
        select(JobRow)
        .where(JobRow.state == "queued", JobRow.kind != "train")
        .order_by(JobRow.created_at, JobRow.id)
        .limit(1)
    )
    if row is None:
        return None
    row.state, row.step, row.progress = "running", "starting", 0.0
    row.started_at = now()
    row.attempts += 1
    row.version += 1
    session.flush()
    return Job.of(row)


def tell(
    session: Session, job_id: str, progress: float, step: str, *, what: str = "", eta_s: float | None = None
) -> bool:
    """Note how far a running job is.

    Args:
        progress: 0..1. step: what is being done. what: a detail of it. eta_s: seconds left, where that is known.

    Returns:
        False when it is not to go on: cancelled, or gone with its subject.
    """
    row = _running(session, job_id)
    if row is None:
        return False
    row.progress, row.step = min(max(progress, 0.0), 1.0), step[:100]
    row.what, row.eta_s = what[:200], eta_s
    row.version += 1
    session.flush()
    return True


def finish(session: Session, job_id: str, result: Mapping[str, Any]) -> bool:
    """End a running job well. Returns False when it was cancelled or is gone; then nothing of it may stay."""
    row = _running(session, job_id)
    if row is None:
        return False
    _end(row, "done")
    row.progress, row.step, row.result = 1.0, "done", dict(result)
    row.crops.clear()
    session.flush()
    return True


def fail(session: Session, job_id: str, title: str, detail: str) -> bool:
    """End a running job badly. Returns False when it was cancelled or is gone."""
    row = _running(session, job_id)
    if row is None:
        return False
    _end(row, "failed")
    row.step, row.error = "failed", {"title": title, "detail": detail}
    row.crops.clear()
    session.flush()
    return True


def ask_for_pick(session: Session, job_id: str, choices: Sequence[Choice]) -> bool:
    """Let a running job wait until somebody says which person is meant. Returns False as `finish` does."""
    row = _running(session, job_id)
    if row is None:
        return False
    row.crops.clear()
    session.flush()
    row.crops.extend(JobCropRow(number=c.number, description=c.description[:200], jpeg=c.jpeg) for c in choices)
    row.state, row.step, row.what, row.eta_s = "needs_pick", "several people: pick one", "", None
    row.version += 1
    session.flush()
    return True


def choose(session: Session, job_id: str, number: int) -> bool:
    """Answer a job's question who is meant. Returns False when it asks nothing or offers no such number."""
    row = session.get(JobRow, job_id)
    if row is None or row.state != "needs_pick" or number not in {crop.number for crop in row.crops}:
        return False
    row.pick, row.workflow = number, None
    _begin_again(row)
    session.flush()
    return True


def cancel(session: Session, job_id: str) -> bool:
    """End a job that has not ended. Returns whether there was something to end."""
    row = session.get(JobRow, job_id)
    if row is None or row.state in ENDED:
        return False
    _end(row, "cancelled")
    row.step = "cancelled"
    row.crops.clear()
    session.flush()
    return True


def crop(session: Session, job_id: str, number: int) -> bytes | None:
    """The picture of one choice, a JPEG."""
    return session.scalar(select(JobCropRow.jpeg).where(JobCropRow.job_id == job_id, JobCropRow.number == number))


def _running(session: Session, job_id: str) -> JobRow | None:
    return session.scalar(select(JobRow).where(JobRow.id == job_id, JobRow.state == "running"))


def _begin_again(row: JobRow) -> None:
    row.state, row.step, row.progress = "queued", "waiting", 0.0
    row.what, row.eta_s = "", None
    row.version += 1


def _end(row: JobRow, state: JobState) -> None:
    row.state, row.finished_at = state, now()
    row.what, row.eta_s = "", None
    row.version += 1
