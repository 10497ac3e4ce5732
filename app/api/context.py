"""What the routes share, and who may use them."""

import asyncio
from collections.abc import Callable
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


@dataclass(frozen=True)
class need:  # noqa: N801 - reads as a verb where it is used: Depends(need("chat"))
    """A dependency that gives the request's key, and refuses keys without a scope."""

    scope: str

    async def __call__(self, request: Request) -> Key:
        """The key. Raises Problem."""
        key: Key | None = request.scope.get("state", {}).get("key")
        if key is None:
            raise Problem(401, "A key is needed", "send `Authorization: Bearer KEY`")
        if self.scope not in key.scopes:
            detail = f"this needs the scope {self.scope}; have a key made that has it"
            raise Problem(403, "The key may not do this", detail)
        return key
