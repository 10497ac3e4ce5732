"""How far a browser reaches into Gradio: the routes the pages use and files it uploaded; nothing from elsewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import Problem, not_found, response
from app.auth.gate import PAGES

_USED = re.compile(
    r"/?|/config|/theme\.css|/favicon\.ico|/(assets|static)/[^?]+"
    r"|/gradio_api/(queue/(join|data)|upload|upload_progress|startup-events|cancel|reset|info|app_id"
    r"|heartbeat/\w+|file=.+)"
)
_UPLOAD = f"{PAGES}/gradio_api/upload"
_JOIN = f"{PAGES}/gradio_api/queue/join"
_ASSETS = (f"{PAGES}/assets/", f"{PAGES}/static/")
_OVERHEAD_BYTES = 64 << 10
# Gradio's own page has scripts in it and compiles templates; all of it comes from here, nothing from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' blob: 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self' blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class Reach:
    """ASGI middleware around Gradio's application.

    Args:
        app: Gradio's, mounted at the pages' path.
        folder: where Gradio keeps what is uploaded.
        most_bytes: of a video that is uploaded in a page; for everything else the application's own limit holds.
    """

    def __init__(self, app: ASGIApp, *, folder: Path, most_bytes: int) -> None:
        self._app = app
        self._folder = folder.resolve()
        self._uploading = RequestBodyLimitMiddleware(app, max_body_size=most_bytes + _OVERHEAD_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through when the pages need its path, with the headers a page needs."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if not _USED.fullmatch(path.removeprefix(PAGES)):
            await response(not_found("page"), path)(scope, receive, send)
            return
        if path == _JOIN:
            body = await _body(receive)
            if not all(self._was_uploaded(file) for file in _files(body)):
                problem = Problem(422, "The upload is gone", "the file was not uploaded here; choose it again")
                await response(problem, path)(scope, receive, send)
                return
            receive = _again(body, receive)

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", _POLICY.encode())]
                if path.startswith(_ASSETS):
                    # Their names change with their content.
                    message["headers"].append((b"cache-control", b"private, max-age=604800, immutable"))
            await send(message)

        app = self._uploading if path == _UPLOAD else self._app
        await app(scope, receive, sender)

    def _was_uploaded(self, file: str) -> bool:
        # Mounted in another application, Gradio takes any path of this machine and fetches any address.
        return Path(file).resolve().is_relative_to(self._folder)


async def _body(receive: Receive) -> bytes:
    """The whole body; how large it may be was settled before."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more."""
    told = False

    async def replayed() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _files(body: bytes) -> Iterator[str]:
    """Every path of a file that an event names, however deep. A body that is no JSON names none: Gradio refuses it."""
    try:
        nodes: list[Any] = [json.loads(body)]
    except ValueError:
        return
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            if isinstance(node.get("path"), str):
                yield node["path"]
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
