"""/v1/feedback: saying who a person in a video is, or is not."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, Security

from app.api.chat_schemas import FeedbackIn, FeedbackListOut, FeedbackOut
from app.api.context import Service, ServiceDep, bearer, need
from app.api.openapi import LOCATION
from app.api.problems import Problem, not_found
from app.api.videos import existing
from pipelines import feedback, names
from pipelines.feedback import Said
from pvchat.errors import FeedbackError, SubjectError
from pvchat.identity.pointing import Pointer
from storage import media, people
from storage.keys import Key

router = APIRouter(prefix="/v1/feedback", tags=["feedback"], dependencies=[Security(bearer)])

_MOST = 500


@router.post("", status_code=201, responses={201: LOCATION, 404: {}, 409: {}})
async def say(
    body: FeedbackIn, service: ServiceDep, response: Response, key: Annotated[Key, Depends(need("feedback:write"))]
) -> FeedbackOut:
    """Say that somebody in a video is an enrolled person, or is not. It holds from the next answer on.

    The track is named by its number (`tracks` in the evidence of an answer), or by a moment and, where several people
    are seen then, a place or a point. Saying the same again gives the statement that is there; what contradicts an
    earlier one is a conflict (409), as is a track that cannot be told."""
    found = await existing(service, body.video)
    point = None if body.point is None else (body.point.x, body.point.y)
    pointer = Pointer(body.track, body.time_s, body.place, point)

    def work() -> Said:
        with service.store.read() as session:
            everybody = {info.id: info.name for info in people.list_info(session)}
        subject_id = body.subject
        if subject_id not in everybody:
            named = {name: one for one, name in everybody.items()}
            try:
                subject_id = named[names.find_subject(body.subject, list(named))]
            except SubjectError as error:
                raise Problem(404, "Not found", str(error)) from error
        perceived = feedback.newest_perception(service.store, found.sha256)
        if perceived is None:
            detail = "the video has not been looked at yet; try again when it is"
            raise Problem(409, "Not looked at yet", detail, {"Retry-After": "2"})
        return feedback.say(service.store, subject_id, body.verdict, perceived, pointer, author=key.id)

    said = await service.run(work)
    response.headers["Location"] = f"/v1/feedback/{said.feedback.id}"
    return FeedbackOut.of(said, await service.run(lambda: _uploads(service)))


@router.get("")
async def list_feedback(
    service: ServiceDep,
    _key: Annotated[Key, Depends(need("feedback:read"))],
    video: Annotated[str | None, Query(max_length=36, description="id of an upload: only about this video")] = None,
    subject: Annotated[str | None, Query(max_length=36, description="id of a person: only about this one")] = None,
) -> FeedbackListOut:
    """What was said, oldest first; of more than 500 statements the newest."""

    return FeedbackListOut(feedback=await said_about(service, video, subject))


@router.get("/{feedback_id}")
async def get_feedback(
    feedback_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("feedback:read"))]
) -> FeedbackOut:
    """One statement."""

    def work() -> FeedbackOut | None:
        try:
            return FeedbackOut.of(feedback.one(service.store, feedback_id), _uploads(service))
        except FeedbackError:
            return None

    found = await service.run(work)
    if found is None:
        raise not_found("feedback")
    return found


@router.delete("/{feedback_id}", status_code=204)
async def undo(
    feedback_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("feedback:write"))]
) -> Response:
    """Take a statement back; answers are again what they were before it."""
    await service.run(lambda: _undo(service, feedback_id))
    return Response(status_code=204)


async def said_about(service: Service, video_id: str | None = None, subject_id: str | None = None) -> list[FeedbackOut]:
    """What was said, oldest first; about one upload, about one person, or all."""

    def work() -> list[FeedbackOut]:
        with service.store.read() as session:
            wanted = None if video_id is None else media.get(session, video_id)
        if video_id is not None and wanted is None:
            return []
        sha256 = None if wanted is None else wanted.sha256
        found = feedback.listed(service.store, video_sha256=sha256, subject_id=subject_id, newest=_MOST)
        uploads = _uploads(service)
        return [FeedbackOut.of(said, uploads) for said in found]

    return await service.run(work)


def _undo(service: Service, feedback_id: str) -> None:
    try:
        # The whole id, never the beginning of one.
        feedback.one(service.store, feedback_id)
        feedback.undo(service.store, feedback_id)
    except FeedbackError as error:
        raise not_found("feedback") from error


def _uploads(service: Service) -> dict[str, str]:
    """Id of the newest upload of each content."""
    with service.store.read() as session:
        return {item.sha256: item.id for item in reversed(media.list_all(session))}
