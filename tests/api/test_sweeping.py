"""The service deletes expired vectors by itself, and goes on when it cannot for once."""

import asyncio
import contextlib
import threading
from typing import Any

from app.worker.sweeping import sweep_now_and_then
from pipelines.retention import Swept
from storage.engine import StorageError


class Busy:
    """A session whose first sweep fails."""

    def __init__(self) -> None:
        self.sweeps = 0
        self.thrice = threading.Event()

    def sweep(self) -> Swept:
        self.sweeps += 1
        if self.sweeps == 3:
            self.thrice.set()
        if self.sweeps == 1:
            raise StorageError("the database is in use by another process")
        return Swept(1, 3)


def test_it_sweeps_at_once_and_again_whatever_happens() -> None:
    session: Any = Busy()

    async def run() -> None:
        sweeping = asyncio.create_task(sweep_now_and_then(session, every_s=0.01))
        assert await asyncio.to_thread(session.thrice.wait, 20)
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping

    asyncio.run(run())
