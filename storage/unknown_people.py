"""People who are nobody enrolled: their tracks, their numbers, and until when their vectors are kept.

This file stores what `pvchat.identity.grouping` finds; it groups nothing itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from pvchat.perception.record import RECORD_VERSION, Span
from storage.corpus import chunks
from storage.schema import PerceptionRow, UnknownPersonRow, UnknownTrackRow, VectorRow, VideoRow, now
from storage.vectors import pack, unpack

Float = NDArray[np.float32]


@dataclass(frozen=True)
class StoredTrack:
    """A track of somebody who is nobody enrolled.

    Attributes:
        sha256: of the video. perception_id, track_id: where the track is. person: number of the person, or None.
        spans: seconds. mean: (d,) whitened. offset, reliability: see `pvchat.identity.grouping.StrangerTrack`.
    """

    sha256: str
    perception_id: int
    track_id: int
    person: int | None
    spans: tuple[Span, ...]
    mean: Float
    offset: float
    reliability: float


@dataclass(frozen=True)
class NewTrack:
    """The same, not yet stored."""

    track_id: int
    spans: tuple[Span, ...]
    mean: Float
    offset: float
    reliability: float


@dataclass(frozen=True)
class UnknownVideo:
    """Where an unknown person is in one video.

    Attributes:
        perception_id: the record. sha256, name: of the video. track_ids: the tracks, by id. seen_at: when the video was
            looked at.
    """

    perception_id: int
    sha256: str
    name: str
    track_ids: tuple[int, ...]
    seen_at: datetime


@dataclass(frozen=True)
class UnknownInfo:
    """An unknown person without any vector. `videos` are in the order in which they were looked at."""

    id: str
    number: int
    model_id: str
    videos: tuple[UnknownVideo, ...]

    @property
    def first_seen_at(self) -> datetime:
        """When the first of the videos was looked at."""
        return min(video.seen_at for video in self.videos)


def unscanned(session: Session, gallery: str, sha256: str | None = None) -> list[int]:
    """Ids of the records, with vectors, of which nobody has said who in them is nobody of this gallery.

    Args:
        gallery: digest of everybody enrolled. sha256: of one video; None for all.
    """
    wanted = select(PerceptionRow.id).where(
        PerceptionRow.version == RECORD_VERSION,
        PerceptionRow.expired_at.is_(None),
        PerceptionRow.gallery.is_distinct_from(gallery),
    )
    if sha256 is not None:
        wanted = wanted.join(PerceptionRow.video).where(VideoRow.sha256 == sha256)
    return list(session.scalars(wanted.order_by(PerceptionRow.id)))


def replace_tracks(
    session: Session, perception_id: int, model_id: str, tracks: Sequence[NewTrack], *, gallery: str, strangers: int
) -> set[int]:
    """Note the strangers of a record. A track that was noted before keeps its person.

    Args:
        perception_id: the record; where it is gone, nothing is noted. model_id: engine of the vectors. tracks: all its
            described tracks of nobody enrolled. gallery: digest of everybody enrolled. strangers: how many tracks of
            the record have any vector and are nobody enrolled.

    Returns:
        Numbers of the people who lost a track.
    """
    record = session.get(PerceptionRow, perception_id)
    if record is None or record.expired_at is not None:
        return set()
    rows = session.scalars(select(UnknownTrackRow).where(UnknownTrackRow.perception_id == perception_id)).all()
    earlier = {row.track_id: row for row in rows}
    kept = {track.track_id for track in tracks}
    lost = set()
    for track_id, row in earlier.items():
        if track_id not in kept:
            lost.add(row.person_number)
            session.delete(row)
    for track in tracks:
        if track.track_id not in earlier:
            session.add(
                UnknownTrackRow(
                    perception_id=perception_id,
                    track_id=track.track_id,
                    person_number=None,
                    spans=[list(span) for span in track.spans],
                    offset=track.offset,
                    reliability=track.reliability,
                    model_id=model_id,
                    dimension=len(track.mean),
                    data=pack(track.mean),
                )
            )
    record.gallery, record.strangers = gallery, strangers
    session.flush()
    return {number for number in lost if number is not None}


def tracks_of(session: Session, model_id: str) -> list[StoredTrack]:
    """All noted tracks that one engine described."""
    rows = session.execute(
        select(UnknownTrackRow, VideoRow.sha256)
        .join(PerceptionRow, PerceptionRow.id == UnknownTrackRow.perception_id)
        .join(VideoRow, VideoRow.id == PerceptionRow.video_id)
        .where(UnknownTrackRow.model_id == model_id)
        .order_by(VideoRow.sha256, UnknownTrackRow.perception_id, UnknownTrackRow.track_id)
    ).all()
    return [
        StoredTrack(
            sha256=sha256,
            perception_id=row.perception_id,
            track_id=row.track_id,
            person=row.person_number,
            spans=tuple((start, end) for start, end in row.spans),
            mean=unpack(row.data, row.dimension),
            offset=row.offset,
            reliability=row.reliability,
        )
        for row, sha256 in rows
    ]


def assign(session: Session, people: Mapping[tuple[int, int], int | None]) -> None:
    """Say whose tracks some are.

    Args:
        people: (perception id, track id) -> number of the person, None for nobody's.
    """
    for (perception_id, track_id), number in people.items():
        session.execute(
            update(UnknownTrackRow)
            .where(UnknownTrackRow.perception_id == perception_id, UnknownTrackRow.track_id == track_id)
            .values(person_number=number)
        )


def new_person(session: Session, model_id: str) -> int:
    """A person with the next number."""
    row = UnknownPersonRow(model_id=model_id)
    session.add(row)
    session.flush()
    return row.number


def part(session: Session, number: int) -> None:
    """Take the tracks of a person away from them, and the person with them; whose they are has to be found anew."""
    mine = UnknownTrackRow.person_number == number
    records = set(session.scalars(select(UnknownTrackRow.perception_id).where(mine)))
    session.execute(update(UnknownTrackRow).where(mine).values(person_number=None))
    for chunk in chunks(sorted(records)):
        session.execute(update(PerceptionRow).where(PerceptionRow.id.in_(chunk)).values(gallery=None))
    drop_empty(session)


def drop_empty(session: Session) -> None:
    """Remove the people of whom no track is left."""
    taken = select(UnknownTrackRow.person_number).where(UnknownTrackRow.person_number.is_not(None))
    session.execute(delete(UnknownPersonRow).where(UnknownPersonRow.number.not_in(taken)))
    session.flush()


def list_all(session: Session) -> list[UnknownInfo]:
    """Every unknown person, by number."""
    rows = session.execute(
        select(
            UnknownPersonRow.number,
            UnknownPersonRow.id,
            UnknownPersonRow.model_id,
            UnknownTrackRow.track_id,
            PerceptionRow.id,
            PerceptionRow.created_at,
            VideoRow.sha256,
            VideoRow.name,
        )
        .join(UnknownTrackRow, UnknownTrackRow.person_number == UnknownPersonRow.number)
        .join(PerceptionRow, PerceptionRow.id == UnknownTrackRow.perception_id)
        .join(VideoRow, VideoRow.id == PerceptionRow.video_id)
        .order_by(UnknownPersonRow.number, PerceptionRow.created_at, PerceptionRow.id, UnknownTrackRow.track_id)
    ).all()
    people: dict[int, tuple[str, str, dict[int, UnknownVideo]]] = {}
    for number, person_id, model_id, track_id, perception_id, seen_at, sha256, name in rows:
        videos = people.setdefault(number, (person_id, model_id, {}))[2]
        earlier = videos[perception_id].track_ids if perception_id in videos else ()
        videos[perception_id] = UnknownVideo(perception_id, sha256, name, (*earlier, track_id), seen_at)
    return [
        UnknownInfo(person_id, number, model_id, tuple(videos.values()))
        for number, (person_id, model_id, videos) in people.items()
    ]


def numbers_in(session: Session, sha256: str, models: str) -> dict[int, tuple[int, str]]:
    """Number and id of the unknown person of each track of a video's record, by track id.

    Args:
        sha256: of the video. models: those that made the record, as `storage.perceptions.models_key` writes them.
    """
    rows = session.execute(
        select(UnknownTrackRow.track_id, UnknownPersonRow.number, UnknownPersonRow.id)
        .join(UnknownPersonRow, UnknownTrackRow.person_number == UnknownPersonRow.number)
        .join(PerceptionRow, PerceptionRow.id == UnknownTrackRow.perception_id)
        .join(VideoRow, VideoRow.id == PerceptionRow.video_id)
        .where(
            VideoRow.sha256 == sha256,
            PerceptionRow.models == models,
            PerceptionRow.version == RECORD_VERSION,
        )
    ).all()
    return {track_id: (number, person_id) for track_id, number, person_id in rows}


def due(session: Session, before: datetime) -> list[int]:
    """Ids of the records that were made before a moment and still have vectors, of whomever."""
    wanted = select(PerceptionRow.id).where(PerceptionRow.created_at < before, PerceptionRow.expired_at.is_(None))
    return list(session.scalars(wanted.order_by(PerceptionRow.id)))


def without_strangers(session: Session, records: Collection[int], gallery: str) -> set[int]:
    """Which of some records hold vectors of nobody but people of this gallery."""
    found: set[int] = set()
    for chunk in chunks(sorted(records)):
        wanted = select(PerceptionRow.id).where(
            PerceptionRow.id.in_(chunk), PerceptionRow.gallery == gallery, PerceptionRow.strangers == 0
        )
        found |= set(session.scalars(wanted))
    return found


def expire(session: Session, records: Collection[int]) -> int:
    """Delete all vectors of some records, and what is noted of the strangers in them; the records stay to be shown.

    Those of enrolled people go too: without the others' nobody could tell who is absent. All are made again when
    somebody asks about the video.

    Returns:
        How many vectors went.
    """
    gone = 0
    for chunk in chunks(sorted(records)):
        mine = VectorRow.perception_id.in_(chunk)
        gone += int(session.scalar(select(func.sum(VectorRow.count)).where(mine)) or 0)
        session.execute(delete(VectorRow).where(mine))
        session.execute(delete(UnknownTrackRow).where(UnknownTrackRow.perception_id.in_(chunk)))
        session.execute(
            update(PerceptionRow)
            .where(PerceptionRow.id.in_(chunk))
            .values(expired_at=now(), gallery=None, strangers=None)
        )
    drop_empty(session)
    return gone
