"""Spans of time from the times of sightings."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pvchat.perception.record import Span


def spans_of(
    times_s: Sequence[float],
    samples_s: Sequence[float],
    duration_s: float,
    bridge_s: float,
    cuts_s: Sequence[float] = (),
) -> tuple[Span, ...]:
    """Spans in which a person is seen, from the times of the sightings.

    A sighting stands for its whole sampling interval: a span reaches half-way to the neighbouring samples, to a cut in
    between where there is one, and to the ends of the clip at the first and last sample.

    Args:
        times_s: times of the sightings, ascending, a subset of `samples_s`.
        samples_s: all sampled times, ascending.
        duration_s: length of the clip.
        bridge_s: sightings closer than this (or neighbouring samples) belong to one span unless a cut lies between.
        cuts_s: times of the cuts, ascending.

    Returns:
        Disjoint ascending spans inside 0..duration.
    """
    samples = np.asarray(samples_s, dtype=np.float64)
    cuts = np.asarray(cuts_s, dtype=np.float64)
    indices = [int(np.abs(samples - time).argmin()) for time in times_s]
    spans: list[list[float]] = []
    last: int | None = None
    for index in indices:
        start = 0.0 if index == 0 else _border(samples[index - 1], samples[index], cuts)
        end = duration_s if index == len(samples) - 1 else _border(samples[index], samples[index + 1], cuts)
        near = last is not None and (index - last <= 1 or samples[index] - samples[last] <= bridge_s)
        parted = last is not None and bool(((cuts > samples[last]) & (cuts <= samples[index])).any())
        if spans and near and (not parted or start <= spans[-1][1] + 1e-6):
            spans[-1][1] = end
        else:
            spans.append([start, end])
        last = index
    return tuple((round(start, 3), round(end, 3)) for start, end in spans)


def _border(before: float, after: float, cuts: NDArray[np.float64]) -> float:
    inside = cuts[(cuts > before) & (cuts <= after)]
    return float(inside[0]) if len(inside) else float((before + after) / 2)
