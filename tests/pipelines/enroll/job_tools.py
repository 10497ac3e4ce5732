"""Jobs over stand-in perception and a tiny nano: all twelve steps for real, in a second or two, without pixels."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.enroll.options import JobOptions
from pipelines.enroll.worker import TrainingWorker, enrollment_flow
from pipelines.session import Session
from storage import adapters, jobs
from storage.jobs import Job
from storage.store import Store

TINY = JobOptions(samples=2, others=2, stills=2, clips=4, questions=14, held_out=2, pairs=0, alignment=0, epochs=1)

STEPS = enrollment_flow().names
MARIA = {"face": 1, "every": 0.5}
STRANGER = {"face": 7, "every": 0.5, "x": 0.8}


def add(store: Store, subject_id: str, file: Path, **options: Any) -> str:
    """A job for a person; its id."""
    chosen = JobOptions.from_dict({**TINY.to_dict(), "file": str(file), **options})
    with store.write() as session:
        job = jobs.add(session, kind="train", owner="test", subject_id=subject_id, options=chosen.to_dict())
    assert job is not None
    return job.id


def get(store: Store, job_id: str) -> Job:
    with store.read() as session:
        job = jobs.get(session, job_id)
    assert job is not None
    return job


def wait(store: Store, job_id: str, until: Callable[[Job], bool], seconds: float = 60.0) -> Job:
    """The job, once it is as wanted."""
    ends = time.monotonic() + seconds
    while not until(job := get(store, job_id)):
        assert time.monotonic() < ends, f"after {seconds} s the job is {job.state} at {job.step}: {job.error}"
        time.sleep(0.05)
    return job


class Desk:
    """A data folder with a session and a worker, and a note of every step that ran."""

    def __init__(self, session: Session, store: Store, tools: Any) -> None:
        self.session, self.store, self.tools = session, store, tools
        self.ran: list[str] = []
        self.on_step: Callable[[str, str], None] = lambda _job_id, _step: None
        self.worker = TrainingWorker(session, store, beat_s=0.1, dead_after_s=1.0, on_run=self._run)

    def _run(self, job_id: str, step: str) -> None:
        self.ran.append(step)
        self.on_step(job_id, step)

    def subject(self, name: str = "Maria") -> str:
        return self.session.create_subject(name, consent_by="Ann", purpose="door")

    def ended(self, job_id: str) -> Any:
        return wait(self.store, job_id, lambda job: job.ended)

    def adapters(self, subject_id: str) -> list[int]:
        with self.store.read() as session:
            return [info.version for info in adapters.versions(session, subject_id, "nano")]
