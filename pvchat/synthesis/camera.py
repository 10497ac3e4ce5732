"""What another camera in another light makes of a shot: brightness, colour, sharpness, grain.

Each effect draws one state for the whole shot, since a camera does not change from frame to frame; only light drifts.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from pvchat.perception.geometry import FloatArray, Image
from pvchat.synthesis.shots import Shot

# Of a head's height: more would leave nobody to recognise.
_DEFOCUS = (0.008, 0.018)
_SMEAR = (0.04, 0.08)
_LEAST_SIGMA = 0.6
_GRAIN = (3.0, 8.0)
_JPEG = (35, 70)
_LUMA = (0.299, 0.587, 0.114)


def light(shot: Shot, rng: random.Random) -> Shot:
    """Darker or brighter, with another gamma, and a soft gradient as from a window or a lamp at one side."""
    gain = rng.choice((rng.uniform(0.6, 0.85), rng.uniform(1.15, 1.4)))
    gamma = rng.uniform(0.75, 1.35)
    slope, angle = rng.uniform(0.1, 0.35), rng.uniform(0, 2 * math.pi)
    drift, speed, phase = rng.uniform(0.0, 0.05), rng.uniform(0.1, 0.5), rng.uniform(0, 2 * math.pi)
    width, height = shot.size
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * math.cos(angle)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * math.sin(angle)
    field = (1 + slope * (across + down) / math.sqrt(2)).astype(np.float32)[..., None]
    frames = []
    for time_s, frame in zip(shot.times_s, shot.frames, strict=True):
        level = gain * (1 + drift * math.sin(2 * math.pi * speed * time_s + phase))
        curve = (np.power(np.arange(256, dtype=np.float32) / 255, gamma) * 255 * level).astype(np.float32)
        frames.append(_image(curve[frame] * field))
    return replace(shot, frames=tuple(frames))


def colour(shot: Shot, rng: random.Random) -> Shot:
    """Warmer or cooler, paler or stronger in colour."""
    warmth, tint = rng.choice((-1, 1)) * rng.uniform(0.06, 0.16), rng.uniform(-0.04, 0.04)
    saturation = rng.choice((rng.uniform(0.45, 0.8), rng.uniform(1.2, 1.6)))
    luma = np.tile(np.asarray(_LUMA, np.float32), (3, 1))
    mixed = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * luma
    matrix = np.diag(np.asarray([1 + warmth, 1 + tint, 1 - warmth], np.float32)) @ mixed
    return replace(shot, frames=tuple(_image(cv2.transform(frame, matrix)) for frame in shot.frames))


def blur(shot: Shot, rng: random.Random) -> Shot:
    """Out of focus, or smeared along a line as by a shaken camera."""
    head = _head_px(shot)
    if rng.random() < 0.6:
        sigma = max(_LEAST_SIGMA, head * rng.uniform(*_DEFOCUS))
        return replace(shot, frames=tuple(_image(cv2.GaussianBlur(frame, (0, 0), sigma)) for frame in shot.frames))
    kernel = _line(max(3.0, head * rng.uniform(*_SMEAR)), rng.uniform(0, math.pi))
    return replace(shot, frames=tuple(_image(cv2.filter2D(frame, -1, kernel)) for frame in shot.frames))


def noise(shot: Shot, rng: random.Random) -> Shot:
    """Grain of a small sensor, and the blocks of strong compression."""
    grain, quality = rng.uniform(*_GRAIN), rng.randint(*_JPEG)
    random_state = np.random.default_rng(rng.getrandbits(64))
    frames = []
    for frame in shot.frames:
        speckles = random_state.standard_normal(frame.shape[:2], dtype=np.float32)[..., None] * np.float32(grain)
        frames.append(_compressed(_image(frame + speckles), quality))
    return replace(shot, frames=tuple(frames))


def _head_px(shot: Shot) -> float:
    return float(np.median([box[3] - box[1] for box in shot.head_boxes])) * shot.size[1]


def _line(length: float, angle: float) -> FloatArray:
    """A filter that averages along a line of `length` pixels."""
    side = 2 * math.ceil(length / 2) + 1
    kernel = np.zeros((side, side), np.float32)
    middle, reach = side // 2, length / 2
    ends = [(middle + sign * reach * math.cos(angle), middle + sign * reach * math.sin(angle)) for sign in (-1, 1)]
    start, end = ((round(x * 16), round(y * 16)) for x, y in ends)
    cv2.line(kernel, start, end, (1.0,), 1, cv2.LINE_AA, 4)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _compressed(frame: Image, quality: int) -> Image:
    _, jpeg = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def _image(values: Sequence[float] | np.ndarray) -> Image:
    if isinstance(values, np.ndarray) and values.dtype == np.uint8:
        return values
    return np.asarray(np.clip(np.asarray(values) + 0.5, 0, 255), np.uint8)
