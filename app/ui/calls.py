"""What the pages share: whose request it is, and errors as a person reads them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import gradio as gr
from pydantic import ValidationError

from app.api import problems
from app.api.context import need
from storage.keys import Key


async def key_for(scope: str, request: gr.Request) -> Key:
    """The key behind a browser's login. Raises Problem when it may not do this."""
    if request.request is None:
        raise problems.Problem(401, "A key is needed", "log in again")
    return await need(scope)(request.request)


@asynccontextmanager
async def told() -> AsyncIterator[None]:
    """Turn an error of the service into a message on the page."""
    try:
        yield
    except ValidationError as error:
        raise _message("Not yet complete", said(error)) from error
    except problems.HANDLED as error:
        problem = problems.of(error)
        raise _message(problem.title, problem.detail) from error


def said(error: Exception) -> str:
    """What an error of the service says to a person."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return problems.of(error).detail


def _message(title: str, detail: str) -> gr.Error:
    return gr.Error(detail, title=title, print_exception=False, duration=None)
