"""/v1/jobs: follow, cancel, let go on, and say who is meant."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, Security
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.api.context import Service, ServiceDep, bearer, need
from app.api.job_schemas import JobOut, JobsOut, PickIn
from app.api.problems import Problem, not_found
from pipelines.enroll import jobs as trainings
from storage import jobs
from storage.jobs import Job
from storage.keys import Key
from storage.schema import JobState

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[Security(bearer)])

_LOOK_EVERY_S = 0.25
_KEEP_ALIVE_S = 15.0
# A report is a page of its own with its pictures in it; it has no business with scripts or with other places.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@router.get("")
async def list_jobs(
    service: ServiceDep,
    _key: Annotated[Key, Depends(need("jobs:read"))],
    state: JobState | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JobsOut:
    """The newest jobs, newest first."""

    def work() -> list[Job]:
        with service.store.read() as session:
            return jobs.list_all(session, state=state, most=limit)

    return JobsOut(jobs=[JobOut.of(job) for job in await service.run(work)])


@router.get("/{job_id}")
async def get_job(job_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("jobs:read"))]) -> JobOut:
    """One job."""
    return JobOut.of(await existing(service, job_id))


@router.delete("/{job_id}", responses={409: {}})
async def cancel(job_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("jobs:write"))]) -> JobOut:
    """Cancel a job that has not ended. Nothing of an enrollment stays; what a training has finished is kept, so that it
    can go on. A job that has ended is left as it is (409)."""
    await existing(service, job_id)

    def work() -> bool:
        with service.store.write() as session:
            return jobs.cancel(session, job_id)

    if not await service.run(work):
        raise Problem(409, "The job has ended", "it is done, failed or cancelled already")
    return JobOut.of(await existing(service, job_id))


@router.post("/{job_id}/resume", responses={409: {}})
async def resume(job_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("jobs:write"))]) -> JobOut:
    """Let a training that failed or was cancelled go on from what it has finished."""
    job = await existing(service, job_id)
    if job.state == "needs_pick":
        raise Problem(409, "The job asks who is meant", f"answer it: POST /v1/jobs/{job_id}/pick")
    job = await service.run(lambda: trainings.resume(service.store, job_id))
    await service.supervisor.client.wake()
    return JobOut.of(job)


@router.get("/{job_id}/report", responses={200: {"content": {"text/html": {}}}}, response_class=HTMLResponse)
async def report(job_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("jobs:read"))]) -> HTMLResponse:
    """What a training has brought, as a page, once it is done."""
    job = await existing(service, job_id)

    def work() -> str | None:
        path = trainings.report_path(service.settings.home, job)
        return None if path is None else path.read_text(encoding="utf-8")

    text = await service.run(work)
    if text is None:
        raise not_found("report")
    return HTMLResponse(text, headers={"Content-Security-Policy": _REPORT_POLICY})


@router.post("/{job_id}/pick", responses={409: {}})
async def pick(
    job_id: str, body: PickIn, service: ServiceDep, _key: Annotated[Key, Depends(need("jobs:write"))]
) -> JobOut:
    """Say which of the people in the video is meant; the job goes on."""
    await existing(service, job_id)

    def work() -> bool:
        with service.store.write() as session:
            return jobs.choose(session, job_id, body.number)

    if not await service.run(work):
        raise Problem(409, "Nothing to pick", "the job does not ask who is meant, or offers no such number")
    await service.supervisor.client.wake()
    return JobOut.of(await existing(service, job_id))


@router.get("/{job_id}/crops/{number}", responses={200: {"content": {"image/jpeg": {}}}}, response_class=Response)
async def crop(
    job_id: str,
    number: Annotated[int, Path(ge=1, le=1000)],
    service: ServiceDep,
    _key: Annotated[Key, Depends(need("jobs:read"))],
) -> Response:
    """The face of a person to pick."""

    def work() -> bytes | None:
        with service.store.read() as session:
            return jobs.crop(session, job_id, number)

    jpeg = await service.run(work)
    if jpeg is None:
        raise not_found("picture")
    return Response(jpeg, media_type="image/jpeg")


async def _followed(job_id: str, service: ServiceDep) -> Job:
    # In a dependency, because a stream that has begun can say 404 no more.
    return await existing(service, job_id)


@router.get("/{job_id}/events", response_class=EventSourceResponse)
async def events(
    job_id: str,
    service: ServiceDep,
    _key: Annotated[Key, Depends(need("jobs:read"))],
    found: Annotated[Job, Depends(_followed)],
) -> AsyncIterator[ServerSentEvent]:
    """The job at each change, as server-sent events called `job`, until it ends or asks who is meant."""
    job: Job | None = found
    seen, quiet_s = -1, 0.0
    while job is not None:
        if job.version != seen:
            seen, quiet_s = job.version, 0.0
            yield ServerSentEvent(data=JobOut.of(job).model_dump(mode="json"), event="job", id=str(seen))
            if job.ended or job.state == "needs_pick":
                return
        elif quiet_s >= _KEEP_ALIVE_S:
            quiet_s = 0.0
            yield ServerSentEvent(comment="still here")
        await asyncio.sleep(_LOOK_EVERY_S)
        quiet_s += _LOOK_EVERY_S
        job = await service.run(lambda: _get(service, job_id))


async def existing(service: Service, job_id: str) -> Job:
    """The job with this id, or 404."""
    job = await service.run(lambda: _get(service, job_id))
    if job is None:
        raise not_found("job")
    return job


def _get(service: Service, job_id: str) -> Job | None:
    with service.store.read() as session:
        return jobs.get(session, job_id)
