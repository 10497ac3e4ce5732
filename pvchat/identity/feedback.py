"""What people said about tracks: "this is X", "this is not X", and which tracks of a record that concerns.

Track ids belong to one perception of a video. So a statement keeps where the track was seen, and is put onto the tracks
of any later record of the same video by overlap.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from pvchat.errors import FeedbackConflictError
from pvchat.perception.record import Box, PerceptionRecord, Span, Track

Verdict = Literal["is", "is_not"]

OVERLAP_S: Final = 0.3
"""Tracks that share more time than this are two people."""
MAX_ANCHORS: Final = 9
_ANCHOR_WINDOW_S: Final = 0.5
_LEAST_IOU: Final = 0.3
# A track takes part in a statement from this share of its anchors on: a track that was cut in two keeps both halves.
_LEAST_SHARE: Final = 0.2


@dataclass(frozen=True)
class Anchor:
    """Where a track was seen at one moment: the face box where there was one, else the body box."""

    time_s: float
    box: Box


@dataclass(frozen=True)
class Statement:
    """One thing that somebody said about a track of a video.

    Attributes:
        id: of the statement. subject: the enrolled name. verdict: whether the track is this person.
        track_id: as it was when it was said. anchors: where the track was, oldest first; never empty.
    """

    id: str
    subject: str
    verdict: Verdict
    track_id: int
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True)
class Rulings:
    """What is settled about the tracks of one record, whatever the faces look like.

    Attributes:
        confirmed: name -> tracks that are this person; no track is in two of them.
        refused: name -> tracks that are not.
    """

    confirmed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    refused: Mapping[str, frozenset[int]] = field(default_factory=dict)


def shared_s(one: Iterable[Span], other: Sequence[Span]) -> float:
    """Seconds that two lists of spans have in common."""
    return sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)


def anchors_of(track: Track) -> tuple[Anchor, ...]:
    """Up to `MAX_ANCHORS` moments spread over a track."""
    seen = track.sightings
    if not seen:
        return (Anchor(track.keyframe_s, track.keyframe_box),)
    picked = np.unique(np.linspace(0, len(seen) - 1, min(MAX_ANCHORS, len(seen))).round().astype(int))
    return tuple(Anchor(seen[index].time_s, seen[index].box) for index in picked)


def tracks_of(statement: Statement, record: PerceptionRecord) -> frozenset[int]:
    """The tracks of a record that a statement is about; none where it shows nobody there.

    Each anchor counts for the track that covers it best. Where two cover it alike, the id decides that the track had
    when the statement was made.
    """
    votes: dict[int, int] = {}
    for anchor in statement.anchors:
        best: tuple[float, bool, int] | None = None
        for track in record.tracks:
            cover = max((_iou(anchor.box, box) for box in _boxes_near(track, anchor.time_s)), default=0.0)
            rank = (cover, track.id == statement.track_id, -track.id)
            if cover >= _LEAST_IOU and (best is None or rank > best):
                best = rank
        if best is not None:
            votes[-best[2]] = votes.get(-best[2], 0) + 1
    enough = _LEAST_SHARE * len(statement.anchors)
    return frozenset(track for track, count in votes.items() if count >= enough)


def rulings_of(statements: Sequence[Statement], record: PerceptionRecord) -> tuple[Rulings, frozenset[str]]:
    """What statements settle in a record, and the ids of those that settle nothing.

    Of two that contradict each other the later one counts. That happens only when a record has other tracks than the
    one the statements were made about: `check` refuses it before.

    Args:
        statements: about this video, oldest first. record: any perception of it.
    """
    by_id = {track.id: track for track in record.tracks}
    confirmed: dict[str, set[int]] = {}
    refused: dict[str, set[int]] = {}
    idle: set[str] = set()
    for statement in reversed(statements):
        name, taken = statement.subject, {i for tracks in confirmed.values() for i in tracks}
        effect: set[int] = set()
        for track in sorted(tracks_of(statement, record)):
            mine = confirmed.setdefault(name, set())
            if statement.verdict == "is_not":
                if track not in mine:
                    refused.setdefault(name, set()).add(track)
                    effect.add(track)
            elif track in mine:
                effect.add(track)
            elif (
                track not in taken
                and track not in refused.get(name, ())
                and not any(_together(by_id[track], by_id[other]) for other in mine)
            ):
                mine.add(track)
                effect.add(track)
        if not effect:
            idle.add(statement.id)
    return Rulings(_frozen(confirmed), _frozen(refused)), frozenset(idle)


def check(new: Statement, earlier: Sequence[Statement], record: PerceptionRecord) -> Statement | None:
    """Whether something can be said about a track after all that was said before.

    Args:
        new: about the track `new.track_id` of `record`. earlier: about the same video, oldest first.

    Returns:
        The earlier statement that says the same, if there is one.

    Raises:
        FeedbackConflictError: it contradicts an earlier one; the message says which.
    """
    by_id = {track.id: track for track in record.tracks}
    for old in earlier:
        about = tracks_of(old, record)
        same_track = new.track_id in about
        if same_track and (old.subject, old.verdict) == (new.subject, new.verdict):
            return old
        if same_track and old.subject == new.subject:
            told = "is" if old.verdict == "is" else "is not"
            raise FeedbackConflictError(f"it was said before that this {told} {old.subject}; undo {old.id} first")
        if "is_not" in (old.verdict, new.verdict):
            continue
        if same_track:
            raise FeedbackConflictError(f"it was said before that this is {old.subject}; undo {old.id} first")
        if old.subject == new.subject and any(
            _together(by_id[new.track_id], by_id[track]) for track in about if track in by_id
        ):
            raise FeedbackConflictError(
                f"{new.subject} cannot be in the picture twice: somebody else who is seen at the same time was said to "
                f"be {new.subject}; undo {old.id} first"
            )
    return None


def _together(one: Track, other: Track) -> bool:
    return shared_s(one.spans, other.spans) > OVERLAP_S


def _frozen(sets: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    return {name: frozenset(tracks) for name, tracks in sets.items() if tracks}


def _boxes_near(track: Track, time_s: float) -> list[Box]:
    """Face and body boxes of the sightings next to a moment, before and after it."""
    near = [s for s in track.sightings if abs(s.time_s - time_s) <= _ANCHOR_WINDOW_S]
    if not near:
        return [track.keyframe_box] if abs(track.keyframe_s - time_s) <= _ANCHOR_WINDOW_S else []
    closest = min(abs(s.time_s - time_s) for s in near)
    exact = [s for s in near if abs(s.time_s - time_s) <= closest + 1e-6]
    # A record that sampled other moments has no sighting at this one: then any of its neighbours may serve.
    chosen = exact if closest < 1e-3 else near
    return [box for s in chosen for box in (s.face_box, s.body_box) if box is not None]


def _iou(a: Box, b: Box) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    whole = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / whole if whole > 0 else 0.0
