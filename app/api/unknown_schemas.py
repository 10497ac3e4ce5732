"""What goes over the wire about unknown people, as pydantic models."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.api.subject_schemas import SubjectOut


class UnknownVideoOut(BaseModel):
    """Where an unknown person is in one video. `video_id` and `keyframe` are there while it is an upload."""

    video_id: str | None
    name: str
    spans: list[tuple[float, float]]
    keyframe_s: float
    box: tuple[float, float, float, float]
    keyframe: str | None
    face_px: int
    faces: int


class UnknownPersonOut(BaseModel):
    """Somebody who is nobody enrolled, without any biometric data."""

    id: str
    number: int
    first_seen_at: datetime
    expires_at: datetime
    faces: int
    face_model: str
    picture: str | None
    videos: list[UnknownVideoOut]

    @classmethod
    def of(cls, person: Mapping[str, Any], uploads: Mapping[str, str]) -> "UnknownPersonOut":
        """From the worker.

        Args:
            person: as `pipelines.unknown_people.UnknownPerson.to_dict` gives it. uploads: id of each, by SHA-256.
        """
        videos = [_video(video, uploads.get(video["sha256"])) for video in person["videos"]]
        made = cls(
            id=person["id"],
            number=person["number"],
            first_seen_at=person["first_seen_at"],
            expires_at=person["expires_at"],
            faces=person["faces"],
            face_model=person["face_model"],
            picture=None,
            videos=videos,
        )
        shown = made.shown_in() is not None
        return made.model_copy(update={"picture": f"/v1/unknown-people/{made.id}/picture" if shown else None})

    def shown_in(self) -> UnknownVideoOut | None:
        """The upload in which the face is largest, None where there is no upload."""
        uploaded = [video for video in self.videos if video.video_id is not None]
        return max(uploaded, key=lambda video: video.face_px, default=None)


class UnknownPeopleOut(BaseModel):
    """All of them, by number."""

    unknown_people: list[UnknownPersonOut]


class NamedOut(BaseModel):
    """Who the unknown person is from now on, and whom they could be taken for."""

    subject: SubjectOut
    warnings: list[str]


class UnknownForgottenOut(BaseModel):
    """What went: vectors, cached records of these videos, faces of the corpus."""

    number: int
    vectors: int
    records: list[str]
    corpus_faces: int


def _video(video: Mapping[str, Any], upload: str | None) -> UnknownVideoOut:
    return UnknownVideoOut(
        video_id=upload,
        name=video["video"],
        spans=video["spans"],
        keyframe_s=video["keyframe_s"],
        box=video["box"],
        keyframe=None if upload is None else f"/v1/videos/{upload}/frames?time_s={video['keyframe_s']}",
        face_px=video["face_px"],
        faces=video["faces"],
    )
