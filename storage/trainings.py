"""Trainings: jobs that durable workflows run.

A queued training is handed over to a workflow, which begins it and ends it by `storage.jobs`. A workflow that was
given up never gets its training back: each hand-over has an id of its own, and `by_workflow` knows the last one only.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.jobs import ENDED, Job
from storage.schema import JobRow, now


def begin(session: Session, job_id: str) -> Job | None:
    """A training, now running; one that was running goes on, with another worker or after a restart.

    Returns:
        The job, or None when there is nothing to run: it has ended, waits for a pick, or is gone.
    """
    row = _training(session, job_id)
    if row is None or row.state not in ("queued", "running"):
        return None
    if row.state == "queued":
        row.started_at = now()
    row.state, row.step, row.what, row.eta_s = "running", "starting", "", None
    row.attempts += 1
    row.version += 1
    session.flush()
    return Job.of(row)


def to_hand_over(session: Session) -> list[Job]:
    """Queued trainings that no workflow has, oldest first."""
    rows = session.scalars(
        select(JobRow)
        .where(JobRow.kind == "train", JobRow.state == "queued", JobRow.workflow.is_(None))
        .order_by(JobRow.created_at, JobRow.id)
    ).all()
    return [Job.of(row) for row in rows]


def hand_over(session: Session, job_id: str) -> str | None:
    """Give a queued training the id of the workflow that is to run it.

    Returns:
        The id, never used before; None when a workflow has it already, or it is not queued.
    """
    row = _training(session, job_id)
    if row is None or row.state != "queued" or row.workflow is not None:
        return None
    row.runs += 1
    row.workflow = f"{row.id}.{row.runs}"
    row.version += 1
    session.flush()
    return row.workflow


def resume(session: Session, job_id: str) -> bool:
    """Let a failed or cancelled training go on from what is finished: it is to be handed over anew.

    Returns:
        False when it is neither, is gone, or another training of the same person is under way.
    """
    row = _training(session, job_id)
    if row is None or row.state not in ("failed", "cancelled"):
        return False
    if row.subject_id is not None and live(session, row.subject_id) is not None:
        return False
    row.state, row.step = "queued", "waiting"
    row.error, row.workflow, row.finished_at = None, None, None
    row.version += 1
    session.flush()
    return True


def live(session: Session, subject_id: str) -> Job | None:
    """The training of a person that has not ended."""
    row = session.scalar(
        select(JobRow)
        .where(JobRow.subject_id == subject_id, JobRow.kind == "train", JobRow.state.not_in(ENDED))
        .order_by(JobRow.created_at, JobRow.id)
        .limit(1)
    )
    return None if row is None else Job.of(row)


def by_workflow(session: Session, workflow: str) -> Job | None:
    """The training this workflow has; None when it was handed to a later one, or is gone."""
    row = session.scalar(select(JobRow).where(JobRow.workflow == workflow))
    return None if row is None else Job.of(row)


def _training(session: Session, job_id: str) -> JobRow | None:
    return session.scalar(select(JobRow).where(JobRow.id == job_id, JobRow.kind == "train"))
