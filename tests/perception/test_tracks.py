"""Linking people by position, and joining or splitting them by face."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pvchat.perception.assemble import split
from pvchat.perception.faces import CropKeeper
from pvchat.perception.geometry import PixelBox
from pvchat.perception.observation import BodySeen, FaceSeen, PersonSeen
from pvchat.perception.piece import Piece
from pvchat.perception.spans import spans_of
from pvchat.perception.tracks import DescribedFaces, Tracker, Tracklet, identity_change, iou, merge_by_identity

STEP = 0.25


def person(time_s: float, x: float, y: float = 200.0, size: float = 60.0) -> PersonSeen:
    box = (x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    return PersonSeen(time_s, FaceSeen(box=box, score=0.9))


def body_only(time_s: float, x: float, y: float = 300.0) -> PersonSeen:
    return PersonSeen(time_s, None, BodySeen((x - 80, y - 150, x + 80, y + 150), 0.9, np.zeros((33, 4), np.float32)))


def both(time_s: float, x: float) -> PersonSeen:
    return PersonSeen(time_s, person(time_s, x).face, body_only(time_s, x).body)


def vectors(
    rng: np.random.Generator, centre: NDArray[np.float64], times: list[float], scatter: float = 0.01
) -> DescribedFaces:
    noise = rng.normal(0, scatter, (len(times), len(centre)))
    return DescribedFaces.at(times, (centre + noise).astype(np.float32), [1.0] * len(times))


@given(
    st.lists(st.floats(-12, 12), min_size=8, max_size=30),
    st.lists(st.floats(-12, 12), min_size=8, max_size=30),
    st.randoms(use_true_random=False),
)
@settings(max_examples=30, deadline=None)
def test_two_people_who_stay_apart_keep_their_tracks_whatever_the_order_of_detections(
    a: list[float], b: list[float], order: random.Random
) -> None:
    tracker = Tracker(max_gap_s=1.0)
    keys: dict[str, set[int]] = {"left": set(), "right": set()}
    left, right = 200.0, 900.0
    for index in range(min(len(a), len(b))):
        left, right = left + a[index], right + b[index]
        seen = [("left", person(index * STEP, left)), ("right", person(index * STEP, right))]
        order.shuffle(seen)
        tracklets, _ = tracker.update(index * STEP, [one for _, one in seen])
        for (name, _), tracklet in zip(seen, tracklets, strict=True):
            keys[name].add(tracklet.key)
    assert len(keys["left"]) == len(keys["right"]) == 1
    assert keys["left"] != keys["right"]


@given(st.lists(st.lists(st.floats(0, 1280), max_size=5), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_every_detection_gets_one_tracklet_of_its_own(frames: list[list[float]]) -> None:
    tracker = Tracker(max_gap_s=1.0)
    total = 0
    tracklets = {}
    for index, centres in enumerate(frames):
        linked, _ = tracker.update(index * STEP, [person(index * STEP, x) for x in centres])
        assert len({tracklet.key for tracklet in linked}) == len(centres)
        total += len(centres)
        tracklets.update({tracklet.key: tracklet for tracklet in linked})
    assert sum(len(tracklet.seen) for tracklet in tracklets.values()) == total
    for tracklet in tracklets.values():
        times = [one.time_s for one in tracklet.seen]
        assert times == sorted(set(times))


def test_a_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    tracker = Tracker(max_gap_s=1.0)
    (first,), _ = tracker.update(0.0, [person(0.0, 300)])
    tracker.update(0.5, [])
    (again,), _ = tracker.update(0.75, [person(0.75, 310)])
    assert again.key == first.key
    (late,), ended = tracker.update(3.0, [person(3.0, 310)])
    assert late.key != first.key
    assert [tracklet.key for tracklet in ended] == [first.key]


def test_a_cut_ends_every_link() -> None:
    tracker = Tracker(max_gap_s=1.0)
    (first,), _ = tracker.update(0.0, [person(0.0, 300)])
    assert [tracklet.key for tracklet in tracker.cut()] == [first.key]
    (second,), _ = tracker.update(0.25, [person(0.25, 300)])
    assert second.key != first.key


def test_a_face_that_turns_away_is_followed_by_its_body() -> None:
    tracker = Tracker(max_gap_s=1.0)
    (first,), _ = tracker.update(0.0, [both(0.0, 300)])
    for index in range(1, 12):
        (now,), _ = tracker.update(index * STEP, [body_only(index * STEP, 300 + 4 * index)])
        assert now.key == first.key
    (back,), _ = tracker.update(3.0, [both(3.0, 350)])
    assert back.key == first.key


def test_a_face_across_the_room_is_somebody_else() -> None:
    tracker = Tracker(max_gap_s=1.0)
    (first,), _ = tracker.update(0.0, [person(0.0, 300)])
    (other,), _ = tracker.update(0.25, [person(0.25, 700)])
    assert other.key != first.key


def test_a_face_of_half_the_size_is_somebody_else() -> None:
    tracker = Tracker(max_gap_s=1.0)
    (first,), _ = tracker.update(0.0, [person(0.0, 300, size=120)])
    (other,), _ = tracker.update(0.25, [person(0.25, 300, size=40)])
    assert other.key != first.key


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_track_that_becomes_another_person_is_split_where_it_does(before: int, after: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = np.zeros(128), np.full(128, 0.8 / np.sqrt(128))
    times = [float(i) for i in range(before + after)]
    faces = DescribedFaces.join([vectors(rng, one, times[:before]), vectors(rng, two, times[before:])])
    assert identity_change(faces, 0.5) == (before - 1, before)


@pytest.mark.parametrize("before", range(1, 40))
def test_a_piece_of_video_is_split_at_the_frame_that_shows_the_other_person(before: int) -> None:
    # Thirtieths of a second have no exact number, neither single nor double.
    times = [index / 30 for index in range(40)]
    rng = np.random.default_rng(before)
    one, two = np.zeros(128), np.full(128, 0.8 / np.sqrt(128))
    faces = DescribedFaces.join([vectors(rng, one, times[:before]), vectors(rng, two, times[before:])])
    piece = Piece(Tracklet(1, [person(time_s, 300) for time_s in times]), CropKeeper(0), faces=faces)
    parts = split(piece, 0.5)
    assert [[seen.time_s for seen in part.tracklet.seen] for part in parts] == [times[:before], times[before:]]
    assert [len(part.faces.times_s) for part in parts if part.faces is not None] == [before, 40 - before]


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_one_person_is_not_split(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # 0.02 per component puts two vectors of one person about 0.3 apart, as a real engine does within a clip.
    faces = vectors(rng, np.zeros(128), [float(i) for i in range(count)], scatter=0.02)
    assert identity_change(faces, 0.5) is None


def test_one_bad_crop_does_not_split_a_track() -> None:
    rng = np.random.default_rng(1)
    faces = vectors(rng, np.zeros(128), [0.0, 1.0, 2.0, 3.0, 4.0])
    faces.vectors[4] = 0.55 / np.sqrt(128)
    assert identity_change(faces, 0.5) is None


def test_the_same_person_before_and_after_a_cut_is_one() -> None:
    rng = np.random.default_rng(2)
    a, b = np.zeros(128), np.full(128, 0.7 / np.sqrt(128))
    faces = [vectors(rng, a, [0.0, 1.0]), vectors(rng, b, [0.0, 1.0]), vectors(rng, a, [2.0, 3.0])]
    assert merge_by_identity([[(0, 2)], [(0, 2)], [(2, 4)]], faces, 0.38) == [[0, 2], [1]]


def test_people_who_are_seen_together_are_never_joined() -> None:
    rng = np.random.default_rng(3)
    faces = [vectors(rng, np.zeros(128), [0.0, 1.0]) for _ in range(2)]
    assert merge_by_identity([[(0, 2)], [(1.5, 4)]], faces, 0.38) == [[0], [1]]


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 5), st.integers(0, 2)), min_size=1, max_size=8),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=30, deadline=None)
def test_joined_tracklets_never_overlap_and_none_is_lost(pieces: list[tuple[float, float, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = np.eye(3, 128) * 0.6
    spans = [[(start, start + length)] for start, length, _ in pieces]
    faces = [vectors(rng, people[who], [start, start + length]) for start, length, who in pieces]
    groups = merge_by_identity(spans, faces, 0.38)
    assert sorted(index for group in groups for index in group) == list(range(len(pieces)))
    for group in groups:
        assert len({pieces[index][2] for index in group}) == 1
        ordered = sorted(spans[index][0] for index in group)
        assert all(first[1] <= second[0] for first, second in itertools.pairwise(ordered))


def test_tracklets_without_faces_stay_alone() -> None:
    assert merge_by_identity([[(0, 1)], [(2, 3)]], [None, None], 0.38) == [[0], [1]]


SAMPLES = [0.125 + 0.25 * i for i in range(40)]


def test_a_person_seen_throughout_has_one_span_over_the_whole_clip() -> None:
    assert spans_of(SAMPLES, SAMPLES, 10.0, 1.0) == ((0.0, 10.0),)


def test_a_span_reaches_half_way_to_the_samples_that_do_not_show_the_person() -> None:
    assert spans_of(SAMPLES[8:20], SAMPLES, 10.0, 1.0) == ((2.0, 5.0),)


def test_a_span_ends_at_the_cut() -> None:
    assert spans_of(SAMPLES[:8], SAMPLES, 10.0, 1.0, cuts_s=[1.93]) == ((0.0, 1.93),)


def test_a_gap_within_a_shot_is_bridged_but_not_one_with_a_cut_in_it() -> None:
    times = SAMPLES[0:4] + SAMPLES[6:10]
    assert spans_of(times, SAMPLES, 10.0, 1.0) == ((0.0, 2.5),)
    assert spans_of(times, SAMPLES, 10.0, 1.0, cuts_s=[1.2]) == ((0.0, 1.0), (1.5, 2.5))


@given(st.sets(st.integers(0, 39), min_size=1), st.sets(st.floats(0.01, 9.99), max_size=5), st.floats(0.0, 3.0))
@settings(max_examples=100, deadline=None)
def test_spans_ascend_do_not_touch_the_outside_and_hold_every_sighting(
    seen: set[int], cuts: set[float], bridge_s: float
) -> None:
    times = [SAMPLES[index] for index in sorted(seen)]
    spans = spans_of(times, SAMPLES, 10.0, bridge_s, sorted(cuts))
    flat = [edge for span in spans for edge in span]
    assert flat == sorted(flat)
    assert flat[0] >= 0.0
    assert flat[-1] <= 10.0
    for time in times:
        assert any(start - 1e-3 <= time <= end + 1e-3 for start, end in spans)


box = st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(1, 50), st.floats(1, 50)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(box, box)
def test_overlap_is_symmetric_bounded_and_one_with_itself(a: PixelBox, b: PixelBox) -> None:
    assert iou(a, b) == pytest.approx(iou(b, a))
    assert 0.0 <= iou(a, b) <= 1.0 + 1e-9
    assert iou(a, a) == pytest.approx(1.0)
