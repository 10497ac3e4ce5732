"""The worker of enrollment jobs: the twelve steps, and what becomes of the job's row when one of them ends.

1. ingest  2. perceive  3. pick  4. entry  5. synthesize  6. mine  7. questions  8. features  9. stills  10. clips
11. evaluate  12. publish
"""

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines.crops import jpegs_of
from pipelines.enroll import steps_data, steps_publish, steps_samples, steps_training, steps_video
from pipelines.enroll.artifacts import ArtifactStore, DiskFullError
from pipelines.enroll.context import JobContext, JobGoneError, JobStoppedError, PickNeededError
from pipelines.enroll.durable import CANCELLED, INTERRUPTED, DurableWorker
from pipelines.enroll.files import REPORT
from pipelines.enroll.flow import Flow, Step
from pipelines.lazy import Lazy
from pipelines.naming import told_as
from pipelines.session import Session
from pipelines.train_nano import NanoTraining
from pvchat.errors import (
    AmbiguousSubjectError,
    ConsentError,
    NoFaceError,
    PVChatError,
    TrainingError,
    VideoError,
    WeightsError,
)
from storage import jobs, trainings
from storage.jobs import Choice, Job
from storage.media import MediaFolder
from storage.store import Store
from storage.training_folder import TrainingFolder

log = logging.getLogger(__name__)

Work = JobContext
DONE, FAILED, NEEDS_PICK = "done", "failed", "needs_pick"
# A video that kills whoever looks at it is given up at some time.
MOST_DEATHS = 8


def enrollment_flow() -> Flow[Work]:
    """The steps of a job. Weights are seconds of a job of default size on two cores."""
    video = ("ingest", "perceive")
    data = ("entry", "synthesize", "mine")
    return Flow(
        [
            Step("ingest", (), steps_video.ingest, 0.3),
            Step("perceive", ("ingest",), steps_video.perceive, 6),
            Step("pick", video, steps_video.pick, 0.3),
            Step("entry", (*video, "pick"), steps_video.entry, 1),
            Step("synthesize", ("ingest", "entry"), steps_samples.synthesize, 45, version=2),
            Step("mine", ("entry",), steps_samples.mine, 20, version=2),
            Step("questions", data, steps_data.questions, 6),
            Step("features", (*data, "questions"), steps_data.features, 60),
            Step("stills", ("features",), steps_training.stills, 90),
            Step("clips", ("features", "stills"), steps_training.clips, 210),
            Step("evaluate", ("questions", "features", "clips"), steps_training.evaluate, 45),
            Step("publish", steps_publish.NEEDS, steps_publish.publish, 1),
        ]
    )


class TrainingWorker:
    """Takes enrollment jobs until it is stopped.

    Args:
        session: perceives, enrolls and answers. store: the same data folder.
        url: PostgreSQL database of the workflows; by default a file of the data folder.
        beat_s, dead_after_s: see `DurableWorker`.
        on_run: called with the job's id and the step whenever a step really runs.
    """

    def __init__(
        self,
        session: Session,
        store: Store,
        *,
        url: str | None = None,
        beat_s: float = 2.0,
        dead_after_s: float = 12.0,
        on_run: Callable[[str, str], None] = lambda _job_id, _step: None,
    ) -> None:
        self._session = session
        self._store = store
        self._on_run = on_run
        self._flow = enrollment_flow()
        self._training: Lazy[NanoTraining] = Lazy(self._load)
        self._durable = DurableWorker(
            store, url=url, steps=self._flow.names, run_step=self._run_step, beat_s=beat_s, dead_after_s=dead_after_s
        )

    def start(self) -> None:
        """Begin to take jobs, in threads of its own.

        Raises:
            WorkflowError: the database of the workflows cannot be used.
        """
        self._durable.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._durable.wake()

    def stop(self) -> None:
        """Interrupt the running step; its job goes on with the next worker."""
        self._durable.stop()

    def _load(self) -> NanoTraining:
        training = self._session.tools.training()
        if not isinstance(training, NanoTraining):
            raise TrainingError(
                f"jobs train nano, and this session answers with {self._session.tools.base}; use `pvchat train --base`"
            )
        return training

    def _run_step(self, job_id: str, step: str) -> Mapping[str, Any]:
        """Run one step and tell the job how it went. Raises nothing but what nobody foresaw."""
        with self._store.write() as session:
            job = trainings.begin(session, job_id)
        if job is None or job.subject_id is None:
            return {"state": CANCELLED}
        if job.attempts > job.runs * (len(self._flow.names) + MOST_DEATHS):
            return self._fail(job, step, TrainingError(f"its worker died {MOST_DEATHS} times; try another video"))
        folder = job_folder(self._store, job)
        try:
            work = JobContext(self._session, self._store, job, self._training.get, self._durable)
            began = time.monotonic()
            artifacts = ArtifactStore(folder)
            artifacts.sweep(self._durable.live_processes())
            self._flow.run_step(
                step,
                artifacts,
                key=_key(work),
                work=work,
                tell=work.tell,
                on_run=lambda running: self._on_run(job_id, running.name),
            )
            log.info("job %s: %s took %.1f s", job_id, step, time.monotonic() - began)
            if step == self._flow.names[-1]:
                self._finish(work, artifacts)
            return {"state": DONE}
        except JobStoppedError:
            return {"state": INTERRUPTED}
        except JobGoneError:
            self._forgotten(job)
            return {"state": CANCELLED}
        except PickNeededError as error:
            self._ask_for_pick(job, error.file)
            return {"state": NEEDS_PICK}
        except Exception as error:
            # Whoever is forgotten while a step runs takes its files with them: it fails in one way or another.
            return {"state": CANCELLED} if self._forgotten(job) else self._fail(job, step, error)

    def _finish(self, work: JobContext, artifacts: ArtifactStore) -> None:
        """End the job. The report is what stays; everything else has served."""
        found = self._flow.found(artifacts, key=_key(work))
        shutil.copyfile(found["publish"].folder / REPORT, artifacts.root / REPORT)
        result = steps_publish.result_of(found)
        with self._store.write() as session:
            jobs.finish(session, work.job.id, result)
        if not work.options.keep:
            for path in artifacts.root.iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)

    def _ask_for_pick(self, job: Job, file: Path) -> None:
        candidates = self._session.candidates(file)
        pictures = jpegs_of(file, [(c.keyframe_s, c.box) for c in candidates])
        choices = [Choice(c.number, c.description, jpeg) for c, jpeg in zip(candidates, pictures, strict=True)]
        with self._store.write() as session:
            jobs.ask_for_pick(session, job.id, choices)

    def _fail(self, job: Job, step: str, error: Exception) -> Mapping[str, Any]:
        if isinstance(error, ConsentError):
            TrainingFolder(self._store.database.parent).drop(job.subject_id or "")
        if isinstance(error, PVChatError):
            file = MediaFolder(self._store.database.parent).path(job.media_id or "none")
            title, detail = FAILURES.get(type(error), "The job failed"), told_as(str(error), file)
        else:
            log.error("job %s failed unexpectedly in %s", job.id, step, exc_info=error)
            title, detail = "Something unexpected happened", "the log says what; the job can be resumed"
        with self._store.write() as session:
            jobs.fail(session, job.id, title, detail)
        return {"state": FAILED}

    def _forgotten(self, job: Job) -> bool:
        """Whether the job is gone with its person; then what it left is erased."""
        with self._store.read() as session:
            gone = jobs.get(session, job.id) is None
        if gone:
            TrainingFolder(self._store.database.parent).drop(job.subject_id or "")
        return gone


def job_folder(store: Store, job: Job) -> Path:
    """Where a job's files are; it goes when the person is forgotten."""
    return TrainingFolder(store.database.parent).make(job.subject_id or "") / job.id


def _key(work: JobContext) -> str:
    """What the job as a whole is made from, beside the video: its options, the person's name and the pick."""
    what = {"options": work.options.what_is_made(), "name": work.subject.name, "base": work.tools.base}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


FAILURES: Mapping[type[PVChatError], str] = {
    AmbiguousSubjectError: "There is no such person in the video",
    ConsentError: "The consent does not hold",
    DiskFullError: "The disk is full",
    NoFaceError: "No face that can be described",
    TrainingError: "The training cannot go on",
    VideoError: "The video cannot be read",
    WeightsError: "A model is missing",
}
