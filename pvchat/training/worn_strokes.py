"""Drawing on a head's picture: filled outlines and lines with soft edges, and how they are laid over it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from pvchat.perception.geometry import FloatArray

# Points are given to the drawing functions in sixteenths of a pixel.
_SHIFT = 4
_PARTS = 1 << _SHIFT


@dataclass(frozen=True)
class FaceAxes:
    """A face's own axes in its picture.

    Attributes:
        across: (2,) from the eye on the left of the picture to the other one, of length 1. down: (2,) to the chin.
    """

    across: FloatArray
    down: FloatArray

    def at(self, point: FloatArray, across: float = 0.0, down: float = 0.0) -> FloatArray:
        """A point moved along the axes by pixels."""
        return np.asarray(point + across * self.across + down * self.down, dtype=np.float32)

    @classmethod
    def from_down(cls, down: FloatArray) -> "FaceAxes":
        """The axes of a face that points this way."""
        unit = down / max(float(np.linalg.norm(down)), 1e-6)
        across = np.array([unit[1], -unit[0]], dtype=np.float32)
        return cls(across, np.asarray(unit, dtype=np.float32))

    @classmethod
    def from_across(cls, across: FloatArray) -> "FaceAxes":
        """The axes of a face whose eyes lie this way."""
        unit = across / max(float(np.linalg.norm(across)), 1e-6)
        return cls(np.asarray(unit, dtype=np.float32), np.array([-unit[1], unit[0]], dtype=np.float32))


def filled(shape: tuple[int, int], outline: FloatArray) -> FloatArray:
    """(H, W) 1 inside of an outline (n, 2) in pixels, 0 outside, soft at its edge."""
    mask = np.zeros(shape, dtype=np.float32)
    cv2.fillPoly(mask, [_fixed(outline)], 1.0, cv2.LINE_AA, _SHIFT)
    return mask


def line(shape: tuple[int, int], points: FloatArray, width: float, *, closed: bool = False) -> FloatArray:
    """(H, W) 1 on a line through points (n, 2) in pixels; below a pixel's width it is fainter instead of thinner."""
    mask = np.zeros(shape, dtype=np.float32)
    cv2.polylines(mask, [_fixed(points)], closed, min(1.0, width), max(1, round(width)), cv2.LINE_AA, _SHIFT)
    return mask


def bow(start: FloatArray, end: FloatArray, rise: FloatArray, count: int = 24) -> FloatArray:
    """(count, 2) points from start to end, bent by `rise` in the middle."""
    t = np.linspace(0.0, 1.0, count, dtype=np.float32)[:, None]
    return np.asarray(start * (1 - t) + end * t + rise * (4 * t * (1 - t)), dtype=np.float32)


def laid_over(picture: FloatArray, mask: FloatArray, paint: FloatArray | float) -> FloatArray:
    """A picture (H, W, 3) with paint where a mask (H, W) says."""
    share = mask[..., None]
    return np.asarray(picture * (1 - share) + paint * share, dtype=np.float32)


def shaded(picture: FloatArray, mask: FloatArray, shift: tuple[float, float], blur: float, depth: float) -> FloatArray:
    """A picture with the shadow of a mask.

    Args:
        picture: (H, W, 3). mask: (H, W) of what throws the shadow. shift: (right, down) in pixels. blur: in pixels.
        depth: 0..1.
    """
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], dtype=np.float32)
    moved = cv2.warpAffine(mask, matrix, mask.shape[1::-1])
    soft = cv2.GaussianBlur(moved, (0, 0), max(0.3, blur))
    return np.asarray(picture * (1 - depth * soft[..., None]), dtype=np.float32)


def any_colour(rng: Generator) -> FloatArray:
    """(3,) a colour of cloth or felt, 0..255: dark, light and navy more often than others."""
    kind = rng.random()
    if kind < 0.30:
        colour = np.full(3, rng.uniform(5, 60))
    elif kind < 0.45:
        colour = np.full(3, rng.uniform(170, 250))
    elif kind < 0.60:
        colour = np.array([rng.uniform(10, 50), rng.uniform(15, 60), rng.uniform(50, 140)])
    elif kind < 0.75:
        colour = np.array([rng.uniform(120, 220), rng.uniform(10, 50), rng.uniform(10, 50)])
    elif kind < 0.85:
        colour = rng.uniform(60, 160) * np.array([1.0, 0.85, 0.6])
    else:
        colour = rng.uniform(0, 255, 3)
    return np.asarray(np.clip(colour + rng.normal(0, 6, 3), 0, 255), dtype=np.float32)


def _fixed(points: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.asarray(np.rint(points * _PARTS), dtype=np.int32)
