"""A job of four tiny steps, as an enrollment runs its twelve, and the process that works at such jobs.

python -m tests.pipelines.enroll.tiny_work HOME [--url URL] [--host HOST] [--jumping]
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.enroll.artifacts import ArtifactStore
from pipelines.enroll.durable import DurableWorker
from pipelines.enroll.flow import Flow, Step, StepContext
from storage import jobs, trainings
from storage.jobs import Job
from storage.store import Store

STEPS = ("ingest", "perceive", "train", "publish")
STEP_S = 0.3
BEAT_S = 0.2
DEAD_AFTER_S = 1.5
WAIT_S = 20.0
LOG = "steps.log"


class _InterruptedError(Exception):
    """The worker is halted."""


class _CancelledError(Exception):
    """The job is cancelled."""


class TinyWork:
    """Runs the steps of tiny jobs, and writes down each that really begins, with its process."""

    def __init__(self, store: Store, *, step_s: float = STEP_S, **more: Any) -> None:
        self.store = store
        self.step_s = step_s
        self.home = store.database.parent
        self.flow = Flow([Step(name, STEPS[:number], self._write, 1.0) for number, name in enumerate(STEPS)])
        self.worker = DurableWorker(
            store, steps=STEPS, run_step=self.run_step, beat_s=BEAT_S, dead_after_s=DEAD_AFTER_S, **more
        )

    def artifacts(self, job_id: str) -> ArtifactStore:
        return ArtifactStore(self.home / "training" / job_id)

    def run_step(self, job_id: str, step: str) -> dict[str, Any]:
        with self.store.write() as session:
            if trainings.begin(session, job_id) is None:
                return {"state": "cancelled"}
        artifacts = self.artifacts(job_id)
        artifacts.sweep(self.worker.live_processes())

        def tell(fraction: float, title: str, what: str) -> None:
            with self.store.write() as session:
                if not self.worker.holds(session):
                    raise _InterruptedError
                if not jobs.tell(session, job_id, fraction, title, what=what):
                    raise _CancelledError

        try:
            self.flow.run_step(step, artifacts, key=job_id, work=job_id, tell=tell, on_run=self._note)
            with self.store.write() as session:
                if not self.worker.holds(session):
                    raise _InterruptedError
                if step == STEPS[-1]:
                    jobs.finish(session, job_id, {"steps": len(STEPS)})
        except _InterruptedError:
            return {"state": "interrupted"}
        except _CancelledError:
            return {"state": "cancelled"}
        return {"state": "done"}

    def _note(self, step: Step[str]) -> None:
        with (self.home / LOG).open("a") as log:
            log.write(f"{step.name} {os.getpid()}\n")

    def _write(self, context: StepContext[str]) -> None:
        (context.draft.folder / "out").write_text(context.work)
        until = time.monotonic() + self.step_s
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(0.1, left))
            context.tell(1 - left / self.step_s, "sleeping")


def begun(home: Path) -> list[tuple[str, int]]:
    """The steps that really began, with the processes they began in."""
    log = home / LOG
    lines = log.read_text().splitlines() if log.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]


def new_job(store: Store) -> str:
    """Accept a job. Returns its id."""
    with store.write() as session:
        job = jobs.add(session, kind="train", owner="me")
    assert job is not None
    return job.id


def now_of(store: Store, job_id: str) -> Job:
    """A job as it is now."""
    with store.read() as session:
        job = jobs.get(session, job_id)
    assert job is not None
    return job


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that is to come about within a while."""
    until = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.02)


def wait_for(work: TinyWork, job_id: str, state: str) -> None:
    """Wait until a job is in this state."""
    work.worker.wake()
    wait_until(lambda: now_of(work.store, job_id).state == state, f"a job that is {state}")


def steps_of(work: TinyWork, since: int = 0) -> list[str]:
    """The steps that really began, after so many."""
    return [step for step, _ in begun(work.home)[since:]]


def _jump(clock: Any) -> Any:
    """A clock that is set forth and back all the time."""
    return lambda: clock() + (86400 if int(time.monotonic() * 10) % 2 else -86400)


def work(home: Path, *, url: str | None, host: str | None = None, jumping: bool = False) -> None:
    """Work until SIGTERM.

    Args:
        jumping: whether this process's clock is set all the time.
    """
    if jumping:
        time.time = _jump(time.time)
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    with Store.open(home) as store:
        worker = TinyWork(store, url=url, host=host).worker
        worker.start()
        asked.wait()
        worker.stop()
