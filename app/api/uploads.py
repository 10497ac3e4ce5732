"""Uploads: streamed to the disk under a byte limit, looked at before anything is accepted."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from app.api.context import Service
from app.api.problems import Problem
from pipelines.enroll.jobs import accept, plain_options
from pipelines.naming import told_as
from pvchat.errors import VideoError
from pvchat.video import Limits, Probe, probe
from storage import jobs, media

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from storage.jobs import Job
    from storage.schema import JobKind

# What FastAPI lets through to an upload route; `receive` holds it to the service's own limit.
CEILING_BYTES = 8 << 30
_OVERHEAD_BYTES = 64 << 10
_FIELD_BYTES = 1 << 10
_CHUNK = 1 << 20
# An upload needs the space twice for a moment: as it arrives and in its place.
_SPARE_BYTES = 64 << 20


@dataclass(frozen=True)
class Upload:
    """A video that arrived and can be read.

    Attributes:
        path: where it lies until it is kept or dropped.
        name: as the client called it. sha256, size_bytes: of the content.
        facts: what it is. fields: the other fields of the form.
    """

    path: Path
    name: str
    sha256: str
    size_bytes: int
    facts: Probe
    fields: dict[str, str]


async def receive(request: Request, service: Service, fields: Sequence[str] = ()) -> Upload:
    """Take a multipart upload with one file called `video`.

    Args:
        request: not read yet. service: for limits and folder. fields: other fields that may come with it.

    Raises:
        Problem: it is too large, no multipart form, has no or several files, or an unknown field.
        VideoError: the file is no video that can be read, or outside the limits.
    """
    settings = service.settings
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Problem(415, "Unsupported media type", "send the video as multipart/form-data, in a part called video")
    declared = request.headers.get("content-length", "")
    # Without an end to the connection the client would go on sending what nobody reads.
    too_large = Problem(
        413,
        "Too large",
        f"the upload is larger than {settings.max_upload_mb} MB: cut it into parts",
        {"Connection": "close"},
    )
    if declared.isdecimal() and int(declared) > settings.max_upload_bytes + _OVERHEAD_BYTES:
        raise too_large
    if service.folder.free_bytes() < (int(declared) if declared.isdecimal() else 0) * 2 + _SPARE_BYTES:
        raise Problem(507, "The disk is full", "there is no room for this upload; delete videos, then try again")
    limited = Request(request.scope, _limited(request.receive, settings.max_upload_bytes + _OVERHEAD_BYTES, too_large))
    try:
        async with limited.form(max_files=1, max_fields=len(fields) + 1, max_part_size=_FIELD_BYTES) as form:
            file = form.get("video")
            unknown = sorted(set(form) - {"video", *fields})
            if unknown or not isinstance(file, UploadFile):
                what = f"unknown fields {', '.join(unknown)[:100]}" if unknown else "there is no file called video"
                raise Problem(422, "The form does not fit", f"{what}; send one part called video with the file")
            texts = {field: value for field in fields if isinstance(value := form.get(field), str)}
            name = media.display_name(file.filename or "video")
            path = await service.run(service.folder.begin)
            try:
                sha256, size = await asyncio.to_thread(_copy, file, path)
                if size == 0:
                    raise Problem(422, "The video cannot be read", "the file is empty; send a video")
                if size > settings.max_upload_bytes:
                    raise too_large
                facts = await look_at(path, service, name)
            except BaseException:
                service.folder.drop(path)
                raise
            return Upload(path, name, sha256, size, facts, texts)
    except MultiPartException as error:
        raise Problem(400, "The form cannot be read", str(error.message)[:200]) from error
    except ClientDisconnect as error:
        raise Problem(400, "The upload was cut off", "the connection ended before the whole video was there") from error


async def adopt(arrived: Path, name: str, service: Service) -> Upload:
    """Take over a file that lies on this disk already, for example one that the pages received.

    Args:
        arrived: is moved. name: as the client called it.

    Raises:
        VideoError: the file is no video that can be read, or outside the limits.
    """
    path = await service.run(service.folder.begin)
    try:
        await asyncio.to_thread(shutil.move, arrived, path)
        path.chmod(0o600)
        facts = await look_at(path, service, media.display_name(name))
    except BaseException:
        service.folder.drop(path)
        raise
    return Upload(path, media.display_name(name), facts.sha256, path.stat().st_size, facts, {})


async def look_at(path: Path, service: Service, name: str = "the video") -> Probe:
    """What a file is, under the service's limits, in a process of its own.

    Args:
        name: what errors call it.

    Raises:
        VideoError: it is no video that can be read, or outside the limits.
    """
    settings = service.settings
    limits = Limits(
        max_duration_s=settings.max_minutes * 60.0,
        max_pixels=settings.max_megapixels * 1_000_000,
        max_bytes=settings.max_upload_bytes,
        timeout_s=30.0,
    )
    try:
        return await asyncio.to_thread(probe, path, limits, untrusted=True)
    except VideoError as error:
        raise VideoError(told_as(str(error), path, name)) from error


async def keep_upload(
    service: Service,
    upload: Upload,
    *,
    owner: str,
    kind: "JobKind",
    subject_id: str | None = None,
    pick: int | None = None,
    idempotency_key: str | None = None,
    fingerprint: str | None = None,
) -> "Job":
    """Give an upload its place and accept the job it is for, both or neither.

    Returns:
        The job; one that is under way for this video has its own copy, and this upload is not kept.

    Raises:
        Problem: too many jobs are waiting.
        SubjectError, ConsentError: the person cannot be trained.
    """
    chosen: dict[str, Any] = {
        "owner": owner,
        "pick": pick,
        "idempotency_key": idempotency_key,
        "fingerprint": fingerprint,
    }

    def work() -> "Job":
        media_id = str(uuid4())
        place = service.folder.keep(upload.path, media_id)
        accepted = False
        try:
            with service.store.write() as session:
                check_room(session, service)
                _note(session, upload, media_id)
                if kind == "train" and subject_id is not None:
                    options = plain_options(synthesis=service.settings.synthesis)
                    job = accept(session, subject_id, options, media_id=media_id, **chosen)
                else:
                    added = jobs.add(session, kind=kind, subject_id=subject_id, media_id=media_id, **chosen)
                    job = added or _first_of_two(session, owner, idempotency_key)
                if job.media_id != media_id:
                    session.rollback()
                    return job
            accepted = True
            return job
        finally:
            if not accepted:
                service.folder.drop(place)

    return await service.run(work)


def check_room(session: "Session", service: Service) -> None:
    """Raise Problem when too many jobs are waiting to take another one."""
    if jobs.waiting(session) >= service.settings.jobs_waiting:
        raise Problem(429, "Too many requests", "too many jobs are waiting; try again later", {"Retry-After": "30"})


def _first_of_two(session: "Session", owner: str, idempotency_key: str | None) -> "Job":
    """The same request came twice at once and the other one was first."""
    known = jobs.by_idempotency_key(session, owner, idempotency_key or "")
    if known is None:
        raise Problem(409, "Conflict", "the same request is being worked on; try again")
    return known


def _note(session: "Session", upload: Upload, media_id: str) -> None:
    media.add(
        session,
        media_id=media_id,
        sha256=upload.sha256,
        name=upload.name,
        size_bytes=upload.size_bytes,
        duration_s=upload.facts.duration_s,
        width=upload.facts.width,
        height=upload.facts.height,
        fps=upload.facts.fps,
    )


def _limited(receive: Receive, most: int, too_large: Problem) -> Receive:
    """Refuses a body as soon as it grows over the limit, whatever length was declared."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise too_large
        return message

    return counted


def _copy(file: UploadFile, path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as target:
        while chunk := file.file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest(), size
