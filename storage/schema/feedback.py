"""What people said about who is seen."""

from datetime import datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.schema.base import Base, UtcDateTime, now
from storage.schema.people import SubjectRow

FeedbackVerdict = Literal["is", "is_not"]


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
