"""Errors as problem details (RFC 9457), one shape for all of them."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from app.api.waiting import QueueFullError
from app.api.worker_client import WorkerDownError
from pvchat.errors import PVChatError

MEDIA_TYPE = "application/problem+json"
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_OPENAI = "/v1/chat/completions"
# By the name of the error's class, the nearest ancestor first.
_STATUS = {
    "SubjectError": (409, "The person cannot be used"),
    "ConsentError": (409, "The consent does not hold"),
    "JobError": (409, "The job cannot do this"),
    "TrainingError": (422, "The training cannot be done"),
    "FeedbackConflictError": (409, "It contradicts what was said before"),
    "FeedbackError": (409, "Nobody can be told who is meant"),
    "QuestionError": (422, "The question cannot be asked"),
    "NoFaceError": (422, "No face that can be described"),
    "VideoError": (422, "The video cannot be read"),
    "ScopeError": (422, "There is no such scope"),
    "StorageError": (503, "The data folder cannot be used"),
    "WeightsError": (503, "A model is missing"),
    "PVChatError": (400, "The request cannot be done"),
}


class Problem(Exception):  # noqa: N818
    """An error to answer with.

    Args:
        status: HTTP status. title: what kind of problem, the same each time. detail: what is wrong this time, and the
            way out. headers: further headers. more: further members.
    """

    def __init__(
        self, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def body(self) -> dict[str, Any]:
        """The members of the problem."""
        return {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail, **self.more}


def not_found(what: str) -> Problem:
    """There is no such thing."""
    return Problem(404, "Not found", f"there is no such {what}; it may have been deleted")


def of_kind(kind: str, detail: str) -> Problem:
    """The problem for an error of the library, by the name of its class."""
    status, title = _STATUS.get(kind, (500, "Something unexpected happened"))
    return Problem(status, title, detail)


def of_error(error: PVChatError) -> Problem:
    """The problem for an error of the library."""
    kind = next((c.__name__ for c in type(error).__mro__ if c.__name__ in _STATUS), "PVChatError")
    return of_kind(kind, str(error))


def worker_down() -> Problem:
    """The worker went away."""
    return Problem(
        503,
        "The worker stopped",
        "the worker stopped before it had answered; it is being started again, try in a few seconds",
        {"Retry-After": "10"},
    )


def queue_full(error: QueueFullError) -> Problem:
    """Too many are waiting for the model."""
    return Problem(429, "Too many requests", str(error), {"Retry-After": str(error.retry_after_s)})


# What routes and pages raise when a request cannot be done; anything else is a defect of ours.
HANDLED = (Problem, PVChatError, QueueFullError, WorkerDownError)


def of(error: Exception) -> Problem:
    """The problem for any error in `HANDLED`.

    Raises:
        Exception: the error itself, when it is none of these.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, QueueFullError):
        return queue_full(error)
    if isinstance(error, WorkerDownError):
        return worker_down()
    if isinstance(error, PVChatError):
        return of_error(error)
    raise error


class ProblemResponse(JSONResponse):
    """A problem as JSON. It may quote what a client sent, and half of a surrogate pair has no UTF-8."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def response(problem: Problem, path: str = "") -> JSONResponse:
    """The problem as a response; on the OpenAI-shaped route with the member its clients look for."""
    body = problem.body()
    if path.startswith(_OPENAI):
        kind = "rate_limit_error" if problem.status == 429 else "invalid_request_error"
        kind = "server_error" if problem.status >= 500 else kind
        body["error"] = {"message": problem.detail, "type": kind, "param": None, "code": problem.title}
    return ProblemResponse(body, problem.status, headers=problem.headers)


def install(app: FastAPI) -> None:
    """Let every error leave as a problem."""

    async def handled(request: Request, error: Exception) -> JSONResponse:
        return response(of(error), request.url.path)

    for kind in HANDLED:
        app.add_exception_handler(kind, handled)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        found = [{"where": ".".join(str(p) for p in e["loc"]), "what": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{item['where']}: {item['what']}" for item in found[:5])
        return response(Problem(422, "The request does not fit the schema", detail, errors=found), request.url.path)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        title = {404: "Not found", 405: "Method not allowed", 413: "Too large"}.get(error.status_code, "Refused")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(app, request.scope)) or headers.get("Allow", "")
        return response(Problem(error.status_code, title, str(error.detail), headers), request.url.path)


def _methods(app: FastAPI, scope: Scope) -> list[str]:
    """What can be done with a path. The router names only the methods of the first route that fits it."""
    found: set[str] = set()
    for method in _METHODS:
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in app.routes):
            found.add(method)
    return sorted(found)
