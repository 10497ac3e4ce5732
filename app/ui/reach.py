"""How far a browser reaches into Gradio: only the routes that the pages use, under a content security policy."""

import re

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import not_found, response
from app.auth.gate import PAGES

_USED = re.compile(
    r"/?|/config|/theme\.css|/favicon\.ico|/(assets|static)/[^?]+"
    r"|/gradio_api/(queue/(join|data)|upload|upload_progress|startup-events|cancel|reset|info|app_id"
    r"|heartbeat/\w+|file=.+)"
)
_UPLOAD = f"{PAGES}/gradio_api/upload"
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
        most_bytes: of a video that is uploaded in a page; for everything else the application's own limit holds.
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int) -> None:
        self._app = app
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

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", _POLICY.encode())]
                if path.startswith(_ASSETS):
                    # Their names change with their content.
                    message["headers"].append((b"cache-control", b"private, max-age=604800, immutable"))
            await send(message)

        app = self._uploading if path == _UPLOAD else self._app
        await app(scope, receive, sender)
