"""Cuts between samples."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pvchat.perception.cuts import CutBetween, CutDetector, Signature, difference, locate_cuts, shift, signature

Image = NDArray[np.uint8]


def scene(seed: int, height: int = 180, width: int = 320) -> Image:
    """A picture of soft coloured blobs, another one for each seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (5, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def barred(rgb: Image, level: int) -> Image:
    """The picture between two wide bars of one grey."""
    out = np.full((180, 640, 3), level, np.uint8)
    out[:, 160:480] = rgb
    return out


@given(st.integers(0, 500), st.integers(0, 500))
@settings(max_examples=40, deadline=None)
def test_a_difference_is_symmetric_bounded_and_zero_for_the_same_frame(a: int, b: int) -> None:
    first, second = signature(scene(a)), signature(scene(b))
    assert difference(first, first) == pytest.approx(0.0, abs=1e-5)
    assert difference(first, second) == pytest.approx(difference(second, first), abs=1e-6)
    assert 0.0 <= difference(first, second) <= 1.0


def test_a_cut_is_found_and_a_pan_is_not() -> None:
    wide = scene(1, width=640)
    frames = [wide[:, 12 * i : 12 * i + 320] for i in range(8)] + [scene(2)] * 4
    detector = CutDetector(0.5)
    assert [detector.update(signature(frame)) for frame in frames] == [i == 8 for i in range(12)]


@pytest.mark.parametrize("level", [0, 114])
def test_bars_at_the_edges_do_not_hide_a_cut(level: int) -> None:
    bare = difference(signature(scene(1)), signature(scene(2)))
    assert difference(signature(barred(scene(1), level)), signature(barred(scene(2), level))) > 0.8 * bare


def test_a_light_that_fades_is_not_a_cut() -> None:
    detector = CutDetector(0.5)
    frames = [(scene(3) * (1 - 0.06 * i)).astype(np.uint8) for i in range(10)]
    assert not any(detector.update(signature(frame)) for frame in frames)


def test_black_frames_are_alike() -> None:
    black = signature(np.zeros((90, 160, 3), np.uint8))
    assert difference(black, black) == 0.0


def test_a_pan_is_measured_and_leaves_the_signatures_alone() -> None:
    wide = scene(4, width=640)
    a, b = signature(wide[:, 100:420]), signature(wide[:, 80:400])
    before = a.gray.copy()
    assert np.allclose(shift(a, b) or (9.0, 9.0), (20 / 320, 0.0), atol=0.02)
    np.testing.assert_array_equal(a.gray, before)


def test_a_thing_that_moves_in_the_middle_does_not_move_the_picture() -> None:
    wall = scene(5)
    first, second = wall.copy(), wall.copy()
    first[60:, 120:180] = 250
    second[60:, 150:210] = 250
    assert shift(signature(first), signature(second)) == (0.0, 0.0)


def test_a_bare_wall_tells_nothing_about_the_camera() -> None:
    wall = signature(np.full((90, 160, 3), 120, np.uint8))
    assert shift(wall, wall) is None


@given(st.floats(0.05, 1.95), st.floats(4.05, 5.95))
@settings(max_examples=30, deadline=None)
def test_cuts_are_located_to_within_the_tolerance_in_few_rounds(first: float, second: float) -> None:
    shots = [signature(scene(seed)) for seed in (10, 11, 12)]
    rounds: list[int] = []

    def look(times: Sequence[float]) -> list[Signature]:
        rounds.append(len(times))
        return [shots[0] if t < first else shots[1] if t < second else shots[2] for t in times]

    found = locate_cuts([CutBetween(0.0, 2.0, shots[0], shots[1]), CutBetween(4.0, 6.0, shots[1], shots[2])], look, 0.2)
    assert found == [pytest.approx(first, abs=0.2), pytest.approx(second, abs=0.2)]
    assert rounds == [2, 2, 2]


def test_nothing_is_read_when_the_samples_are_close_enough() -> None:
    shot = signature(scene(1))

    def look(_: Sequence[float]) -> list[Signature]:
        raise AssertionError("must not read")

    assert locate_cuts([CutBetween(1.0, 1.25, shot, shot)], look, 0.2) == [1.125]
