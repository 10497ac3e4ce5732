"""The gate before every route: who is asking, how often, before a byte of the body is read.

A program shows a key as `Authorization: Bearer KEY` or `X-API-Key: KEY`; a browser has a signed cookie that stands for
a key. Only the health routes and the login page are open to all.
"""

import asyncio
import time
from collections import OrderedDict
from hashlib import sha256
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import Problem, response
from app.auth.cookies import Cookies
from storage import keys
from storage.keys import Key
from storage.schema import now
from storage.store import Store

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
LOGIN_PATHS = frozenset({"/login", "/logout", "/favicon.ico"})
PAGES = "/ui"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_KEPT = 256
_FRESH_S = 5.0

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Gate:
    """ASGI middleware; puts the valid key of a request into `scope["state"]["key"]`.

    Args:
        app: the application behind it. store: where the keys are. cookies: of logins.
        per_minute: requests of one key (of one address without a key) in a minute.
    """

    def __init__(self, app: ASGIApp, *, store: Store, cookies: Cookies, per_minute: int) -> None:
        self._app = app
        self._store = store
        self._cookies = cookies
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
        path, sender = scope["path"], _with_headers(send)
        if path in OPEN_PATHS:
            await self._app(scope, receive, sender)
            return
        headers = Headers(scope=scope)
        shown, by_cookie = self._shown(headers)
        key = await self._key(shown, by_cookie) if shown else None
        problem = await self._too_often(scope, key)
        if problem is None and (by_cookie or path in LOGIN_PATHS):
            problem = _from_elsewhere(scope, headers)
        if problem is None and path not in LOGIN_PATHS:
            problem = _refusal(key, shown is not None)
            if problem is not None and _is_page(scope, headers):
                await _redirect("/login", sender)
                return
        if problem is not None:
            await response(problem, path)(scope, receive, sender)
            return
        scope.setdefault("state", {})["key"] = key
        await self._app(scope, receive, sender)

    async def _too_often(self, scope: Scope, key: Key | None) -> Problem | None:
        who = key.id if key is not None else f"address {(scope.get('client') or ('unknown',))[0]}"
        if await self._limiter.hit(self._limit, who):
            return None
        return Problem(429, "Too many requests", "slow down; try again in a minute", {"Retry-After": "60"})

    def _shown(self, headers: Headers) -> tuple[str | None, bool]:
        """What a request shows: a key, or the id of one when a cookie does (the second value)."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip(), False
        if headers.get("x-api-key"):
            return headers["x-api-key"], False
        key_id = self._cookies.read(headers.get("cookie", ""))
        return key_id, key_id is not None

    async def _key(self, shown: str, by_id: bool) -> Key | None:
        # The key itself is not kept in memory longer than the request, only its hash.
        name = f"{by_id} {sha256(shown.encode('utf-8', 'replace')).hexdigest()}"
        found = self._seen.get(name)
        if found is not None and time.monotonic() - found[0] < _FRESH_S:
            return found[1]
        key = await asyncio.to_thread(self._look_up, shown, by_id)
        self._seen[name] = time.monotonic(), key
        while len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        return key

    def _look_up(self, shown: str, by_id: bool) -> Key | None:
        with self._store.read() as session:
            return keys.get(session, shown) if by_id else keys.find(session, shown)


def _refusal(key: Key | None, shown: bool) -> Problem | None:
    challenge = {"WWW-Authenticate": 'Bearer realm="pvchat"'}
    if not shown:
        return Problem(401, "A key is needed", "send `Authorization: Bearer KEY`", challenge)
    if key is None:
        return Problem(401, "The key is not known", "check the key, or have a new one made", challenge)
    if not key.valid(now()):
        return Problem(401, "The key has ended", "it expired or was revoked; have a new one made", challenge)
    return None


def _from_elsewhere(scope: Scope, headers: Headers) -> Problem | None:
    """Refuse what another site lets a logged-in browser send (cross-site request forgery)."""
    if scope["method"] in _SAFE_METHODS:
        return None
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    same = urlsplit(origin).netloc == headers.get("host") if origin else site in ("same-origin", "none")
    if same:
        return None
    return Problem(403, "Sent from another site", "a login only serves this service's own pages; use a key instead")


def _is_page(scope: Scope, headers: Headers) -> bool:
    """Whether somebody opened a page, who can be sent to the login."""
    path = scope["path"]
    opened = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
    return opened and (path == "/" or path.startswith(PAGES))


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


async def _redirect(where: str, send: Send) -> None:
    await send({"type": "http.response.start", "status": 303, "headers": [(b"location", where.encode())]})
    await send({"type": "http.response.body", "body": b""})
