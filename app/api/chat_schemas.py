"""Questions, answers and feedback over the wire, as pydantic models."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from app.api.schemas import In, without_default
from app.api.wire import WHOLE, Name, question
from pipelines.conversation import LONGEST_QUESTION, MOST_VIDEOS
from pipelines.feedback import Said


class Question(In):
    """A turn of the user."""

    role: Literal["user"]
    content: Annotated[str, question(LONGEST_QUESTION)]


class Reply(In):
    """A turn of the assistant."""

    role: Literal["assistant"]
    content: Annotated[str, Field(min_length=1, max_length=10_000)]


Message = Annotated[Question | Reply, Field(discriminator="role")]
VideoId = Annotated[str, Field(min_length=1, max_length=36, description="id of an uploaded video")]


class ChatIn(In):
    """A conversation about one or several videos; the newest message of the user is the question.

    `video` for one, `videos` for several, in the order in which "the second one" counts them; one of the two.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["video"]}, {"required": ["videos"]}]})

    video: VideoId | SkipJsonSchema[None] = Field(None, json_schema_extra=without_default)
    videos: Annotated[list[VideoId], Field(min_length=1, max_length=MOST_VIDEOS)] | SkipJsonSchema[None] = Field(
        None, json_schema_extra=without_default
    )
    messages: Annotated[
        list[Message],
        Field(
            min_length=1, max_length=100, json_schema_extra={"contains": {"properties": {"role": {"const": "user"}}}}
        ),
    ]
    subjects: list[Name] = Field([], max_length=20, description="ids or names; none lets the question say")
    stream: bool = False
    use_evidence: bool = True
    use_identity_bias: bool = True

    @model_validator(mode="after")
    def _about_videos(self) -> Self:
        if ({"video", "videos"} & self.model_fields_set) not in ({"video"}, {"videos"}) or not self.ids:
            raise ValueError("give either video, the id of one, or videos, a list of ids")
        return self

    @property
    def ids(self) -> list[str]:
        """Of all videos, in order."""
        return self.videos or ([self.video] if self.video else [])


class EvidenceOut(BaseModel):
    """What the answer rests on, for one asked person."""

    subject: str
    state: Literal["present", "absent", "unsure"]
    score: float
    spans: list[tuple[float, float]]
    keyframe_s: float | None
    box: tuple[float, float, float, float] | None
    keyframe: str | None
    video: str
    tracks: list[int] = []


class StrangerOut(BaseModel):
    """Somebody in the video who is nobody enrolled; the number is the same in every video."""

    number: int
    id: str
    spans: list[tuple[float, float]]
    keyframe_s: float
    box: tuple[float, float, float, float]


class AnswerOut(BaseModel):
    """An answer with its evidence."""

    answer: str
    evidence: list[EvidenceOut]
    agrees_with_evidence: bool
    unknown_people: int
    strangers: list[StrangerOut]
    model: dict[str, str]
    timing_s: dict[str, float]

    @classmethod
    def of(cls, event: dict[str, Any], videos: Sequence[str]) -> "AnswerOut":
        """From the worker's last event about some videos."""
        evidence = []
        for item in event["evidence"]:
            video, moment = videos[item.get("video", 0)], item["keyframe_s"]
            keyframe = None if moment is None else f"/v1/videos/{video}/frames?time_s={moment}"
            evidence.append(EvidenceOut(**{**item, "video": video, "keyframe": keyframe}))
        return cls(
            answer=event["answer"],
            evidence=evidence,
            agrees_with_evidence=event["agrees_with_evidence"],
            unknown_people=event["unknown_people"],
            strangers=[StrangerOut(**stranger) for stranger in event["strangers"]],
            model=event["model"],
            timing_s=event["timing_s"],
        )


class PointIn(In):
    """A point of the picture, as fractions of its width and height."""

    x: Annotated[float, Field(ge=0, le=1)]
    y: Annotated[float, Field(ge=0, le=1)]


class FeedbackIn(In):
    """Who somebody in a video is, or is not."""

    video: Annotated[str, Field(min_length=1, max_length=36, description="id of an uploaded video")]
    subject: Annotated[Name, Field(description="id or name of an enrolled person")]
    verdict: Literal["is", "is_not"]
    track: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] | None = None
    time_s: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = None
    place: Literal["left", "middle", "right"] | None = None
    point: PointIn | None = None


class FeedbackOut(BaseModel):
    """A statement about a track of a video.

    `in_effect` is null while the video is not perceived, and false when nobody is seen there any more. `author` is the
    id of the key that was used, or `cli`. `video_id` is null when the video is no upload.
    """

    id: str
    subject_id: str
    subject: str
    verdict: Literal["is", "is_not"]
    video_id: str | None
    video: str
    track: int
    spans: list[list[float]]
    author: str
    created_at: datetime
    in_effect: bool | None

    @classmethod
    def of(cls, said: Said, uploads: Mapping[str, str]) -> "FeedbackOut":
        """From the database; `uploads` are ids by the hash of their content."""
        stored = said.feedback
        return cls(
            id=stored.id,
            subject_id=stored.subject_id,
            subject=stored.subject,
            verdict=stored.verdict,
            video_id=uploads.get(stored.video_sha256),
            video=stored.video_name,
            track=stored.track_id,
            spans=[list(span) for span in stored.spans],
            author=stored.author,
            created_at=stored.created_at,
            in_effect=said.in_effect,
        )


class FeedbackListOut(BaseModel):
    """Statements, oldest first."""

    feedback: list[FeedbackOut]
