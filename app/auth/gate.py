"""The gate before every route: who is asking, how often, before a byte of the body is read.

A client shows a key as `Authorization: Bearer KEY` or `X-API-Key: KEY`; a browser has a signed cookie that stands for a
key. Open are the health routes, the login page and what it needs.
"""

import asyncio
import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie

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

COOKIE = "pvchat_session"
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


@dataclass(frozen=True)
class Access:
    """Which paths need what.

    Attributes:
        unlimited: health checks; no key, no rate limit.
        open_paths: exact paths without a key. open_prefixes: the same for all below them.
        browser_prefix: below it who has no login is sent to the login page instead of being refused.
        login_path: the login page.
    """

    unlimited: frozenset[str] = frozenset({"/healthz", "/readyz"})
    open_paths: frozenset[str] = frozenset({"/login", "/logout"})
    open_prefixes: tuple[str, ...] = ()
    browser_prefix: str = "/ui"
    login_path: str = "/login"


class Cookies:
    """Signed cookies that stand for a key: its id, when the cookie ends, a signature.

    Args:
        secret: signs them. lasts_s: how long one lasts.
    """

    def __init__(self, secret: bytes, lasts_s: float) -> None:
        self._secret = secret
        self.lasts_s = lasts_s

    def value(self, key_id: str) -> str:
        """The cookie for a key, from now on."""
        until = str(int(time.time() + self.lasts_s))
        return f"{key_id}.{until}.{self._sign(f'{key_id}.{until}')}"

    def read(self, header: str) -> str | None:
        """The id in the valid, unexpired cookie of a request's `Cookie` header, else None."""
        try:
            morsel = SimpleCookie(header).get(COOKIE)
        except CookieError:
            return None
        parts = morsel.value.split(".") if morsel is not None else []
        if len(parts) != 3 or not hmac.compare_digest(self._sign(f"{parts[0]}.{parts[1]}"), parts[2]):
            return None
        if not parts[1].isdecimal() or int(parts[1]) < time.time():
            return None
        return parts[0]

    def _sign(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), sha256).hexdigest()


class Gate:
    """ASGI middleware; puts the valid key of a request into `scope["state"]["key"]`.

    Args:
        app: the application behind it. store: where the keys are. cookies: of logins.
        per_minute: requests of one key (of one address without a key) in a minute.
        access: see `Access`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: Store,
        cookies: Cookies,
        per_minute: int,
        access: Access | None = None,
    ) -> None:
        self._app = app
        self._store = store
        self._cookies = cookies
        self._access = access or Access()
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        # Keys seen in the last seconds, so that a busy client does not cost a query per request.
        self._seen: OrderedDict[str, tuple[float, Key | None]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan" or await self._websocket_may(scope):
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path = scope["path"]
        shown = self.shown(headers)
        key = await self._key(shown) if shown else None
        problem = await self._refusal(scope, path, key, shown is not None)
        sender = _with_headers(send, path)
        if problem is not None:
            if problem.status == 401 and scope["method"] == "GET" and self._is_page(path, headers):
                await _redirect(self._access.login_path, sender)
                return
            await response(problem, path)(scope, receive, sender)
            return
        scope.setdefault("state", {})["key"] = key
        await self._app(scope, receive, sender)

    def shown(self, headers: Headers) -> str | None:
        """The key a request shows, or the id in its cookie with a mark before it; None without either."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
        if headers.get("x-api-key"):
            return headers["x-api-key"]
        key_id = self._cookies.read(headers.get("cookie", ""))
        return None if key_id is None else f"id:{key_id}"

    async def _refusal(self, scope: Scope, path: str, key: Key | None, shown: bool) -> Problem | None:
        if path in self._access.unlimited:
            return None
        who = key.id if key is not None else f"address {(scope.get('client') or ('unknown',))[0]}"
        if not await self._limiter.hit(self._limit, who):
            return Problem(429, "Too many requests", "slow down; try again in a minute", {"Retry-After": "60"})
        if path in self._access.open_paths or path.startswith(self._access.open_prefixes or ("\0",)):
            return None
        challenge = {"WWW-Authenticate": 'Bearer realm="pvchat"'}
        if not shown:
            return Problem(401, "A key is needed", "send `Authorization: Bearer KEY`", challenge)
        if key is None:
            return Problem(401, "The key is not known", "check the key, or have a new one made", challenge)
        if not key.valid(now()):
            return Problem(401, "The key has ended", "it expired or was revoked; have a new one made", challenge)
        return None

    async def _websocket_may(self, scope: Scope) -> bool:
        shown = self.shown(Headers(scope=scope))
        key = await self._key(shown) if shown else None
        return key is not None and key.valid(now())

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
            if shown.startswith("id:"):
                return keys.get(session, shown.removeprefix("id:"))
            return keys.find(session, shown)

    def _is_page(self, path: str, headers: Headers) -> bool:
        return path == "/" or (
            path.startswith(self._access.browser_prefix) and "text/html" in headers.get("accept", "")
        )


def _with_headers(send: Send, path: str) -> Send:
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
