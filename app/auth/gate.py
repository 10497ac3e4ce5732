"""The gate before every route: who is asking, how often, before a byte of the body is read.

A client shows a key as `Authorization: Bearer KEY` or `X-API-Key: KEY`. Only the health routes are open to all.
"""

import asyncio
import time
from collections import OrderedDict
from hashlib import sha256

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import Problem, response
from storage import keys
from storage.keys import Key
from storage.schema import now
from storage.store import Store

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_KEPT = 256
_FRESH_S = 5.0

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Gate:
    """ASGI middleware; puts the valid key of a request into `scope["state"]["key"]`.

    Args:
        app: the application behind it. store: where the keys are.
        per_minute: requests of one key (of one address without a key) in a minute.
    """

    def __init__(self, app: ASGIApp, *, store: Store, per_minute: int) -> None:
        self._app = app
        self._store = store
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        # Keys seen in the last seconds, so that a busy client does not cost a query per request.
        self._seen: OrderedDict[str, tuple[float, Key | None]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            # There are no websockets; what else comes is the application's own start and end.
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        path = scope["path"]
        sender = _with_headers(send)
        if path in OPEN_PATHS:
            await self._app(scope, receive, sender)
            return
        shown = _shown(Headers(scope=scope))
        key = await self._key(shown) if shown else None
        problem = await self._refusal(scope, key, shown is not None)
        if problem is not None:
            await response(problem, path)(scope, receive, sender)
            return
        scope.setdefault("state", {})["key"] = key
        await self._app(scope, receive, sender)

    async def _refusal(self, scope: Scope, key: Key | None, shown: bool) -> Problem | None:
        who = key.id if key is not None else f"address {(scope.get('client') or ('unknown',))[0]}"
        if not await self._limiter.hit(self._limit, who):
            return Problem(429, "Too many requests", "slow down; try again in a minute", {"Retry-After": "60"})
        challenge = {"WWW-Authenticate": 'Bearer realm="pvchat"'}
        if not shown:
            return Problem(401, "A key is needed", "send `Authorization: Bearer KEY`", challenge)
        if key is None:
            return Problem(401, "The key is not known", "check the key, or have a new one made", challenge)
        if not key.valid(now()):
            return Problem(401, "The key has ended", "it expired or was revoked; have a new one made", challenge)
        return None

    async def _key(self, shown: str) -> Key | None:
        # The key itself is not kept in memory longer than the request, only its hash.
        name = sha256(shown.encode("utf-8", "replace")).hexdigest()
        found = self._seen.get(name)
        if found is not None and time.monotonic() - found[0] < _FRESH_S:
            return found[1]
        key = await asyncio.to_thread(self._look_up, shown)
        self._seen[name] = time.monotonic(), key
        while len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        return key

    def _look_up(self, shown: str) -> Key | None:
        with self._store.read() as session:
            return keys.find(session, shown)


def _shown(headers: Headers) -> str | None:
    """The key a request shows, or None."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key") or None


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *((k.encode(), v.encode()) for k, v in SECURITY_HEADERS.items() if k.encode() not in present),
            ]
        await send(message)

    return sender
