"""Where a person is in the picture: thirds of the width, and near or far."""

from collections.abc import Sequence

import numpy as np

from pvchat.perception.observation import TrackObservation
from pvchat.perception.record import PLACES, Attribute, AttributeName, Span

_BORDERS = (1 / 3, 2 / 3)
# Half of the zone around a border in which left and middle (or middle and right) are both defensible.
_DOUBT = 0.04
# A head-and-shoulders portrait shows a face of a quarter to a half of the picture's height, a person seen to the
# waist a sixth, a standing person a fourteenth.
_NEAR, _FAR = 0.18, 0.10


def place_of(x: float) -> tuple[str, float]:
    """Name the third of the picture a horizontal centre lies in.

    Args:
        x: centre, 0 (left edge of the picture) to 1.

    Returns:
        "left", "middle" or "right", and the confidence: 0.5 on a border, 1.0 from 0.04 beyond it.
    """
    value = PLACES[0] if x < _BORDERS[0] else PLACES[1] if x < _BORDERS[1] else PLACES[2]
    distance = min(abs(x - border) for border in _BORDERS)
    return value, 0.5 + 0.5 * min(1.0, distance / _DOUBT)


def place(track: TrackObservation) -> list[Attribute]:
    """Places of a track: one without spans when the person stays in a third, else one per third with its spans."""
    times = [person.time_s for person in track.seen]
    centres = _smooth([person.centre_x / track.width for person in track.seen])
    values = [place_of(x) for x in centres]
    return _by_value("place", times, values, track)


def distance(track: TrackObservation) -> list[Attribute]:
    """Near or far by the height of the face over the height of the picture; nothing in between."""
    faces = [(person.time_s, person.face.height / track.height) for person in track.seen if person.face is not None]
    if not faces:
        return []
    ratio = float(np.median([height for _, height in faces]))
    if ratio >= _NEAR:
        confidence = min(1.0, 0.6 + 2.0 * (ratio - _NEAR))
        return [Attribute(name="distance", value="near", confidence=round(confidence, 3))]
    if ratio <= _FAR:
        confidence = min(1.0, 0.6 + 8.0 * (_FAR - ratio))
        return [Attribute(name="distance", value="far", confidence=round(confidence, 3))]
    return []


def _smooth(values: Sequence[float]) -> list[float]:
    """Median over three neighbours: one bad box must not move a person across the picture."""
    if len(values) < 3:
        return list(values)
    padded = [values[0], *values, values[-1]]
    return [float(np.median(padded[i : i + 3])) for i in range(len(values))]


def _by_value(
    name: AttributeName, times: Sequence[float], values: Sequence[tuple[str, float]], track: TrackObservation
) -> list[Attribute]:
    share: dict[str, float] = {}
    for value, confidence in values:
        share[value] = share.get(value, 0.0) + confidence
    total = sum(share.values())
    main = max(share, key=lambda value: share[value])
    if share[main] / total >= 0.85:
        sure = [confidence for value, confidence in values if value == main]
        return [Attribute(name=name, value=main, confidence=round(float(np.mean(sure)) * share[main] / total, 3))]
    result: list[Attribute] = []
    for value in sorted(share, key=lambda value: -share[value]):
        held = [time for time, (other, _) in zip(times, values, strict=True) if other == value]
        sure = [confidence for other, confidence in values if other == value]
        spans = track.spans(held)
        # A brush against the next third is not a change of place.
        if sum(end - start for start, end in spans) >= 0.5:
            result.append(Attribute(name=name, value=value, confidence=round(float(np.mean(sure)), 3), spans=spans))
    if len(result) == 1:
        return [result[0].model_copy(update={"spans": ()})]
    return result


def order(centres: Sequence[tuple[int, float]]) -> list[int]:
    """Track ids from left to right.

    Args:
        centres: track id and mean horizontal centre of each.
    """
    return [track_id for track_id, _ in sorted(centres, key=lambda item: (item[1], item[0]))]


def mean_centre(track: TrackObservation, span: Span | None = None) -> float:
    """Mean horizontal centre of a track, 0..1, within a span or over the whole track."""
    inside = [p for p in track.seen if span is None or span[0] <= p.time_s <= span[1]] or list(track.seen)
    return float(np.mean([person.centre_x for person in inside])) / track.width
