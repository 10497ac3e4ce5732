"""Glimpses: what a detector finds of people whose faces are covered.

A body alone is found in other boxes than a body with a face, not in every frame, and hardly described. In footage whose
faces are merely taken out of the record (`hide_faces`), boxes, colours and actions would be those of people whose faces
are seen, which no real video with covered faces ever shows.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pvchat.perception.actions import TOLD_BY_FACES
from pvchat.perception.config import PerceptionConfig
from pvchat.perception.patches import person_box
from pvchat.perception.record import Attribute, AttributeName, Box, PerceptionRecord, Sighting, Span, Track
from pvchat.perception.spans import spans_of
from pvchat.training.footage import Footage

SEEN_SHARE = (0.15, 1.0)
"""Least and largest share of a track's sightings that stay."""

_IN_ONE_PIECE = 0.5
_SIZES, _SHIFT_STD = (0.75, 1.3), 0.07
_SIZES_NOW, _SHIFT_STD_NOW = (0.95, 1.05), 0.02
_MOST_SHIFT = 0.2
_CLOTHES: frozenset[AttributeName] = frozenset({"upper_colour", "lower_colour", "upper_garment", "pattern"})
# Near and far are measured on the height of the face, hair is looked for above and beside it.
_TOLD_BY_FACES: frozenset[AttributeName] = frozenset({"distance", "head", "eyes", "hair_colour", "hair_length"})
_CLOTHES_TOLD = 0.5
_DESCRIBED = 0.4
_NOISE = (0.1, 1.0)


def glimpse(footage: Footage, rng: random.Random) -> Footage:
    """The same pictures, in which people were found as a detector finds somebody without a face.

    Args:
        footage: its faces are hidden (see `hide_faces`). rng: the only source of chance.
    """
    record = footage.record
    tracks = tuple(_glimpsed(track, record, rng) for track in record.tracks)
    noise = np.random.default_rng(rng.getrandbits(64))
    appearance = {
        track: _blurred(vector, rng.uniform(*_NOISE), noise)
        for track, vector in footage.vectors.appearance.items()
        if rng.random() < _DESCRIBED
    }
    return replace(
        footage,
        record=record.model_copy(update={"tracks": tracks}),
        vectors=replace(footage.vectors, appearance=appearance),
    )


def _glimpsed(track: Track, record: PerceptionRecord, rng: random.Random) -> Track:
    # One for the whole track, because a detector errs alike from frame to frame; a little more in each frame.
    steady = _Jitter.drawn(rng, _SIZES, _SHIFT_STD)
    sightings = tuple(
        s.model_copy(update={"body_box": _Jitter.drawn(rng, _SIZES_NOW, _SHIFT_STD_NOW).of(steady.of(person_box(s)))})
        for s in _still_seen(track.sightings, rng)
    )
    times = [s.time_s for s in sightings]
    spans = spans_of(times, record.sampled_s, record.video.duration_s, PerceptionConfig.bridge_s, record.cuts_s)
    # A sighting at the very edge of a part may lie in none of the track's spans.
    spans = _shared(spans, track.spans) or spans
    key = min(sightings, key=lambda s: abs(s.time_s - track.keyframe_s))
    return track.model_copy(
        update={
            "spans": spans,
            "sightings": sightings,
            "attributes": tuple(a for said in track.attributes if (a := _told(said, spans, rng)) is not None),
            "keyframe_s": key.time_s,
            "keyframe_box": key.box,
        }
    )


def _still_seen(sightings: Sequence[Sighting], rng: random.Random) -> Sequence[Sighting]:
    """Some of them: either one stretch, of somebody found late or lost early, or frames here and there."""
    count = max(1, round(rng.uniform(*SEEN_SHARE) * len(sightings)))
    if rng.random() < _IN_ONE_PIECE:
        first = rng.randrange(len(sightings) - count + 1)
        return sightings[first : first + count]
    return [sightings[index] for index in sorted(rng.sample(range(len(sightings)), count))]


def _told(said: Attribute, spans: Sequence[Span], rng: random.Random) -> Attribute | None:
    if said.value in TOLD_BY_FACES or said.name in _TOLD_BY_FACES:
        return None
    confidence = said.confidence
    if said.name in _CLOTHES:
        if rng.random() >= _CLOTHES_TOLD:
            return None
        least = min(PerceptionConfig.min_confidence, confidence)
        confidence = round(rng.uniform(least, confidence), 3)
    within = _shared(said.spans, spans)
    if said.spans and not within:
        return None
    return said.model_copy(update={"confidence": confidence, "spans": within})


def _shared(some: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """What spans have in common."""
    both = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return tuple((start, end) for start, end in both if end > start)


def _blurred(vector: NDArray[np.float32], spread: float, noise: np.random.Generator) -> NDArray[np.float32]:
    """A vector of length 1 moved by so much in a random direction, again of length 1."""
    direction = noise.normal(size=vector.shape)
    moved = vector + spread * direction / np.linalg.norm(direction)
    return np.asarray(moved / np.linalg.norm(moved), np.float32)


@dataclass(frozen=True)
class _Jitter:
    """How a box is misplaced: factors of its size, shifts in its widths and heights."""

    wide: float
    tall: float
    right: float
    down: float

    @classmethod
    def drawn(cls, rng: random.Random, sizes: tuple[float, float], shift_std: float) -> "_Jitter":
        shifts = [max(-_MOST_SHIFT, min(_MOST_SHIFT, rng.gauss(0, shift_std))) for _ in range(2)]
        return cls(rng.uniform(*sizes), rng.uniform(*sizes), *shifts)

    def of(self, box: Box) -> Box:
        """The misplaced box, within the picture; it still holds the middle of the given one."""
        x0, y0, x1, y1 = box
        width, height = x1 - x0, y1 - y0
        x, y = (x0 + x1) / 2 + self.right * width, (y0 + y1) / 2 + self.down * height
        aside, above = self.wide * width / 2, self.tall * height / 2
        return (max(x - aside, 0.0), max(y - above, 0.0), min(x + aside, 1.0), min(y + above, 1.0))
