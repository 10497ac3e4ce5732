"""Keeps one worker process running: starts it, watches it, starts another when it ends."""

import asyncio
import contextlib
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from app.api.worker_client import WorkerClient
from app.settings import JOBS_URL
from pipelines.retention import DEFAULT_HOURS, UNKNOWN_HOURS

log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0
# A worker that ran this long did not fail at starting.
_RAN_WELL_S = 30.0
_END_S = 12.0


class Supervisor:
    """Runs `python -m app.worker` for a data folder.

    Args:
        home: the data folder.
        command: how the worker is started, without its options. base: model that answers.
        jobs_url, unknown_hours: see `ServiceSettings`.
    """

    def __init__(
        self,
        home: Path,
        command: tuple[str, ...] = ("-m", "app.worker"),
        *,
        base: str = "nano",
        jobs_url: str = "",
        unknown_hours: int = DEFAULT_HOURS,
    ) -> None:
        self._home = home
        self._command = command
        self._base = base
        # In the environment: everybody on this machine can read a command line, and the address may hold a password.
        self._environment = {JOBS_URL: jobs_url, UNKNOWN_HOURS: str(unknown_hours)}
        # Paths of Unix sockets are short; a data folder's may be too long. The folder is ours alone (mode 700).
        self._folder = tempfile.TemporaryDirectory(prefix="pvchat-")
        self._socket = str(Path(self._folder.name) / "worker")
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self.client = WorkerClient(self._socket)
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    def start(self) -> None:
        """Begin; returns at once."""
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End the worker, gently first."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        process = self._process
        if process is not None and process.returncode is None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), _END_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        await self.client.close()
        self._folder.cleanup()

    async def _watch(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            await asyncio.to_thread(Path(self._socket).unlink, missing_ok=True)
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._command,
                "--home",
                str(self._home),
                "--socket",
                self._socket,
                "--base",
                self._base,
                stdin=asyncio.subprocess.PIPE,
                env={**os.environ, **self._environment},
            )
            code = await self._process.wait()
            pause = _FIRST_PAUSE_S if time.monotonic() - began > _RAN_WELL_S else min(2 * pause, _LONGEST_PAUSE_S)
            self.restarts += 1
            log.error("the worker ended with %d; another one starts in %.1f s", code, pause)
            await asyncio.sleep(pause)
