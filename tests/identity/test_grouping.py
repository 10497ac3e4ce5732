"""Strangers over all videos: who is one person, whatever the order in which the videos came."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.identity.decision import decide
from pvchat.identity.grouping import (
    ALONE,
    Key,
    StrangerTrack,
    connected,
    group_tracks,
    keep_numbers,
    stranger_tracks,
)
from tests.identity.people import MODEL, Array, Shown, World, clip


def track(mean: Array, video: int, number: int = 1, *, start: float = 0.0, reliability: float = 0.95) -> StrangerTrack:
    return StrangerTrack(f"{video:064d}", number, ((start, start + 2.0),), mean, 0.0, reliability)


def some_tracks(seed: int, videos: int = 8, people: int = 3) -> list[StrangerTrack]:
    """A few people, one or two in each video, seen better and worse."""
    world = World(seed)
    everybody = [world.person() for _ in range(people)]
    tracks = []
    for video in range(videos):
        for number in range(1, 2 + int(world.rng.integers(2))):
            person = everybody[int(world.rng.integers(people))]
            noise = world.rng.uniform(0.2, 1.3) * world.rng.standard_normal(len(person))
            reliability = float(world.rng.uniform(0.2, 1.0))
            start = float(world.rng.integers(3))
            mean = np.asarray(person + noise, np.float32)
            tracks.append(track(mean, video, number, start=start, reliability=reliability))
    return tracks


def partition(tracks: Sequence[StrangerTrack], labels: Sequence[int]) -> set[frozenset[Key]]:
    """Groups as sets of tracks; a track that is in none is left out."""
    numbers = set(labels) - {ALONE}
    return {frozenset(t.key for t, label in zip(tracks, labels, strict=True) if label == n) for n in numbers}


def test_one_person_in_several_videos_is_one_group_and_others_are_not() -> None:
    world = World(1)
    first, second = world.person(), world.person()
    shown = [(first,), (second,), (first, second), (first,)]
    tracks = []
    for index, people in enumerate(shown):
        vectors, record = clip([Shown(world.faces(person)) for person in people])
        record = record.model_copy(update={"video": record.video.model_copy(update={"sha256": f"{index:064d}"})})
        tracks += stranger_tracks(record, vectors, [])
    assert group_tracks(tracks, MODEL) == [0, 1, 0, 1, 0]


def test_somebody_enrolled_is_no_stranger() -> None:
    world = World(2)
    maria, other = world.person(), world.person()
    vectors, record = clip([Shown(world.faces(maria)), Shown(world.faces(other)), Shown(None)])
    decisions = decide(vectors, record, [world.entry("Maria", maria)])
    assert [t.id for t in stranger_tracks(record, vectors, decisions)] == [2]
    assert [t.id for t in stranger_tracks(record, vectors, [])] == [1, 2]


def test_two_who_are_seen_at_once_are_two_people_however_alike() -> None:
    twin = World(3).person()
    together = [track(twin, 1, 1), track(twin, 1, 2)]
    assert group_tracks(together, MODEL) == [0, 1]
    one_after_another = [track(twin, 1, 1), track(twin, 1, 2, start=3.0)]
    assert group_tracks(one_after_another, MODEL) == [0, 0]
    # A third picture resembles both; it cannot make them one.
    labels = group_tracks([*together, track(twin, 2)], MODEL)
    assert labels[0] != labels[1]


def test_poor_faces_make_no_group_but_may_be_attached_to_one() -> None:
    world = World(4)
    person, nobody_else = world.person(), world.person()
    poor = track(person, 3, reliability=0.3)
    assert group_tracks([poor, track(person, 4, reliability=0.3)], MODEL) == [ALONE, ALONE]
    good = [track(person, 1), track(person, 2)]
    assert group_tracks([*good, poor, track(nobody_else, 5, reliability=0.3)], MODEL) == [0, 0, 0, ALONE]


def test_of_nobody_there_are_no_groups() -> None:
    assert group_tracks([], MODEL) == []
    assert connected([], set(), MODEL) == []


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_the_order_of_the_tracks_does_not_matter(seed: int, data: st.DataObject) -> None:
    tracks = some_tracks(seed)
    shuffled = data.draw(st.permutations(tracks))
    assert partition(tracks, group_tracks(tracks, MODEL)) == partition(shuffled, group_tracks(shuffled, MODEL))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_video_by_video_gives_what_all_at_once_gives(seed: int, data: st.DataObject) -> None:
    tracks = some_tracks(seed)
    videos = data.draw(st.permutations(sorted({t.clip for t in tracks})))
    known: list[StrangerTrack] = []
    groups: set[frozenset[Key]] = set()
    for video in videos:
        new = [t for t in tracks if t.clip == video]
        known += new
        touched = [known[i] for i in connected(known, {t.key for t in new}, MODEL)]
        keys = {t.key for t in touched}
        groups = {group for group in groups if not group & keys} | partition(touched, group_tracks(touched, MODEL))
    assert groups == partition(tracks, group_tracks(tracks, MODEL))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_no_group_holds_two_tracks_that_are_seen_at_once(seed: int) -> None:
    tracks = some_tracks(seed, videos=5, people=1)
    for group in partition(tracks, group_tracks(tracks, MODEL)):
        members = sorted((t.clip, t.spans[0]) for t in tracks if t.key in group)
        assert all(a[0] != b[0] or b[1][0] >= a[1][1] - 0.3 for a, b in pairwise(members))


@pytest.mark.parametrize(
    ("groups", "earlier", "kept"),
    [
        ([["a", "b"], ["c"]], {}, [None, None]),
        ([["a", "b"], ["c"]], {"a": 3, "b": 3}, [3, None]),
        # Two join: the lower number stays.
        ([["a", "b", "c"]], {"a": 2, "b": 7, "c": 7}, [2]),
        # One parts: the number goes with the larger part.
        ([["a"], ["b", "c"]], {"a": 4, "b": 4, "c": 4}, [None, 4]),
        # Equal parts: with the earliest track.
        ([["b"], ["a"]], {"a": 4, "b": 4}, [None, 4]),
        ([["a", "b"], ["c", "d"]], {"a": 1, "c": 1, "d": 1, "b": 2}, [2, 1]),
    ],
)
def test_a_number_stays_with_its_person(
    groups: list[list[str]], earlier: dict[str, int], kept: list[int | None]
) -> None:
    keys = [[(name, 0) for name in group] for group in groups]
    assert keep_numbers(keys, {(name, 0): number for name, number in earlier.items()}) == kept


def test_the_bound_within_one_video_is_the_higher_one() -> None:
    world = World(5)
    person = world.person()
    alike = world.look_alike(person, 0.55)
    labels = group_tracks([track(person, 1, 1), replace(track(alike, 1, 2), spans=((5.0, 6.0),))], MODEL)
    assert labels == [0, 1]
    assert group_tracks([track(person, 1), track(alike, 2)], MODEL) == [0, 0]
