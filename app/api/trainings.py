"""/v1/subjects/{id}: train an enrolled person, and choose which of their adapters answers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response, Security

from app.api.context import ServiceDep, bearer, need
from app.api.idempotency import digest, same_request
from app.api.job_schemas import AdapterOut, AdaptersOut, JobOut, RollbackIn, TrainingIn
from app.api.openapi import ACCEPTED
from app.api.subjects import existing
from app.api.uploads import check_room
from pipelines.adapter_versions import roll_back, versions
from pipelines.enroll.jobs import accept, plain_options
from pipelines.vlm_tools import base_name
from storage.jobs import Job
from storage.keys import Key

router = APIRouter(prefix="/v1/subjects", tags=["trainings"], dependencies=[Security(bearer)])


@router.post("/{subject_id}/trainings", status_code=202, responses={202: ACCEPTED, 409: {}})
async def train(
    subject_id: str,
    body: TrainingIn,
    response: Response,
    service: ServiceDep,
    key: Annotated[Key, Depends(need("subjects:write"))],
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> JobOut:
    """Train an enrolled person from the video they were enrolled from. The answer names the job to follow; a person has
    one at a time."""
    info = await existing(service, subject_id)
    fingerprint = digest(f"{subject_id}:train:{body.questions}")

    def work() -> Job:
        with service.store.write() as session:
            check_room(session, service)
            return accept(
                session,
                info.id,
                plain_options(body.questions, synthesis=service.settings.synthesis),
                owner=key.id,
                idempotency_key=idempotency_key,
                fingerprint=fingerprint,
            )

    job = await same_request(service, key.id, idempotency_key, fingerprint)
    if job is None:
        job = await service.run(work)
    await service.supervisor.client.wake()
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    response.headers["Retry-After"] = "1"
    return JobOut.of(job)


@router.get("/{subject_id}/adapters")
async def list_adapters(
    subject_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("subjects:read"))]
) -> AdaptersOut:
    """The versions that trainings left for the model that answers, newest first. Where none is current, the enrollment
    alone answers."""
    await existing(service, subject_id)
    base = base_name(service.settings.base)
    found = await service.run(lambda: versions(service.store, subject_id, base))
    return AdaptersOut(adapters=[AdapterOut.of(info) for info in found])


@router.post("/{subject_id}/adapters/rollback", responses={409: {}})
async def rollback(
    subject_id: str, body: RollbackIn, service: ServiceDep, _key: Annotated[Key, Depends(need("subjects:write"))]
) -> AdaptersOut:
    """Let an earlier version answer from now on, or with `instant` none of them. No version is deleted."""
    await existing(service, subject_id)
    base = base_name(service.settings.base)
    found = await service.run(
        lambda: roll_back(service.store, subject_id, base, version=body.version, instant=body.instant)
    )
    return AdaptersOut(adapters=[AdapterOut.of(info) for info in found])
