"""Tables, as typed SQLAlchemy models.

One rule shapes them: a subject cannot exist without a consent row, and everything derived from a face hangs on a
subject or on a perception record by a foreign key, so that one DELETE takes all of it.
"""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

JobKind = Literal["enroll", "perceive", "train"]
JobState = Literal["queued", "running", "needs_pick", "done", "failed", "cancelled"]
CorpusKind = Literal["picture", "video"]
CorpusState = Literal["indexed", "no_face", "broken"]
FeedbackVerdict = Literal["is", "is_not"]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored as naive UTC because SQLite keeps no time zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware -> naive UTC. Raises ValueError for a naive datetime, whose zone nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone; pass an aware datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Naive UTC -> aware."""
        return None if value is None else value.replace(tzinfo=UTC)


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of all tables, with names for every constraint (migrations need them)."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ConsentRow(Base):
    """Who allowed what, when, under which policy."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    given_by: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(500))
    policy_version: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VideoRow(Base):
    """A video file somebody enrolled from or asked about; the file itself is not copied.

    `path` is where it lay when it was last looked at, so that training finds it again; nothing promises that it does.
    """

    __tablename__ = "videos"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    duration_s: Mapped[float]
    width: Mapped[int]
    height: Mapped[int]
    path: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    perceptions: Mapped[list["PerceptionRow"]] = relationship(
        back_populates="video", cascade="all, delete-orphan", passive_deletes=True
    )


class SubjectRow(Base):
    """A person with a consent. `name_key` makes names unique whatever their case or Unicode form.

    Until the first enrollment is done there is no video and there are no vectors: nobody can be asked about.
    """

    __tablename__ = "subjects"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(240), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consents.id", ondelete="RESTRICT"), unique=True)
    video_id: Mapped[int | None] = mapped_column(ForeignKey("videos.id", ondelete="RESTRICT"), index=True)
    coverage: Mapped[dict[str, Any]] = mapped_column(JSON)

    consent: Mapped[ConsentRow] = relationship(lazy="joined")
    video: Mapped[VideoRow | None] = relationship()
    vectors: Mapped[list["VectorRow"]] = relationship(
        back_populates="subject", cascade="all, delete-orphan", passive_deletes=True
    )


class PerceptionRow(Base):
    """A cached perception record. `models` is the canonical JSON of the models that made it.

    `strangers` counts the tracks with vectors that belong to nobody enrolled, as `gallery` (a digest of everybody
    enrolled) told it; both are empty until somebody looks. `expired_at` is when the vectors went because of them: the
    record is still shown, but whoever asks about the video has it perceived again.
    """

    __tablename__ = "perception_records"
    __table_args__ = (UniqueConstraint("video_id", "version", "models"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    video_id: Mapped[int] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    version: Mapped[int]
    models: Mapped[str] = mapped_column(Text)
    face_model: Mapped[str] = mapped_column(String(100))
    appearance_model: Mapped[str] = mapped_column(String(100))
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    gallery: Mapped[str | None] = mapped_column(String(64))
    strangers: Mapped[int | None]
    expired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    video: Mapped[VideoRow] = relationship(back_populates="perceptions")
    vectors: Mapped[list["VectorRow"]] = relationship(
        back_populates="perception", cascade="all, delete-orphan", passive_deletes=True
    )


class VectorRow(Base):
    """A block of vectors of one owner: a track of a perception record, or a subject.

    `data` holds count x dimension little-endian float32; `times` and `weights` hold count float32 each where the kind
    has them (track faces: seconds and quality; subject templates: weights).
    """

    __tablename__ = "vectors"
    __table_args__ = (
        CheckConstraint("(perception_id IS NULL) <> (subject_id IS NULL)", name="one_owner"),
        CheckConstraint("(perception_id IS NULL) = (track_id IS NULL)", name="track_of_perception"),
        CheckConstraint("kind IN ('face', 'appearance')", name="kind"),
        CheckConstraint("length(data) = 4 * count * dimension", name="data_size"),
        Index(None, "perception_id", "track_id", "kind", unique=True),
        Index(None, "subject_id", "kind", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    perception_id: Mapped[int | None] = mapped_column(ForeignKey("perception_records.id", ondelete="CASCADE"))
    track_id: Mapped[int | None]
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"))
    model_id: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[int]
    count: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    times: Mapped[bytes | None] = mapped_column(LargeBinary)
    weights: Mapped[bytes | None] = mapped_column(LargeBinary)

    perception: Mapped[PerceptionRow | None] = relationship(back_populates="vectors")
    subject: Mapped[SubjectRow | None] = relationship(back_populates="vectors")


class UnknownPersonRow(Base):
    """Somebody who is nobody enrolled, seen in one or several videos. `number` is what people call them by.

    It lives as long as one of its tracks. A number that was used once never comes back.
    """

    __tablename__ = "unknown_people"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True, default=lambda: str(uuid4()))
    model_id: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    tracks: Mapped[list["UnknownTrackRow"]] = relationship(back_populates="person", passive_deletes=True)


class UnknownTrackRow(Base):
    """A track of somebody who is nobody enrolled, as grouping needs it; without a person it was too poor for a group.

    `data` is the whitened mean of its faces, float32 and little-endian; `offset` and `reliability` are those of
    `pvchat.identity.grouping.StrangerTrack`. It goes with its perception record.
    """

    __tablename__ = "unknown_tracks"
    __table_args__ = (
        UniqueConstraint("perception_id", "track_id"),
        CheckConstraint("length(data) = 4 * dimension", name="data_size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    perception_id: Mapped[int] = mapped_column(ForeignKey("perception_records.id", ondelete="CASCADE"))
    track_id: Mapped[int]
    person_number: Mapped[int | None] = mapped_column(
        ForeignKey("unknown_people.number", ondelete="SET NULL"), index=True
    )
    spans: Mapped[list[list[float]]] = mapped_column(JSON)
    offset: Mapped[float]
    reliability: Mapped[float]
    model_id: Mapped[str] = mapped_column(String(100), index=True)
    dimension: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)

    perception: Mapped[PerceptionRow] = relationship()
    person: Mapped[UnknownPersonRow | None] = relationship(back_populates="tracks")


class AdapterRow(Base):
    """What fine-tuning left for one subject on one base; `card` and `data` are the halves of `Adapter.to_bytes`.

    Each training adds a version, 1, 2, ..., under an id of its own, so that whoever holds another one can tell. The
    current one is used; where none is, the base answers with what the enrollment alone gave.
    """

    __tablename__ = "adapters"
    __table_args__ = (
        UniqueConstraint("subject_id", "base", "version"),
        Index(None, "subject_id", "base", unique=True, sqlite_where=text("current"), postgresql_where=text("current")),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"))
    base: Mapped[str] = mapped_column(String(255))
    base_sha256: Mapped[str] = mapped_column(String(64))
    card: Mapped[str] = mapped_column(Text)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int]
    version: Mapped[int]
    current: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class MediaRow(Base):
    """A file that was uploaded and is kept in the data folder, under `media/` by its id; its name is for display."""

    __tablename__ = "media"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    duration_s: Mapped[float]
    width: Mapped[int]
    height: Mapped[int]
    fps: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class JobRow(Base):
    """Work that was accepted and outlives the request: an enrollment, looking at an uploaded video, or a training.

    `version` counts the changes, so that whoever watches a job knows what is new. `workflow` names the durable
    workflow that has a training now; `runs` counts how often it was handed to one.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("kind IN ('enroll', 'perceive', 'train')", name="kind"),
        CheckConstraint("state IN ('queued', 'running', 'needs_pick', 'done', 'failed', 'cancelled')", name="state"),
        UniqueConstraint("owner", "idempotency_key"),
        Index(None, "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    kind: Mapped[JobKind] = mapped_column(String(20))
    state: Mapped[JobState] = mapped_column(String(20), default="queued")
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"), index=True)
    media_id: Mapped[str | None] = mapped_column(ForeignKey("media.id", ondelete="SET NULL"), index=True)
    pick: Mapped[int | None]
    progress: Mapped[float] = mapped_column(default=0.0)
    step: Mapped[str] = mapped_column(String(100), default="waiting")
    what: Mapped[str] = mapped_column(String(200), default="")
    eta_s: Mapped[float | None]
    attempts: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    options: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    workflow: Mapped[str | None] = mapped_column(String(80))
    runs: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    owner: Mapped[str] = mapped_column(String(36))
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    crops: Mapped[list["JobCropRow"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="JobCropRow.number"
    )


class JobCropRow(Base):
    """A person an enrollment could mean. The picture goes when the job has ended."""

    __tablename__ = "job_crops"
    __table_args__ = (UniqueConstraint("job_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    number: Mapped[int]
    description: Mapped[str] = mapped_column(String(200))
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)


class WorkerRow(Base):
    """A process that runs durable workflows. It is alive while `beats` grows.

    `pid_started` is when the process began, as its system tells it, so that another process under a reused id is told
    apart.
    """

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    pid_started: Mapped[float]
    beats: Mapped[int] = mapped_column(BigInteger, default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class CorpusSourceRow(Base):
    """A folder or file whose faces are a part of the corpus, as it was given to `pvchat corpus add`.

    `licence` is what its owner says about the use of what is in it, empty where nothing was said. `path` goes when
    somebody is forgotten whose name is in it.
    """

    __tablename__ = "corpus_sources"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    name: Mapped[str] = mapped_column(String(255))
    path: Mapped[str | None] = mapped_column(Text)
    licence: Mapped[str] = mapped_column(String(200))
    added_by: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    items: Mapped[list["CorpusItemRow"]] = relationship(
        back_populates="source", cascade="all, delete-orphan", passive_deletes=True
    )


class CorpusItemRow(Base):
    """A picture or video of the corpus, once for each content. The file itself is not copied.

    Path, size and time of the last change tell whether a file has to be looked at again. `sha256` is empty where the
    file could not be read at all. `model_id` is the engine that described its faces: with another one the file is
    looked at anew. `reason` says why a broken one is broken.
    """

    __tablename__ = "corpus_items"
    __table_args__ = (
        CheckConstraint("kind IN ('picture', 'video')", name="kind"),
        CheckConstraint("state IN ('indexed', 'no_face', 'broken')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("corpus_sources.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    path: Mapped[str | None] = mapped_column(Text, index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[CorpusKind] = mapped_column(String(20))
    state: Mapped[CorpusState] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    licence: Mapped[str] = mapped_column(String(200))
    model_id: Mapped[str] = mapped_column(String(100))

    source: Mapped[CorpusSourceRow] = relationship(back_populates="items")
    faces: Mapped[list["CorpusFaceRow"]] = relationship(
        back_populates="item", cascade="all, delete-orphan", passive_deletes=True
    )


class CorpusFaceRow(Base):
    """A person's track in an item of the corpus; in a picture, a track of one sighting.

    `data` is the unit vector, float32 and little-endian, of the mean of `count` described faces in the whitened space
    of the engine. `reliability` is what `pvchat.identity.reliability` says of these faces, `quality` that of their
    pictures. `box` is the face at `key_s`, as fractions of the picture.
    """

    __tablename__ = "corpus_faces"
    __table_args__ = (
        CheckConstraint("length(data) = 4 * dimension", name="data_size"),
        Index(None, "model_id", "id"),
        # An id that was used once never comes back, so that count and largest id tell every state apart.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("corpus_items.id", ondelete="CASCADE"), index=True)
    start_s: Mapped[float]
    end_s: Mapped[float]
    key_s: Mapped[float]
    box: Mapped[list[float]] = mapped_column(JSON)
    quality: Mapped[float]
    reliability: Mapped[float]
    count: Mapped[int]
    model_id: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)

    item: Mapped[CorpusItemRow] = relationship(back_populates="faces")


class FeedbackRow(Base):
    """Something somebody said about a track of a video: it is this person, or it is not.

    The video is named by the hash of its content, so that a statement outlives the record it was made on. `anchors` are
    up to nine [seconds, x0, y0, x1, y1] of the track, by which it is found in another record; `track_id` is what it was
    called in the first one. `author` is the id of an API key, or "cli".
    """

    __tablename__ = "feedback"
    __table_args__ = (CheckConstraint("verdict IN ('is', 'is_not')", name="verdict"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"), index=True)
    verdict: Mapped[FeedbackVerdict] = mapped_column(String(20))
    video_sha256: Mapped[str] = mapped_column(String(64), index=True)
    track_id: Mapped[int]
    spans: Mapped[list[list[float]]] = mapped_column(JSON)
    anchors: Mapped[list[list[float]]] = mapped_column(JSON)
    author: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    subject: Mapped[SubjectRow] = relationship()
    vector: Mapped["FeedbackVectorRow | None"] = relationship(
        back_populates="feedback", cascade="all, delete-orphan", passive_deletes=True
    )


class FeedbackVectorRow(Base):
    """Mean face of a track about which something was said: a template of the person, or of somebody who is not.

    `data` is one raw vector, float32 and little-endian. A track without a described face has none.
    """

    __tablename__ = "feedback_vectors"
    __table_args__ = (CheckConstraint("length(data) = 4 * dimension", name="data_size"),)

    feedback_id: Mapped[str] = mapped_column(ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)

    feedback: Mapped[FeedbackRow] = relationship(back_populates="vector")


class KeyRow(Base):
    """An API key: its hash, what it may do, and until when. The key itself is shown once and never stored."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(12))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
