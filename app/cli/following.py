"""Following a job on the terminal: how far it is, what can be done meanwhile, and how it ended."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines import Session
    from storage.jobs import Job
    from storage.store import Store

_TELL_EVERY_S = 10.0


def run_here(session: "Session", store: "Store", job_id: str, name: str) -> "Job":
    """Run a job in this process, and follow it until it has ended or asks who is meant.

    Args:
        session, store: of the same data folder. job_id: of the job. name: whom it is about.

    Raises:
        TrainingCancelledError: Ctrl-C; the job can go on later.
        JobError: it is gone.
    """
    import logging

    from app.cli import terminal
    from app.settings import ServiceSettings
    from pipelines.enroll.worker import TrainingWorker
    from pvchat.errors import TrainingCancelledError

    # What a worker notes of its own doings would only stand between the lines.
    notes = logging.getLogger("pipelines.enroll")
    level = notes.level
    notes.setLevel(logging.ERROR)
    worker = TrainingWorker(session, store, url=ServiceSettings.from_environment().jobs_url or None)
    with terminal.only_result_on_stdout():
        worker.start()
        try:
            return watch(store, job_id, name)
        except KeyboardInterrupt:
            sys.stderr.write("stopping; Ctrl-C again stops at once\n")
            raise TrainingCancelledError(f"interrupted; go on with: pvchat jobs resume {job_id[:8]}") from None
        finally:
            worker.stop()
            notes.setLevel(level)


def watch(store: "Store", job_id: str, name: str) -> "Job":
    """Follow a job that runs wherever it may be.

    Raises:
        JobError: it is gone.
    """
    from pipelines.enroll.jobs import changes, get
    from pipelines.enroll.titles import answers

    job = get(store, job_id)
    asked_about = answers(job)
    with _teller() as tell:
        for job in changes(store, job_id):
            if answers(job) and not asked_about:
                asked_about = True
                sys.stderr.write(f"{name} can be asked about now; training goes on\n")
            if not job.ended:
                tell(job)
        return job


def tell_end(store: "Store", job: "Job", name: str) -> None:
    """What came of a job that was followed.

    Args:
        name: whom it is about.

    Raises:
        JobError: it failed or was cancelled. AmbiguousSubjectError: it asks who is meant.
    """
    from pipelines.enroll.jobs import JobError, needs_pick

    if job.state == "needs_pick":
        raise needs_pick(job)
    if job.state == "cancelled":
        raise JobError(f"job {job.id[:8]} was cancelled; go on with: pvchat jobs resume {job.id[:8]}")
    if job.state == "failed":
        error = job.error or {}
        goes_on = f"; go on with: pvchat jobs resume {job.id[:8]}" if job.kind == "train" else ""
        raise JobError(f"{error.get('title')}: {error.get('detail')}{goes_on}")
    show_result(store, job, name)


def show_result(store: "Store", job: "Job", name: str) -> None:
    """What a job that is done has brought, for people."""
    from app.cli import terminal
    from pipelines.enroll.jobs import report_path

    result = job.result or {}
    for warning in result.get("warnings", ()):
        terminal.warn(warning)
    console = terminal.out()
    if job.kind != "train":
        console.print(f"{name or 'The video'}: {'enrolled' if job.kind == 'enroll' else 'seen'}.", soft_wrap=True)
        for line in result.get("advice", ()):
            console.print(line, soft_wrap=True)
        return
    if result["published"]:
        verdict = f"is trained and answers from now on (version {result['adapter_version']})"
    else:
        verdict = "is enrolled and not trained: the adapter was no better"
    lines = [
        f"{name} {verdict}.",
        f"  errors on {result['asked']} held-out questions without evidence: {result['instant_errors']} before, "
        f"{result['trained_errors']} trained",
        f"  made: {result['questions']} questions about {result['clips']} clips, "
        f"{result['samples']['kept']} pictures kept of {sum(result['samples'].values())}",
        f"  told from: {result['others']} videos and pictures of others, {result.get('look_alikes', 0)} of them "
        "look-alikes of the corpus",
        f"  could be asked about after {result['instant_s']:.1f} s",
        f"  time: {', '.join(f'{step} {seconds:.0f} s' for step, seconds in result['timing_s'].items())}",
    ]
    report = report_path(store.database.parent, job)
    if report is not None:
        lines.append(f"  report: {report}")
    for text in lines:
        console.print(text, soft_wrap=True)


@contextlib.contextmanager
def _teller() -> "Iterator[Callable[[Job], None]]":
    """Shows how far a job is: one line that changes on a terminal, else one for each step and some between."""
    from app.cli import terminal
    from pipelines.enroll.titles import line

    if terminal.err().is_terminal:
        with terminal.progress("waiting") as update:
            yield lambda job: update(job.progress, line(job))
        return
    step, told_s = "", 0.0

    def tell(job: "Job") -> None:
        nonlocal step, told_s
        if job.step != step or time.monotonic() - told_s > _TELL_EVERY_S:
            step, told_s = job.step, time.monotonic()
            sys.stderr.write(f"{line(job)}\n")

    yield tell
