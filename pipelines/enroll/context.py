"""What the steps of a job work with: the job, the person, the tools; and whether it may go on."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.enroll.durable import DurableWorker
from pipelines.enroll.options import JobOptions
from pipelines.session import Session
from pipelines.tools import Tools
from pipelines.train_nano import NanoTraining
from pipelines.videos import PerceivedVideos
from pvchat.errors import ConsentError, PVChatError, SubjectError
from storage import jobs, people
from storage.jobs import Job
from storage.people import SubjectInfo
from storage.schema import now
from storage.store import Store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DatabaseSession

_LOOK_EVERY_S = 1.0
_TELL_EVERY_S = 0.5


class JobGoneError(Exception):
    """The job was cancelled, or went with its person; nothing of it is to be told."""


class JobStoppedError(Exception):
    """This worker is to stop; another one goes on with the job."""


class PickNeededError(Exception):
    """Several people could be meant, and the job waits for an answer.

    Args:
        file: the video.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file


class JobContext:
    """One job while a worker is at it.

    Args:
        session: of the data folder. store: the same. job: the job; it has a person.
        training: gives nano, loaded once more to be trained; asked when a step needs it.
        worker: what the job runs in; asked often whether it is to stop.
    """

    def __init__(
        self,
        session: Session,
        store: Store,
        job: Job,
        training: Callable[[], NanoTraining],
        worker: DurableWorker,
    ) -> None:
        if job.subject_id is None:
            raise JobGoneError
        self.session = session
        self.store = store
        self.job = job
        self.subject_id = job.subject_id
        self.options = JobOptions.from_dict(job.options)
        self.training = training
        self._worker = worker
        self._looked_s = self._told_s = float("-inf")
        self._told = ""
        self._began: tuple[float, float] | None = None

    @property
    def home(self) -> Path:
        """The data folder."""
        return self.store.database.parent

    @property
    def subject(self) -> SubjectInfo:
        """The person, as they are now. Raises SubjectError when they are gone."""
        with self.store.read() as session:
            found = people.get(session, self.subject_id)
        if found is None:
            raise SubjectError("this person was forgotten meanwhile, and so is the job")
        return found

    @property
    def tools(self) -> Tools:
        """Perception, identity and the base."""
        return self.session.tools

    @property
    def videos(self) -> PerceivedVideos:
        """Videos as perceived."""
        return self.session.videos

    def tell(self, progress: float, step: str, what: str) -> None:
        """Note how far the job is, now and then, and whenever a step begins.

        Args:
            progress: of the job, 0..1. step: name of the step. what: a few words; none where a step begins or ends.

        Raises:
            JobGoneError, JobStoppedError, ConsentError: see `check`.
        """
        if what:
            self.check()
        else:
            # A step begins or ends.
            self.check_now()
        if step == self._told and time.monotonic() - self._told_s < _TELL_EVERY_S:
            return
        self._told, self._told_s = step, time.monotonic()
        with self.store.write() as session:
            if not jobs.tell(session, self.job.id, progress, step, what=what, eta_s=self._left_s(progress)):
                raise JobGoneError

    def check(self) -> None:
        """Whether to go on; asks the data folder about once a second.

        Raises:
            JobGoneError: the job was cancelled, or the person forgotten. JobStoppedError: this worker is to stop.
            ConsentError: the consent has ended.
        """
        if self._worker.halted:
            raise JobStoppedError
        if time.monotonic() - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = time.monotonic()
        self.check_now()

    def check_now(self) -> None:
        """The same, asked at once: before something is stored for good."""
        if self._worker.halted:
            raise JobStoppedError
        with self.store.read() as session:
            job, person = jobs.get(session, self.job.id), people.get(session, self.subject_id)
        if job is None or person is None or job.state != "running" or job.runs != self.job.runs:
            # Another number of runs: it was cancelled and goes on elsewhere.
            raise JobGoneError
        if not person.consent.valid(now()):
            raise ConsentError("the consent has ended; what the job had made is erased")

    def holds(self, session: "DatabaseSession") -> bool:
        """Whether the job is still this worker's, to be asked in the transaction that stores something for good."""
        return self._worker.holds(session)

    def cancelled(self) -> bool:
        """For loops that ask instead of being told: True ends them, and `check` then says why."""
        try:
            self.check()
        except (JobGoneError, JobStoppedError, PVChatError):
            return True
        return False

    def _left_s(self, done: float) -> float | None:
        """Seconds left, by what this worker has seen of the job; None before there is something to go by."""
        if self._began is None:
            self._began = (time.monotonic(), done)
            return None
        began_s, began = self._began
        spent_s, share = time.monotonic() - began_s, done - began
        return None if share < 0.02 else round(spent_s / share * (1 - done), 1)
