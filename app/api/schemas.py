"""What goes over the wire, as pydantic models."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from app.api.wire import SPACES, WHOLE, Moment, Name, new_name, question, text
from app.auth.scopes import EVERYTHING
from pipelines.conversation import LONGEST_QUESTION, MOST_VIDEOS
from pipelines.enroll.jobs import LEAST_QUESTIONS
from pipelines.feedback import Said
from pipelines.merging import MergeReport
from pvchat.identity.advice import advice
from storage.adapters import AdapterInfo
from storage.corpus import CorpusSource
from storage.jobs import Job
from storage.keys import Key
from storage.media import Media
from storage.people import SubjectInfo
from storage.schema import JobKind, JobState


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class In(BaseModel):
    """Something a client sends; unknown members and other types than documented are a mistake worth telling."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ConsentIn(In):
    """Who allowed what. Nobody is enrolled without it."""

    given_by: Annotated[str, text(200, "Maria Rossi", spaces=SPACES)]
    purpose: Annotated[str, text(500, "family archive", spaces=SPACES)]
    expires_at: Moment | None = None


class SubjectIn(In):
    """A person to create."""

    name: Annotated[str, new_name()]
    consent: ConsentIn


class SubjectChange(In):
    """A new name."""

    name: Annotated[str, new_name()]


class ConsentOut(BaseModel):
    """The consent of a person."""

    given_by: str
    purpose: str
    policy_version: str
    given_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None


class SubjectOut(BaseModel):
    """A person, without any biometric data."""

    id: str
    name: str
    created_at: datetime
    state: Literal["waiting", "enrolled"]
    consent: ConsentOut
    coverage: dict[str, Any]
    advice: list[str]
    enrolled_from: str | None
    face_model: str | None
    templates: int

    @classmethod
    def of(cls, info: SubjectInfo) -> "SubjectOut":
        """From the database."""
        return cls(
            id=info.id,
            name=info.name,
            created_at=info.created_at,
            state="waiting" if info.face_model is None else "enrolled",
            consent=ConsentOut(**vars(info.consent)),
            coverage=info.coverage,
            advice=advice(info.coverage),
            enrolled_from=info.enrolled_from,
            face_model=info.face_model,
            templates=info.templates,
        )


class SubjectsOut(BaseModel):
    """All people."""

    subjects: list[SubjectOut]


class ChoiceOut(BaseModel):
    """A person to pick, with a picture."""

    number: int
    description: str
    crop: str


class JobOut(BaseModel):
    """A job. `choices` is filled while the state is `needs_pick`; `eta_s` is known at times, while it runs.

    `step` is what is being done and `what` a detail of it. Of a training, `step` is one of `ingest`, `perceive`,
    `pick`, `entry`, `synthesize`, `mine`, `questions`, `features`, `stills`, `clips`, `evaluate`, `publish`, in this
    order; after `entry` the person can be asked about.
    """

    id: str
    kind: JobKind
    state: JobState
    subject_id: str | None
    video_id: str | None
    progress: float
    step: str
    what: str
    eta_s: float | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    choices: list[ChoiceOut]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        """From the database."""
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            subject_id=job.subject_id,
            video_id=job.media_id,
            progress=round(job.progress, 3),
            step=job.step,
            what=job.what,
            eta_s=job.eta_s,
            result=job.result,
            error=job.error,
            choices=[
                ChoiceOut(number=number, description=text, crop=f"/v1/jobs/{job.id}/crops/{number}")
                for number, text in job.choices
            ],
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )


class TrainingIn(In):
    """How much is trained on; by default as much as usual."""

    questions: Annotated[int, Field(ge=LEAST_QUESTIONS, le=20_000), WHOLE] | None = None


class AdapterOut(BaseModel):
    """A version of a person's adapter. The current one answers."""

    version: int
    base: str
    current: bool
    size_bytes: int
    created_at: datetime

    @classmethod
    def of(cls, info: AdapterInfo) -> "AdapterOut":
        """From the database."""
        return cls(
            version=info.version,
            base=info.base,
            current=info.current,
            size_bytes=info.size,
            created_at=info.created_at,
        )


class AdaptersOut(BaseModel):
    """The versions that are kept, newest first."""

    adapters: list[AdapterOut]


class RollbackIn(In):
    """Which version is to answer: by default the one before; with `instant` none."""

    version: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = None
    instant: bool = False


class JobsOut(BaseModel):
    """The newest jobs, newest first."""

    jobs: list[JobOut]


class PickIn(In):
    """Which person of the video is meant."""

    number: Annotated[int, Field(ge=1, le=1000), WHOLE]


class VideoOut(BaseModel):
    """An uploaded video."""

    id: str
    name: str
    sha256: str
    size_bytes: int
    duration_s: float
    width: int
    height: int
    fps: float
    created_at: datetime
    perceived: bool

    @classmethod
    def of(cls, media: Media, *, perceived: bool) -> "VideoOut":
        """From the database."""
        return cls(**{**vars(media), "fps": round(media.fps, 3), "perceived": perceived})


class VideosOut(BaseModel):
    """All uploaded videos, newest first."""

    videos: list[VideoOut]


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

    video: VideoId | SkipJsonSchema[None] = Field(None, json_schema_extra=_without_default)
    videos: Annotated[list[VideoId], Field(min_length=1, max_length=MOST_VIDEOS)] | SkipJsonSchema[None] = Field(
        None, json_schema_extra=_without_default
    )
    messages: Annotated[
        list[Message],
        Field(
            min_length=1, max_length=100, json_schema_extra={"contains": {"properties": {"role": {"const": "user"}}}}
        ),
    ]
    subjects: Annotated[list[Name], Field(max_length=20, description="ids or names; none lets the question say")] = []
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


class MergeIn(In):
    """Who is the same person."""

    other: Annotated[str, Field(min_length=1, max_length=36, description="id of the person who is absorbed")]


class MergedOut(BaseModel):
    """What came, or would come, of making one person of two."""

    kept: str
    absorbed: str
    templates: int
    consent_ends: datetime | None
    adapters: int
    feedback: int
    feedback_dropped: int
    warnings: list[str]

    @classmethod
    def of(cls, report: MergeReport) -> "MergedOut":
        """From the pipeline."""
        return cls(**{**vars(report), "warnings": list(report.warnings)})


class KeyIn(In):
    """A key to make."""

    name: Annotated[str, text(100, "door")]
    scopes: Annotated[
        list[Annotated[str, Field(max_length=50, json_schema_extra={"enum": list(EVERYTHING)})]],
        Field(min_length=1, max_length=20),
    ]
    expires_at: Moment | None = None


class KeyOut(BaseModel):
    """A key as it is known after it was shown."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: Key) -> "KeyOut":
        """From the database."""
        return cls(**{**vars(key), "scopes": list(key.scopes)})


class NewKeyOut(KeyOut):
    """A key that was just made. `key` is never shown again."""

    key: str


class KeysOut(BaseModel):
    """All keys, oldest first."""

    keys: list[KeyOut]


class MistakeOut(BaseModel):
    """A place in a request that does not fit the schema."""

    where: str
    what: str


class ReadyOut(BaseModel):
    """Whether the service can answer questions."""

    status: Literal["ready", "starting"]
    detail: str | None = None


class ProblemOut(BaseModel):
    """An error (RFC 9457). `errors` names what does not fit the schema."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[MistakeOut] = []


class CorpusSourceOut(BaseModel):
    """A folder or file of the corpus, without where it lies."""

    id: str
    name: str
    licence: str
    added_at: datetime
    files: int
    faces: int
    no_face: int
    broken: int

    @classmethod
    def of(cls, source: CorpusSource) -> "CorpusSourceOut":
        """From the database."""
        return cls(
            id=source.id,
            name=source.name,
            licence=source.licence,
            added_at=source.added_at,
            files=source.items,
            faces=source.faces,
            no_face=source.no_face,
            broken=source.broken,
        )


class CorpusOut(BaseModel):
    """All sources, oldest first."""

    sources: list[CorpusSourceOut]


class ForgottenOut(BaseModel):
    """What went when a person was forgotten."""

    subject: str
    templates: int
    appearance: int
    track_vectors: int
    records: list[str]
    videos: list[str]
    uploads: int
    adapters: int
    corpus_faces: int
    feedback: int
    feedback_faces: int
