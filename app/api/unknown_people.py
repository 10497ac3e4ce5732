"""/v1/unknown-people: people in the videos who are nobody enrolled; list, see, name with consent, forget."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response, Security

from app.api.context import Service, ServiceDep, bearer, need
from app.api.openapi import LOCATION
from app.api.problems import Problem, not_found, of_kind
from app.api.subject_schemas import SubjectIn, SubjectOut
from app.api.subjects import existing
from app.api.unknown_schemas import NamedOut, UnknownForgottenOut, UnknownPeopleOut, UnknownPersonOut
from pipelines import names
from pipelines.crops import jpegs_of
from pvchat.errors import SubjectError, VideoError
from storage import media
from storage.keys import Key

router = APIRouter(prefix="/v1/unknown-people", tags=["unknown people"], dependencies=[Security(bearer)])


@router.get("")
async def list_unknown(service: ServiceDep, _key: Annotated[Key, Depends(need("unknown:read"))]) -> UnknownPeopleOut:
    """Everybody in the videos who is nobody enrolled, grouped over all videos, by number. A number stays with its
    person as long as anything of them is kept; after `expires_at` their vectors are deleted."""
    told = _done(await service.supervisor.client.unknown("list"))
    uploads = await service.run(lambda: _uploads(service))
    return UnknownPeopleOut(unknown_people=[UnknownPersonOut.of(person, uploads) for person in told["people"]])


@router.get("/{person_id}")
async def get_unknown(
    person_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("unknown:read"))]
) -> UnknownPersonOut:
    """One of them."""
    return await one(service, person_id)


@router.get("/{person_id}/picture", responses={200: {"content": {"image/jpeg": {}}}}, response_class=Response)
async def picture(person_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("unknown:read"))]) -> Response:
    """The face, cut out of an upload at its best moment. 404 where no upload shows the person any more."""
    person = await one(service, person_id)
    place = person.shown_in()
    if place is None or place.video_id is None:
        raise not_found("picture")
    file = service.folder.path(place.video_id)
    try:
        jpegs = await service.run(lambda: jpegs_of(file, [(place.keyframe_s, place.box)]))
    except VideoError as error:
        # Deleted between the two moments.
        raise not_found("picture") from error
    return Response(jpegs[0], media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@router.post("/{person_id}/name", status_code=201, responses={201: LOCATION, 409: {}})
async def name(
    person_id: str,
    body: SubjectIn,
    service: ServiceDep,
    response: Response,
    _key: Annotated[Key, Depends(need("unknown:write"))],
) -> NamedOut:
    """Enroll an unknown person, with their consent, from the faces of all videos they are in. Refused (422) where these
    are too few or too poor."""
    named = await enroll(service, person_id, body)
    response.headers["Location"] = f"/v1/subjects/{named.subject.id}"
    return named


@router.delete("/{person_id}", responses={409: {}})
async def forget(
    person_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("unknown:delete"))]
) -> UnknownForgottenOut:
    """Delete the vectors of an unknown person everywhere. Uploads stay; they are looked at anew when somebody asks."""
    await one(service, person_id)
    return UnknownForgottenOut(**_done(await service.supervisor.client.unknown("forget", id=person_id)))


async def enroll(service: Service, person_id: str, body: SubjectIn) -> NamedOut:
    """Let the worker enroll an unknown person. Raises Problem."""
    try:
        wanted = names.clean_name(body.name)
    except SubjectError as error:
        raise Problem(422, "The name cannot be used", str(error)) from error
    await one(service, person_id)
    ends = body.consent.expires_at
    told = _done(
        await service.supervisor.client.unknown(
            "name",
            id=person_id,
            name=wanted,
            given_by=body.consent.given_by,
            purpose=body.consent.purpose,
            expires_at=None if ends is None else ends.isoformat(),
        )
    )
    subject = SubjectOut.of(await existing(service, told["subject"]))
    return NamedOut(subject=subject, warnings=told["warnings"])


async def one(service: Service, person_id: str) -> UnknownPersonOut:
    """The unknown person with this id, or 404. A number is no id: it is for people."""
    told = await service.supervisor.client.unknown("get", id=person_id)
    if told.get("kind") == "SubjectError" or ("person" in told and told["person"]["id"] != person_id):
        raise not_found("unknown person")
    told = _done(told)
    uploads = await service.run(lambda: _uploads(service))
    return UnknownPersonOut.of(told["person"], uploads)


def _uploads(service: Service) -> dict[str, str]:
    """Id of the newest upload of each content, by SHA-256."""
    with service.store.read() as session:
        return {item.sha256: item.id for item in reversed(media.list_all(session))}


def _done(told: dict[str, Any]) -> dict[str, Any]:
    if "detail" in told:
        raise of_kind(told["kind"], told["detail"])
    return told
