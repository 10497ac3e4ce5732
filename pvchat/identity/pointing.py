"""Which track somebody means: by its number, or by a moment and where in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pvchat.chat.facts import clock
from pvchat.errors import FeedbackError
from pvchat.perception.record import Box, PerceptionRecord, Track

Place = Literal["left", "middle", "right"]

# People name a second as a player shows it.
_TOLERANCE_S: Final = 1.0
_NEAR_POINT: Final = 0.08
_LISTED: Final = 6


@dataclass(frozen=True)
class Pointer:
    """How a track is named: by its number, or by a moment with, where several people are seen then, a place or a point.

    Attributes:
        track: its id in the record. time_s: a moment at which it is seen. place: which of those seen then, from the
            left. point: (x, y) as fractions of the picture. With none of them, the video has to show one track only.
    """

    track: int | None = None
    time_s: float | None = None
    place: Place | None = None
    point: tuple[float, float] | None = None


def track_meant(pointer: Pointer, record: PerceptionRecord) -> Track:
    """The track of a record that is meant.

    Raises:
        FeedbackError: nobody is there, or several are; the message lists who could be meant.
    """
    if not record.tracks:
        raise FeedbackError("nobody is seen in this video, so there is nobody to say something about")
    if pointer.track is not None:
        found = next((track for track in record.tracks if track.id == pointer.track), None)
        if found is None:
            raise FeedbackError(f"this video has no track {pointer.track}; there are {_listed(record.tracks)}")
        return found
    seen: Sequence[Track] = record.tracks if pointer.time_s is None else _seen_at(pointer.time_s, record)
    if pointer.point is not None:
        return _at_point(pointer.point, seen, pointer.time_s)
    if pointer.place is not None:
        return _at_place(pointer.place, seen, pointer.time_s)
    if len(seen) > 1:
        raise FeedbackError(
            f"several people could be meant; say a moment and left, middle or right, or a track: {_listed(seen)}"
        )
    return seen[0]


def _seen_at(time_s: float, record: PerceptionRecord) -> list[Track]:
    if not 0 <= time_s <= record.video.duration_s + _TOLERANCE_S:
        raise FeedbackError(f"{clock(time_s)} is not in this video, which lasts {clock(record.video.duration_s)}")
    away = {track.id: min(_distance(time_s, span) for span in track.spans) for track in record.tracks if track.spans}
    exact = [track for track in record.tracks if away.get(track.id, 1e9) <= 1e-6]
    near = exact or [track for track in record.tracks if away.get(track.id, 1e9) <= _TOLERANCE_S]
    if not near:
        raise FeedbackError(f"nobody is seen at {clock(time_s)}; there are {_listed(record.tracks)}")
    return near


def _distance(time_s: float, span: tuple[float, float]) -> float:
    return max(span[0] - time_s, time_s - span[1], 0.0)


def _box_at(track: Track, time_s: float | None) -> Box:
    if time_s is None or not track.sightings:
        return track.keyframe_box
    return min(track.sightings, key=lambda s: abs(s.time_s - time_s)).box


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _at_place(place: Place, seen: Sequence[Track], time_s: float | None) -> Track:
    """Whoever is outermost on a side, or most in the middle; nobody who clearly is on the other side."""
    across = {track.id: _centre(_box_at(track, time_s))[0] for track in seen}
    wanted = {"left": 0.0, "middle": 0.5, "right": 1.0}[place]
    ranked = sorted(seen, key=lambda track: (abs(across[track.id] - wanted), track.id))
    best = ranked[0]
    x = across[best.id]
    other_side = (place == "left" and x > 2 / 3) or (place == "right" and x < 1 / 3)
    if other_side or (place == "middle" and not 0.25 <= x <= 0.75):
        where = "in the middle" if place == "middle" else f"on the {place}"
        raise FeedbackError(f"nobody is seen {where} then; there are {_listed(seen)}")
    if len(ranked) > 1 and abs(across[ranked[1].id] - x) < 0.02:
        raise FeedbackError(f"two people are seen at the same place then; say a track: {_listed(seen)}")
    return best


def _at_point(point: tuple[float, float], seen: Sequence[Track], time_s: float | None) -> Track:
    x, y = point

    def outside(track: Track) -> float:
        x0, y0, x1, y1 = _box_at(track, time_s)
        return max(x0 - x, x - x1, y0 - y, y - y1, 0.0)

    def from_centre(track: Track) -> float:
        across, down = _centre(_box_at(track, time_s))
        return (across - x) ** 2 + (down - y) ** 2

    best = min(seen, key=lambda track: (outside(track), from_centre(track), track.id))
    if outside(best) > _NEAR_POINT:
        raise FeedbackError(f"nobody is seen at {x:.2f}, {y:.2f} then; there are {_listed(seen)}")
    return best


def _listed(tracks: Sequence[Track]) -> str:
    ordered = sorted(tracks, key=lambda track: (track.spans[0][0] if track.spans else 0.0, track.id))
    told = []
    for track in ordered[:_LISTED]:
        spans = track.spans or ((track.keyframe_s, track.keyframe_s),)
        x = _centre(track.keyframe_box)[0]
        place = "left" if x < 1 / 3 else "right" if x > 2 / 3 else "middle"
        told.append(f"track {track.id} ({place}, {clock(spans[0][0])} to {clock(spans[-1][1])})")
    return "; ".join(told) + (f"; and {len(ordered) - _LISTED} more" if len(ordered) > _LISTED else "")
