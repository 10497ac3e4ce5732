"""The service as one ASGI application: gate, routes, worker."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI

from app.api import (
    chat,
    completions,
    corpus,
    feedback,
    health,
    jobs,
    keys,
    problems,
    subjects,
    trainings,
    unknown_people,
    videos,
)
from app.api.context import Service
from app.api.metrics import Measured
from app.api.openapi import complete
from app.api.schemas import ProblemOut
from app.api.supervisor import Supervisor
from app.api.waiting import Turns
from app.auth import login
from app.auth.cookies import Cookies, cookie_secret
from app.auth.gate import Gate
from app.settings import ServiceSettings
from storage import media
from storage.media import MediaFolder
from storage.store import Store

log = logging.getLogger(__name__)

_ROUTERS = tuple(
    module.router
    for module in (
        health,
        subjects,
        unknown_people,
        trainings,
        jobs,
        videos,
        feedback,
        corpus,
        chat,
        completions,
        keys,
    )
)
_DESCRIPTION = """Enroll a person from one video, ask about that person in any other, get an answer with its evidence.

Every route but the health routes needs a key: `Authorization: Bearer KEY`. Errors are problem details (RFC 9457)."""


def build(settings: ServiceSettings, supervisor: Supervisor | None = None) -> FastAPI:
    """Put the service together; its worker starts and ends with the application.

    Args:
        settings: see `ServiceSettings`. supervisor: of the worker, by default of a real one.

    Raises:
        StorageError: the data folder cannot be used.
    """
    store = Store.open(settings.home)
    folder = MediaFolder(settings.home)
    service = Service(
        settings=settings,
        store=store,
        folder=folder,
        supervisor=supervisor
        or Supervisor(
            settings.home, base=settings.base, jobs_url=settings.jobs_url, unknown_hours=settings.unknown_hours
        ),
        turns=Turns(settings.chat_waiting),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        tidied = await service.run(lambda: _tidy(service))
        if tidied:
            log.warning("%d files of unfinished uploads were deleted", tidied)
        service.supervisor.start()
        yield
        await service.supervisor.stop()
        store.close()

    app = _Documented(
        title="PVChat",
        version=_version(),
        description=_DESCRIPTION,
        lifespan=lifespan,
        max_body_size=settings.max_json_kb << 10,
        responses={"default": {"model": ProblemOut, "description": "A problem (RFC 9457)"}},
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router)
    if settings.pages:
        # Gradio takes seconds to import, and whoever wants the API alone does not need it.
        from app.ui import pages

        app.include_router(login.router)
        pages.mount(app, service)
    app.state.cookies = Cookies(cookie_secret(settings.home), settings.login_hours * 3600)
    app.add_middleware(Measured, metrics=service.metrics)
    app.add_middleware(Gate, store=store, cookies=app.state.cookies, per_minute=settings.requests_per_minute)
    return app


class _Documented(FastAPI):
    """Says in the OpenAPI document which scope each operation needs, and which problems it answers with."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        if self.openapi_schema is None:
            complete(super().openapi(), (route for router in _ROUTERS for route in router.routes))
        return self.openapi_schema or {}


def _tidy(service: Service) -> int:
    with service.store.read() as session:
        known = {item.id for item in media.list_all(session)}
    return service.folder.tidy(known)


def _version() -> str:
    try:
        return version("pvchat")
    except PackageNotFoundError:
        return "0"
