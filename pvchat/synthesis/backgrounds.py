"""The person before something else: another room, a stock picture, or nothing but a wall."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from pvchat.perception.geometry import FloatArray, Image
from pvchat.perception.record import Box
from pvchat.synthesis.framing import part_of, union
from pvchat.synthesis.shots import Shot
from pvchat.training.stock import stock_scenes

# Between these the mask is the person's edge.
_OUTSIDE, _INSIDE = 0.3, 0.7
# A mask that leaves holes in the face, or has found nobody, cuts nobody out.
_LEAST_IN_FACE = 0.85
_LEAST_AREA = 0.01
_LEAST_SIDE = 0.25
_APART = 0.02


def cut_out(mask: FloatArray) -> FloatArray:
    """How much of the person is seen in each pixel, (H, W, 1) float32 in 0..1, with a soft edge."""
    edge = np.clip((mask - _OUTSIDE) / (_INSIDE - _OUTSIDE), 0.0, 1.0)
    soft = cv2.GaussianBlur(np.asarray(edge * edge * (3 - 2 * edge), np.float32), (0, 0), 1.0)
    return np.asarray(soft, np.float32)[..., None]


def can_be_cut_out(shot: Shot) -> bool:
    """Whether the masks of a shot hold the person's face and are not empty."""
    if shot.masks is None:
        return False
    inside = [_mean_within(mask, head) for mask, head in zip(shot.masks, shot.head_boxes, strict=True)]
    area = float(np.median([mask.mean() for mask in shot.masks]))
    return float(np.median(inside)) >= _LEAST_IN_FACE and area >= _LEAST_AREA


def background(shot: Shot, others: Sequence[Shot], rng: random.Random) -> tuple[Shot, tuple[str, ...]]:
    """Everything but the person replaced by one picture, a little out of focus.

    Args:
        shot: with masks. others: whose rooms may be used; what is free of them is.

    Returns:
        the shot, and the keys of other people's footage that is seen in it.
    """
    kind = rng.choice(("room", "stock", "wall"))
    picture, source = _wall(shot.size, rng), None
    if kind == "room" and others:
        other = rng.choice(others)
        window = free_part(other)
        if window is not None:
            picture, source = _filling(part_of(other.frames[0], window, _pixel_size(window, other)), shot.size), other
    elif kind == "stock" and stock_pictures():
        picture = _filling(rng.choice(stock_pictures()), shot.size)
    if rng.random() < 0.6:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(1.0, 5.0)), np.uint8)
    masks = shot.masks or ()
    frames = tuple(over(frame, mask, picture) for frame, mask in zip(shot.frames, masks, strict=True))
    return replace(shot, frames=frames), () if source is None else (source.source,)


def over(frame: Image, mask: FloatArray, picture: Image) -> Image:
    """The person of a frame before a picture of the same size."""
    alpha = cut_out(mask)
    return np.asarray(frame * alpha + picture * (1 - alpha) + 0.5, np.uint8)


def free_part(shot: Shot) -> Box | None:
    """The largest part of the picture beside or above the person, as fractions; None where there is hardly any."""
    x0, y0, x1, _ = union(shot.body_boxes, _APART)
    boxes: list[Box] = [(0.0, 0.0, x0, 1.0), (x1, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, y0)]
    best = max(boxes, key=lambda box: min(box[2] - box[0], box[3] - box[1]))
    return best if min(best[2] - best[0], best[3] - best[1]) >= _LEAST_SIDE else None


@cache
def stock_pictures() -> tuple[Image, ...]:
    """Installed photographs that show nobody."""
    return tuple(stock_scenes())


def _mean_within(mask: FloatArray, box: Box) -> float:
    height, width = mask.shape
    left, top = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    return float(mask[top : max(top + 1, int(box[3] * height)), left : max(left + 1, int(box[2] * width))].mean())


def _pixel_size(window: Box, shot: Shot) -> tuple[int, int]:
    width, height = shot.size
    return max(1, round((window[2] - window[0]) * width)), max(1, round((window[3] - window[1]) * height))


def _filling(picture: Image, size: tuple[int, int]) -> Image:
    """The middle of a picture in the shape of (width, height)."""
    height, width = picture.shape[:2]
    share = size[0] / size[1] * height / width
    across, down = (share, 1.0) if share <= 1 else (1.0, 1 / share)
    return part_of(picture, ((1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2), size)


def _wall(size: tuple[int, int], rng: random.Random) -> Image:
    """A plain wall: one colour that runs into another, with a little grain."""
    width, height = size
    random_state = np.random.default_rng(rng.getrandbits(64))
    one = random_state.integers(30, 226, 3).astype(np.float32)
    other = np.clip(one + random_state.integers(-60, 61, 3), 10, 245)
    angle = rng.uniform(0, 2 * math.pi)
    across = np.linspace(-0.5, 0.5, width)[None, :] * math.cos(angle)
    down = np.linspace(-0.5, 0.5, height)[:, None] * math.sin(angle)
    along = np.clip(0.5 + across + down, 0, 1)[..., None]
    painted = one + (other - one) * along + random_state.normal(0, 2, (height, width, 1))
    return np.asarray(np.clip(painted, 0, 255), np.uint8)
