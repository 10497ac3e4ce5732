"""Is it alive, is it ready, how is it doing."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, Security
from fastapi.responses import JSONResponse, PlainTextResponse

from app.api.context import ServiceDep, bearer, need
from app.api.schemas import ReadyOut
from storage import jobs
from storage.keys import Key

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The service answers. Needs no key."""
    return {"status": "ok"}


@router.get("/readyz", response_model=ReadyOut, responses={503: {"model": ReadyOut, "description": "Not yet"}})
async def ready(service: ServiceDep) -> Response:
    """The worker has its models and the database can be read; 503 until then. Needs no key."""
    found = await service.supervisor.client.health()
    if found is None or not found["ready"]:
        why = "the worker is starting" if found is None or found["problem"] is None else found["problem"]
        return JSONResponse({"status": "starting", "detail": why}, 503, headers={"Retry-After": "2"})
    await service.run(lambda: _waiting(service))
    return JSONResponse({"status": "ready"})


@router.get("/metrics", dependencies=[Security(bearer)], response_class=PlainTextResponse)
async def metrics(service: ServiceDep, _key: Annotated[Key, Depends(need("metrics:read"))]) -> Response:
    """Figures in Prometheus' text format."""
    service.metrics.jobs.set(await service.run(lambda: _waiting(service)))
    service.metrics.waiting.set(service.turns.waiting)
    service.metrics.restarts.set(service.supervisor.restarts)
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")


def _waiting(service: ServiceDep) -> int:
    with service.store.read() as session:
        return jobs.waiting(session)
