"""Jobs over stand-in perception and a tiny nano: all twelve steps for real, in a second or two, without pixels."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.enroll.options import JobOptions
from storage import jobs
from storage.jobs import Job
from storage.store import Store

TINY = JobOptions(samples=2, others=2, stills=2, clips=4, questions=14, held_out=2, pairs=0, alignment=0, epochs=1)


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
