"""A data folder as a household has it: other people's videos asked about before, then somebody enrolled by a job.

The job is the product's own: queued in the data folder, taken by a worker in this process, twelve durable steps.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipelines.enroll.files import REPORT
from pipelines.enroll.options import JobOptions
from pipelines.enroll.worker import TrainingWorker, enrollment_flow, job_folder
from pipelines.mine.add import CorpusIndexer
from pipelines.session import Session
from pipelines.tools import EmbeddedTools, Tools
from pvchat.errors import TrainingError
from pvchat.evaluation.answers import read_existence
from pvchat.identity.gallery import GalleryEntry
from pvchat.models.adapter import Adapter, parse_adapter
from storage import adapters, jobs, people
from storage.jobs import Job
from storage.store import Store

QUESTION = "How many people are in this video?"
WAITING = "waiting"
"""Seconds between the request and the first step, among those of the steps."""

_POLL_S = 0.05
_OWNER = "benchmark"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Instant:
    """The first question about somebody whose enrollment has just begun.

    Attributes:
        entry_s: from the request until the step that stores the gallery entry is over. answer_s: of the answer, with
            looking at the video that is asked about. answer: its words. right: whether it says "yes".
    """

    entry_s: float
    answer_s: float
    answer: str
    right: bool


@dataclass(frozen=True)
class Enrolled:
    """What came of a job.

    Attributes:
        job_s: from the request until the job was done. steps: the same, divided among the steps.
        result: of the job, as it is told to whoever asked for it. instant: None where nothing was asked meanwhile.
        entry: in the gallery. adapter: that was published, None if none was. report: the page, HTML.
    """

    job_s: float
    steps: dict[str, float]
    result: dict[str, Any]
    instant: Instant | None
    entry: GalleryEntry
    adapter: Adapter | None
    report: str


class Household:
    """A data folder with a session and a worker; a context manager. There can be one at a time in a process.

    Args:
        home: the data folder. tools: perception, identity and the base; the product's own if None. say: hears of every
            step.
    """

    def __init__(self, home: Path, tools: Tools | None = None, say: Say = lambda line: None) -> None:
        self._tools = tools or EmbeddedTools()
        self._store = Store.open(home)
        self._session = Session(Store.open(home), self._tools)
        self._say = say
        self._began: list[tuple[str, float]] = []
        self._worker = TrainingWorker(self._session, self._store, on_run=self._note)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.stop()
        self._session.close()
        self._store.close()

    def ask_about(self, videos: Sequence[Path]) -> None:
        """Ask about videos that show other people, so that the data folder knows them."""
        for video in videos:
            self._ask_session(video, QUESTION)

    def index(self, folder: Path) -> None:
        """Add a folder of pictures and videos to the corpus that people are told from."""
        CorpusIndexer(self._store, self._session.tools, self._session.videos).add(folder, licence=_OWNER)

    def enroll(self, name: str, file: Path, options: JobOptions, *, ask: Path | None = None) -> Enrolled:
        """Enroll somebody by a job, and wait until it is done.

        Args:
            name: who. file: the enrollment video. options: of the job; the file is set here.
            ask: another video of the same person, asked about as soon as the gallery entry is stored.

        Raises:
            TrainingError: the job did not end well.
        """
        subject = self._session.create_subject(name, consent_by=_OWNER, purpose=_OWNER)
        self._began = [(WAITING, time.perf_counter())]
        with self._store.write() as session:
            wanted = {**options.to_dict(), "file": str(file)}
            job = jobs.add(session, kind="train", owner=_OWNER, subject_id=subject, options=wanted)
        if job is None:
            raise TrainingError("the job was not accepted")
        self._worker.wake()
        instant = self._wait(job.id, name, ask)
        ended = time.perf_counter()
        self._tell(ended)
        done = self._job(job.id)
        if done.state != "done":
            raise TrainingError(f"the job of {name} ended as {done.state}: {done.error or 'it waits for a pick'}")
        moments = [*(moment for _, moment in self._began), ended]
        return Enrolled(
            job_s=ended - self._began[0][1],
            steps={step: b - a for (step, _), (a, b) in zip(self._began, pairwise(moments), strict=True)},
            result=dict(done.result or {}),
            instant=instant,
            entry=self._entry(subject),
            adapter=self._adapter(subject),
            report=(job_folder(self._store, done) / REPORT).read_text("utf-8"),
        )

    def _wait(self, job_id: str, name: str, ask: Path | None) -> Instant | None:
        names = enrollment_flow().names
        answerable = names[names.index("entry") + 1 :]
        instant = None
        while not ((job := self._job(job_id)).ended or job.state == "needs_pick"):
            if ask is not None and instant is None and job.step in answerable:
                instant = self._ask(name, ask)
            time.sleep(_POLL_S)
        return instant

    def _ask(self, name: str, video: Path) -> Instant:
        entry_s = time.perf_counter() - self._began[0][1]
        started = time.perf_counter()
        answer = self._ask_session(video, f"Is {name} in this video?")
        answer_s = time.perf_counter() - started
        self._say(f"  entry after {entry_s:.1f} s, answer after {answer_s:.1f} s more: {answer}")
        return Instant(entry_s, answer_s, answer, read_existence(answer) == "present")

    def _ask_session(self, video: Path, question: str) -> str:
        # As the service does it: see `app.worker.own_thread`.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._session.ask, video, question).result().answer

    def _note(self, _job_id: str, step: str) -> None:
        moment = time.perf_counter()
        self._tell(moment)
        self._began.append((step, moment))

    def _tell(self, moment: float) -> None:
        step, began = self._began[-1]
        self._say(f"  {step} {moment - began:.1f} s")

    def _job(self, job_id: str) -> Job:
        with self._store.read() as session:
            job = jobs.get(session, job_id)
        if job is None:
            raise TrainingError("the job is gone with its person")
        return job

    def _entry(self, subject_id: str) -> GalleryEntry:
        with self._store.read() as session:
            known = next(subject for subject in people.list_all(session) if subject.id == subject_id)
        return self._tools.entry(known.name, known.vectors, known.coverage)

    def _adapter(self, subject_id: str) -> Adapter | None:
        with self._store.read() as session:
            adapter_id = adapters.ids(session, self._tools.base).get(subject_id)
            found = None if adapter_id is None else adapters.load(session, adapter_id)
        return None if found is None else parse_adapter(*found)
