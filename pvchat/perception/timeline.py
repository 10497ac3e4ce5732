"""Counts and order over a record: how many people when, what came first, what then, what at the same time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pvchat.perception.record import AttributeName, PerceptionRecord, Span

Order = Literal["before", "after", "at the same time"]

# Spans are known to about half of the distance of two samples.
_BLUR_S = 0.25

HAPPENINGS: tuple[AttributeName, ...] = ("action", "head", "eyes", "gesture", "posture", "motion")
"""Attributes that happen at a time; the others hold for a whole track."""


@dataclass(frozen=True)
class Happening:
    """A word with one of its spans, and the track it is said of."""

    span: Span
    track: int
    name: AttributeName
    value: str
    confidence: float


def happenings(record: PerceptionRecord, names: Sequence[AttributeName] = HAPPENINGS) -> list[Happening]:
    """Everything that happens, by its start; a word without spans lasts as long as its track."""
    found = [
        Happening(span, track.id, attribute.name, attribute.value, attribute.confidence)
        for track in record.tracks
        for attribute in track.attributes
        if attribute.name in names
        for span in attribute.spans or track.spans
    ]
    return sorted(found, key=lambda one: (one.span, one.track, one.name, one.value))


def order(first: Span, second: Span, blur_s: float = _BLUR_S) -> Order:
    """How two spans lie in time: one is before the other when it is over (to within the blur) as the other begins.

    Overlapping spans of which one begins clearly earlier are ordered by their beginnings only if they overlap for less
    than half of the shorter one.
    """
    (a0, a1), (b0, b1) = first, second
    if a1 <= b0 + blur_s and a0 + blur_s < b0:
        return "before"
    if b1 <= a0 + blur_s and b0 + blur_s < a0:
        return "after"
    shared = min(a1, b1) - max(a0, b0)
    shorter = max(min(a1 - a0, b1 - b0), 1e-6)
    if shared < 0.5 * shorter and abs(a0 - b0) > blur_s:
        return "before" if a0 < b0 else "after"
    return "at the same time"


def people_at(record: PerceptionRecord, time_s: float) -> int:
    """How many people are seen at a time."""
    return sum(any(start <= time_s < end for start, end in track.spans) for track in record.tracks)


def most_at_once(record: PerceptionRecord) -> tuple[int, Span | None]:
    """The largest number of people seen at once, and the first span in which they are; (0, None) without anybody."""
    borders = sorted({border for track in record.tracks for span in track.spans for border in span})
    best: tuple[int, Span | None] = (0, None)
    for start, end in pairwise(borders):
        count = people_at(record, (start + end) / 2)
        if count > best[0]:
            best = count, (start, end)
        elif best[1] is not None and count == best[0] and start == best[1][1]:
            best = count, (best[1][0], end)
    return best


def arrivals(record: PerceptionRecord) -> list[tuple[float, int]]:
    """When each track is first seen, in that order."""
    return sorted((track.spans[0][0], track.id) for track in record.tracks if track.spans)


def together(a: Iterable[Span], b: Iterable[Span]) -> tuple[Span, ...]:
    """The times in both of two sets of spans."""
    shared = [(max(a0, b0), min(a1, b1)) for a0, a1 in a for b0, b1 in b]
    return tuple(sorted((start, end) for start, end in shared if end > start))
