"""Glimpses: people without a face are found elsewhere, less often, and hardly described."""

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat.perception.record import Attribute, Track
from pvchat.training.footage import Footage, hide_faces, mirror, still, window
from pvchat.training.glimpse import glimpse
from tests.training.footage_tools import Asked, footage

SEEDS = st.integers(0, 10_000)


@cache
def covered(*spans: tuple[float, float]) -> Footage:
    """Two people with covered faces who do and wear everything."""
    seen = footage("video", [0, 1], subject=0, spans=spans, frames=Asked())
    more = (
        Attribute(name="distance", value="near", confidence=0.9),
        Attribute(name="lower_colour", value="blue", confidence=0.7),
        Attribute(name="action", value="talking", confidence=0.8),
        Attribute(name="action", value="turning the head", confidence=0.8),
        Attribute(name="action", value="keeping still", confidence=0.8),
        Attribute(name="action", value="standing", confidence=0.8),
    )
    tracks = tuple(t.model_copy(update={"attributes": (*t.attributes, *more)}) for t in seen.record.tracks)
    return hide_faces(replace(seen, record=seen.record.model_copy(update={"tracks": tracks})))


def both(before: Footage, seed: int) -> list[tuple[Track, Track]]:
    after = glimpse(before, random.Random(seed))
    return list(zip(before.record.tracks, after.record.tracks, strict=True))


@given(seed=SEEDS)
def test_some_sightings_stay_and_none_comes_new(seed: int) -> None:
    for before, after in both(covered((1.0, 4.0), (6.0, 9.0)), seed):
        times = [s.time_s for s in after.sightings]
        assert times
        assert times == sorted(set(times) & {s.time_s for s in before.sightings})
        assert after.keyframe_s in times
        assert after.keyframe_box in [s.box for s in after.sightings]


@given(seed=SEEDS)
def test_boxes_are_moved_and_stay_near_and_in_the_picture(seed: int) -> None:
    for before, after in both(covered(), seed):
        at = {s.time_s: s.box for s in before.sightings}
        for sighting in after.sightings:
            assert sighting.face_box is None
            (x0, y0, x1, y1), (a0, b0, a1, b1) = sighting.box, at[sighting.time_s]
            assert 0 <= x0 < x1 <= 1
            assert 0 <= y0 < y1 <= 1
            assert sighting.box != at[sighting.time_s]
            assert x0 < (a0 + a1) / 2 < x1
            assert y0 < (b0 + b1) / 2 < y1
            assert (x1 - x0) < 1.5 * (a1 - a0)


def test_the_boxes_of_a_track_are_moved_alike() -> None:
    apart, within = [], []
    for seed in range(40):
        _, after = both(covered(), seed)[0]
        lefts = [s.box[0] for s in after.sightings]
        apart.append(np.mean(lefts))
        within.append(np.std(lefts))
    assert np.std(apart) > 1.5 * np.mean(within) > 0


@given(seed=SEEDS)
def test_spans_shrink_to_what_is_still_seen(seed: int) -> None:
    for before, after in both(covered((1.0, 4.0), (6.0, 9.0)), seed):
        assert after.spans
        for start, end in after.spans:
            assert any(a <= start < end <= b for a, b in before.spans)
            assert any(start <= s.time_s <= end for s in after.sightings)
        for sighting in after.sightings:
            assert any(start <= sighting.time_s <= end for start, end in after.spans)
        for said in after.attributes:
            assert all(any(a <= s < e <= b for a, b in after.spans) for s, e in said.spans)


def test_who_is_lost_early_is_seen_for_a_shorter_time() -> None:
    lengths = [sum(e - s for s, e in both(covered(), seed)[0][1].spans) for seed in range(40)]
    assert min(lengths) < 5 < max(lengths) <= 10


@given(seed=SEEDS)
def test_nothing_is_told_that_only_a_face_tells(seed: int) -> None:
    for before, after in both(covered(), seed):
        told = {a.value for a in after.attributes}
        assert not told & {"smiling", "talking", "turning the head", "keeping still", "near"}
        assert {"standing", "left" if before.id == 0 else "right"} <= told
        sure = {(a.name, a.value): a.confidence for a in before.attributes}
        for said in after.attributes:
            assert 0.5 <= said.confidence <= sure[said.name, said.value]


def test_clothes_are_told_now_and_then_and_never_as_surely() -> None:
    told = [a for seed in range(40) for _, t in both(covered(), seed) for a in t.said("upper_colour")]
    assert 20 < len(told) < 60
    assert max(a.confidence for a in told) < 0.9


def test_clothes_are_described_now_and_then_and_otherwise_than_in_sight() -> None:
    before = covered()
    found = []
    for seed in range(60):
        for track, vector in glimpse(before, random.Random(seed)).vectors.appearance.items():
            assert vector.dtype == np.float32
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
            found.append(float(vector @ before.vectors.appearance[track]))
    assert 20 < len(found) < 100
    assert 0.6 < min(found) < 0.8
    assert 0.9 < max(found) < 0.9999


@given(seed=SEEDS, start=st.floats(0.0, 8.0), length=st.floats(0.1, 4.0), swapped=st.booleans())
def test_any_part_of_a_video_may_be_glimpsed(seed: int, start: float, length: float, swapped: bool) -> None:
    cut = window(covered((0.5, 4.0), (6.0, 9.0)), start, start + length)
    for part in (mirror(cut) if swapped else cut, still(covered(), round(4 * start) / 4)):
        seen = glimpse(part, random.Random(seed))
        assert [t.id for t in seen.record.tracks] == [t.id for t in part.record.tracks]
        assert (seen.subject, seen.hidden, seen.start_s) == (part.subject, part.hidden, part.start_s)
        for track in seen.record.tracks:
            # Times are rounded to milliseconds.
            assert all(0 <= s < e <= part.record.video.duration_s + 1e-3 for s, e in track.spans)
            assert all(s.time_s in part.record.sampled_s for s in track.sightings)


def test_a_glimpse_follows_its_chances_and_the_pictures_stay_the_same() -> None:
    before = covered()
    first, again, other = (glimpse(before, random.Random(seed)) for seed in (3, 3, 4))
    assert first.record == again.record != other.record
    for track, vector in first.vectors.appearance.items():
        assert np.array_equal(vector, again.vectors.appearance[track])
    assert np.array_equal(first.pictures([1.0])[0], before.pictures([1.0])[0])
