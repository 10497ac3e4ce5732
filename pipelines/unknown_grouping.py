"""Keeps the groups of unknown people up to date: who in each video is nobody enrolled, and which of them are one.

1. find the records nobody has looked at since the gallery changed  2. decide who in them is a stranger
3. group anew what is connected with new or lost tracks  4. let every group keep its number
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.gallery import Gallery
from pvchat.errors import ModelError
from storage import perceptions, unknown_people
from storage.engine import StorageError
from storage.people import StoredSubject
from storage.perceptions import CachedPerception
from storage.store import Store
from storage.unknown_people import NewTrack, StoredTrack

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DatabaseSession

    from pvchat.identity.grouping import StrangerTrack


@dataclass(frozen=True)
class Scan:
    """Who in a record is nobody enrolled.

    Attributes:
        perception_id: the record. model_id: engine of its faces. tracks: the described ones.
        strangers: all tracks that have any vector and are nobody enrolled.
    """

    perception_id: int
    model_id: str
    tracks: tuple[NewTrack, ...]
    strangers: int


class UnknownGrouping:
    """Groups of one data folder.

    Args:
        store: the data folder. gallery: who is enrolled, and who of them is in a video.
    """

    def __init__(self, store: Store, gallery: Gallery) -> None:
        self._store = store
        self._gallery = gallery
        self._lock = threading.Lock()

    def update(self, sha256: str | None = None) -> None:
        """Look at what is new: records, and what the gallery says of the others.

        Args:
            sha256: look at the records of this video alone.
        """
        with self._lock:
            subjects = self._gallery.subjects()
            digest = self._gallery.digest(subjects)
            with self._store.read() as session:
                wanted = unknown_people.unscanned(session, digest, sha256)
            if not wanted:
                return
            scans = [scan for perception_id in wanted if (scan := self.scan(perception_id, subjects)) is not None]
            with self._store.write() as session:
                fresh: dict[str, set[tuple[int, int]]] = {}
                lost: dict[str, set[int]] = {}
                for scan in scans:
                    gone = unknown_people.replace_tracks(
                        session,
                        scan.perception_id,
                        scan.model_id,
                        scan.tracks,
                        gallery=digest,
                        strangers=scan.strangers,
                    )
                    lost.setdefault(scan.model_id, set()).update(gone)
                    keys = {(scan.perception_id, track.track_id) for track in scan.tracks}
                    fresh.setdefault(scan.model_id, set()).update(keys)
                for model_id, keys in fresh.items():
                    _regroup(session, model_id, keys, lost[model_id])
                unknown_people.drop_empty(session)

    def scan(self, perception_id: int, subjects: Sequence[StoredSubject]) -> Scan | None:
        """Decide about one record; None where it is gone.

        Args:
            subjects: everybody enrolled.
        """
        with self._store.read() as session:
            cached = perceptions.load_one(session, perception_id)
        return None if cached is None else self._scanned(cached, subjects)

    def scan_readable(self, perception_id: int, subjects: Sequence[StoredSubject]) -> Scan | None:
        """The same; None also for a record that an earlier program wrote and this one cannot read."""
        try:
            return self.scan(perception_id, subjects)
        except StorageError:
            return None

    def _scanned(self, cached: CachedPerception, subjects: Sequence[StoredSubject]) -> Scan:
        # Identity takes a while to import, and most commands need none of it.
        from pvchat.identity.grouping import stranger_tracks

        vectors = cached.vectors
        said = self._gallery.said(cached.record.video.sha256, vectors.face_model)
        entries = self._gallery.entries(subjects, vectors.face_model, said.faces)
        decisions = self._gallery.decide(cached.record, vectors, entries, said)
        try:
            strangers = stranger_tracks(cached.record, vectors, decisions)
        except ModelError:
            # Of an engine that nothing was measured for, two faces cannot be compared.
            strangers = []
        known = {track for decision in decisions if decision.state == "present" for track in decision.track_ids}
        tracks = tuple(
            NewTrack(track.id, track.spans, track.mean, track.offset, track.reliability) for track in strangers
        )
        with_vectors = {*vectors.faces, *vectors.appearance}
        return Scan(cached.id, vectors.face_model, tracks, len(with_vectors - known))


def _regroup(
    session: "DatabaseSession", model_id: str, fresh: Collection[tuple[int, int]], lost: Collection[int]
) -> None:
    """Group what new tracks, and people who lost one, are connected with."""
    from pvchat.identity.grouping import ALONE, connected, group_tracks, keep_numbers

    stored = unknown_people.tracks_of(session, model_id)
    seeds = [s for s in stored if s.person in lost or (s.person is None and (s.perception_id, s.track_id) in fresh)]
    if not seeds:
        return
    tracks = [_as_track(one) for one in stored]
    touched = connected(tracks, {_as_track(one).key for one in seeds}, model_id)
    chosen = [tracks[index] for index in touched]
    labels = group_tracks(chosen, model_id)
    groups = [
        [touched[place] for place, label in enumerate(labels) if label == number]
        for number in range(max(labels, default=ALONE) + 1)
    ]
    earlier = {tracks[index].key: person for index in touched if (person := stored[index].person) is not None}
    kept = keep_numbers([[tracks[index].key for index in group] for group in groups], earlier)
    people: dict[tuple[int, int], int | None] = {_place(stored[index]): None for index in touched}
    # Who was perceived first gets the lower number.
    for group, number in sorted(
        zip(groups, kept, strict=True), key=lambda pair: min(_first(stored[index]) for index in pair[0])
    ):
        person = unknown_people.new_person(session, model_id) if number is None else number
        people.update({_place(stored[index]): person for index in group})
    before = {_place(stored[index]): stored[index].person for index in touched}
    unknown_people.assign(session, {place: person for place, person in people.items() if before[place] != person})


def _as_track(stored: StoredTrack) -> "StrangerTrack":
    from pvchat.identity.grouping import StrangerTrack

    # Two records of one video, by different models, are two looks at the same people.
    clip = f"{stored.sha256}:{stored.perception_id}"
    return StrangerTrack(clip, stored.track_id, stored.spans, stored.mean, stored.offset, stored.reliability)


def _place(stored: StoredTrack) -> tuple[int, int]:
    return stored.perception_id, stored.track_id


def _first(stored: StoredTrack) -> tuple[int, float, int]:
    return stored.perception_id, min((start for start, _ in stored.spans), default=0.0), stored.track_id
