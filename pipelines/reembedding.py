"""Describing everybody enrolled anew with another face engine, from the videos they were enrolled from.

1. find who was described by another engine  2. find their video and look at it with the new one  3. find the person in
it again  4. enroll them from it, in place of the earlier entry

Vectors of two engines are never compared: the person is found again by where and when the earlier engine saw them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.enroll_instant import Candidate, candidates_of
from pipelines.session import Session
from pipelines.tools import EmbeddedTools, Progress, Tools
from pipelines.training_material import MaterialFinder
from pipelines.videos import PerceivedVideo
from pvchat.errors import NoFaceError, PVChatError
from pvchat.perception.record import Box, PerceptionRecord, Track
from storage import adapters, people, perceptions
from storage.people import StoredSubject
from storage.store import Store

# Of the moments at which the earlier engine saw the person, the new one sees them in as many at least.
_LEAST_SHARE: Final = 0.5
_LEAST_OVERLAP: Final = 0.5
_DLIB: Final = "dlib-resnet-v1"


@dataclass(frozen=True)
class Reembedded:
    """What came of it.

    Attributes:
        face_model: id of the new engine. done: names of those who were described anew. kept: of those who were already.
        failed: name and reason of those who were not; they keep what they have, for the earlier engine.
        warnings: one line each. adapters: how many trained adapters went: they were made for the earlier vectors.
    """

    face_model: str
    done: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    adapters: int = 0


def reembed(
    session: Session,
    store: Store,
    *,
    earlier: Callable[[str], Tools | None] | None = None,
    progress: Progress | None = None,
) -> Reembedded:
    """Describe everybody enrolled with the session's engine.

    Args:
        session: opened with the new engine. store: the same data folder.
        earlier: perception with an engine that described somebody, by its id; by default dlib's alone can be had. It is
            needed where an enrollment video shows several people and what was perceived in it has expired.
        progress: called with the fraction of the people done, and who is next.

    Raises:
        WeightsError, ModelError: the new engine does not load.
    """
    with store.read() as database:
        everybody = people.list_all(database)
    face_model = session.tools.perception_models()["face"]
    done: list[str] = []
    kept: list[str] = []
    failed: list[tuple[str, str]] = []
    warnings: list[str] = []
    gone = 0
    for place, subject in enumerate(everybody):
        if progress is not None:
            progress(place / len(everybody), f"describing {subject.name}")
        if subject.vectors.face_model == face_model:
            kept.append(subject.name)
            continue
        with store.read() as database:
            trained = len(adapters.infos(database, subject.id))
        try:
            pick, file = _find(session, store, subject, earlier or _dlib_alone)
            warnings += session.enroll_subject(subject.id, file, pick=pick).warnings
        except PVChatError as error:
            failed.append((subject.name, str(error)))
            continue
        gone += trained
        done.append(subject.name)
    return Reembedded(face_model, tuple(done), tuple(kept), tuple(failed), tuple(warnings), gone)


def _find(
    session: Session, store: Store, subject: StoredSubject, earlier: Callable[[str], Tools | None]
) -> tuple[int, Path]:
    """Number of the person in their enrollment video, as the new engine sees it, and the file."""
    finder = MaterialFinder(store, session.tools, session.videos, lambda: None)
    file = finder.enrollment_video(subject)
    candidates = candidates_of(session.videos.get(file, None, store=False), session.tools)
    if not candidates:
        raise NoFaceError(f"the new engine describes no face in {file.name}; enroll {subject.name} again")
    if len(candidates) == 1:
        return 1, file
    seen = _seen_before(session, store, subject, file, earlier)
    shares = [_share(seen, candidate) for candidate in candidates]
    best = max(range(len(candidates)), key=shares.__getitem__)
    if not seen or shares[best] < _LEAST_SHARE:
        raise NoFaceError(
            f"{file.name} shows {len(candidates)} people, and nothing tells any more which of them is {subject.name}; "
            "forget the person and enroll again with --pick"
        )
    return best + 1, file


def _seen_before(
    session: Session, store: Store, subject: StoredSubject, file: Path, earlier: Callable[[str], Tools | None]
) -> list[Track]:
    """The tracks of a person in their enrollment video, as the earlier engine saw it; none where nobody can tell."""
    model = subject.vectors.face_model
    entry = session.tools.entry(subject.name, subject.vectors, subject.coverage)
    with store.read() as database:
        cached = [
            PerceivedVideo(found.record, found.vectors, 0)
            for found in perceptions.load_all(database)
            if found.video_id == subject.video_id and found.vectors.face_model == model
        ]
    if not cached:
        tools = earlier(model)
        if tools is None:
            return []
        cached = [PerceivedVideo(*tools.perceive(file, None), 0)]
    record: PerceptionRecord = cached[-1].record
    decision = session.tools.decide(cached[-1].vectors, record, [entry])[0]
    if decision.state != "present":
        return []
    return [track for track in record.tracks if track.id in decision.track_ids]


def _share(seen: Sequence[Track], candidate: Candidate) -> float:
    """Of the moments at which somebody was seen, the share at which a candidate is at the same place."""
    now = {round(s.time_s, 2): s.box for track in candidate.tracks for s in track.sightings}
    before = [(round(s.time_s, 2), s.box) for track in seen for s in track.sightings]
    same = sum(time_s in now and _overlap(box, now[time_s]) >= _LEAST_OVERLAP for time_s, box in before)
    return same / max(1, len(before))


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = width * height
    whole = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / whole if whole > 0 else 0.0


def _dlib_alone(model_id: str) -> Tools | None:
    return EmbeddedTools("dlib") if model_id == _DLIB else None
