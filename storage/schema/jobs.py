"""Uploaded files, work that was accepted, and the processes that do it."""

from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.schema.base import Base, UtcDateTime, now

JobKind = Literal["enroll", "perceive", "train"]
JobState = Literal["queued", "running", "needs_pick", "done", "failed", "cancelled"]


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
