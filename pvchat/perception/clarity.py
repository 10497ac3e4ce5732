"""From measurements to words: how clearly something is seen at each look, and what is then said of a track."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pvchat.perception.observation import TrackObservation
from pvchat.perception.record import Attribute, AttributeName

Judgement = tuple[float, float]
"""Time of a look and how clearly something is seen there: 0 not at all, 0.5 just so, 1 plainly."""


def ramp(value: float, unsure: float, sure: float) -> float:
    """Clarity of a measurement: 0.5 at `unsure`, 1 from `sure` on, 0 as far below `unsure` as `sure` lies above."""
    return float(np.clip(0.5 + 0.5 * (value - unsure) / (sure - unsure), 0.0, 1.0))


def windows(times: Sequence[float], half_s: float, cuts: Sequence[float]) -> list[NDArray[np.intp]]:
    """For each time the indices of its neighbours in the same shot, up to `half_s` before and after."""
    at = np.asarray(times, dtype=np.float64)
    shots = np.searchsorted(np.asarray(cuts), at)
    return [
        np.flatnonzero((np.abs(at - time) <= half_s + 1e-6) & (shots == shot))
        for time, shot in zip(at, shots, strict=True)
    ]


def swings(values: Sequence[float] | NDArray[np.floating], least: float) -> list[float]:
    """Sizes of the movements to and fro in a series, in their order: each goes the other way than the one before.

    Args:
        values: (n,) measurements in order of time.
        least: a turn counts when the value has come back by this much; smaller ones are taken for noise.
    """
    found: list[float] = []
    if len(values) == 0:
        return found
    start = low = high = float(values[0])
    way = 0
    for value in map(float, values):
        low, high = min(low, value), max(high, value)
        if way <= 0 and value - low >= least:
            if way < 0:
                found.append(start - low)
            start, high, way = low, value, 1
        elif way >= 0 and high - value >= least:
            if way > 0:
                found.append(high - start)
            start, low, way = high, value, -1
    if way:
        found.append(high - start if way > 0 else start - low)
    return found


def attribute_of(
    name: AttributeName, word: str, judgements: Sequence[Judgement], track: TrackObservation, full_s: float = 2.0
) -> list[Attribute]:
    """Turn the judgements of one word into an attribute with spans, or nothing.

    The confidence is the mean clarity where it is seen, less when it is seen for a short time only.

    Args:
        name, word: of the attribute. judgements: ascending in time. track: whose.
        full_s: what lasts as long as this is believed fully; less for what is short by nature.
    """
    seen = [(time, clear) for time, clear in judgements if clear >= 0.5]
    if len(seen) < 2:
        return []
    spans = track.spans([time for time, _ in seen])
    lasting = sum(end - start for start, end in spans)
    share = len(seen) / len(judgements)
    clarity = float(np.mean([clear for _, clear in seen]))
    confidence = clarity * min(1.0, 0.4 + 0.6 * max(share, lasting / full_s))
    whole = share >= 0.9
    return [Attribute(name=name, value=word, confidence=round(confidence, 3), spans=() if whole else spans)]
