"""A worker of durable jobs: takes queued trainings, goes through their steps, and takes over from workers that died.

Every worker writes its beats into the data folder's database and watches those of the others. What belongs to a worker
that is not registered (any more) is put back into the queue by whoever sees it first, under the database's write lock.
A job is handed over in two transactions, here and in the workflows' database; whoever looks next enqueues what a crash
left between them.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from pipelines.enroll.processes import Process
from pipelines.enroll.watch import Watch
from pipelines.enroll.workflows import BROKEN, WorkflowError, Workflows, database_url, first_line
from storage import jobs, trainings, workers
from storage.engine import StorageError
from storage.jobs import Job
from storage.store import Store

CANCELLED = "cancelled"
INTERRUPTED = "interrupted"

_POLL_S = 1.0
_STOP_S = 10.0
_MOST_JOBS = 10_000

log = logging.getLogger(__name__)


class _HaltedError(BaseException):
    """Ends a workflow's thread and leaves the workflow as it is. No Exception: those are recorded as its end."""


class DurableWorker:
    """One process's worker.

    Args:
        store: where the jobs and the workers are.
        url: PostgreSQL database of the workflows; by default they are in a file of the data folder.
        steps: names of a job's steps, in order.
        run_step: run_step(job id, step) -> {"state": ...}: "done", or "needs_pick", "failed" or "cancelled", which end
            the workflow, or "interrupted" when it ended because `halted` or not `holds`. It tells the job itself how it
            goes, and is called again for a step that was interrupted, possibly in another process.
        host: where process ids mean the same, by default this machine.
        beat_s: seconds between two beats. dead_after_s: how long a worker of another host may be silent.
    """

    def __init__(
        self,
        store: Store,
        *,
        url: str | None,
        steps: Sequence[str],
        run_step: Callable[[str, str], Mapping[str, Any]],
        host: str | None = None,
        beat_s: float = 2.0,
        dead_after_s: float = 12.0,
    ) -> None:
        self._store = store
        self._url = database_url(url, store.database.parent)
        self._steps = tuple(steps)
        self._run_step = run_step
        self._process = Process.this(host)
        self._beat_s = beat_s
        self._dead_after_s = dead_after_s
        self.stopping = threading.Event()
        self.lost = threading.Event()
        self._ended = threading.Event()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._changing = threading.Lock()
        self._threads: tuple[threading.Thread, ...] = ()
        self._dead: dict[str, int] = {}
        self._idle_since: dict[str, float] = {}
        self._executor = ""
        self._workflow = ""

    @property
    def executor(self) -> str:
        """The id this worker is registered under; a new one after each start and after it was taken for dead."""
        return self._executor

    @property
    def halted(self) -> bool:
        """Whether the running step is to end soon: this worker is being stopped, or was taken for dead."""
        return self.stopping.is_set() or self.lost.is_set()

    def holds(self, session: Session) -> bool:
        """Whether the running step's work still counts, to be asked in the transaction that publishes it.

        Args:
            session: one of the store. A worker is taken for dead under the write lock, so that with `store.write()` the
                answer holds until the end of the transaction.
        """
        return (
            not self.halted
            and self._registered(session, self._executor)
            and trainings.by_workflow(session, self._workflow) is not None
        )

    def live_processes(self) -> frozenset[str]:
        """Tokens of the processes of all registered workers, for `ArtifactStore.sweep`."""
        with self._store.read() as session:
            return frozenset(worker.id.rpartition(".")[0] for worker in workers.all_workers(session))

    def start(self) -> None:
        """Register, take over what dead workers left, then wait for jobs.

        Raises:
            WorkflowError: the database of the workflows cannot be used, or a step from before is still running.
        """
        if self._threads:
            return
        if not self._idle.is_set():
            raise WorkflowError("a step from before is still running; start again when it has ended")
        self.stopping.clear()
        self._ended.clear()
        self._enter()
        self._threads = tuple(
            threading.Thread(target=target, name=f"pvchat-durable-{name}", daemon=True)
            for name, target in (("beat", self._beat_on), ("jobs", self._dispatch))
        )
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def cancel(self, workflow: str) -> None:
        """Let a workflow end after the step it is at.

        The job itself is cancelled by `storage.jobs.cancel`, first; a workflow that is never told ends all the same,
        when its next step finds the job cancelled.
        """
        if self._threads:
            self._flows.cancel(workflow)

    def stop(self, timeout_s: float = _STOP_S) -> None:
        """Interrupt the running step and leave; another worker, or the next one here, goes on at once.

        Args:
            timeout_s: how long the step may take to notice. If it takes longer, its job is safe, but is taken over only
                when the process ends.
        """
        if not self._threads:
            return
        self.stopping.set()
        self._wake.set()
        beating, dispatching = self._threads
        dispatching.join(timeout_s)
        idle = self._idle.wait(timeout_s)
        self._flows.close()
        self._ended.set()
        beating.join(timeout_s)
        self._threads = ()
        if not idle:
            log.warning("a step did not end within %.0f s; its job goes on elsewhere when this process ends", timeout_s)
            return
        try:
            with self._store.write() as session:
                workers.remove(session, self._executor)
        except StorageError as error:
            log.warning("this worker stays registered until it is missed: %s", error)

    def _enter(self) -> None:
        """Register under a new id and begin to take workflows."""
        executor = f"{self._process.token}.{uuid4().hex[:8]}"
        with self._store.write() as session:
            workers.register(session, executor, self._process.host, self._process.pid, self._process.started)
        with self._changing:
            self._executor = executor
            self.lost.clear()
        self._watch = Watch(self._process, dead_after_s=self._dead_after_s, look_every_s=self._beat_s)

        def run(workflow: str, job_id: str, step: str) -> str:
            return self._run(executor, workflow, job_id, step)

        self._flows = Workflows(
            self._url, executor=executor, steps=self._steps, run=run, poll_s=min(self._beat_s, _POLL_S)
        )
        try:
            self._flows.launch()
            self._beat()
        except BaseException:
            self._flows.close()
            with self._store.write() as session:
                workers.remove(session, executor)
            raise

    def _beat_on(self) -> None:
        while not self._ended.wait(self._beat_s):
            try:
                self._beat()
            except StorageError as error:
                log.error("this worker cannot say that it lives: %s", error)

    def _beat(self) -> None:
        """Say that this worker lives, and look whether the others do."""
        executor = self._executor
        with self._store.write() as session:
            registered = workers.beat(session, executor)
            others = [worker for worker in workers.all_workers(session) if worker.id != executor]
        if registered:
            self._dead = self._watch.look(others, time.monotonic())
            if self._dead:
                self._wake.set()
            return
        with self._changing:
            if executor == self._executor and not self.lost.is_set():
                log.warning("this worker was taken for dead, its job has gone to another")
                self.lost.set()
                self._wake.set()

    def _dispatch(self) -> None:
        told = ""
        while not self.stopping.is_set():
            self._wake.clear()
            try:
                if self.lost.is_set():
                    self._come_back()
                else:
                    self._take_over()
                    self._hand_over()
                told = ""
            except Exception as error:
                # A database that is away must not end the thread: it is tried again in a moment, and told once.
                trouble = f"{type(error).__name__}: {first_line(error)}"
                if trouble != told:
                    log.error("jobs cannot be handed over: %s", trouble)
                told = trouble
            self._wake.wait(self._beat_s)

    def _come_back(self) -> None:
        """Begin anew after being taken for dead, when the step that was running has ended."""
        if self._idle.is_set():
            self._flows.close()
            self._enter()
            self._wake.set()

    def _take_over(self) -> None:
        """Put back into the queue what belongs to workers that are dead or have left, and what was dropped here."""
        dead = self._dead
        running = self._flows.running()
        dropped = self._dropped(running)
        with self._store.read() as session:
            known = {worker.id for worker in workers.all_workers(session)}
        if dead.keys().isdisjoint(known) and known.issuperset(running.values()) and not dropped:
            return
        with self._store.write() as session:
            if not self._registered(session, self._executor):
                return
            for worker in workers.all_workers(session):
                if dead.get(worker.id) == worker.beats:
                    log.warning("worker %s is dead", worker.id)
                    workers.remove(session, worker.id)
            known = {worker.id for worker in workers.all_workers(session)}
            # Asked anew: others may have taken over before this worker had the lock.
            for workflow, executor in self._flows.running().items():
                if executor not in known or (executor == self._executor and workflow in dropped):
                    log.warning("workflow %s is put back into the queue", workflow)
                    self._flows.resume(workflow)

    def _dropped(self, running: Mapping[str, str | None]) -> frozenset[str]:
        """Workflows this worker has taken, but has not been at for a while.

        The library drops a workflow when its database fails in a way it does not know as passing.
        """
        idle = [name for name, executor in running.items() if executor == self._executor]
        now_s = time.monotonic()
        self._idle_since = {
            name: self._idle_since.get(name, now_s) for name in idle if not self._flows.is_under_way(name)
        }
        return frozenset(name for name, since_s in self._idle_since.items() if now_s - since_s >= self._dead_after_s)

    def _hand_over(self) -> None:
        """Give queued trainings a workflow, and see to it that each has the one it was given."""
        with self._store.read() as session:
            waiting = trainings.to_hand_over(session)
        if waiting:
            with self._store.write() as session:
                for job in trainings.to_hand_over(session):
                    trainings.hand_over(session, job.id)
        with self._store.read() as session:
            found = [
                job for state in ("queued", "running") for job in jobs.list_all(session, state=state, most=_MOST_JOBS)
            ]
        given = {job.workflow: job for job in reversed(found) if job.workflow is not None}
        states = self._flows.states(list(given))
        for workflow, job in given.items():
            if workflow not in states:
                self._flows.enqueue(workflow, job.id)
            elif states[workflow] in BROKEN:
                self._fail(workflow, job)

    def _fail(self, workflow: str, job: Job) -> None:
        """End a job whose workflow has ended without telling it."""
        with self._store.write() as session:
            if trainings.by_workflow(session, workflow) is None or trainings.begin(session, job.id) is None:
                return
            detail = "the worker's log says what; the job can be resumed"
            jobs.fail(session, job.id, "Something unexpected happened", detail)

    def _run(self, executor: str, workflow: str, job_id: str, step: str) -> str:
        """Run a step for the workflows; see `run_step`. Returns the state."""
        self._idle.clear()
        self._workflow = workflow
        try:
            if not self._is_wanted(executor, workflow):
                return CANCELLED
            try:
                state = str(self._run_step(job_id, step)["state"])
            except Exception as error:
                self._is_wanted(executor, workflow)
                log.exception("step %s of job %s failed unexpectedly", step, job_id)
                # The message may name people and files, and stays in the database: only its kind goes there.
                raise WorkflowError(f"step {step} ended with {type(error).__name__}") from None
            if state == INTERRUPTED:
                if self._is_wanted(executor, workflow):
                    raise WorkflowError(f"step {step} was interrupted by nobody")
                return CANCELLED
            if not self._is_mine(executor):
                raise _HaltedError
            return state
        finally:
            self._idle.set()

    def _is_wanted(self, executor: str, workflow: str) -> bool:
        """Whether the job still has this workflow. Ends the thread when this worker is halted."""
        if self.stopping.is_set() or not self._is_mine(executor):
            raise _HaltedError
        with self._store.read() as session:
            return trainings.by_workflow(session, workflow) is not None

    def _is_mine(self, executor: str) -> bool:
        """Whether what this id took still belongs to it."""
        if self.lost.is_set() or executor != self._executor:
            return False
        with self._store.read() as session:
            return self._registered(session, executor)

    @staticmethod
    def _registered(session: Session, executor: str) -> bool:
        return any(worker.id == executor for worker in workers.all_workers(session))
