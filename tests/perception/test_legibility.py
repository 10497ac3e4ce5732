"""A picture that shows nobody says so only if it could have shown somebody."""

import cv2
import numpy as np
import pytest

from pvchat.perception.geometry import Image
from pvchat.perception.legibility import blur_and_detail, is_legible


def room() -> Image:
    """An empty room, sharp: a wall, a floor, a door and a picture."""
    rgb = np.full((240, 320, 3), (190, 185, 170), np.uint8)
    rgb[180:] = (110, 90, 70)
    cv2.rectangle(rgb, (40, 60), (90, 180), (90, 60, 40), -1)
    cv2.rectangle(rgb, (180, 50), (260, 110), (40, 70, 120), 3)
    return rgb


def test_a_sharp_picture_is_legible(carphone: Image) -> None:
    assert is_legible([carphone])
    assert is_legible([room()])


@pytest.mark.parametrize("share", [0.04, 0.08])
def test_a_picture_out_of_focus_is_not(carphone: Image, share: float) -> None:
    for sharp in (carphone, room()):
        blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), share * sharp.shape[0]), dtype=np.uint8)
        assert not is_legible([blurred])


def test_darkness_and_a_covered_lens_are_not_legible(carphone: Image) -> None:
    assert not is_legible([(carphone * 0.03).astype(np.uint8)])
    assert not is_legible([np.full((90, 160, 3), 30, np.uint8)])
    assert not is_legible([])


def test_most_pictures_decide(carphone: Image) -> None:
    dark = np.zeros_like(carphone)
    assert is_legible([carphone, carphone, dark])
    assert not is_legible([carphone, dark, dark])


def test_blur_grows_and_detail_shrinks_out_of_focus(carphone: Image) -> None:
    measured = [
        blur_and_detail(np.asarray(cv2.GaussianBlur(carphone, (0, 0), sigma), dtype=np.uint8)) for sigma in (1, 3, 6)
    ]
    assert measured[0][0] < measured[1][0] < measured[2][0] <= 1.0
    assert measured[0][1] > measured[1][1] > measured[2][1]
