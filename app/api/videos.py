"""/v1/videos: upload, look at what was perceived, watch, delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response, Security
from fastapi.responses import FileResponse

from app.api.context import Service, ServiceDep, bearer, need
from app.api.job_schemas import JobOut
from app.api.openapi import ACCEPTED, upload_body
from app.api.problems import Problem, not_found
from app.api.schemas import VideoOut, VideosOut
from app.api.uploads import CEILING_BYTES, keep_upload, receive
from pipelines.crops import frame_jpeg
from pvchat.errors import VideoError
from storage import feedback, media, perceptions
from storage.keys import Key
from storage.media import Media

router = APIRouter(prefix="/v1/videos", tags=["videos"], dependencies=[Security(bearer)])

# Byte ranges are the framework's work, and so are its words about a bad one.
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"video/mp4": {}}},
    206: {"description": "The bytes that `Range` asks for", "content": {"video/mp4": {}}},
    400: {"description": "`Range` cannot be read", "content": {"text/plain": {}}},
    416: {"description": "`Range` lies outside the file", "content": {"text/plain": {}}},
}


@router.post("", status_code=202, responses={202: ACCEPTED}, openapi_extra=upload_body(), max_body_size=CEILING_BYTES)
async def upload(
    request: Request,
    response: Response,
    service: ServiceDep,
    key: Annotated[Key, Depends(need("videos:write"))],
) -> JobOut:
    """Upload a video to ask about. The answer is the job that looks at it; questions need not wait for it."""
    arrived = await receive(request, service)
    try:
        job = await keep_upload(service, arrived, owner=key.id, kind="perceive")
    finally:
        service.folder.drop(arrived.path)
    await service.supervisor.client.wake()
    response.headers["Location"] = f"/v1/videos/{job.media_id}"
    response.headers["Retry-After"] = "1"
    return JobOut.of(job)


@router.get("")
async def list_videos(service: ServiceDep, _key: Annotated[Key, Depends(need("videos:read"))]) -> VideosOut:
    """All uploaded videos, newest first."""

    def work() -> list[VideoOut]:
        with service.store.read() as session:
            return [
                VideoOut.of(item, perceived=perceptions.newest(session, item.sha256) is not None)
                for item in media.list_all(session)
            ]

    return VideosOut(videos=await service.run(work))


@router.get("/{video_id}")
async def get_video(video_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("videos:read"))]) -> VideoOut:
    """One uploaded video."""
    found = await existing(service, video_id)
    record = await service.run(lambda: _record(service, found.sha256))
    return VideoOut.of(found, perceived=record is not None)


@router.delete("/{video_id}", status_code=204, responses={409: {}})
async def delete(video_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("videos:write"))]) -> Response:
    """Delete an upload, what was perceived in it and what was said about it. People enrolled from it stay enrolled."""
    await existing(service, video_id)

    def work() -> None:
        with service.store.write() as session:
            sha256 = media.remove(session, video_id)
            if sha256 is not None:
                perceptions.remove(session, sha256)
                feedback.remove_of_video(session, sha256)
        service.folder.drop(service.folder.path(video_id))

    try:
        await service.run(work)
    except VideoError as error:
        raise Problem(409, "The video is in use", str(error)) from error
    return Response(status_code=204)


@router.get("/{video_id}/perception")
async def perception(
    video_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("videos:read"))]
) -> dict[str, Any]:
    """The perception record: tracks with spans, places, colours, actions; no biometric data. 404 until it is there."""
    found = await existing(service, video_id)
    record = await service.run(lambda: _record(service, found.sha256))
    if record is None:
        raise Problem(404, "Not looked at yet", "the video has not been looked at yet; try again", {"Retry-After": "2"})
    return record


@router.get("/{video_id}/frames", responses={200: {"content": {"image/jpeg": {}}}}, response_class=Response)
async def frame(
    video_id: str,
    service: ServiceDep,
    _key: Annotated[Key, Depends(need("videos:read"))],
    time_s: Annotated[float, Query(ge=0, allow_inf_nan=False)],
    max_side: Annotated[int, Query(ge=16, le=1920)] = 640,
) -> Response:
    """One frame as a JPEG."""
    found = await existing(service, video_id)
    if time_s > found.duration_s:
        raise Problem(404, "No such moment", f"the video lasts {found.duration_s:.2f} s, {time_s} s is after its end")
    jpeg = await service.run(lambda: frame_jpeg(service.folder.path(video_id), time_s, max_side))
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/{video_id}/content", response_class=Response, responses=_CONTENT)
async def content(
    video_id: str, service: ServiceDep, _key: Annotated[Key, Depends(need("videos:read"))]
) -> FileResponse:
    """The file itself, for a player (with byte ranges)."""
    await existing(service, video_id)
    # Whatever was uploaded, a browser must not take it for a page.
    return FileResponse(
        service.folder.path(video_id),
        media_type="video/mp4",
        headers={"Content-Security-Policy": "sandbox", "Cache-Control": "private"},
    )


async def existing(service: Service, video_id: str) -> Media:
    """The uploaded video with this id, or 404."""

    def work() -> Media | None:
        with service.store.read() as session:
            return media.get(session, video_id)

    found = await service.run(work)
    if found is None:
        raise not_found("video")
    return found


def _record(service: Service, sha256: str) -> dict[str, Any] | None:
    with service.store.read() as session:
        return perceptions.newest(session, sha256)
