"""What the routes share, and who may use them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from app.api.metrics import Metrics
from app.api.problems import Problem
from app.api.supervisor import Supervisor
from app.api.waiting import Turns
from app.settings import ServiceSettings
from storage.keys import Key
from storage.media import MediaFolder
from storage.store import Store

T = TypeVar("T")


@dataclass
class Service:
    """The parts of the running service.

    Attributes:
        settings: see `ServiceSettings`. store: the database. folder: of uploaded files.
        supervisor: of the worker. turns: the queue before the model. metrics: for Prometheus.
    """

    settings: ServiceSettings
    store: Store
    folder: MediaFolder
    supervisor: Supervisor
    turns: Turns
    metrics: Metrics = field(default_factory=Metrics)

    async def run(self, work: Callable[[], T]) -> T:
        """Do something that blocks (the database, the disk) beside the event loop."""
        return await asyncio.to_thread(work)


def service_of(request: Request) -> Service:
    """The running service."""
    found: Service = request.app.state.service
    return found


ServiceDep = Annotated[Service, Depends(service_of)]

# Only for the OpenAPI document; the gate has looked at the key before.
bearer = HTTPBearer(auto_error=False, description="An API key.")


def need(scope: str) -> Callable[[Request], Awaitable[Key]]:
    """A dependency that refuses keys without a scope and gives the key."""

    async def check(request: Request) -> Key:
        key: Key | None = request.scope.get("state", {}).get("key")
        if key is None:
            raise Problem(401, "A key is needed", "send `Authorization: Bearer KEY`")
        if scope not in key.scopes:
            raise Problem(403, "The key may not do this", f"this needs the scope {scope}; have a key made that has it")
        return key

    check.scope = scope  # type: ignore[attr-defined]
    return check
