"""A worker that goes through the steps of a training without training: it enrolls, waits, and leaves an adapter.

A scene may say how it goes: {"step_s": {"mine": 0.5}} makes a step take that long, {"fail_at": "stills"} fails there,
{"worse": true} ends with an adapter that is no better.
"""

import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

from pipelines.enroll.titles import TITLES
from pipelines.session import Session
from pvchat.errors import AmbiguousSubjectError
from storage import adapters, jobs, trainings, workers
from storage.jobs import Choice, Job
from storage.media import MediaFolder
from storage.store import Store
from storage.training_folder import TrainingFolder

_PART_S = 0.1

# The smallest JPEG that browsers show.
PICTURE = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffc0000b080001000101011100ffc40014000100"
    "000000000000000000000000000009ffc40014100100000000000000000000000000000000ffda0008010100003f0054bfffd9"
)


class TrainingWorker:
    """See `pipelines.enroll.worker`."""

    made: list["TrainingWorker"] = []  # noqa: RUF012 - what tests look at

    def __init__(self, session: Session, store: Store, *, url: str | None = None) -> None:
        self.session, self.store, self.url = session, store, url
        self.id = str(uuid4())
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.made.append(self)

    def start(self) -> None:
        with self.store.write() as session:
            workers.register(session, self.id, "here", 1, 0.0)
        self._thread.start()

    def wake(self) -> None:
        """It looks all the time."""

    def stop(self) -> None:
        self.stopped.set()
        self._thread.join(timeout=10)
        with self.store.write() as session:
            workers.remove(session, self.id)

    def _run(self) -> None:
        while not self.stopped.wait(0.02):
            job = self._next()
            if job is not None:
                self._work(job)

    def _next(self) -> Job | None:
        with self.store.write() as session:
            workers.beat(session, self.id)
            for job in trainings.to_hand_over(session):
                trainings.hand_over(session, job.id)
                return trainings.begin(session, job.id)
            # What a stopped worker left.
            left = jobs.list_all(session, state="running")
            return next((trainings.begin(session, job.id) for job in left if job.kind == "train"), None)

    def _work(self, job: Job) -> None:
        file = self._file(job)
        if file is None:
            self._fail(job, "the enrollment video is gone")
            return
        scene = self.session._tools.scene_of(file.read_bytes())  # type: ignore[attr-defined]
        for number, step in enumerate(TITLES):
            parts = max(round(scene.get("step_s", {}).get(step, 0.0) / _PART_S), 1)
            for part in range(parts):
                if self.stopped.is_set():
                    return
                with self.store.write() as session:
                    workers.beat(session, self.id)
                    done = (number + part / parts) / len(TITLES)
                    what = f"{part} of {parts}" if step == "questions" else TITLES[step]
                    if not jobs.tell(session, job.id, done, step, what=what, eta_s=400 * (1 - done)):
                        return
                time.sleep(_PART_S if parts > 1 else 0.0)
            if step == scene.get("fail_at"):
                self._fail(job, "there is too little to train on")
                return
            if step == "entry" and not self._enroll(job, file):
                return
        self._end(job, published=not scene.get("worse", False))

    def _fail(self, job: Job, why: str) -> None:
        with self.store.write() as session:
            jobs.fail(session, job.id, "Training failed", why)

    def _file(self, job: Job) -> Path | None:
        given = (job.options or {}).get("file")
        if given is not None:
            return Path(given)
        folder = MediaFolder(self.store.database.parent)
        if job.media_id is not None:
            return folder.path(job.media_id)
        with self.store.read() as session:
            enrolled = jobs.list_all(session, subject_id=job.subject_id)
        return next((folder.path(earlier.media_id) for earlier in enrolled if earlier.media_id is not None), None)

    def _enroll(self, job: Job, file: Path) -> bool:
        try:
            self.session.enroll_subject(job.subject_id or "", file, pick=job.pick)
        except AmbiguousSubjectError:
            choices = [Choice(c.number, c.description, PICTURE) for c in self.session.candidates(file)]
            with self.store.write() as session:
                jobs.ask_for_pick(session, job.id, choices)
            return False
        return True

    def _end(self, job: Job, *, published: bool) -> None:
        folder = TrainingFolder(self.store.database.parent).make(job.subject_id or "") / job.id
        folder.mkdir(exist_ok=True)
        (folder / "report.html").write_text("<!doctype html><title>Report</title><p>What came of it</p>")
        with self.store.write() as session:
            version = None
            if published:
                how: dict[str, Any] = {"base": "nano", "base_sha256": "0" * 64, "card": "{}", "data": b"x"}
                adapters.save(session, job.subject_id or "", **how)
                version = adapters.versions(session, job.subject_id or "", "nano")[0].version
            jobs.finish(session, job.id, result(published=published, version=version))


def result(*, published: bool = True, version: int | None = 1) -> dict[str, Any]:
    """What a job that is done says."""
    return {
        "published": published,
        "asked": 96,
        "instant_errors": 14,
        "trained_errors": 8 if published else 20,
        "clips": 81,
        "questions": 1455,
        "samples": {"kept": 13, "rejected": 3},
        "others": 7,
        "look_alikes": 2,
        "licences": {"CC BY 4.0": 2},
        "adapter_version": version,
        "coverage": {"faces": 3},
        "warnings": ["few faces were seen"],
        "timing_s": {"perceive": 3.2, "stills": 60.4, "clips": 200.0},
        "instant_s": 6.2,
        "report": True,
    }


def install() -> None:
    """Stand in for the real worker in this process."""
    module = ModuleType("pipelines.enroll.worker")
    module.TrainingWorker = TrainingWorker  # type: ignore[attr-defined]
    sys.modules["pipelines.enroll.worker"] = module
