"""Glasses drawn on a face: frames of many shapes, rimless ones and sunglasses, with bridge, temples and reflections."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.random import Generator

from pvchat.perception.geometry import FloatArray, Image
from pvchat.training.worn_strokes import FaceAxes, bow, filled, laid_over, line, shaded

Shape = Literal["square", "soft", "round", "aviator", "cat"]
Rim = Literal["full", "half", "none"]

# Points of the mesh: corners of the eyes (outer, inner) on the left and the right, between the eyes, before the ears.
_LEFT_EYE, _RIGHT_EYE, _BRIDGE, _EARS = (33, 133), (263, 362), 168, (127, 356)
_SHAPES: tuple[Shape, ...] = get_args(Shape)
_SHAPE_CHANCES = (0.32, 0.34, 0.14, 0.12, 0.08)
# Height of a lens over its width.
_TALL = {"square": (0.5, 0.8), "soft": (0.6, 0.9), "round": (0.85, 1.05), "aviator": (0.75, 0.95), "cat": (0.6, 0.8)}
# How square an outline is (exponent of a superellipse).
_CORNERS = {"square": (3.5, 7.0), "soft": (2.2, 3.2), "round": (2.0, 2.0), "aviator": (2.3, 2.3), "cat": (2.6, 2.6)}
_FRAMES = np.array(
    [
        (15, 15, 15),
        (20, 18, 18),
        (40, 30, 25),
        (70, 45, 25),
        (110, 75, 40),
        (130, 105, 60),
        (150, 150, 155),
        (90, 90, 95),
        (60, 20, 20),
        (25, 30, 60),
        (190, 170, 120),
    ],
    dtype=np.float32,
)
"""Black, tortoise, gold, silver and a few others."""
# Drawn so much larger and shrunk, for thin lines.
_FINER = 3
_LEAST_EYES_PX = 6.0


@dataclass(frozen=True)
class _Pair:
    """Where the glasses sit: the outlines of both lenses (n, 2), and the measures they were drawn with, in pixels."""

    axes: FaceAxes
    middle: FloatArray
    outlines: tuple[FloatArray, FloatArray]
    lens: tuple[float, float]
    across: float
    shape: Shape

    def upper(self, side: int) -> FloatArray:
        """The upper half of an outline, from left to right."""
        outline = self.outlines[side]
        high = outline[(outline - outline.mean(0)) @ self.axes.down < 0.15 * self.lens[1]]
        return np.asarray(high[np.argsort((high - self.middle) @ self.axes.across)], dtype=np.float32)


def draw_glasses(head: Image, points: FloatArray, rng: Generator) -> Image | None:
    """A head with glasses.

    Args:
        head: (H, W, 3) uint8. points: (468, 2) mesh in its pixels. rng: the source of chance.

    Returns:
        None where the eyes are too close to draw anything.
    """
    size = (head.shape[1] * _FINER, head.shape[0] * _FINER)
    pair = _placed(points * _FINER, rng)
    if pair.across < _LEAST_EYES_PX * _FINER:
        return None
    picture = np.asarray(cv2.resize(head, size, interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    rims = _rims(picture.shape[:2], pair, points * _FINER, rng)
    lenses = np.maximum(*(filled(picture.shape[:2], outline) for outline in pair.outlines))
    across = pair.across
    picture = shaded(
        picture,
        rims,
        (rng.normal(0, 0.01) * across, rng.uniform(0.01, 0.05) * across),
        across * rng.uniform(0.01, 0.03),
        rng.uniform(0, 0.45),
    )
    picture = _glazed(picture, pair, lenses, rng)
    shine = 1 + 0.5 * rng.random() * np.clip(
        np.sin(np.indices(rims.shape)[1] * rng.uniform(0.005, 0.04) + rng.uniform(0, 6)), 0, 1
    )
    frame = rng.choice(_FRAMES) * rng.uniform(0.7, 1.3) + rng.normal(0, 6, 3)
    paint = np.clip(frame, 0, 255) * shine[..., None]
    picture = laid_over(picture, rims * rng.uniform(0.85, 1.0), np.asarray(paint, dtype=np.float32))
    small = cv2.resize(picture, head.shape[1::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small, 0, 255), dtype=np.uint8)


def _placed(points: FloatArray, rng: Generator) -> _Pair:
    (left_out, left_in), (right_out, right_in) = (points[list(eye)] for eye in (_LEFT_EYE, _RIGHT_EYE))
    axes = FaceAxes.from_across(right_out + right_in - left_out - left_in)
    widths = np.array([np.linalg.norm(left_in - left_out), np.linalg.norm(right_in - right_out)])
    # The lens on the side that is turned away is narrower.
    narrow = np.clip(widths / max(widths.mean(), 1e-6), 0.45, 1.4)
    across = float(np.linalg.norm(right_out - left_out))
    shape: Shape = _SHAPES[int(rng.choice(len(_SHAPES), p=_SHAPE_CHANCES))]
    wide = across * rng.uniform(0.235, 0.34)
    tall = wide * rng.uniform(*_TALL[shape])
    gap = across * rng.uniform(0.18, 0.26)
    eyes = (left_out + left_in + right_out + right_in) / 4
    middle = axes.at(0.6 * points[_BRIDGE] + 0.4 * eyes, rng.normal(0, 0.01) * across, rng.uniform(-0.02, 0.1) * across)
    tilt = rng.normal(0, 0.02)
    turn = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
    outlines = []
    for side, share in zip((-1, 1), narrow, strict=True):
        outline = _outline(shape, wide, tall, rng) * (side, 1)
        outline[:, 0] = outline[:, 0] * share + side * (gap / 2 * math.sqrt(share) + wide * share)
        outline = outline @ turn
        outlines.append(middle + outline[:, :1] * axes.across + outline[:, 1:] * axes.down)
    left, right = (np.asarray(outline, dtype=np.float32) for outline in outlines)
    return _Pair(axes, middle, (left, right), (wide, tall), across, shape)


def _outline(shape: Shape, wide: float, tall: float, rng: Generator) -> FloatArray:
    """A lens around (0, 0); its outer end is where x is positive."""
    angle = np.linspace(0, 2 * math.pi, 64, endpoint=False)
    power = 2 / rng.uniform(*_CORNERS[shape])
    x, y = (np.sign(v) * np.abs(v) ** power for v in (np.cos(angle), np.sin(angle)))
    if shape == "aviator":
        x, y = np.where(y > 0, x * (1 - 0.25 * y), x), 1.15 * y
    if shape == "cat":
        y = y - 0.25 * np.clip(x, -0.3, 1.0) * (y < 0)
    return np.asarray(np.stack([x * wide, y * tall], axis=1), dtype=np.float32)


def _rims(shape: tuple[int, int], pair: _Pair, points: FloatArray, rng: Generator) -> FloatArray:
    """Frame, bridge and temples as a mask."""
    rim: Rim = ("full", "half", "none")[int(rng.choice(3, p=(0.72, 0.15, 0.13)))]
    thick = pair.across * (rng.uniform(0.01, 0.03) if rng.random() < 0.5 else rng.uniform(0.03, 0.075))
    edge = {"full": thick, "half": _FINER / 3, "none": _FINER / 2}[rim]
    weight = {"full": 1.0, "half": 0.35, "none": rng.uniform(0.25, 0.6)}[rim]
    parts = [weight * line(shape, outline, edge, closed=True) for outline in pair.outlines]
    if rim == "half" or (rim == "full" and rng.random() < 0.3):
        brow = thick * (1.0 if rim == "half" else rng.uniform(1.3, 2.2))
        parts += [line(shape, pair.upper(side), brow) for side in (0, 1)]
    across, down = pair.axes.across, pair.axes.down
    left, right = pair.outlines
    start = left[np.argmax((left - pair.middle) @ across)]
    end = right[np.argmin((right - pair.middle) @ across)]
    rise = -pair.lens[1] * rng.uniform(0.15, 0.5) * down
    parts.append(line(shape, bow(start + 0.7 * rise, end + 0.7 * rise, 0.3 * rise), thick * rng.uniform(0.6, 1.1)))
    for outline, ear, side in zip(pair.outlines, points[list(_EARS)], (-1, 1), strict=True):
        hinge = outline[np.argmax(side * ((outline - pair.middle) @ across))]
        hinge = hinge - pair.lens[1] * rng.uniform(0.1, 0.4) * down
        end = ear + pair.across * rng.uniform(-0.02, 0.06) * down
        # Of a face that is turned, the far temple is hidden.
        if side * float((end - hinge) @ across) > 0.01 * pair.across:
            temple = line(shape, np.stack([hinge, end]), thick * rng.uniform(0.5, 1.1))
            parts.append(rng.uniform(0.6, 1.0) * temple)
    return np.asarray(np.maximum.reduce(parts), dtype=np.float32)


def _glazed(picture: FloatArray, pair: _Pair, lenses: FloatArray, rng: Generator) -> FloatArray:
    """The lenses: clear or dark, with reflections."""
    dark = rng.random() < 0.15
    if dark:
        shade: FloatArray | float = rng.uniform(0.55, 0.97)
        if rng.random() < 0.5:
            rows = (np.indices(lenses.shape)[0] - pair.middle[1]) / max(pair.lens[1], 1.0)
            shade = np.clip(shade - 0.25 * rows, 0.2, 0.98).astype(np.float32)
        tint = np.asarray(rng.choice(_FRAMES) * rng.uniform(0.2, 0.8), dtype=np.float32)
    else:
        shade, tint = rng.uniform(0, 0.12), np.asarray(rng.uniform(120, 255, 3), dtype=np.float32)
    picture = laid_over(picture, lenses * shade, tint)
    if rng.random() > (0.4 if dark else 0.55):
        return picture
    glints = np.zeros(lenses.shape, dtype=np.float32)
    for outline in pair.outlines:
        for _ in range(int(rng.integers(0, 3))):
            glints = np.maximum(glints, _glint(lenses.shape, outline.mean(0), pair, rng))
    soft = cv2.GaussianBlur(glints, (0, 0), _FINER * rng.uniform(0.3, 1.5)) * lenses * rng.uniform(0.2, 0.9)
    return laid_over(picture, np.asarray(soft, dtype=np.float32), rng.uniform(200, 255))


def _glint(shape: tuple[int, ...], centre: FloatArray, pair: _Pair, rng: Generator) -> FloatArray:
    wide, tall = pair.lens
    at = pair.axes.at(centre, rng.normal(0, 0.5) * wide, rng.normal(0, 0.4) * tall)
    mask = np.zeros(shape, dtype=np.float32)
    if rng.random() < 0.5:
        size = (max(1, round(wide * rng.uniform(0.08, 0.5))), max(1, round(tall * rng.uniform(0.08, 0.4))))
        centre_px = (round(float(at[0])), round(float(at[1])))
        cv2.ellipse(mask, centre_px, size, rng.uniform(0, 180), 0, 360, rng.uniform(0.3, 1.0), -1, cv2.LINE_AA)
        return mask
    angle = rng.uniform(0, math.pi)
    reach = wide * np.array([math.cos(angle), math.sin(angle)], dtype=np.float32)
    streak = line((shape[0], shape[1]), np.stack([at - reach, at + reach]), wide * rng.uniform(0.05, 0.4))
    return np.asarray(rng.uniform(0.2, 0.8) * streak, dtype=np.float32)
