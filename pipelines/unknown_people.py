"""Unknown people of a data folder: list them, name one with consent, forget one."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipelines import enroll_instant, names
from pipelines.enrolling import consent_of, vectors_of
from pipelines.forgetting import corpus_faces_like, records_like, statements_like
from pipelines.gallery import Gallery
from pipelines.results import EnrollResult
from pipelines.retention import Retention, unknown_hours
from pipelines.tools import Tools
from pipelines.unknown_grouping import UnknownGrouping
from pvchat.chat.facts_from_record import merge_spans
from pvchat.errors import NoFaceError, SubjectError
from pvchat.perception.record import Box, FaceSamples, PerceptionRecord, Span, Track
from storage import feedback, people, perceptions, unknown_people
from storage.corpus_faces import drop_faces
from storage.corpus_folder import CorpusFolder
from storage.store import Store
from storage.unknown_people import UnknownInfo, UnknownVideo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pvchat.identity.gallery import GalleryEntry

LEAST_FACES: Final = enroll_instant.FEW_FACES


@dataclass(frozen=True)
class Sighted:
    """An unknown person in one video.

    Attributes:
        video: its file name. sha256: of the file. spans: seconds in which the person is seen.
        keyframe_s: a moment that shows them well. box: where in that frame, as fractions. face_px: height of the face.
        faces: how many faces were described.
    """

    video: str
    sha256: str
    spans: tuple[Span, ...]
    keyframe_s: float
    box: Box
    face_px: float
    faces: int


@dataclass(frozen=True)
class UnknownPerson:
    """Somebody who is nobody enrolled, without any biometric data.

    Attributes:
        id: for programs and logs. number: for people; it stays as long as anything of the person is kept.
        first_seen_at: when the first of the videos was looked at. expires_at: when the vectors from the newest go.
        videos: where the person is, the first seen first.
    """

    id: str
    number: int
    face_model: str
    first_seen_at: datetime
    expires_at: datetime
    videos: tuple[Sighted, ...]

    @property
    def faces(self) -> int:
        """How many faces were described, in all videos."""
        return sum(video.faces for video in self.videos)

    @property
    def best(self) -> Sighted:
        """Where the face is largest."""
        return max(self.videos, key=lambda video: video.face_px)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "id": self.id,
            "number": self.number,
            "face_model": self.face_model,
            "first_seen_at": self.first_seen_at.isoformat(timespec="seconds"),
            "expires_at": self.expires_at.isoformat(timespec="seconds"),
            "faces": self.faces,
            "videos": [
                {
                    "video": video.video,
                    "sha256": video.sha256,
                    "spans": [[round(start, 2), round(end, 2)] for start, end in video.spans],
                    "keyframe_s": round(video.keyframe_s, 3),
                    "box": [round(edge, 4) for edge in video.box],
                    "face_px": round(video.face_px),
                    "faces": video.faces,
                }
                for video in self.videos
            ],
        }


@dataclass(frozen=True)
class Named:
    """What came of naming somebody: the new subject, and what an enrollment tells."""

    subject_id: str
    result: EnrollResult


@dataclass(frozen=True)
class UnknownForgotten:
    """What went with an unknown person.

    Attributes:
        number: of the person. vectors: of all tracks of these records. records: names of the videos whose cached
            records went. corpus_faces: faces of the corpus.
    """

    number: int
    vectors: int
    records: tuple[str, ...]
    corpus_faces: int


class UnknownPeople:
    """The unknown people of a session.

    Args:
        store: the data folder. tools: identity. gallery: who is enrolled. lock: held while the gallery changes.
        let_go: called when vectors were deleted, to let go of what is in memory.
    """

    def __init__(
        self, store: Store, tools: Tools, gallery: Gallery, lock: threading.RLock, let_go: Callable[[], None]
    ) -> None:
        self._store = store
        self._tools = tools
        self._gallery = gallery
        self._lock = lock
        self._let_go = let_go
        self.grouping = UnknownGrouping(store, gallery)
        self.retention = Retention(store, gallery, self.grouping)

    def list(self) -> list[UnknownPerson]:
        """Everybody, by number, after what is new was looked at.

        Raises:
            RetentionError: the setting is no number of hours.
        """
        self.grouping.update()
        with self._store.read() as session:
            found = unknown_people.list_all(session)
            records = {
                video.perception_id: record
                for info in found
                for video in info.videos
                if (record := perceptions.record_of(session, video.perception_id)) is not None
            }
        keep = timedelta(hours=unknown_hours())
        return [_person(info, records, keep) for info in found]

    def get(self, which: int | str) -> UnknownPerson:
        """One of them.

        Args:
            which: the number, or the id.

        Raises:
            SubjectError: there is no such person (any more).
        """
        for person in self.list():
            if str(which) in (str(person.number), person.id):
                return person
        raise SubjectError(f"there is no unknown person {which}; run: pvchat unknown list")

    def name(
        self,
        which: int | str,
        name: str,
        *,
        consent_by: str,
        purpose: str,
        expires_at: datetime | None = None,
    ) -> Named:
        """Enroll an unknown person, with their consent, from the faces of the videos they are in.

        Args:
            which: the number, or the id. name, consent_by, purpose, expires_at: see `Session.enroll`.

        Raises:
            SubjectError: there is no such person, or the name is not usable or taken.
            ConsentError: consent is missing.
            NoFaceError: the faces are too few or too poor to tell the person by.
        """
        started = time.perf_counter()
        consent = consent_of(consent_by, purpose, expires_at)
        name = names.clean_name(name)
        with self._lock:
            info, person = self._info(which), self.get(which)
            samples, appearance, appearance_model = self._faces(info)
            entry = self._tools.build_entry(name, samples, appearance, info.model_id)
            _check_enough(person, samples, entry)
            subjects = self._gallery.subjects()
            warnings = self._tools.look_alikes(entry, self._gallery.entries(subjects, info.model_id))
            coverage = {**entry.coverage, **_coverage(person)}
            with self._store.write() as session:
                video_id = perceptions.video_id(session, person.best.sha256)
                subject_id = people.create(session, name=name, name_key=names.name_key(name), consent=consent)
                people.enroll(
                    session,
                    subject_id,
                    video_id=video_id,
                    coverage=coverage,
                    vectors=vectors_of(entry, appearance_model),
                )
                # What is not found to be this person after all is somebody else, under another number.
                unknown_people.part(session, info.number)
            self.grouping.update()
        total_s = time.perf_counter() - started
        return Named(subject_id, EnrollResult(name, coverage, tuple(warnings), {"total": total_s}))

    def forget(self, which: int | str) -> UnknownForgotten:
        """Delete the records of all videos an unknown person is or may be in, and their faces in the corpus.

        Raises:
            SubjectError: there is no such person.
        """
        with self._lock:
            info = self._info(which)
            samples, _, _ = self._faces(info)
            alone = self._tools.build_entry("unknown", samples, None, info.model_id)
            records = {video.perception_id for video in info.videos}
            records |= records_like(alone, self._store, self._tools)
            faces = corpus_faces_like(alone, self._store)
            said = statements_like(alone, self._store)
            indexes = CorpusFolder(self._store.database.parent)
            indexes.drop()
            with self._store.write() as session:
                vectors, videos = perceptions.drop_records(session, records)
                unknown_people.drop_empty(session)
                in_corpus = drop_faces(session, faces)
                feedback.drop_faces(session, said)
            indexes.drop()
            self._let_go()
            self._store.scrub()
        return UnknownForgotten(info.number, vectors, videos, in_corpus)

    def numbers_in(self, record: PerceptionRecord) -> dict[int, tuple[int, str]]:
        """Number and id of the unknown person of each track of a perceived video that has one, by track id."""
        self.grouping.update(record.video.sha256)
        with self._store.read() as session:
            return unknown_people.numbers_in(session, record.video.sha256, perceptions.models_key(record.models))

    def _info(self, which: int | str) -> UnknownInfo:
        self.grouping.update()
        with self._store.read() as session:
            found = unknown_people.list_all(session)
        for info in found:
            if str(which) in (str(info.number), info.id):
                return info
        raise SubjectError(f"there is no unknown person {which}; run: pvchat unknown list")

    def _faces(self, info: UnknownInfo) -> "tuple[FaceSamples, NDArray[np.float32] | None, str]":
        """All faces of a person, and the clothes of the newest video.

        Raises:
            SubjectError: they went meanwhile.
        """
        blocks: list[FaceSamples] = []
        appearance, model = None, ""
        with self._store.read() as session:
            for video in info.videos:
                cached = perceptions.load_one(session, video.perception_id)
                if cached is None:
                    continue
                for track_id in video.track_ids:
                    if track_id in cached.vectors.faces:
                        blocks.append(cached.vectors.faces[track_id])
                    if track_id in cached.vectors.appearance:
                        appearance, model = cached.vectors.appearance[track_id], cached.vectors.appearance_model
        if not blocks:
            raise SubjectError(f"nothing is kept of unknown person {info.number} any more; run: pvchat unknown list")
        return (
            FaceSamples(
                times_s=np.concatenate([block.times_s for block in blocks]),
                vectors=np.concatenate([block.vectors for block in blocks]),
                quality=np.concatenate([block.quality for block in blocks]),
            ),
            appearance,
            model,
        )


def _person(info: UnknownInfo, records: dict[int, PerceptionRecord], keep: timedelta) -> UnknownPerson:
    return UnknownPerson(
        id=info.id,
        number=info.number,
        face_model=info.model_id,
        first_seen_at=info.first_seen_at,
        expires_at=max(video.seen_at for video in info.videos) + keep,
        videos=tuple(_sighted(video, records[video.perception_id]) for video in info.videos),
    )


def _sighted(video: UnknownVideo, record: PerceptionRecord) -> Sighted:
    tracks = [track for track in record.tracks if track.id in video.track_ids]
    best = max(tracks, key=_shows_well)
    return Sighted(
        video=video.name,
        sha256=video.sha256,
        spans=merge_spans([span for track in tracks for span in track.spans]),
        keyframe_s=best.keyframe_s,
        box=best.keyframe_box,
        face_px=best.face_px,
        faces=sum(track.faces_described for track in tracks),
    )


def _shows_well(track: Track) -> tuple[float, float]:
    return track.face_quality, track.face_px


def _check_enough(person: UnknownPerson, samples: FaceSamples, entry: "GalleryEntry") -> None:
    from pvchat.identity.calibration import calibration

    advice = "ask about a video that shows the face larger, sharper and for a few seconds, or enroll from one"
    if len(samples.vectors) < LEAST_FACES:
        raise NoFaceError(
            f"unknown person {person.number} is known by {len(samples.vectors)} faces, at least {LEAST_FACES} are "
            f"needed; {advice}"
        )
    reliability = float(entry.coverage.get("reliability", 1.0))
    if reliability < calibration(entry.model_id).tells_apart:
        raise NoFaceError(
            f"the faces of unknown person {person.number} are too small or too blurred to tell anybody by "
            f"(reliability {reliability:.2f}); {advice}"
        )


def _coverage(person: UnknownPerson) -> dict[str, float | int]:
    """What the videos showed, beside what the gallery entry says itself."""
    seconds = sum(end - start for video in person.videos for start, end in video.spans)
    return {
        "seconds": round(seconds, 1),
        "face_px": round(person.best.face_px),
        "videos": len({video.sha256 for video in person.videos}),
    }
