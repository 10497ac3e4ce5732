"""Plane geometry of detection: boxes, anchors, suppression, letterboxing and rotated crops. All in pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

PixelBox = tuple[float, float, float, float]
FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]


def sigmoid(x: FloatArray) -> FloatArray:
    """Logistic function, safe for large magnitudes."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))), dtype=np.float32)


def as_box(values: NDArray[np.floating]) -> PixelBox:
    """Four numbers as a box tuple."""
    x0, y0, x1, y1 = (float(v) for v in values)
    return x0, y0, x1, y1


def clip_box(box: PixelBox, width: int, height: int) -> PixelBox:
    """The part of a box inside an image of the given size."""
    x0, y0, x1, y1 = box
    return (
        min(max(x0, 0.0), float(width)),
        min(max(y0, 0.0), float(height)),
        min(max(x1, 0.0), float(width)),
        min(max(y1, 0.0), float(height)),
    )


def overlaps(boxes: FloatArray, others: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Pairwise overlap of (n, 4) and (m, 4) boxes.

    Returns:
        (n, m) intersection over union and (n, m) intersection over the smaller of the two areas.
    """
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    intersection = np.prod(np.clip(high - low, 0.0, None), axis=2)
    area = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None), axis=1)[:, None]
    other = np.prod(np.clip(others[:, 2:] - others[:, :2], 0.0, None), axis=1)[None, :]
    union = np.maximum(area + other - intersection, 1e-9)
    smaller = np.maximum(np.minimum(area, other), 1e-9)
    return (intersection / union).astype(np.float32), (intersection / smaller).astype(np.float32)


def ssd_anchors(side: int, layers: Sequence[tuple[int, int]]) -> FloatArray:
    """Anchor centres of a single-shot detector with unit anchors (Liu et al. 2016, as BlazeFace uses them).

    Args:
        side: side of the square network input in pixels.
        layers: (stride, anchors per cell) of each feature map, in the order of the network's output.

    Returns:
        (n, 2) x, y in 0..1.
    """
    parts = []
    for stride, per_cell in layers:
        cells = math.ceil(side / stride)
        ys, xs = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([xs.ravel(), ys.ravel()], axis=1) + 0.5) / cells
        parts.append(np.repeat(centres, per_cell, axis=0))
    return np.concatenate(parts).astype(np.float32)


def decode_ssd(raw: FloatArray, anchors: FloatArray, side: int) -> tuple[FloatArray, FloatArray]:
    """Turn the regressions of an SSD head into boxes and keypoints.

    Args:
        raw: (n, 4 + 2 k) offsets in input pixels: centre x, y, width, height, then k points x, y.
        anchors: (n, 2) anchor centres in 0..1.
        side: side of the network input in pixels.

    Returns:
        (n, 4) boxes x0, y0, x1, y1 and (n, k, 2) keypoints, both in input pixels.
    """
    origin = anchors * side
    centre = raw[:, :2] + origin
    half = raw[:, 2:4] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    points = raw[:, 4:].reshape(len(raw), (raw.shape[1] - 4) // 2, 2) + origin[:, None]
    return boxes.astype(np.float32), points.astype(np.float32)


def weighted_suppression(
    boxes: FloatArray, scores: FloatArray, points: FloatArray, *, iou: float = 0.3, inside: float = 1.0
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Non-max suppression that averages a group of overlapping boxes by score (Bazarevsky et al. 2019, section 3.3).

    Args:
        boxes: (n, 4). scores: (n,). points: (n, k, 2).
        iou: boxes that overlap the best one by more than this are the same object.
        inside: boxes covered by more than this share of the smaller one are dropped, without being averaged in:
            an eye found as a small face must not drag the face's box.

    Returns:
        boxes (m, 4), scores (m,), points (m, k, 2), best first.
    """
    order = np.argsort(-scores, kind="stable")
    kept_boxes, kept_scores, kept_points = [], [], []
    while order.size:
        best = order[0]
        union, covered = overlaps(boxes[best][None], boxes[order])
        same = union[0] > iou
        same[0] = True
        group = order[same]
        weights = scores[group] / scores[group].sum()
        kept_boxes.append((boxes[group] * weights[:, None]).sum(axis=0))
        kept_points.append((points[group] * weights[:, None, None]).sum(axis=0))
        kept_scores.append(scores[best])
        order = order[~(same | (covered[0] > inside))]
    if not kept_boxes:
        return boxes[:0], scores[:0], points[:0]
    return (
        np.stack(kept_boxes).astype(np.float32),
        np.asarray(kept_scores, dtype=np.float32),
        np.stack(kept_points).astype(np.float32),
    )


@dataclass(frozen=True)
class Letterbox:
    """How an image was fitted into a square: `input = image * scale + offset`."""

    scale: float
    offset_x: float
    offset_y: float

    def to_image(self, points: FloatArray) -> FloatArray:
        """Map (..., 2) points of the square back to pixels of the image."""
        offset = np.asarray([self.offset_x, self.offset_y], dtype=np.float32)
        return np.asarray((points - offset) / self.scale, dtype=np.float32)


def resize(rgb: Image, width: int, height: int) -> Image:
    """Resample an image; averaging areas when it shrinks, so that small faces do not alias away."""
    if rgb.shape[1] == width and rgb.shape[0] == height:
        return rgb
    shrinks = rgb.shape[1] > width or rgb.shape[0] > height
    mode = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=mode), dtype=np.uint8)


def quick_resize(rgb: Image, width: int, height: int) -> Image:
    """`resize` by halves as long as that goes, a little softer and several times as fast: for colours and outlines."""
    while rgb.shape[1] >= 2 * width and rgb.shape[0] >= 2 * height:
        rgb = resize(rgb, rgb.shape[1] // 2, rgb.shape[0] // 2)
    return resize(rgb, width, height)


def letterbox(rgb: Image, side: int) -> tuple[Image, Letterbox]:
    """Fit an image into a black square, centred, keeping its proportions."""
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (side - new_w) // 2, (side - new_h) // 2
    square = np.zeros((side, side, 3), dtype=np.uint8)
    square[top : top + new_h, left : left + new_w] = resize(rgb, new_w, new_h)
    return square, Letterbox(scale, float(left), float(top))


@dataclass(frozen=True)
class Roi:
    """A rotated square in an image.

    Attributes:
        cx, cy: centre in pixels.
        size: side in pixels.
        angle: radians by which the square's own x axis is turned against the image's, clockwise as displayed.
    """

    cx: float
    cy: float
    size: float
    angle: float = 0.0

    def matrix(self, side: int) -> NDArray[np.float64]:
        """(2, 3) affine map from pixels of a `side` x `side` crop to pixels of the image."""
        scale = self.size / side
        cos, sin = math.cos(self.angle) * scale, math.sin(self.angle) * scale
        half = side / 2
        return np.array(
            [
                [cos, -sin, self.cx - cos * half + sin * half],
                [sin, cos, self.cy - sin * half - cos * half],
            ]
        )

    def crop(self, rgb: Image, side: int) -> Image:
        """Cut the square out, upright, `side` x `side`; black outside the image."""
        # warpAffine samples at pixel indices while ROIs are continuous: shift by half a pixel on both sides.
        matrix = self.matrix(side)
        matrix[:, 2] += matrix[:, 0] * 0.5 + matrix[:, 1] * 0.5 - 0.5
        source = rgb
        shrink = self.size / side
        if shrink > 2.0:
            # Bilinear sampling would skip pixels: average them first, of the surroundings only.
            factor = math.floor(shrink)
            x0, y0, x1, y1 = clip_box(self.bounds(), rgb.shape[1], rgb.shape[0])
            left, right = _in_steps(x0, x1, rgb.shape[1], factor)
            top, bottom = _in_steps(y0, y1, rgb.shape[0], factor)
            part = rgb[top:bottom, left:right]
            if part.size == 0:
                return np.zeros((side, side, 3), dtype=np.uint8)
            width, height = (right - left) // factor, (bottom - top) // factor
            source = resize(part, width, height)
            matrix[:, 2] -= left, top
            matrix /= factor
            matrix[:, 2] += (1.0 / factor - 1.0) * 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(source, matrix, (side, side), flags=flags), dtype=np.uint8)

    def to_image(self, points: FloatArray, side: int) -> FloatArray:
        """Map (..., 2) points of a `side` x `side` crop to pixels of the image."""
        matrix = self.matrix(side)
        return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], dtype=np.float32)

    def from_image(self, points: FloatArray, side: int) -> FloatArray:
        """Map (..., 2) points of the image to pixels of a `side` x `side` crop."""
        matrix = self.matrix(side)
        return np.asarray((points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T, dtype=np.float32)

    def paste(self, mask: FloatArray, width: int, height: int) -> FloatArray:
        """Map a square crop's mask (s, s) back into an image of the given size, 0 outside the square."""
        matrix = self.matrix(mask.shape[0])
        matrix[:, 2] += matrix[:, 0] * 0.5 + matrix[:, 1] * 0.5 - 0.5
        return np.asarray(cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR), dtype=np.float32)

    def bounds(self) -> PixelBox:
        """The upright box around the rotated square."""
        reach = self.size / 2 * (abs(math.cos(self.angle)) + abs(math.sin(self.angle)))
        return self.cx - reach, self.cy - reach, self.cx + reach, self.cy + reach


def _in_steps(start: float, end: float, length: int, step: int) -> tuple[int, int]:
    """A little more than `start` to `end` in whole steps, for a side of this length; may leave out its first pixels."""
    last = min(length, math.ceil(end) + 2 * step)
    first = max(0, math.floor(start) - 2 * step)
    steps = min(math.ceil((last - first) / step), last // step)
    return last - steps * step, last
