"""What is done to single pictures when test clips are built: cut out, scaled, boxed, blurred, covered."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.errors import VideoError
from pvchat.perception.record import Box

Rgb = NDArray[np.uint8]

NEUTRAL = 114
"""Grey of all that is not part of a source."""


def crop_box(rgb: Rgb, box: Box) -> Rgb:
    """Cut a box, given as fractions, out of a picture.

    Raises:
        VideoError: the box is empty or leaves the picture.
    """
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise VideoError(f"box {box} is not inside the picture: give fractions x0 < x1, y0 < y1 in 0..1")
    left, top = int(x0 * width), int(y0 * height)
    right, bottom = max(left + 1, round(x1 * width)), max(top + 1, round(y1 * height))
    return np.ascontiguousarray(rgb[top:bottom, left:right])


def resize(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    """Scale a picture to (width, height): area averages downwards, bicubic upwards."""
    height, width = rgb.shape[:2]
    if size == (width, height):
        return rgb
    shrinks = size[0] <= width and size[1] <= height
    return _rgb(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC))


def letterbox(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    """Scale a picture into (width, height) without changing its aspect, on neutral grey."""
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = _letterbox_pixels(width, height, size)
    canvas = np.full((size[1], size[0], 3), NEUTRAL, dtype=np.uint8)
    canvas[y0:y1, x0:x1] = resize(rgb, (x1 - x0, y1 - y0))
    return canvas


def _letterbox_pixels(width: int, height: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    scale = min(size[0] / width, size[1] / height)
    inner = (max(1, min(size[0], round(width * scale))), max(1, min(size[1], round(height * scale))))
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    return left, top, left + inner[0], top + inner[1]


def letterbox_box(width: int, height: int, size: tuple[int, int]) -> Box:
    """Where `letterbox` puts a picture of (width, height), as fractions of the result."""
    x0, y0, x1, y1 = _letterbox_pixels(width, height, size)
    return x0 / size[0], y0 / size[1], x1 / size[0], y1 / size[1]


def blurred(rgb: Rgb, sigma: float) -> Rgb:
    """Blur a picture by a Gaussian of `sigma` pixels; 0 leaves it as it is."""
    if sigma <= 0:
        return rgb
    # A wide Gaussian on a smaller picture looks the same and costs a fraction.
    step = max(1, int(sigma / 4))
    height, width = rgb.shape[:2]
    small = resize(rgb, (max(1, width // step), max(1, height // step)))
    return resize(_rgb(cv2.GaussianBlur(small, (0, 0), sigma / step)), (width, height))


def masked(rgb: Rgb, boxes: Sequence[Box], share: float) -> Rgb:
    """Cover the upper `share` of each box, given as fractions of the picture, with near black."""
    height, width = rgb.shape[:2]
    covered = rgb.copy()
    for x0, y0, x1, y1 in boxes:
        bottom = y0 + (y1 - y0) * share
        rows = slice(max(0, int(y0 * height)), max(0, round(bottom * height)))
        columns = slice(max(0, int(x0 * width)), max(0, round(x1 * width)))
        covered[rows, columns] = 16
    return covered


def _rgb(picture: object) -> Rgb:
    return np.asarray(picture, dtype=np.uint8)
