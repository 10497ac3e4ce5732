"""/v1/subjects: people, their consent, and their enrollments."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response, Security

from app.api.context import Service, ServiceDep, bearer, need
from app.api.idempotency import digest, same_request
from app.api.job_schemas import JobOut, JobsOut
from app.api.openapi import ACCEPTED, LOCATION, upload_body
from app.api.problems import Problem, not_found, of_kind
from app.api.subject_schemas import ForgottenOut, MergedOut, MergeIn, SubjectChange, SubjectIn, SubjectOut, SubjectsOut
from app.api.uploads import CEILING_BYTES, keep_upload, receive
from pipelines import merging, names
from pipelines.enrolling import consent_of
from pvchat.errors import SubjectError
from storage import jobs, people
from storage.keys import Key
from storage.people import SubjectInfo

router = APIRouter(prefix="/v1/subjects", tags=["subjects"], dependencies=[Security(bearer)])

_PICK = {"type": "integer", "minimum": 1, "maximum": 1000, "description": "which person, if several"}
_TRAIN = {"type": "string", "enum": ["true", "false"], "description": "whether to train, too"}


@router.post("", status_code=201, responses={201: LOCATION, 409: {}})
async def create(
    body: SubjectIn, service: ServiceDep, response: Response, _key: Annotated[Key, Depends(need("subjects:write"))]
) -> SubjectOut:
    """Note a person and their consent, to be enrolled by `POST /v1/subjects/{id}/enrollments`."""

    def work() -> SubjectInfo:
        # A consent that has ended already is a conflict (409), like one that ends later.
        consent = consent_of(body.consent.given_by, body.consent.purpose, body.consent.expires_at)
        name = _name(body.name)
        with service.store.write() as session:
            subject_id = people.create(session, name=name, name_key=names.name_key(name), consent=consent)
            found = people.get(session, subject_id)
        if found is None:
            raise not_found("subject")
        return found

    created = SubjectOut.of(await service.run(work))
    response.headers["Location"] = f"/v1/subjects/{created.id}"
    return created


@router.get("")
async def list_subjects(service: ServiceDep, _key: Annotated[Key, Depends(need("subjects:read"))]) -> SubjectsOut:
    """Everybody with a consent, enrolled or not."""

    def work() -> list[SubjectInfo]:
        with service.store.read() as session:
            return people.list_info(session)

    return SubjectsOut(subjects=[SubjectOut.of(info) for info in await service.run(work)])


@router.get("/{subject_id}")
async def get_subject(
    subject_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("subjects:read"))]
) -> SubjectOut:
    """One person."""
    return SubjectOut.of(await existing(service, subject_id))


@router.patch("/{subject_id}", responses={409: {}})
async def rename(
    subject_id: str,
    body: SubjectChange,
    service: ServiceDep,
    _key: Annotated[Key, Depends(need("subjects:write"))],
) -> SubjectOut:
    """Call a person something else."""

    def work() -> SubjectInfo | None:
        name = _name(body.name)
        with service.store.write() as session:
            if people.get(session, subject_id) is None:
                return None
            people.rename(session, subject_id, name=name, name_key=names.name_key(name))
            return people.get(session, subject_id)

    found = await service.run(work)
    if found is None:
        raise not_found("subject")
    return SubjectOut.of(found)


@router.get("/{subject_id}/erasure", responses={409: {}})
async def erasure(
    subject_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("subjects:delete"))]
) -> ForgottenOut:
    """What forgetting this person would take now. Nothing is changed."""
    await existing(service, subject_id)
    return _gone(await service.supervisor.client.forget(subject_id, preview=True))


@router.delete("/{subject_id}", responses={409: {}})
async def forget(
    subject_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("subjects:delete"))]
) -> ForgottenOut:
    """Forget a person: templates, vectors, records of videos they are in, uploads they were enrolled from, jobs."""
    await existing(service, subject_id)

    def cancel() -> None:
        with service.store.write() as session:
            jobs.cancel_of_subject(session, subject_id)

    await service.run(cancel)
    return _gone(await service.supervisor.client.forget(subject_id))


@router.get("/{subject_id}/merge", responses={409: {}})
async def preview_merge(
    subject_id: str,
    other: Annotated[str, Query(min_length=1, max_length=36, description="id of the person who would be absorbed")],
    service: ServiceDep,
    _key: Annotated[Key, Depends(need("subjects:delete"))],
) -> MergedOut:
    """What making one person of two would do now. Nothing is changed."""
    return await _merge(service, subject_id, other, preview=True)


@router.post("/{subject_id}/merge", responses={409: {}})
async def merge(
    subject_id: str, body: MergeIn, service: ServiceDep, _key: Annotated[Key, Depends(need("subjects:delete"))]
) -> MergedOut:
    """Make one person of two who were enrolled apart. This one stays; templates are joined, the earlier end of the two
    consents counts, adapters of the other one go. It cannot be undone."""
    return await _merge(service, subject_id, body.other, preview=False)


async def _merge(service: Service, kept: str, absorbed: str, *, preview: bool) -> MergedOut:
    for one in (kept, absorbed):
        await existing(service, one)
    return MergedOut.of(await service.run(lambda: merging.merge(service.store, kept, absorbed, preview=preview)))


@router.get("/{subject_id}/enrollments")
async def list_enrollments(
    subject_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("subjects:read"))]
) -> JobsOut:
    """The enrollments of a person, newest first. An enrollment is a job."""
    await existing(service, subject_id)

    def work() -> list[jobs.Job]:
        with service.store.read() as session:
            return jobs.list_all(session, subject_id=subject_id)

    return JobsOut(jobs=[JobOut.of(job) for job in await service.run(work)])


@router.post(
    "/{subject_id}/enrollments",
    status_code=202,
    responses={202: ACCEPTED, 409: {}},
    openapi_extra=upload_body(pick=_PICK, train=_TRAIN),
    max_body_size=CEILING_BYTES,
)
async def enroll(
    subject_id: str,
    request: Request,
    response: Response,
    service: ServiceDep,
    key: Annotated[Key, Depends(need("subjects:write"))],
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> JobOut:
    """Enroll a person from one video. The answer names the job to follow; where several people could be meant, the job
    asks which (`needs_pick`). A second enrollment takes the place of the first.

    With `train` the job (of kind `train`) goes on to train; questions are answered after its step `entry`. A person has
    one training at a time: for the same video its job is the answer, for another one it is a conflict (409)."""
    info = await existing(service, subject_id)
    upload = await receive(request, service, ("pick", "train"))
    try:
        pick, train = _pick(upload.fields.get("pick")), _train(upload.fields.get("train"))
        fingerprint = digest(f"{subject_id}:{upload.sha256}:{pick}{':train' if train else ''}")
        job = await same_request(service, key.id, idempotency_key, fingerprint) or await keep_upload(
            service,
            upload,
            owner=key.id,
            kind="train" if train else "enroll",
            subject_id=info.id,
            pick=pick,
            idempotency_key=idempotency_key,
            fingerprint=fingerprint,
        )
    finally:
        service.folder.drop(upload.path)
    await service.supervisor.client.wake()
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    response.headers["Retry-After"] = "1"
    return JobOut.of(job)


async def existing(service: Service, subject_id: str) -> SubjectInfo:
    """The person with this id, or 404."""

    def work() -> SubjectInfo | None:
        with service.store.read() as session:
            return people.get(session, subject_id)

    found = await service.run(work)
    if found is None:
        raise not_found("subject")
    return found


def _gone(found: dict[str, Any]) -> ForgottenOut:
    if "detail" in found:
        raise of_kind(found["kind"], found["detail"])
    return ForgottenOut(**found)


def _name(text: str) -> str:
    try:
        return names.clean_name(text)
    except SubjectError as error:
        raise Problem(422, "The name cannot be used", str(error)) from error


def _pick(text: str | None) -> int | None:
    if text is None or not text.strip():
        return None
    if not text.strip().isdecimal() or not 1 <= int(text) <= 1000:
        raise Problem(422, "The request does not fit the schema", f"pick is {text[:20]!r}; give a number from 1")
    return int(text)


def _train(text: str | None) -> bool:
    if text is None or not text.strip():
        return False
    if text.strip() not in ("true", "false"):
        raise Problem(422, "The request does not fit the schema", f"train is {text[:20]!r}; give true or false")
    return text.strip() == "true"
