"""Hair drawn on a head: thick hair and fringes, which end on the forehead as sharply as a cap does."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from pvchat.perception.geometry import FloatArray, Image
from pvchat.training.worn_strokes import FaceAxes, filled, laid_over, shaded

_HAIRLINE, _CHIN, _TEMPLES = 10, 152, (127, 356)
_HAIRS = np.array(
    [
        (18, 15, 14),
        (30, 24, 20),
        (55, 38, 26),
        (85, 60, 40),
        (120, 85, 50),
        (170, 135, 85),
        (120, 60, 35),
        (150, 148, 145),
    ],
    dtype=np.float32,
)
"""Black, browns, blonds, red and gray."""


def draw_hair(head: Image, points: FloatArray, rng: Generator) -> Image:
    """A head with other hair: higher, with or without a fringe, now and then hanging beside the face.

    Args:
        head: (H, W, 3) uint8. points: (468, 2) mesh in its pixels. rng: the source of chance.
    """
    shape = (head.shape[0], head.shape[1])
    hairline, chin = points[_HAIRLINE], points[_CHIN]
    axes = FaceAxes.from_down(chin - hairline)
    tall = max(1.0, float(np.linalg.norm(chin - hairline)))
    left, right = (float((points[temple] - hairline) @ axes.across) for temple in _TEMPLES)
    mask = filled(shape, _outline(hairline, axes, tall, (left, right), rng))
    if rng.random() < 0.35:
        mask = np.maximum(mask, _beside(shape, hairline, axes, tall, (left, right), rng))
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 1.2)), dtype=np.float32)
    picture = shaded(
        head.astype(np.float32), mask, (0.0, 0.03 * tall), tall * rng.uniform(0.02, 0.05), rng.uniform(0, 0.4)
    )
    colour = rng.choice(_HAIRS) * rng.uniform(0.7, 1.3) + rng.normal(0, 4, 3)
    strands = _strands(shape, rng)
    rows = np.mgrid[0 : shape[0], 0 : shape[1]][0]
    shine = rng.uniform(0, 0.6) * np.exp(-(((rows - hairline[1] + rng.uniform(0.1, 0.4) * tall) / (0.12 * tall)) ** 2))
    paint = np.clip(colour * (1 + strands + shine)[..., None], 0, 255)
    drawn = laid_over(picture, mask, np.asarray(paint, dtype=np.float32))
    return np.asarray(np.clip(drawn, 0, 255), dtype=np.uint8)


def _outline(
    hairline: FloatArray, axes: FaceAxes, tall: float, sides: tuple[float, float], rng: Generator
) -> FloatArray:
    """The hair on the head: a dome above, strands of different length below."""
    out = rng.uniform(0.02, 0.2) * (sides[1] - sides[0])
    left, right = sides[0] - out, sides[1] + out
    low = rng.uniform(-0.05, 0.35) * tall
    angle = np.linspace(math.pi, 0, 40)
    power = 2 / rng.uniform(1.7, 2.8)
    x = (left + right) / 2 + np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power * (right - left) / 2
    y = low - np.sin(angle) ** power * (low + rng.uniform(0.25, 0.55) * tall)
    dome = hairline + x[:, None] * axes.across + (y + rng.normal(0, 0.008 * tall, 40))[:, None] * axes.down
    # From right to left: high on the forehead with a parting, low with a fringe.
    count = int(rng.integers(8, 40))
    across = np.linspace(right, left, count)
    middle = np.linspace(-1, 1, count)
    fringe = rng.uniform(-0.05, 0.3) * tall
    depth = fringe + (low - fringe) * np.abs(middle - rng.uniform(-0.4, 0.4)) ** rng.uniform(1, 4)
    depth = depth + rng.normal(0, rng.uniform(0.005, 0.05) * tall, count)
    ends = hairline + across[:, None] * axes.across + depth[:, None] * axes.down
    return np.asarray(np.concatenate([dome, ends]), dtype=np.float32)


def _beside(
    shape: tuple[int, int],
    hairline: FloatArray,
    axes: FaceAxes,
    tall: float,
    sides: tuple[float, float],
    rng: Generator,
) -> FloatArray:
    """Hair that hangs on both sides of the face."""
    wide, long = rng.uniform(0.1, 0.35) * tall, rng.uniform(0.6, 1.7) * tall
    masks = []
    for side, outwards in zip(sides, (-1, 1), strict=True):
        corners = [
            (side, 0.1 * tall),
            (side + outwards * wide, 0.1 * tall),
            (side + outwards * wide, long),
            (side, long),
        ]
        masks.append(filled(shape, np.stack([axes.at(hairline, x, y) for x, y in corners])))
    return np.maximum(*masks)


def _strands(shape: tuple[int, int], rng: Generator) -> FloatArray:
    """(H, W) light and dark streaks that run down, fanned out from a point above the head."""
    side = 2 * max(shape)
    coarse = rng.normal(0, 1, (int(rng.integers(3, 9)), side // int(rng.integers(1, 4)))).astype(np.float32)
    streaks = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    top, middle = -rng.uniform(10, 200), shape[1] * rng.uniform(0.3, 0.7)
    fan = (columns - middle) / (rows - top) * (shape[0] / 2 - top) + side / 2
    moved = cv2.remap(streaks, fan, rows * side / shape[0], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(rng.uniform(0.08, 0.4) * moved, dtype=np.float32)
