"""One job with two workers, one of which is killed; and the same job left alone, to compare with.

Two runs are the same when every step's artifact has the same content: the hash of what its files hold, without the
seconds that anything took.
"""

import json
import multiprocessing
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Self

from pipelines.enroll.artifacts import MANIFEST, ArtifactStore
from pipelines.enroll.flow import SECONDS
from pipelines.enroll.jobs import submit
from pipelines.enroll.options import JobOptions
from pipelines.enroll.worker import enrollment_flow, job_folder
from pvchat.errors import PVChatError
from storage import jobs
from storage.jobs import Job
from storage.store import Store

Serve = Callable[[Connection, Path, str | None], None]
"""What a worker process does; see `benchmarks.enroll.crash_worker`."""

Moment = Callable[[Path], None]
"""moment(the job's folder) returns when the worker is to be killed; the step goes on meanwhile."""

STEPS = enrollment_flow().names
_POLL_S = 0.1

_CONTEXT = multiprocessing.get_context("forkserver")


class CrashError(PVChatError):
    """A job did not come to an end, or a worker ended that nobody killed."""


@dataclass(frozen=True)
class Prepared:
    """Where every run begins, and who works there.

    Attributes:
        home: a data folder, closed, which is copied. subject_id: who is to be enrolled. options: of the job.
        serve: what its workers do. patience_s: how long anything may take.
    """

    home: Path
    subject_id: str
    options: JobOptions
    serve: Serve
    patience_s: float


@dataclass(frozen=True)
class Reference:
    """A job that nobody disturbed.

    Attributes:
        contents: hash of what every step left. seconds: how long every step took. job_s: how long all of it took.
    """

    contents: Mapping[str, str]
    seconds: Mapping[str, float]
    job_s: float


@dataclass(frozen=True)
class Outcome:
    """A job whose worker was killed.

    Attributes:
        step: that was cut short. after_s: how long it had run. took_s: how long it took whoever made it.
        takeover_s: from the kill to the next step that began. wrong: steps that left something else than undisturbed.
        rerun: steps that were finished and ran again.
    """

    step: str
    after_s: float
    took_s: float
    takeover_s: float
    wrong: tuple[str, ...]
    rerun: tuple[str, ...]
    job_s: float

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(**{**kept, "wrong": tuple(kept["wrong"]), "rerun": tuple(kept["rerun"])})


@dataclass(frozen=True)
class _Worker:
    """A worker process."""

    process: Any
    pipe: Connection


@dataclass(frozen=True)
class _Begun:
    """A step that began in a worker."""

    step: str
    at_s: float
    worker: _Worker


@dataclass
class _Run:
    """A job and its workers."""

    prepared: Prepared
    store: Store
    workers: list[_Worker]
    begun: list[_Begun] = field(default_factory=list)
    job_id: str = ""

    def begin(self) -> None:
        """Wait for all workers, then accept the job."""
        for worker in self.workers:
            if not worker.pipe.poll(self.prepared.patience_s):
                raise CrashError(f"a worker was not ready after {self.prepared.patience_s:.0f} s; its log says why")
            self._heard(worker)
        job = submit(self.store, self.prepared.subject_id, self.prepared.options, owner="benchmark")
        self.job_id = job.id

    @property
    def job(self) -> Job:
        """The job as it is now."""
        with self.store.read() as session:
            job = jobs.get(session, self.job_id)
        if job is None:
            raise CrashError("the job is gone")
        return job

    @property
    def folder(self) -> Path:
        """Where the job's files are."""
        return job_folder(self.store, self.job)

    def finished(self, step: str) -> bool:
        """Whether the step's artifact is there, which is whole then."""
        return (self.folder / step / MANIFEST).is_file()

    def until(self, step: str | None) -> _Begun | None:
        """Let the workers work until the job has ended, or until `step` begins, which then waits for a nod."""
        ends = time.monotonic() + self.prepared.patience_s
        while time.monotonic() < ends:
            wait([worker.pipe for worker in self.workers], _POLL_S)
            for worker in self.workers:
                if not worker.pipe.poll():
                    continue
                name, at_s = self._heard(worker)
                self.begun.append(_Begun(name, at_s, worker))
                if name == step:
                    return self.begun[-1]
                worker.pipe.send(None)
            if (job := self.job).ended:
                if job.state != "done":
                    raise CrashError(f"the job is {job.state}: {job.error}")
                return None
        raise CrashError(f"after {self.prepared.patience_s:.0f} s the job is {self.job.state} at {self.job.step}")

    def kill(self, worker: _Worker) -> None:
        """SIGKILL."""
        worker.process.kill()
        worker.process.join()
        self.workers.remove(worker)

    @staticmethod
    def _heard(worker: _Worker) -> Any:
        try:
            return worker.pipe.recv()
        except EOFError:
            raise CrashError("a worker ended by itself; its log says why") from None


def load_ahead(*modules: str) -> None:
    """Let a process load these modules, and fork the workers from it: they begin at once, like any other otherwise.

    Does nothing for workers after the first.
    """
    _CONTEXT.set_forkserver_preload(list(modules))


@contextmanager
def _run(prepared: Prepared, home: Path, url: str | None, workers: int) -> Iterator[_Run]:
    shutil.copytree(prepared.home, home)
    started: list[_Worker] = []
    try:
        for _ in range(workers):
            ours, theirs = _CONTEXT.Pipe()
            process = _CONTEXT.Process(target=prepared.serve, args=(theirs, home, url), daemon=True)
            process.start()
            theirs.close()
            started.append(_Worker(process, ours))
        with Store.open(home) as store:
            run = _Run(prepared, store, list(started))
            run.begin()
            yield run
    finally:
        for worker in started:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()


def undisturbed(prepared: Prepared, home: Path, url: str | None = None) -> Reference:
    """Run the job with one worker that nobody kills.

    Args:
        prepared: where it begins. home: its data folder, which must not be there. url: database of the workflows.

    Raises:
        CrashError: it does not end well.
    """
    with _run(prepared, home, url, 1) as run:
        began = time.monotonic()
        run.until(None)
        job_s = time.monotonic() - began
        contents, seconds = _left(run.folder)
    if missing := [step for step in STEPS if step not in contents]:
        raise CrashError(f"the undisturbed job left nothing of {', '.join(missing)}; its options need keep=True")
    return Reference(contents, seconds, job_s)


def killed(
    prepared: Prepared, home: Path, url: str | None, reference: Reference, step: str, moment: Moment | None
) -> Outcome | None:
    """Run the job with two workers, and kill the one that is at `step`.

    Args:
        prepared, home, url: see `undisturbed`. reference: the same job undisturbed.
        moment: when the step has run long enough; None kills the worker before it does anything for the step.

    Returns:
        What came of it; None when the step was finished before the worker was killed.

    Raises:
        CrashError: the job does not end well with the other worker.
    """
    with _run(prepared, home, url, 2) as run:
        began = time.monotonic()
        at = run.until(step)
        if at is None:
            raise CrashError(f"step {step} never ran")
        if moment is not None:
            at.worker.pipe.send(None)
            moment(run.folder)
        killed_s = time.monotonic()
        run.kill(at.worker)
        if run.finished(step):
            return None
        before = len(run.begun)
        run.until(None)
        after = run.begun[before:]
        contents, seconds = _left(run.folder)
        return Outcome(
            step=step,
            after_s=round(killed_s - at.at_s, 3),
            took_s=seconds.get(step, 0.0),
            takeover_s=round(after[0].at_s - killed_s, 3),
            wrong=tuple(name for name in STEPS if contents.get(name) != reference.contents[name]),
            rerun=rerun([one.step for one in run.begun], step),
            job_s=round(time.monotonic() - began, 1),
        )


def rerun(begun: Sequence[str], cut_short: str) -> tuple[str, ...]:
    """Steps that began again, apart from the one that was cut short, which has to.

    Args:
        begun: steps in the order they began, in whichever worker.
    """
    again = [step for number, step in enumerate(begun) if step in begun[:number]]
    again.remove(cut_short)
    return tuple(again)


def _left(folder: Path) -> tuple[dict[str, str], dict[str, float]]:
    """Content and seconds of every step's artifact that is whole in every byte."""
    artifacts = ArtifactStore(folder)
    contents: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for step in STEPS:
        manifest = folder / step / MANIFEST
        if not manifest.is_file():
            continue
        found = artifacts.find(step, json.loads(manifest.read_bytes())["inputs"])
        if found is not None:
            contents[step], seconds[step] = found.content, found.timings[SECONDS]
    return contents, seconds
