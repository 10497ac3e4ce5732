"""Nodding, shaking, looking away and closed eyes, on heads made of numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.perception.attributes import describe
from pvchat.perception.clarity import swings
from pvchat.perception.head_moves import eyes, head_moves
from pvchat.perception.observation import TrackObservation
from pvchat.perception.record import Attribute
from tests.perception.people_of_numbers import portrait, to_and_fro


def words(track: TrackObservation) -> dict[str, Attribute]:
    return {a.value: a for a in describe(track, 0.5, (head_moves, eyes))}


@pytest.mark.parametrize("per_second", [1.0, 1.6, 2.3])
def test_a_head_that_goes_up_and_down_nods(per_second: float) -> None:
    said = words(portrait(nod=to_and_fro(18, per_second)))
    assert set(said) == {"nodding"}
    (start, end) = said["nodding"].spans[0]
    assert start == pytest.approx(2, abs=1.1)
    assert end == pytest.approx(6, abs=1.1)


def test_a_head_that_goes_left_and_right_is_shaken() -> None:
    assert set(words(portrait(yaw=to_and_fro(30, 1.2)))) == {"shaking the head"}


def test_a_single_bow_or_turn_is_neither_nodding_nor_shaking() -> None:
    bow = portrait(nod=lambda t: -25.0 if 3 < t < 4 else 0.0)
    turn = portrait(yaw=lambda t: min(18.0, 10 * t))
    assert not words(bow)
    assert not words(turn)


def test_a_head_that_is_lifted_and_wavers_does_not_nod() -> None:
    way = {3.0: 0.0, 3.4: 24.0, 3.8: 12.0, 4.4: 20.0, 5.0: 16.0}

    def lifted(t: float) -> float:
        return float(np.interp(t, list(way), list(way.values())))

    assert not words(portrait(nod=lifted))


def test_nods_of_somebody_who_talks_are_not_told() -> None:
    assert not words(portrait(nod=to_and_fro(18, 1.6), mouth=lambda t: 0.2 * (int(8 * t) % 2)))


def test_a_mesh_that_differs_from_look_to_look_does_not_nod() -> None:
    assert not words(portrait(nod=lambda t: 8.0 if int(8 * t) % 2 else -8.0))


def test_heads_that_are_small_or_bob_with_a_body_do_not_nod() -> None:
    nod = to_and_fro(18, 1.6)
    assert not words(portrait(nod=nod, height=lambda _: 45.0))
    assert not words(portrait(nod=nod, y=lambda t: 200 + 9 * nod(t)))
    assert not words(portrait(nod=nod, roll=lambda t: 80.0))


def test_sparse_samples_tell_no_nod() -> None:
    assert not words(portrait(nod=to_and_fro(18, 1.6), glances=False))


@given(st.lists(st.floats(-1.5, 1.5), min_size=80, max_size=80))
@settings(max_examples=25, deadline=None)
def test_a_trembling_mesh_neither_nods_nor_shakes(noise: list[float]) -> None:
    track = portrait(nod=lambda t: noise[int(8 * t)], yaw=lambda t: noise[-1 - int(8 * t)])
    assert not words(track)


def test_eyes_in_their_corners_look_away_and_a_turned_head_that_looks_here_does_not() -> None:
    aside = words(portrait(gaze=lambda t: 0.25 if 3 < t < 5 else 0.0))
    assert aside["looking away"].spans == ((3.0, 5.0),)
    assert not words(portrait(yaw=lambda _: 20.0, gaze=lambda _: -0.16))


def test_eyes_are_closed_for_as_long_as_they_are_and_a_blink_is_not() -> None:
    shut = words(portrait(open_eyes=lambda t: 0.05 if 2 <= t <= 4 else 0.33))
    assert shut["closed"].spans == ((2.0, 4.0),)
    assert not words(portrait(open_eyes=lambda t: 0.05 if 2 <= t < 2.2 else 0.33))


@given(st.lists(st.floats(-100, 100), max_size=40), st.floats(0.5, 20))
@settings(max_examples=60, deadline=None)
def test_swings_are_no_smaller_than_asked_for_and_no_larger_than_the_series(values: list[float], least: float) -> None:
    found = swings(values, least)
    assert all(least <= swing <= max(values) - min(values) + 1e-9 for swing in found)
    assert swings(values[:1], least) == []


def test_swings_are_counted_each_way() -> None:
    assert swings([0, 5, 10, 4, 0, 9, 1], 3) == [10, 10, 9, 8]
