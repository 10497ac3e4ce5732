"""`pvchat jobs`: what is waiting, running and done; follow, cancel, go on. Read from the data folder by any process."""

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.options import BaseOption, JsonOption

if TYPE_CHECKING:
    from storage.jobs import Job
    from storage.store import Store

app = typer.Typer(help="List, follow, cancel and resume jobs.", no_args_is_help=True)


class State(StrEnum):
    """What a job can be."""

    QUEUED = "queued"
    RUNNING = "running"
    NEEDS_PICK = "needs_pick"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


JobId = Annotated[str, typer.Argument(metavar="ID", help="As `pvchat jobs list` shows it; its beginning is enough.")]


@app.command("list")
def list_all(
    state: Annotated[State | None, typer.Option("--state", help="Only those.")] = None, json_line: JsonOption = False
) -> None:
    """The newest jobs, newest first."""
    from storage import jobs, people

    with _open() as store:
        with store.read() as session:
            found = jobs.list_all(session, state=None if state is None else state.value)
            names = {info.id: info.name for info in people.list_info(session)}
        states = {job.id: _state(store, job) for job in found}
    if json_line:
        _write([_plain(job) for job in found])
        return
    from rich.table import Table
    from rich.text import Text

    from app.cli import terminal
    from pipelines.enroll.titles import line

    console = terminal.out()
    if not found:
        console.print("There are no jobs. Begin with: pvchat enroll NAME VIDEO --consent-by WHO --purpose TEXT --train")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("id", "what", "whom", "state", "at", "begun"):
        table.add_column(column, overflow="fold", no_wrap=column in ("id", "state", "begun"))
    for job in found:
        at = "" if job.ended else line(job)
        begun = f"{job.created_at.astimezone():%Y-%m-%d %H:%M}"
        whom = Text(names.get(job.subject_id or "", ""))
        table.add_row(job.id[:8], job.kind, whom, states[job.id], Text(at), begun)
    console.print(table)


@app.command("show")
def show(job_id: JobId, json_line: JsonOption = False) -> None:
    """One job: how far it is, or what came of it."""
    from app.cli import following, terminal
    from app.cli.persons import called
    from pipelines.enroll.titles import line

    with _open() as store:
        job = _find(store, job_id)
        if json_line:
            _write(_plain(job))
            return
        name = called(store, job.subject_id)
        facts = [("job", job.id), ("what", f"{job.kind} {name}".strip()), ("state", _state(store, job))]
        if not job.ended:
            facts.append(("at", f"{line(job)} ({job.progress:.0%})"))
        facts += [("choice", f"{number}: {description}") for number, description in job.choices]
        if job.error is not None:
            facts.append(("error", f"{job.error['title']}: {job.error['detail']}"))
        for what, moment in (("accepted", job.created_at), ("begun", job.started_at), ("ended", job.finished_at)):
            if moment is not None:
                facts.append((what, f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"))
        console = terminal.out()
        for what, text in facts:
            console.print(f"{what}: {text}", soft_wrap=True)
        if job.state == "done":
            following.show_result(store, job, name)


@app.command("watch")
def watch(
    job_id: JobId, json_line: Annotated[bool, typer.Option("--json", help="Print a line of JSON per change.")] = False
) -> None:
    """Follow a job, whichever process runs it, until it has ended or asks who is meant."""
    from app.cli import following
    from app.cli.persons import called
    from pipelines.enroll.jobs import changes

    with _open() as store:
        job = _find(store, job_id)
        name = called(store, job.subject_id)
        if not json_line:
            following.tell_end(store, following.watch(store, job.id, name), name)
            return
        for changed in changes(store, job.id):
            job = changed
            _write(_plain(job))
        if job.state != "done":
            following.tell_end(store, job, name)


@app.command("cancel")
def cancel(job_id: JobId) -> None:
    """End a job. What a training has finished is kept, and it can go on from there."""
    from app.cli import terminal
    from pipelines.enroll.jobs import JobError
    from storage import jobs

    with _open() as store:
        job = _find(store, job_id)
        with store.write() as session:
            if not jobs.cancel(session, job.id):
                raise JobError(f"job {job.id[:8]} has ended already: it is {_find(store, job.id).state}")
    goes_on = f" It can go on: pvchat jobs resume {job.id[:8]}" if job.kind == "train" else ""
    terminal.out().print(f"Job {job.id[:8]} is cancelled.{goes_on}", soft_wrap=True)


@app.command("resume")
def resume(
    job_id: JobId,
    pick: Annotated[int | None, typer.Option("--pick", metavar="N", help="Which person, of a job that asks.")] = None,
    no_run: Annotated[bool, typer.Option("--no-run", help="Leave the work to a running service.")] = False,
    base: BaseOption = "nano",
) -> None:
    """Let a training go on that failed, was cancelled or interrupted, or asks who is meant."""
    import pipelines
    from app.cli import following, terminal
    from app.cli.needs import fetch_missing_weights
    from app.cli.persons import called
    from pipelines.enroll import jobs

    with _open() as store:
        job = jobs.resume(store, _find(store, job_id).id, pick=pick)
        name = called(store, job.subject_id)
        if no_run:
            terminal.out().print(f"Job {job.id[:8]} goes on as soon as a worker runs.", soft_wrap=True)
            return
        if jobs.somebody_works(store):
            ended = following.watch(store, job.id, name)
        else:
            fetch_missing_weights()
            with pipelines.open(base=base) as session:
                ended = following.run_here(session, store, job.id, name)
        following.tell_end(store, ended, name)


def _open() -> "Store":
    from pvchat.paths import home_dir
    from storage.store import Store

    return Store.open(home_dir())


def _find(store: "Store", beginning: str) -> "Job":
    """The job whose id begins so.

    Raises:
        JobError: there is none, or several.
    """
    from pipelines.enroll.jobs import JobError
    from storage import jobs

    with store.read() as session:
        found = jobs.starting_with(session, beginning.lower())
    if len(found) != 1:
        what = "no job" if not found else "more than one job"
        raise JobError(f'there is {what} whose id begins with "{beginning}"; see: pvchat jobs list')
    return found[0]


def _state(store: "Store", job: "Job") -> str:
    from pipelines.enroll.jobs import interrupted

    return "interrupted" if interrupted(store, job) else job.state.replace("_", " ")


def _plain(job: "Job") -> dict[str, Any]:
    """As the API tells of it."""
    from app.api.job_schemas import JobOut

    return JobOut.of(job).model_dump(mode="json")


def _write(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
