"""Workers: which processes run durable workflows, and whether they still do.

A worker raises `beats` as long as it lives. Who watches looks at whether the number grows, by a clock of their own, so
that clocks of different machines need not agree.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.schema import WorkerRow


@dataclass(frozen=True)
class Worker:
    """One worker.

    Attributes:
        id: its executor id; no other worker ever has the same.
        pid_started: when its process began, as its system tells it.
        beats: how often it has said that it lives.
    """

    id: str
    host: str
    pid: int
    pid_started: float
    beats: int
    started_at: datetime


def register(session: Session, worker_id: str, host: str, pid: int, pid_started: float) -> None:
    """Note a worker that begins."""
    session.add(WorkerRow(id=worker_id, host=host, pid=pid, pid_started=pid_started))
    session.flush()


def beat(session: Session, worker_id: str) -> bool:
    """Say that a worker lives. Returns False when it was declared dead: others have its work now."""
    row = session.get(WorkerRow, worker_id)
    if row is None:
        return False
    row.beats += 1
    session.flush()
    return True


def all_workers(session: Session) -> list[Worker]:
    """All workers, the one that began first first."""
    rows = session.scalars(select(WorkerRow).order_by(WorkerRow.started_at, WorkerRow.id)).all()
    return [
        Worker(
            id=row.id,
            host=row.host,
            pid=row.pid,
            pid_started=row.pid_started,
            beats=row.beats,
            started_at=row.started_at,
        )
        for row in rows
    ]


def remove(session: Session, worker_id: str) -> bool:
    """Forget a worker that has ended or is declared dead. Returns whether it was known."""
    row = session.get(WorkerRow, worker_id)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True
