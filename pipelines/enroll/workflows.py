"""The one place that knows DBOS: a workflow that goes through a job's steps, in a queue, in a database.

Payloads are job ids, results are states, both as JSON. Nothing here says whether a worker is alive: that is
`pipelines.enroll.durable`.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from pvchat.errors import PVChatError
from storage.engine import make_private

FILE = "workflows.sqlite"
DONE = "done"
BROKEN = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
"""States of a workflow that ended although its job did not."""

# A workflow is resumed by workers of its version only. To be raised when the order of the steps changes, and never
# else: by default it would change with every edit, and strand the jobs that are under way.
_VERSION = "enroll-1"
_APPLICATION = "pvchat"
_WORKFLOW = "enroll"
_QUEUE = "enroll"
_POOL = 5
# The library keeps its state in the module.
_ONE = threading.Lock()


class WorkflowError(PVChatError):
    """The database of the workflows cannot be used, or a workflow's step failed unexpectedly."""


class Workflows:
    """This process's part in the workflows. There can be one at a time in a process.

    Args:
        url: of the database; see `database_url`.
        executor: id of this worker, which no worker ever had. steps: names, in order.
        run: run(workflow id, job id, step) -> state; anything but "done" ends the workflow.
        poll_s: how often to look for a workflow that waits.
    """

    def __init__(
        self, url: URL, *, executor: str, steps: Sequence[str], run: Callable[[str, str, str], str], poll_s: float
    ) -> None:
        self._url = url
        self._executor = executor
        self._steps = tuple(steps)
        self._run = run
        self._poll_s = poll_s
        self._client: DBOSClient | None = None
        self._launched = False
        self._under_way: set[str] = set()

    def launch(self) -> None:
        """Begin to take workflows from the queue.

        Raises:
            WorkflowError: the database cannot be used, or this process takes workflows already.
        """
        if not _ONE.acquire(blocking=False):
            raise WorkflowError("this process has a worker already; stop it first")
        self._launched = True
        _quieten()
        url = self._url.render_as_string(hide_password=False)
        config: DBOSConfig = {
            "name": _APPLICATION,
            "system_database_url": url,
            "application_version": _VERSION,
            "executor_id": self._executor,
            "serializer": DBOSPortableJSONSerializer(),
            "sys_db_pool_size": _POOL,
            "log_level": "ERROR",
        }
        try:
            DBOS.workflow(name=_WORKFLOW)(self._workflow())
            DBOS(config=config)
            DBOS.launch()
            DBOS.register_queue(_QUEUE, worker_concurrency=1, polling_interval_sec=self._poll_s)
            # The application's own connection waits for a lost database for ever; this one says so.
            self._client = DBOSClient(
                system_database_url=url,
                serializer=DBOSPortableJSONSerializer(),
                application_name=_APPLICATION,
                retry_connection_errors=False,
            )
        except SQLAlchemyError as error:
            raise WorkflowError(
                f"the job database {self._url.render_as_string()} cannot be used: {first_line(error)}; "
                "see whether it runs and the URL is right"
            ) from error

    def close(self) -> None:
        """Take no more workflows. What runs is not waited for, and stays as it is for another worker."""
        if not self._launched:
            return
        if self._client is not None:
            self._client.destroy()
            self._client = None
        DBOS.destroy(destroy_registry=True)
        self._launched = False
        _ONE.release()

    def enqueue(self, workflow: str, job_id: str) -> None:
        """Let some worker run a job under this workflow id. Does nothing when the id is known already."""
        self._open().enqueue(
            {"workflow_name": _WORKFLOW, "queue_name": _QUEUE, "workflow_id": workflow, "app_version": _VERSION}, job_id
        )

    def states(self, workflows: Sequence[str]) -> dict[str, str]:
        """The states of those of these workflows that are known."""
        if not workflows:
            return {}
        found = self._open().list_workflows(workflow_ids=list(workflows), load_input=False, load_output=False)
        return {status.workflow_id: status.status for status in found}

    def running(self) -> dict[str, str | None]:
        """Which worker each workflow was taken by that has not ended."""
        found = self._open().list_workflows(name=_WORKFLOW, status="PENDING", load_input=False, load_output=False)
        return {status.workflow_id: status.executor_id for status in found}

    def is_under_way(self, workflow: str) -> bool:
        """Whether a thread of this process is at this workflow."""
        return workflow in self._under_way

    def resume(self, workflow: str) -> None:
        """Put a workflow back into the queue. Whoever was at it can record nothing more."""
        self._open().resume_workflow(workflow, queue_name=_QUEUE)

    def cancel(self, workflow: str) -> None:
        """End a workflow after the step it is at. Does nothing when it has ended or is not known."""
        self._open().cancel_workflow(workflow)

    def _workflow(self) -> Callable[[str], dict[str, str]]:
        def enroll(job_id: str) -> dict[str, str]:
            workflow = DBOS.workflow_id or ""
            state = DONE
            self._under_way.add(workflow)
            try:
                for step in self._steps:
                    state = DBOS.run_step({"name": step}, self._run, workflow, job_id, step)
                    if state != DONE:
                        break
            finally:
                self._under_way.discard(workflow)
            return {"state": state}

        return enroll

    def _open(self) -> DBOSClient:
        if self._client is None:
            raise WorkflowError("this worker is not started")
        return self._client


def database_url(url: str | None, home: Path) -> URL:
    """Where the workflows are kept.

    Args:
        url: a PostgreSQL database, for workers on several machines; by default a file in the data folder.

    Raises:
        WorkflowError: the URL is none of a PostgreSQL database.
    """
    if url is None:
        file = home / FILE
        make_private(file)
        return URL.create("sqlite", database=str(file))
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "postgresql" or not parsed.database:
        # Not shown: it may hold a password.
        raise WorkflowError("the URL of the job database is not like postgresql://user:password@host:5432/database")
    return parsed


def _quieten() -> None:
    """Let the library log through our handlers, a line for each trouble."""
    library = logging.getLogger("dbos")
    if not library.handlers:
        # Where it finds none, it adds one that writes to the console.
        library.addHandler(logging.NullHandler())
        library.addFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    record.msg = record.getMessage().partition("\n")[0]
    if isinstance(error, Exception):
        record.msg = f"{record.msg} {type(error).__name__}: {first_line(error)}"
    record.args, record.exc_info = (), None
    return True


def first_line(error: Exception) -> str:
    """What an error says, without the statement a database adds."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
