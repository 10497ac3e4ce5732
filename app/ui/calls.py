"""What the pages share: whose request it is, and errors as a person reads them."""

import functools
import html
import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import gradio as gr
from pydantic import ValidationError

from app.api import problems
from app.api.context import Service, need
from app.api.problems import Problem
from storage.keys import Key

HANDLED: Final = (*problems.HANDLED, ValidationError)
# Of every event that the pages have: nothing of it is an API, nobody waits for anybody else's.
QUIET: Final[dict[str, Any]] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": None,
}


async def key_for(scope: str, request: gr.Request) -> Key:
    """The key behind a browser's login. Raises Problem when it may not do this."""
    if request.request is None:
        raise Problem(401, "A key is needed", "log in again")
    return await need(scope)(request.request)


def told(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Let an error of the service show as a message, and leave the page as it is.

    Args:
        handler: a coroutine function, or an asynchronous generator function.
    """
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def streaming(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            try:
                async for update in handler(*args, **kwargs):
                    yield update
            except HANDLED as error:
                _tell(error)
                yield gr.skip()

        return streaming

    @functools.wraps(handler)
    async def answering(*args: Any, **kwargs: Any) -> Any:
        try:
            return await handler(*args, **kwargs)
        except HANDLED as error:
            _tell(error)
            return gr.skip()

    return answering


def problem_of(error: Exception) -> Problem:
    """An error in `HANDLED` as a person reads it."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = " ".join(str(part) for part in first["loc"]).replace("_", " ")
        return Problem(422, "Not complete yet", f"{where}: {first['msg']}")
    return problems.of(error)


def arrived(service: Service, path: str) -> Path:
    """A file that the browser uploaded to these pages. A request can name any path; only our own folder holds uploads.

    Raises:
        Problem: it lies elsewhere, or is gone.
    """
    file = Path(path).resolve()
    if not file.is_relative_to(pages_folder(service).resolve()) or not file.is_file():
        raise Problem(422, "The upload is gone", "the file was not uploaded here or was tidied away; choose it again")
    return file


def pages_folder(service: Service) -> Path:
    """Where uploads lie between the browser and the job."""
    return service.settings.home / "pages"


def say(text: str, title: str) -> None:
    """A message for some seconds. Gradio shows it as HTML, and texts hold names of files and people."""
    gr.Info(html.escape(text), title=title)


def _tell(error: Exception) -> None:
    problem = problem_of(error)
    gr.Warning(html.escape(problem.detail), title=problem.title, duration=20)
