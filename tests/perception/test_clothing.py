"""Colour names and where clothes are looked for."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pvchat.perception.clothing import colour_indices, colour_name, colour_of, colour_votes, look_at_clothing, torso_box
from pvchat.perception.geometry import Image, PixelBox
from pvchat.perception.observation import BodySeen, ClothingSeen
from pvchat.perception.pose import (
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
)
from pvchat.perception.record import COLOURS

Rgb = tuple[int, int, int]
Mask = NDArray[np.float32]
SKIN = (205, 150, 120)
HAIR = (40, 26, 18)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((12, 12, 14), "black"),
        ((128, 128, 128), "gray"),
        ((250, 250, 250), "white"),
        ((222, 203, 170), "beige"),
        ((200, 20, 30), "red"),
        ((255, 140, 10), "orange"),
        ((250, 225, 40), "yellow"),
        ((20, 130, 40), "green"),
        ((30, 70, 180), "blue"),
        ((70, 165, 190), "blue"),
        ((120, 40, 150), "purple"),
        ((240, 150, 180), "pink"),
        ((100, 65, 35), "brown"),
    ],
)
def test_everyday_colours_have_their_everyday_names(rgb: Rgb, name: str) -> None:
    assert colour_name(*rgb) == name


@given(st.integers(0, 255))
def test_greys_are_black_gray_or_white_in_this_order(level: int) -> None:
    names = [colour_name(v, v, v) for v in (max(0, level - 60), level, min(255, level + 60))]
    ranks = [("black", "gray", "white").index(name) for name in names]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("rgb", [(200, 20, 30), (30, 70, 200), (20, 140, 40), (235, 235, 235), (15, 15, 15)])
@pytest.mark.parametrize("light", [0.75, 0.9, 1.0])
def test_a_dimmer_lamp_does_not_change_the_name(rgb: Rgb, light: float) -> None:
    dimmed = [round(v * light) for v in rgb]
    expected = {"white", "gray"} if min(rgb) > 200 else {colour_name(*rgb)}
    assert colour_name(*dimmed) in expected


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_votes_are_shares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (12, 9, 3), dtype=np.uint8)
    keep = rng.random((12, 9)) < 0.5
    votes = colour_votes(rgb, keep)
    assert set(votes) <= set(COLOURS)
    assert sum(votes.values()) == pytest.approx(1.0 if keep.any() else 0.0)
    assert colour_indices(rgb).max() < len(COLOURS)


def standing_figure(upper: Rgb, lower: Rgb) -> tuple[Image, BodySeen, Mask, PixelBox]:
    """A drawn person on a green wall: frame, pose, mask and face box."""
    rgb = np.full((800, 400, 3), (60, 150, 90), np.uint8)
    mask = np.zeros((800, 400), np.float32)
    x = 200

    def draw(x0: int, y0: int, x1: int, y1: int, colour: Rgb) -> None:
        rgb[y0:y1, x0:x1] = colour
        mask[y0:y1, x0:x1] = 1.0

    draw(x - 80, 210, x + 80, 460, upper)
    draw(x - 70, 460, x + 70, 780, lower)
    draw(x - 25, 180, x + 25, 215, SKIN)
    draw(x - 45, 90, x + 45, 185, SKIN)
    draw(x - 50, 60, x + 50, 105, HAIR)
    landmarks = np.zeros((33, 4), np.float32)
    for index, point in {
        LEFT_SHOULDER: (x + 70, 220),
        RIGHT_SHOULDER: (x - 70, 220),
        LEFT_HIP: (x + 50, 450),
        RIGHT_HIP: (x - 50, 450),
        LEFT_KNEE: (x + 45, 620),
        RIGHT_KNEE: (x - 45, 620),
    }.items():
        landmarks[index] = (*point, 1.0, 1.0)
    body = BodySeen((x - 80, 60, x + 80, 780), 1.0, landmarks)
    return rgb, body, mask, (x - 45.0, 100.0, x + 45.0, 190.0)


@pytest.mark.parametrize(("upper", "lower"), [((190, 25, 35), (30, 50, 120)), ((15, 15, 15), (225, 225, 225))])
def test_upper_and_lower_clothes_of_a_standing_person(upper: Rgb, lower: Rgb) -> None:
    rgb, body, mask, face = standing_figure(upper, lower)
    top, bottom = look_at_clothing(rgb, 1.0, body=body, mask=mask, face_box=face)
    assert top is not None
    assert bottom is not None
    assert colour_of("upper_colour", [top])[0].value == colour_name(*upper)
    assert colour_of("lower_colour", [bottom])[0].value == colour_name(*lower)
    assert top.coverage == 1.0


def test_bare_skin_is_not_a_garment() -> None:
    rgb, body, mask, face = standing_figure(SKIN, SKIN)
    top, _ = look_at_clothing(rgb, 1.0, body=body, mask=mask, face_box=face)
    assert top is None or top.coverage < 0.1


def portrait(jacket: Rgb, hair_to: int = 90) -> tuple[Image, Mask, PixelBox]:
    """Head and shoulders; the hair hangs down to this row."""
    rgb = np.full((300, 300, 3), (60, 150, 90), np.uint8)
    mask = np.zeros((300, 300), np.float32)
    for x0, y0, x1, y1, colour in (
        (30, 235, 270, 300, jacket),
        (75, 30, 225, 90, HAIR),
        (75, 30, 100, hair_to, HAIR),
        (200, 30, 225, hair_to, HAIR),
        (100, 85, 200, 250, SKIN),
    ):
        rgb[y0:y1, x0:x1] = colour
        mask[y0:y1, x0:x1] = 1.0
    return rgb, mask, (95.0, 85.0, 205.0, 215.0)


def test_a_portrait_shows_the_collar_when_a_mask_tells_it_from_the_wall() -> None:
    rgb, mask, face = portrait((30, 60, 170))
    top, bottom = look_at_clothing(rgb, 0.0, body=None, mask=None, face_box=face, portrait_mask=lambda: mask)
    assert top is not None
    assert colour_of("upper_colour", [top])[0].value == "blue"
    assert bottom is None


def test_a_dark_jacket_below_short_dark_hair_is_kept() -> None:
    rgb, mask, face = portrait((20, 20, 22))
    top, _ = look_at_clothing(rgb, 0.0, body=None, mask=None, face_box=face, portrait_mask=lambda: mask)
    assert top is not None
    assert colour_of("upper_colour", [top])[0].value == "black"


def test_long_hair_is_not_taken_for_clothes() -> None:
    rgb, mask, face = portrait((210, 40, 60), hair_to=300)
    top, _ = look_at_clothing(rgb, 0.0, body=None, mask=None, face_box=face, portrait_mask=lambda: mask)
    assert top is not None
    assert top.votes.get("red", 0.0) > 0.8


def test_a_portrait_without_a_mask_says_nothing() -> None:
    rgb, _, face = portrait((30, 60, 170))
    assert look_at_clothing(rgb, 0.0, body=None, mask=None, face_box=face) == (None, None)


def test_the_colour_seen_most_wins_over_the_looks() -> None:
    looks = [ClothingSeen(float(i), {"blue": 0.8, "gray": 0.2}, 1.0) for i in range(5)]
    looks.append(ClothingSeen(5.0, {"red": 1.0}, 1.0))
    (said,) = colour_of("upper_colour", looks)
    assert said.value == "blue"
    assert said.confidence > 0.5


def test_two_colours_in_equal_parts_are_not_said_surely() -> None:
    (said,) = colour_of("upper_colour", [ClothingSeen(0.0, {"blue": 0.5, "red": 0.5}, 1.0)])
    assert said.confidence < 0.5


def test_a_sliver_of_cloth_is_not_said_surely() -> None:
    (said,) = colour_of("upper_colour", [ClothingSeen(0.0, {"blue": 1.0}, 0.05)])
    assert said.confidence < 0.5


def test_nothing_seen_nothing_said() -> None:
    assert colour_of("upper_colour", []) == []
    assert torso_box(None, None) is None


@pytest.mark.parametrize("size", [(8, 8), (40, 20), (144, 176)])
def test_tiny_frames_do_not_fail(size: tuple[int, int]) -> None:
    rgb = cv2.resize(portrait((30, 60, 170))[0], (size[1], size[0]))
    scale = size[0] / 300
    face = (95 * scale, 85 * scale, 205 * scale, 215 * scale)
    top, bottom = look_at_clothing(rgb, 0.0, body=None, mask=None, face_box=face, portrait_mask=lambda: None)
    assert (top, bottom) == (None, None)
