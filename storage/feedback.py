"""What people said about tracks of videos, and the faces of those tracks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from pvchat.identity.feedback import Anchor, Statement, Verdict
from pvchat.perception.record import Span
from storage.schema import FeedbackRow, FeedbackVectorRow, SubjectRow, VideoRow
from storage.vectors import pack, unpack

Float = NDArray[np.float32]
_SHORT_NAME = 12


@dataclass(frozen=True)
class Feedback:
    """One statement as stored.

    Attributes:
        subject: what the person is called now. track_id: as it was when it was said. spans: when the track is seen.
        video_name: file name, or the start of the hash when the video is not known any more.
        author: id of an API key, or "cli".
    """

    id: str
    subject_id: str
    subject: str
    verdict: Verdict
    video_sha256: str
    video_name: str
    track_id: int
    spans: tuple[Span, ...]
    anchors: tuple[Anchor, ...]
    author: str
    created_at: datetime

    def statement(self) -> Statement:
        """As the library wants it."""
        return Statement(self.id, self.subject, self.verdict, self.track_id, self.anchors)


@dataclass(frozen=True)
class FeedbackFaces:
    """Faces that statements left of one person, raw vectors, oldest first; None where there are none.

    Attributes:
        negatives: (m, d) of tracks that are not the person. confirmed: (k, d) of tracks that are.
    """

    negatives: Float | None = None
    confirmed: Float | None = None


@dataclass(frozen=True)
class FeedbackFace:
    """The face of one statement: (d,) raw vector of the engine `model_id`."""

    feedback_id: str
    subject_id: str
    verdict: Verdict
    video_sha256: str
    model_id: str
    vector: Float


def add(
    session: Session,
    *,
    subject_id: str,
    verdict: Verdict,
    video_sha256: str,
    track_id: int,
    spans: Sequence[Span],
    anchors: Sequence[Anchor],
    author: str,
    face: tuple[str, Float] | None,
) -> str:
    """Store a statement.

    Args:
        face: engine and (d,) raw vector of the track's mean face, or None.

    Returns:
        Its id.

    Raises:
        StorageError: the vector is not finite.
    """
    row = FeedbackRow(
        subject_id=subject_id,
        verdict=verdict,
        video_sha256=video_sha256,
        track_id=track_id,
        spans=[list(span) for span in spans],
        anchors=[[anchor.time_s, *anchor.box] for anchor in anchors],
        author=author,
    )
    if face is not None:
        model_id, vector = face
        row.vector = FeedbackVectorRow(model_id=model_id, dimension=len(vector), data=pack(vector))
    session.add(row)
    session.flush()
    return row.id


def list_all(
    session: Session, *, video_sha256: str | None = None, subject_id: str | None = None, newest: int | None = None
) -> list[Feedback]:
    """Statements, oldest first; of one video, of one person, or all.

    Args:
        newest: at most so many, the newest ones.
    """
    query = (
        select(FeedbackRow, VideoRow.name)
        .options(joinedload(FeedbackRow.subject))
        .outerjoin(VideoRow, VideoRow.sha256 == FeedbackRow.video_sha256)
        .order_by(FeedbackRow.created_at.desc(), FeedbackRow.id.desc())
    )
    if video_sha256 is not None:
        query = query.where(FeedbackRow.video_sha256 == video_sha256)
    if subject_id is not None:
        query = query.where(FeedbackRow.subject_id == subject_id)
    rows = session.execute(query.limit(newest)).all()
    return [_feedback(row, name) for row, name in reversed(rows)]


def get(session: Session, feedback_id: str) -> Feedback | None:
    """One statement by its id."""
    row = session.get(FeedbackRow, feedback_id)
    if row is None:
        return None
    return _feedback(row, session.scalar(select(VideoRow.name).where(VideoRow.sha256 == row.video_sha256)))


def starting_with(session: Session, prefix: str) -> list[str]:
    """Ids that begin so."""
    return list(session.scalars(select(FeedbackRow.id).where(FeedbackRow.id.startswith(prefix, autoescape=True))))


def remove(session: Session, feedback_id: str) -> bool:
    """Take a statement back, with its face. Returns whether there was one."""
    return bool(_removed(session, FeedbackRow.id == feedback_id))


def remove_of_video(session: Session, video_sha256: str) -> int:
    """Take back all that was said about a video; how many statements that were."""
    return _removed(session, FeedbackRow.video_sha256 == video_sha256)


def ids(session: Session) -> tuple[str, ...]:
    """Ids of all statements, sorted; changes whenever something is said or taken back."""
    return tuple(session.scalars(select(FeedbackRow.id).order_by(FeedbackRow.id)))


def faces_of_people(session: Session, model_id: str | None = None) -> dict[str, FeedbackFaces]:
    """What statements left of each person, by subject; with `model_id`, of that engine alone."""
    found: dict[tuple[str, Verdict], list[Float]] = {}
    for face in faces(session):
        if model_id in (None, face.model_id):
            found.setdefault((face.subject_id, face.verdict), []).append(face.vector)
    stacked = {key: np.stack(vectors) for key, vectors in found.items()}
    people = {subject_id for subject_id, _ in found}
    return {one: FeedbackFaces(stacked.get((one, "is_not")), stacked.get((one, "is"))) for one in people}


def faces(session: Session) -> list[FeedbackFace]:
    """Every face that statements left, oldest first."""
    rows = session.execute(
        select(
            FeedbackRow.id,
            FeedbackRow.subject_id,
            FeedbackRow.verdict,
            FeedbackRow.video_sha256,
            FeedbackVectorRow.model_id,
            FeedbackVectorRow.data,
            FeedbackVectorRow.dimension,
        )
        .join(FeedbackVectorRow, FeedbackVectorRow.feedback_id == FeedbackRow.id)
        .order_by(FeedbackRow.created_at, FeedbackRow.id)
    ).all()
    return [FeedbackFace(*row[:5], unpack(row[5], 1, row[6])[0]) for row in rows]


def drop_faces(session: Session, feedback_ids: Collection[str]) -> int:
    """Delete the faces of statements; what was said goes on to hold in its video. How many went."""
    gone = session.scalars(
        delete(FeedbackVectorRow)
        .where(FeedbackVectorRow.feedback_id.in_(feedback_ids))
        .returning(FeedbackVectorRow.feedback_id)
    ).all()
    return len(gone)


def videos_of(session: Session, subject_id: str) -> set[str]:
    """SHA-256 of the videos in which somebody said that a track is this person."""
    wanted = select(FeedbackRow.video_sha256).where(FeedbackRow.subject_id == subject_id, FeedbackRow.verdict == "is")
    return set(session.scalars(wanted))


def _removed(session: Session, which: object) -> int:
    rows = session.scalars(select(FeedbackRow).where(which)).all()  # type: ignore[arg-type]
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)


def _feedback(row: FeedbackRow, video_name: str | None) -> Feedback:
    subject: SubjectRow = row.subject
    return Feedback(
        id=row.id,
        subject_id=row.subject_id,
        subject=subject.name,
        verdict=row.verdict,
        video_sha256=row.video_sha256,
        video_name=video_name or row.video_sha256[:_SHORT_NAME],
        track_id=row.track_id,
        spans=tuple((start, end) for start, end in row.spans),
        anchors=tuple(Anchor(time_s, (x0, y0, x1, y1)) for time_s, x0, y0, x1, y1 in row.anchors),
        author=row.author,
        created_at=row.created_at,
    )
