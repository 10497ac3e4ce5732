"""The cache of perception records and their vectors, by file hash, schema version and models."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from pvchat.perception.record import RECORD_VERSION, FaceSamples, PerceptionRecord, PerceptionVectors
from storage.engine import StorageError
from storage.schema import MediaRow, PerceptionRow, SubjectRow, VectorRow, VideoRow
from storage.vectors import pack, unpack

# A video's name is cleared to so many characters of its hash.
CLEARED_NAME = 12


@dataclass(frozen=True)
class CachedPerception:
    """One cached record with its vectors."""

    id: int
    video_id: int
    video_name: str
    record: PerceptionRecord
    vectors: PerceptionVectors


def models_key(models: Mapping[str, str]) -> str:
    """Canonical text of a record's models, equal for equal models."""
    return json.dumps(dict(models), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def add_video(session: Session, record: PerceptionRecord, file: Path, size_bytes: int) -> VideoRow:
    """The row of the record's video, made if this is the first time the file is seen, with the file's place."""
    row = session.scalar(select(VideoRow).where(VideoRow.sha256 == record.video.sha256))
    if row is None:
        row = VideoRow(
            sha256=record.video.sha256,
            name=_uploaded_name(session, record.video.sha256) or _file_name(file),
            size_bytes=size_bytes,
            duration_s=record.video.duration_s,
            width=record.video.width,
            height=record.video.height,
        )
        session.add(row)
        session.flush()
    note_place(session, row.sha256, file)
    return row


def note_place(session: Session, sha256: str, file: Path) -> None:
    """Note where a known video lies now.

    Not of one whose name was cleared when somebody was forgotten: its path may hold the same name.
    """
    place = str(file.absolute())
    if not _is_text(place):
        return
    cleared = VideoRow.name == sha256[:CLEARED_NAME]
    session.execute(update(VideoRow).where(VideoRow.sha256 == sha256, ~cleared).values(path=place))


def places(session: Session) -> dict[str, str]:
    """Where the videos lay when they were last looked at, by SHA-256."""
    rows = session.execute(select(VideoRow.sha256, VideoRow.path).where(VideoRow.path.is_not(None))).all()
    return {sha256: path for sha256, path in rows if path is not None}


def save(session: Session, record: PerceptionRecord, vectors: PerceptionVectors, file: Path, size_bytes: int) -> int:
    """Store a record and its vectors, in place of one by the same models.

    One that is there already with these vectors stays as it is, with the moment from which its vectors expire.

    Returns:
        Id of the video's row.

    Raises:
        StorageError: a vector is not finite.
    """
    video = add_video(session, record, file, size_bytes)
    key = models_key(record.models)
    stale = session.scalars(
        select(PerceptionRow).where(PerceptionRow.video_id == video.id, PerceptionRow.models == key)
    ).all()
    if any(_holds(row, record, vectors) for row in stale):
        return video.id
    for row in stale:
        session.delete(row)
    session.flush()
    perception = PerceptionRow(
        video_id=video.id,
        version=record.version,
        models=key,
        face_model=vectors.face_model,
        appearance_model=vectors.appearance_model,
        record=record.model_dump(mode="json"),
    )
    session.add(perception)
    session.flush()
    session.add_all(_vector_rows(perception.id, vectors))
    session.flush()
    return video.id


def video_known(session: Session, sha256: str) -> bool:
    """Whether a file was perceived or enrolled from before, by whatever models."""
    return session.scalar(select(VideoRow.id).where(VideoRow.sha256 == sha256)) is not None


def video_id(session: Session, sha256: str) -> int:
    """Id of a video's row.

    Raises:
        StorageError: there is none any more.
    """
    found = session.scalar(select(VideoRow.id).where(VideoRow.sha256 == sha256))
    if found is None:
        raise StorageError(f"the video {sha256[:CLEARED_NAME]} is not known any more; ask about it again")
    return found


def load(session: Session, sha256: str, models: Mapping[str, str]) -> CachedPerception | None:
    """The record of this file by exactly these models and this schema version, if there is one with its vectors."""
    row = session.scalar(
        select(PerceptionRow)
        .join(PerceptionRow.video)
        .where(
            VideoRow.sha256 == sha256,
            PerceptionRow.version == RECORD_VERSION,
            PerceptionRow.models == models_key(models),
            PerceptionRow.expired_at.is_(None),
        )
        .options(selectinload(PerceptionRow.vectors), selectinload(PerceptionRow.video))
    )
    return None if row is None else _read(row)


def newest(session: Session, sha256: str) -> dict[str, Any] | None:
    """The newest record of a file, by whatever models, as plain JSON."""
    return session.scalar(
        select(PerceptionRow.record)
        .join(PerceptionRow.video)
        .where(VideoRow.sha256 == sha256, PerceptionRow.version == RECORD_VERSION)
        .order_by(PerceptionRow.created_at.desc(), PerceptionRow.id.desc())
        .limit(1)
    )


def newest_read(session: Session, sha256: str) -> CachedPerception | None:
    """The newest record of a file, by whatever models, with its vectors."""
    row = session.scalar(
        select(PerceptionRow)
        .join(PerceptionRow.video)
        .where(VideoRow.sha256 == sha256, PerceptionRow.version == RECORD_VERSION)
        .options(selectinload(PerceptionRow.vectors), selectinload(PerceptionRow.video))
        .order_by(PerceptionRow.created_at.desc(), PerceptionRow.id.desc())
        .limit(1)
    )
    return None if row is None else _read(row)


def remove(session: Session, sha256: str) -> None:
    """Forget what was perceived in a file; the file itself too, unless somebody is enrolled from it."""
    video = session.scalar(select(VideoRow).where(VideoRow.sha256 == sha256))
    if video is None:
        return
    for row in session.scalars(select(PerceptionRow).where(PerceptionRow.video_id == video.id)).all():
        session.delete(row)
    session.flush()
    if session.scalar(select(SubjectRow.id).where(SubjectRow.video_id == video.id).limit(1)) is None:
        session.delete(video)
    session.flush()


def load_all(session: Session) -> Iterator[CachedPerception]:
    """Every cached record this program can read and that has its vectors, one at a time."""
    current = select(PerceptionRow.id).where(PerceptionRow.version == RECORD_VERSION)
    for perception_id in session.scalars(current.where(PerceptionRow.expired_at.is_(None))).all():
        found = load_one(session, perception_id)
        if found is not None:
            yield found


def load_one(session: Session, perception_id: int) -> CachedPerception | None:
    """A cached record by its id; None where it is gone."""
    row = session.get(PerceptionRow, perception_id)
    if row is None:
        return None
    found = _read(row)
    session.expunge(row)
    return found


def record_of(session: Session, perception_id: int) -> PerceptionRecord | None:
    """The record alone, with or without its vectors; None where it is gone."""
    row = session.get(PerceptionRow, perception_id)
    return None if row is None else _record(row)


def drop_records(session: Session, records: Collection[int]) -> tuple[int, tuple[str, ...]]:
    """Delete some records with all vectors; they are made again when somebody asks about their videos.

    Returns:
        How many vectors went, and the names of the videos.
    """
    gone, names = 0, []
    for perception_id in sorted(records):
        row = session.get(PerceptionRow, perception_id)
        if row is not None:
            gone += sum(vector.count for vector in row.vectors)
            names.append(row.video.name)
            session.delete(row)
    session.flush()
    return gone, tuple(dict.fromkeys(names))


def without_vectors(session: Session) -> set[int]:
    """Ids of the videos of which a record is left whose vectors expired: nobody can tell any more who is in it."""
    return set(session.scalars(select(PerceptionRow.video_id).where(PerceptionRow.expired_at.is_not(None))))


def expired(session: Session, hashes: Collection[str]) -> set[str]:
    """Which of some videos, by SHA-256, have no record left that has its vectors, though they had one."""
    rows = session.execute(
        select(VideoRow.sha256, PerceptionRow.expired_at).join(PerceptionRow.video).where(VideoRow.sha256.in_(hashes))
    ).all()
    live = {sha256 for sha256, expired_at in rows if expired_at is None}
    return {sha256 for sha256, _ in rows} - live


def _record(row: PerceptionRow) -> PerceptionRecord:
    try:
        return PerceptionRecord.model_validate_json(json.dumps(row.record))
    except ValueError as error:
        raise StorageError(f"the cached perception record {row.id} cannot be read; perceive the video again") from error


def _read(row: PerceptionRow) -> CachedPerception:
    record = _record(row)
    faces: dict[int, FaceSamples] = {}
    appearance: dict[int, np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = {}
    for vector in row.vectors:
        if vector.track_id is None:
            continue
        values = unpack(vector.data, vector.count, vector.dimension)
        if vector.kind == "appearance":
            appearance[vector.track_id] = values[0]
        else:
            faces[vector.track_id] = FaceSamples(
                times_s=unpack(vector.times or b"", vector.count),
                vectors=values,
                quality=unpack(vector.weights or b"", vector.count),
            )
    return CachedPerception(
        id=row.id,
        video_id=row.video_id,
        video_name=row.video.name,
        record=record,
        vectors=PerceptionVectors(
            face_model=row.face_model,
            faces=faces,
            appearance_model=row.appearance_model,
            appearance=appearance,
        ),
    )


def _holds(row: PerceptionRow, record: PerceptionRecord, vectors: PerceptionVectors) -> bool:
    """Whether a row is this record, with these vectors."""
    if row.expired_at is not None or row.record != record.model_dump(mode="json"):
        return False
    there = {(vector.kind, vector.track_id): vector.data for vector in row.vectors}
    return there == {(vector.kind, vector.track_id): vector.data for vector in _vector_rows(row.id, vectors)}


def _vector_rows(perception_id: int, vectors: PerceptionVectors) -> Iterator[VectorRow]:
    for track_id, samples in vectors.faces.items():
        count, dimension = samples.vectors.shape
        yield VectorRow(
            kind="face",
            perception_id=perception_id,
            track_id=track_id,
            model_id=vectors.face_model,
            dimension=dimension,
            count=count,
            data=pack(samples.vectors),
            times=pack(samples.times_s),
            weights=pack(samples.quality),
        )
    for track_id, vector in vectors.appearance.items():
        yield VectorRow(
            kind="appearance",
            perception_id=perception_id,
            track_id=track_id,
            model_id=vectors.appearance_model,
            dimension=vector.shape[0],
            count=1,
            data=pack(vector[None]),
        )


def _uploaded_name(session: Session, sha256: str) -> str | None:
    """What an upload with this content was called by its sender; its file is called by an id."""
    newest = select(MediaRow.name).where(MediaRow.sha256 == sha256).order_by(MediaRow.created_at.desc()).limit(1)
    return session.scalar(newest)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _file_name(file: Path) -> str:
    # A file name may hold bytes that are not text; the database keeps text only.
    return file.name.encode("utf-8", "replace").decode("utf-8")[:255]
