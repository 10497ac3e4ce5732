"""People: their consent, and once they are enrolled their vectors."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from pvchat.errors import SubjectError
from storage.engine import StorageError
from storage.schema import AdapterRow, ConsentRow, FeedbackRow, JobRow, SubjectRow, VectorRow, VideoRow, now
from storage.vectors import pack, unpack

Float = NDArray[np.float32]
POLICY_VERSION = "1"


@dataclass(frozen=True)
class Consent:
    """What a subject's consent row says. Times are aware (UTC)."""

    given_by: str
    purpose: str
    policy_version: str = POLICY_VERSION
    given_at: datetime = field(default_factory=now)
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def valid(self, at: datetime) -> bool:
        """Whether it covers the moment `at`."""
        return self.withdrawn_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True)
class SubjectVectors:
    """Vectors of one subject.

    Attributes:
        face_model: id of the recognition engine.
        templates: (k, d) float32 raw face vectors.
        weights: (k,) float32.
        appearance_model: id of the appearance network, "" without an appearance vector.
        appearance: (a,) float32, or None.
    """

    face_model: str
    templates: Float
    weights: Float
    appearance_model: str = ""
    appearance: Float | None = None


@dataclass(frozen=True)
class SubjectInfo:
    """A person without any vector, enrolled or not.

    Attributes:
        enrolled_from: file name of the enrollment video, None before the first enrollment.
        face_model: id of the recognition engine, None before the first enrollment.
        templates: how many face templates there are.
    """

    id: str
    name: str
    created_at: datetime
    consent: Consent
    coverage: dict[str, Any]
    enrolled_from: str | None
    face_model: str | None
    templates: int


@dataclass(frozen=True)
class StoredSubject:
    """One enrolled person as stored."""

    id: str
    name: str
    name_key: str
    created_at: datetime
    consent: Consent
    video_id: int
    video_name: str
    video_sha256: str
    coverage: dict[str, Any]
    vectors: SubjectVectors


def create(session: Session, *, name: str, name_key: str, consent: Consent) -> str:
    """Store a person and their consent, to be enrolled later; the caller's transaction decides whether it stays.

    Returns:
        Id of the subject.

    Raises:
        SubjectError: the name is taken.
    """
    consent_row = ConsentRow(
        given_by=consent.given_by,
        purpose=consent.purpose,
        policy_version=consent.policy_version,
        given_at=consent.given_at,
        expires_at=consent.expires_at,
        withdrawn_at=consent.withdrawn_at,
    )
    session.add(consent_row)
    session.flush()
    subject = SubjectRow(name=name, name_key=name_key, consent_id=consent_row.id, video_id=None, coverage={})
    session.add(subject)
    try:
        session.flush()
    except IntegrityError as error:
        raise taken(name) from error
    return subject.id


def enroll(
    session: Session, subject_id: str, *, video_id: int, coverage: dict[str, Any], vectors: SubjectVectors
) -> bool:
    """Give a person the vectors of one video, in place of those of an earlier enrollment.

    Adapters that were trained on an earlier enrollment go with it.

    Returns:
        Whether there was an earlier enrollment that differs from this one.

    Raises:
        SubjectError: there is no such person any more.
        StorageError: a vector is not finite.
    """
    subject = _existing(session, subject_id)
    # The video alone does not tell: of several people in it, another one may have been picked.
    earlier = session.scalar(select(VectorRow.data).where(VectorRow.subject_id == subject_id, VectorRow.kind == "face"))
    changed = earlier is not None and (subject.video_id != video_id or earlier != pack(vectors.templates))
    if changed:
        session.execute(delete(AdapterRow).where(AdapterRow.subject_id == subject_id))
    session.execute(delete(VectorRow).where(VectorRow.subject_id == subject_id))
    subject.video_id, subject.coverage = video_id, coverage
    session.add(_row(subject_id, "face", vectors.face_model, vectors.templates, vectors.weights))
    if vectors.appearance is not None:
        session.add(_row(subject_id, "appearance", vectors.appearance_model, vectors.appearance[None], None))
    session.flush()
    return changed


def merge(session: Session, kept_id: str, other_id: str, *, coverage: dict[str, Any], vectors: SubjectVectors) -> None:
    """Make one person of two: the first keeps name, adapters and appearance, gets these vectors, and the earlier end of
    the two consents. What was said about the other one is said about the first now; all else of the other one goes.

    Raises:
        SubjectError: one of them does not exist any more.
        StorageError: a vector is not finite.
    """
    kept, other = _existing(session, kept_id), _existing(session, other_id)
    ends = [end for end in (kept.consent.expires_at, other.consent.expires_at) if end is not None]
    kept.consent.expires_at = min(ends, default=None)
    kept.coverage = coverage
    session.execute(delete(VectorRow).where(VectorRow.subject_id == kept_id))
    session.add(_row(kept_id, "face", vectors.face_model, vectors.templates, vectors.weights))
    if vectors.appearance is not None:
        session.add(_row(kept_id, "appearance", vectors.appearance_model, vectors.appearance[None], None))
    # With them what was uploaded to enroll the other one is found when the person is forgotten.
    session.execute(update(JobRow).where(JobRow.subject_id == other_id).values(subject_id=kept_id))
    session.execute(update(FeedbackRow).where(FeedbackRow.subject_id == other_id).values(subject_id=kept_id))
    consent = other.consent
    session.delete(other)
    session.flush()
    session.delete(consent)
    session.flush()


def rename(session: Session, subject_id: str, *, name: str, name_key: str) -> None:
    """Call a person something else.

    Raises:
        SubjectError: there is no such person, or the name is taken.
    """
    subject = _existing(session, subject_id)
    subject.name, subject.name_key = name, name_key
    try:
        session.flush()
    except IntegrityError as error:
        raise taken(name) from error


def get(session: Session, subject_id: str) -> SubjectInfo | None:
    """The person with this id, enrolled or not."""
    row = session.get(SubjectRow, subject_id)
    return None if row is None else _info(session, row)


def enrolled_from(session: Session, sha256: str) -> frozenset[str]:
    """Ids of the people who were enrolled from the video with this hash."""
    return frozenset(session.scalars(select(SubjectRow.id).join(VideoRow).where(VideoRow.sha256 == sha256)))


def video_of(session: Session, subject_id: str) -> str | None:
    """SHA-256 of the video a person was enrolled from; None before the first enrollment."""
    return session.scalar(select(VideoRow.sha256).join(SubjectRow).where(SubjectRow.id == subject_id))


def list_info(session: Session) -> list[SubjectInfo]:
    """Everybody with a consent, enrolled or not, in the order of creation."""
    rows = session.scalars(select(SubjectRow).order_by(SubjectRow.created_at, SubjectRow.id)).all()
    return [_info(session, row) for row in rows]


def _existing(session: Session, subject_id: str) -> SubjectRow:
    subject = session.get(SubjectRow, subject_id)
    if subject is None:
        raise SubjectError("this person was forgotten meanwhile; create the person anew")
    return subject


def taken(name: str) -> SubjectError:
    """The error for a name that is in use."""
    return SubjectError(f'"{name}" is enrolled already; choose another name or run: pvchat forget "{name}"')


def list_all(session: Session) -> list[StoredSubject]:
    """Everybody enrolled, in the order of enrollment."""
    rows = session.scalars(
        select(SubjectRow)
        .where(SubjectRow.video_id.is_not(None))
        .options(selectinload(SubjectRow.vectors), selectinload(SubjectRow.video))
        .order_by(SubjectRow.created_at, SubjectRow.id)
    ).all()
    return [_read(row) for row in rows]


def fingerprint(session: Session) -> tuple[str, ...]:
    """Ids of everybody enrolled with the state of their consent; changes whenever the gallery does."""
    rows = session.execute(
        select(SubjectRow.id, ConsentRow.withdrawn_at, ConsentRow.expires_at)
        .join(SubjectRow.consent)
        .where(SubjectRow.video_id.is_not(None))
        .order_by(SubjectRow.id)
    ).all()
    return tuple(f"{subject_id}/{withdrawn}/{expires}" for subject_id, withdrawn, expires in rows)


def name_taken(session: Session, name_key: str) -> bool:
    """Whether somebody has this name."""
    return session.scalar(select(SubjectRow.id).where(SubjectRow.name_key == name_key)) is not None


def _row(subject_id: str, kind: str, model_id: str, values: Float, weights: Float | None) -> VectorRow:
    count, dimension = values.shape
    return VectorRow(
        kind=kind,
        subject_id=subject_id,
        model_id=model_id,
        dimension=dimension,
        count=count,
        data=pack(values),
        weights=None if weights is None else pack(weights),
    )


def _info(session: Session, row: SubjectRow) -> SubjectInfo:
    found = session.execute(
        select(VectorRow.model_id, VectorRow.count).where(VectorRow.subject_id == row.id, VectorRow.kind == "face")
    ).one_or_none()
    return SubjectInfo(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        consent=_consent(row.consent),
        coverage=row.coverage,
        enrolled_from=None if row.video is None else row.video.name,
        face_model=None if found is None else found[0],
        templates=0 if found is None else found[1],
    )


def _consent(row: ConsentRow) -> Consent:
    return Consent(
        given_by=row.given_by,
        purpose=row.purpose,
        policy_version=row.policy_version,
        given_at=row.given_at,
        expires_at=row.expires_at,
        withdrawn_at=row.withdrawn_at,
    )


def _read(row: SubjectRow) -> StoredSubject:
    blocks = {vector.kind: vector for vector in row.vectors}
    face, appearance = blocks["face"], blocks.get("appearance")
    if row.video is None or row.video_id is None:
        raise StorageError(f"the subject {row.id} has vectors but no video; forget the person and enroll again")
    return StoredSubject(
        id=row.id,
        name=row.name,
        name_key=row.name_key,
        created_at=row.created_at,
        consent=_consent(row.consent),
        video_id=row.video_id,
        video_name=row.video.name,
        video_sha256=row.video.sha256,
        coverage=row.coverage,
        vectors=SubjectVectors(
            face_model=face.model_id,
            templates=unpack(face.data, face.count, face.dimension),
            weights=unpack(face.weights or b"", face.count),
            appearance_model="" if appearance is None else appearance.model_id,
            appearance=None if appearance is None else unpack(appearance.data, 1, appearance.dimension)[0],
        ),
    )
