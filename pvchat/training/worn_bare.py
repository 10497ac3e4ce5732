"""What must not be taken for glasses or a hat: folds and bags around the eyes, hair of all colours, things behind."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from pvchat.perception.geometry import FloatArray, Image
from pvchat.training.worn_hair import draw_hair
from pvchat.training.worn_strokes import filled, laid_over

# Points of the mesh around the eyes where skin folds and throws shadows.
_FOLDS = (119, 348, 118, 347, 168, 8, 105, 334, 70, 300, 226, 446)
_HAIRLINE, _CHIN, _LEFT_EYE, _RIGHT_EYE = 10, 152, 33, 263


def with_folds(head: Image, points: FloatArray, rng: Generator) -> Image:
    """A bare head with a few folds, shadows or strands of hair around its eyes.

    Args:
        head: (H, W, 3) uint8. points: (468, 2) mesh in its pixels. rng: the source of chance.
    """
    across = float(np.linalg.norm(points[_LEFT_EYE] - points[_RIGHT_EYE]))
    mask = np.zeros(head.shape[:2], dtype=np.float32)
    for _ in range(int(rng.integers(0, 5))):
        centre = points[rng.choice(_FOLDS)] + rng.normal(0, 0.06 * across, 2)
        size = (max(1, round(across * rng.uniform(0.05, 0.18))), max(1, round(across * rng.uniform(0.02, 0.09))))
        start = rng.uniform(0, 360)
        end = start + rng.uniform(40, 200)
        at = (round(float(centre[0])), round(float(centre[1])))
        cv2.ellipse(mask, at, size, rng.normal(0, 25), start, end, rng.uniform(0.1, 0.45), 1, cv2.LINE_AA)
    if rng.random() < 0.15:
        x = rng.uniform(0, head.shape[1])
        ends = (round(x), 0), (round(x + rng.normal(0, 30)), head.shape[0])
        cv2.line(mask, *ends, rng.uniform(0.3, 0.9), int(rng.integers(1, 4)), cv2.LINE_AA)
    soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 1.2))
    tone = rng.uniform(10, 90) if rng.random() < 0.9 else 200.0
    return _as_image(laid_over(head.astype(np.float32), np.asarray(soft, dtype=np.float32), tone))


def with_other_hair(head: Image, points: FloatArray, rng: Generator) -> Image:
    """A bare head with other hair, with its own in another colour, or with something behind it.

    Args:
        head: (H, W, 3) uint8. points: (468, 2) mesh in its pixels. rng: the source of chance.
    """
    if rng.random() < 0.5:
        return draw_hair(head, points, rng)
    hairline, chin = points[_HAIRLINE], points[_CHIN]
    tall = float(np.linalg.norm(chin - hairline))
    picture = head.astype(np.float32)
    rows, columns = np.mgrid[0 : head.shape[0], 0 : head.shape[1]].astype(np.float32)
    if rng.random() < 0.5:
        above = (rows < hairline[1] + 0.05 * tall).astype(np.float32)
        soft = cv2.GaussianBlur(above, (0, 0), max(0.3, tall * 0.06))
        light = picture.mean(-1, keepdims=True)
        hair = rng.uniform(0.2, 1.6) * light * np.clip(rng.normal(1, 0.15, 3), 0.6, 1.4) + rng.uniform(0, 60)
        picture = laid_over(picture, np.asarray(soft, dtype=np.float32), np.asarray(hair, dtype=np.float32))
    if rng.random() < 0.3:
        left, right = rng.uniform(0, head.shape[1]), rng.uniform(10, 80)
        low = rng.uniform(10, 40, 2)
        corners = [(left, 0.0), (left + right, 0.0), (left + rng.uniform(0, 80), low[0]), (left, low[1])]
        shape = (head.shape[0], head.shape[1])
        behind = 1 - np.exp(-(((columns - head.shape[1] / 2) / max(0.55 * tall, 1.0)) ** 4))
        thing = filled(shape, np.asarray(corners, dtype=np.float32)) * behind
        picture = laid_over(picture, thing, np.asarray(rng.uniform(0, 255, 3), dtype=np.float32))
    return _as_image(picture)


def as_filmed(window: Image, rng: Generator) -> FloatArray:
    """A window as other cameras would show it: smaller, blurred, compressed, in other light, with noise, mirrored.

    Args:
        window: (H, W, 3) uint8. rng: the source of chance.

    Returns:
        (H, W, 3) in 0..1.
    """
    height, width = window.shape[:2]
    if rng.random() < 0.5:
        window = np.ascontiguousarray(window[:, ::-1])
    if rng.random() < 0.6:
        factor = rng.uniform(1, 3) if rng.random() < 0.5 else rng.uniform(1, 1.8)
        small = cv2.resize(window, (int(width / factor), int(height / factor)), interpolation=cv2.INTER_AREA)
        window = _as_image(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))
    if rng.random() < 0.3:
        window = _as_image(cv2.GaussianBlur(window, (0, 0), rng.uniform(0.3, 1.3)))
    if rng.random() < 0.5:
        _, coded = cv2.imencode(".jpg", window, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])
        window = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)
    light = (window.astype(np.float32) / 255.0) ** math.exp(rng.normal(0, 0.3))
    light = light * rng.uniform(0.6, 1.25) * rng.normal(1, 0.06, 3) + rng.normal(0, 0.04)
    if rng.random() < 0.15:
        light = np.repeat(light.mean(-1, keepdims=True), 3, -1)
    return np.asarray(np.clip(light + rng.normal(0, rng.uniform(0, 0.04), light.shape), 0, 1), dtype=np.float32)


def _as_image(picture: FloatArray | Image) -> Image:
    return np.asarray(np.clip(picture, 0, 255), dtype=np.uint8)
