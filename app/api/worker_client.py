"""Talking to the worker: HTTP over its Unix socket."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx

_ANSWER_TIMEOUT = httpx.Timeout(600.0, connect=5.0)


class WorkerDownError(Exception):
    """The worker is not there, or went away in the middle of its work."""


class WorkerClient:
    """A client of the worker behind one socket. Close it when done.

    Args:
        socket: path of the socket.
    """

    def __init__(self, socket: str) -> None:
        transport = httpx.AsyncHTTPTransport(uds=socket)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://worker", timeout=_ANSWER_TIMEOUT)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def health(self) -> dict[str, Any] | None:
        """What the worker says of itself, None when it says nothing."""
        try:
            response = await self._http.get("/health", timeout=2.0)
            found: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError):
            return None
        return found

    async def wake(self) -> None:
        """Tell the worker that there are jobs. It looks by itself now and then, so a lost call does no harm."""
        try:
            await self._http.post("/wake", timeout=2.0)
        except httpx.HTTPError:
            return

    async def chat(self, question: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Events of one answer, the last one an "answer" or an "error". Closing the iterator ends the work.

        Raises:
            WorkerDownError: the worker went away before it had answered.
        """
        last: dict[str, Any] = {}
        try:
            async with self._http.stream("POST", "/chat", json=question) as response:
                async for line in response.aiter_lines():
                    if line:
                        last = json.loads(line)
                        yield last
        except httpx.HTTPError as error:
            raise WorkerDownError from error
        if last.get("event") not in ("answer", "error"):
            raise WorkerDownError

    async def forget(self, subject_id: str, *, preview: bool = False) -> dict[str, Any]:
        """Forget a person, or only say what would go. The answer has "detail" when it could not be done.

        Raises:
            WorkerDownError: the worker is not there.
        """
        return await self._told("/forget", {"subject_id": subject_id, "preview": preview})

    async def unknown(self, act: str, **what: Any) -> dict[str, Any]:
        """Do something with unknown people; see `app.worker.unknown`. The answer has "detail" when it was not done.

        Raises:
            WorkerDownError: the worker is not there.
        """
        return await self._told("/unknown", {"act": act, **what})

    async def _told(self, path: str, message: dict[str, Any]) -> dict[str, Any]:
        try:
            response = await self._http.post(path, json=message)
            found: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise WorkerDownError from error
        return found
