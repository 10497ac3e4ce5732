"""Works through the accepted jobs, one after the other, oldest first."""

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.crops import jpegs_of
from pipelines.naming import told_as
from pipelines.results import EnrollResult
from pipelines.session import Session
from pvchat.errors import AmbiguousSubjectError, PVChatError
from storage import jobs
from storage.engine import StorageError
from storage.jobs import Choice, Job
from storage.media import MediaFolder
from storage.store import Store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DatabaseSession

log = logging.getLogger(__name__)

# Progress is told at most this often: every telling is a write to the disk.
_TELL_EVERY_S = 0.3
_LOOK_AGAIN_S = 5.0


class _GoneError(Exception):
    """The job was cancelled, or went with its subject: nothing of it may stay."""


class JobRunner:
    """A thread that runs jobs until it is stopped.

    Args:
        session: perceives and enrolls. store: where the jobs are. folder: where the uploaded files are.
    """

    def __init__(self, session: Session, store: Store, folder: MediaFolder) -> None:
        self._session = session
        self._store = store
        self._folder = folder
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pvchat-jobs", daemon=True)

    def start(self) -> None:
        """Take up what a dead worker left, then wait for jobs."""
        with self._store.write() as session:
            left = jobs.requeue_orphans(session)
        if left:
            log.warning("%d jobs were interrupted and begin again", left)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more jobs. The one that runs is interrupted and will begin again with the next worker."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                with self._store.write() as session:
                    job = jobs.take_next(session)
                if job is not None:
                    self._run_one(job)
                    continue
            except StorageError as error:
                # A full disk or a busy database must not end the thread: it is tried again in a moment.
                log.error("jobs cannot be read or written: %s", error)
            self._wake.wait(_LOOK_AGAIN_S)

    def _run_one(self, job: Job) -> None:
        started = time.monotonic()
        try:
            self._work(job)
        except _GoneError:
            log.info("job %s was cancelled or interrupted", job.id)
            with self._store.write() as session:
                jobs.put_back(session, job.id)
        except PVChatError as error:
            detail = told_as(str(error), self._folder.path(job.media_id or "none"))
            self._fail(job, _TITLES.get(type(error).__name__, "The job failed"), detail)
        except Exception:
            log.exception("job %s failed unexpectedly", job.id)
            self._fail(job, "Something unexpected happened", "the worker's log says what; the job can be tried again")
        log.info("job %s (%s) took %.1f s", job.id, job.kind, time.monotonic() - started)

    def _work(self, job: Job) -> None:
        if job.media_id is None:
            self._fail(job, "The video is gone", "the video was deleted; upload it again")
            return
        file = self._folder.path(job.media_id)
        if job.kind == "perceive":
            record = self._session.perceive(file, _Teller(self._store, job.id, self._stop))
            with self._store.write() as session:
                jobs.finish(session, job.id, {"people": len(record.tracks), "duration_s": record.video.duration_s})
        else:
            self._enroll(job, file)

    def _enroll(self, job: Job, file: Path) -> None:
        if job.subject_id is None:
            raise _GoneError

        def finish(session: "DatabaseSession", result: EnrollResult) -> None:
            # In the transaction that stores the vectors: a job that was cancelled meanwhile leaves nothing.
            told: dict[str, Any] = {
                "coverage": result.coverage,
                "warnings": list(result.warnings),
                "advice": result.advice,
                "timing_s": result.timing_s,
            }
            if not jobs.finish(session, job.id, told):
                raise _GoneError

        try:
            self._session.enroll_subject(
                job.subject_id,
                file,
                pick=job.pick,
                progress=_Teller(self._store, job.id, self._stop),
                finish=finish,
            )
        except AmbiguousSubjectError:
            if job.pick is not None:
                raise
            self._ask_for_pick(job, file)

    def _ask_for_pick(self, job: Job, file: Path) -> None:
        candidates = self._session.candidates(file)
        pictures = jpegs_of(file, [(c.keyframe_s, c.box) for c in candidates])
        choices = [
            Choice(candidate.number, candidate.description, jpeg)
            for candidate, jpeg in zip(candidates, pictures, strict=True)
        ]
        with self._store.write() as session:
            jobs.ask_for_pick(session, job.id, choices)

    def _fail(self, job: Job, title: str, detail: str) -> None:
        with self._store.write() as session:
            jobs.fail(session, job.id, title, detail)


class _Teller:
    """Writes a job's progress down, and ends the work when the job is not to go on."""

    def __init__(self, store: Store, job_id: str, stop: threading.Event) -> None:
        self._store = store
        self._job_id = job_id
        self._stop = stop
        self._told_s = 0.0

    def __call__(self, fraction: float, step: str) -> None:
        if self._stop.is_set():
            raise _GoneError
        if time.monotonic() - self._told_s < _TELL_EVERY_S:
            return
        self._told_s = time.monotonic()
        with self._store.write() as session:
            if not jobs.tell(session, self._job_id, fraction, step):
                raise _GoneError


_TITLES = {
    "AmbiguousSubjectError": "There is no such person in the video",
    "ConsentError": "The consent does not hold",
    "NoFaceError": "No face that can be described",
    "SubjectError": "The person cannot be enrolled",
    "VideoError": "The video cannot be read",
    "WeightsError": "A model is missing",
}
