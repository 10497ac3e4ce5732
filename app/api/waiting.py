"""The queue before the model: first come, first served, and full at a bound."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class QueueFullError(Exception):
    """Too many are waiting.

    Args:
        retry_after_s: when it may be worth another try.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"the queue is full; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Turns:
    """Lets one at a time through, in the order they came. Who gives up waiting is taken out.

    Args:
        most_waiting: more than this many waiting are refused.
        typical_s: how long one turn takes, before anything was measured.
    """

    def __init__(self, most_waiting: int, typical_s: float = 1.0) -> None:
        self._most = most_waiting
        self._typical_s = typical_s
        self._busy = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._aside = 0

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting) + self._aside

    @property
    def busy(self) -> bool:
        """Whether somebody has the turn."""
        return self._busy

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Wait for something else before the turn, without being in anybody's way; it counts as waiting.

        Raises:
            QueueFullError: too many are waiting already.
        """
        self._room()
        self._aside += 1
        try:
            yield
        finally:
            self._aside -= 1

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn and keep it.

        Raises:
            QueueFullError: too many are waiting already.
        """
        await self._wait()
        began = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            took = asyncio.get_running_loop().time() - began
            self._typical_s += 0.2 * (took - self._typical_s)
            self._pass_on()

    async def _wait(self) -> None:
        if not self._busy:
            self._busy = True
            return
        self._room()
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                # The turn came in the same moment: somebody else shall have it.
                self._pass_on()
            elif mine in self._waiting:
                self._waiting.remove(mine)
            raise

    def _room(self) -> None:
        if self.waiting >= self._most:
            raise QueueFullError(max(1, round(self._typical_s * self.waiting / 2)))

    def _pass_on(self) -> None:
        while self._waiting:
            following = self._waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        self._busy = False
