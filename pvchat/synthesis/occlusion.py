"""Something before a person: over a part of the body, for a while over a part of the face, or passing by.

Never more than a share of the face is covered, in no frame: somebody whose face is hidden can be anybody.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pvchat.perception.geometry import FloatArray, Image
from pvchat.perception.record import Box
from pvchat.synthesis.framing import union
from pvchat.synthesis.shots import Shot

MOST_OF_FACE = 0.4
_STILL_OF_FACE = 0.25
_FEATHER = 1.2
# Of the picture's height; with less, there is no body to cover.
_LEAST_BODY = 0.08

Where = Callable[[int], Box | None]


@dataclass(frozen=True)
class _Cloth:
    """What the thing looks like: a picture of the frame's size, of which the covered part is shown."""

    picture: Image
    round: bool


def occlusion(shot: Shot, rng: random.Random) -> Shot:
    """One thing for the whole shot."""
    cloth = _Cloth(_texture(shot.size, rng), rng.random() < 0.3)
    kinds = [_over_face]
    if len(shot.frames) > 1:
        kinds.append(_passing)
    if _below_heads(shot) >= _LEAST_BODY:
        kinds.append(_over_body)
    where = rng.choice(kinds)(shot, rng)
    frames = []
    for index, frame in enumerate(shot.frames):
        box = where(index)
        frames.append(frame if box is None else _covered(frame, box, cloth))
    return replace(shot, frames=tuple(frames))


def _over_body(shot: Shot, rng: random.Random) -> Where:
    """A thing that stands in the foreground, below every face of the shot."""
    body, heads = union(shot.body_boxes, 0.0), union(shot.head_boxes, 0.0)
    free = _below_heads(shot)
    top = heads[3] + rng.uniform(0.2, 0.6) * free
    width = (body[2] - body[0]) * rng.uniform(0.5, 1.2)
    centre = rng.uniform(body[0], body[2])
    box = (centre - width / 2, top, centre + width / 2, min(1.0, top + free * rng.uniform(0.4, 1.0)))
    return lambda index: box


def _over_face(shot: Shot, rng: random.Random) -> Where:
    """A hand, a scarf, a cup: it moves with the head, comes and goes, and covers one side of the face."""
    count = len(shot.frames)
    still = count == 1
    most = rng.uniform(0.5, 1.0) * (_STILL_OF_FACE if still else MOST_OF_FACE)
    side = rng.choice(("left", "right", "below"))
    length = max(1, round(count * rng.uniform(0.3, 0.5)))
    begin = rng.randint(0, count - length)

    def where(index: int) -> Box | None:
        along = (index - begin + 0.5) / length
        if not 0 < along < 1:
            return None
        share = most if still else most * float(np.sin(np.pi * along))
        x0, y0, x1, y1 = shot.head_boxes[index]
        width, height = x1 - x0, y1 - y0
        if side == "below":
            return x0 - 0.1 * width, y1 - share * height, x1 + 0.1 * width, y1 + 0.3 * height
        if side == "left":
            return x0 - 0.4 * width, y0 + 0.1 * height, x0 + share * width, y1 + 0.3 * height
        return x1 - share * width, y0 + 0.1 * height, x1 + 0.4 * width, y1 + 0.3 * height

    return where


def _passing(shot: Shot, rng: random.Random) -> Where:
    """A pole or somebody's arm that crosses the whole picture, narrower than any face in it."""
    narrowest = min(box[2] - box[0] for box in shot.head_boxes)
    width = narrowest * MOST_OF_FACE * rng.uniform(0.5, 0.95)
    top = rng.choice((0.0, rng.uniform(0.0, 0.5)))
    start, end = rng.sample((-width, 1.0), 2)
    last = len(shot.frames) - 1

    def where(index: int) -> Box | None:
        left = start + (end - start) * index / last
        return left, top, left + width, 1.0

    return where


def _below_heads(shot: Shot) -> float:
    return union(shot.body_boxes, 0.0)[3] - union(shot.head_boxes, 0.0)[3]


def _covered(frame: Image, box: Box, cloth: _Cloth) -> Image:
    height, width = frame.shape[:2]
    left, right = round(box[0] * width), round(box[2] * width)
    top, bottom = round(box[1] * height), round(box[3] * height)
    if right <= left or bottom <= top:
        return frame
    shape = np.zeros((height, width), np.float32)
    if cloth.round:
        centre, axes = ((left + right) // 2, (top + bottom) // 2), ((right - left) // 2, (bottom - top) // 2)
        cv2.ellipse(shape, centre, axes, 0, 0, 360, (1.0,), -1)
    else:
        cv2.rectangle(shape, (left, top), (right - 1, bottom - 1), (1.0,), -1)
    alpha: FloatArray = np.asarray(cv2.GaussianBlur(shape, (0, 0), _FEATHER), np.float32)[..., None]
    return np.asarray(frame * (1 - alpha) + cloth.picture * alpha + 0.5, np.uint8)


def _texture(size: tuple[int, int], rng: random.Random) -> Image:
    """A plain, striped or mottled surface."""
    width, height = size
    random_state = np.random.default_rng(rng.getrandbits(64))
    one, other = (random_state.integers(20, 236, 3).astype(np.float32) for _ in range(2))
    kind = rng.choice(("plain", "stripes", "mottled"))
    if kind == "plain":
        pattern = np.zeros((height, width), np.float32)
    elif kind == "stripes":
        period, slant = rng.uniform(6, 40), rng.uniform(-1, 1)
        place = np.arange(width)[None, :] + slant * np.arange(height)[:, None]
        pattern = ((place / period) % 1 < 0.5).astype(np.float32)
    else:
        coarse = random_state.random((rng.randint(4, 24), rng.randint(4, 24)), np.float32)
        pattern = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    mixed = one + (other - one) * pattern[..., None]
    return np.asarray(np.clip(mixed + random_state.normal(0, 4, (height, width, 1)), 0, 255), np.uint8)
