"""Consent, people, the videos they were seen in, and what was found there."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.schema.base import Base, UtcDateTime, now


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
