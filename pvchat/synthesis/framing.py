"""How a shot is framed: what of it is in view, and which way round."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from pvchat.perception.geometry import FloatArray, Image
from pvchat.perception.record import Box
from pvchat.synthesis.shots import Shot

# So much of a head's size stays around it.
_AROUND = 0.35
_ZOOM = (0.45, 0.8)


def mirror(shot: Shot) -> Shot:
    """Left and right swapped."""
    return replace(
        shot,
        frames=tuple(np.ascontiguousarray(frame[:, ::-1]) for frame in shot.frames),
        face_boxes=tuple(None if box is None else (1 - box[2], box[1], 1 - box[0], box[3]) for box in shot.face_boxes),
        body_boxes=tuple((1 - box[2], box[1], 1 - box[0], box[3]) for box in shot.body_boxes),
        masks=None if shot.masks is None else tuple(np.ascontiguousarray(mask[:, ::-1]) for mask in shot.masks),
    )


def crop(shot: Shot, rng: random.Random) -> Shot:
    """Nearer: a part of the picture with the head in it, now and then slowly panned and zoomed; the size stays."""
    needed = union(shot.head_boxes, _AROUND)
    least = max(needed[2] - needed[0], needed[3] - needed[1])
    start = _window(needed, max(least, rng.uniform(*_ZOOM)), rng)
    end = _window(needed, max(least, rng.uniform(*_ZOOM)), rng) if rng.random() < 0.5 else start
    windows = []
    for time_s in shot.times_s:
        along = time_s / shot.seconds if shot.seconds else 0.0
        eased = along * along * (3 - 2 * along)
        x0, y0, x1, y1 = (a + (b - a) * eased for a, b in zip(start, end, strict=True))
        windows.append((x0, y0, x1, y1))
    return cut(shot, windows, shot.size)


def portrait(shot: Shot, size: tuple[int, int]) -> Shot:
    """The largest fixed part of a shot that has the shape of `size` (width, height), around the person's head.

    A head that leaves the part is followed by nobody: the camera stands still.
    """
    width, height = shot.size
    shape = size[0] / size[1] * height / width
    across, down = (shape, 1.0) if shape <= 1 else (1.0, 1 / shape)
    needed = union(shot.head_boxes, 0.0)
    # Of a person far away only the surroundings of the body are shown.
    body = union(shot.body_boxes, 0.05)
    share = min(1.0, max(body[3] - body[1], (needed[2] - needed[0]) / across, 0.3) / down)
    across, down = across * share, down * share
    left = _slid((needed[0] + needed[2] - across) / 2, across)
    top = _slid(min(body[1], needed[1] - 0.1 * down), down)
    return cut(shot, [(left, top, left + across, top + down)] * len(shot.frames), size)


def cut(shot: Shot, windows: Sequence[Box], size: tuple[int, int]) -> Shot:
    """A part of each frame, given as fractions, as a shot of (width, height)."""
    frames = [part_of(frame, window, size) for frame, window in zip(shot.frames, windows, strict=True)]
    masks: list[FloatArray] | None = None
    if shot.masks is not None:
        pairs = zip(shot.masks, windows, strict=True)
        masks = [np.asarray(_part(mask, window, size), np.float32) for mask, window in pairs]
    faces = [
        None if face is None else _inside(face, window) for face, window in zip(shot.face_boxes, windows, strict=True)
    ]
    bodies = [_inside(body, window) for body, window in zip(shot.body_boxes, windows, strict=True)]
    return replace(
        shot,
        frames=tuple(frames),
        # Faces outside the window are out of view.
        face_boxes=tuple(face if face is not None and _visible(face) else None for face in faces),
        body_boxes=tuple(bodies),
        masks=None if masks is None else tuple(masks),
    )


def part_of(picture: Image, window: Box, size: tuple[int, int]) -> Image:
    """A part of a picture, given as fractions, scaled to (width, height)."""
    return np.asarray(_part(picture, window, size), np.uint8)


def union(boxes: Sequence[Box], margin: float) -> Box:
    """The box around all boxes, grown by a share of the largest, inside the picture."""
    grow = margin * max(max(box[2] - box[0], box[3] - box[1]) for box in boxes)
    x0, y0 = (max(0.0, min(box[side] for box in boxes) - grow) for side in (0, 1))
    x1, y1 = (min(1.0, max(box[side] for box in boxes) + grow) for side in (2, 3))
    return x0, y0, x1, y1


def _window(needed: Box, side: float, rng: random.Random) -> Box:
    """A window of the frame's own shape with `needed` in it."""
    side = min(1.0, side)
    left = rng.uniform(max(0.0, needed[2] - side), max(0.0, min(needed[0], 1 - side)))
    top = rng.uniform(max(0.0, needed[3] - side), max(0.0, min(needed[1], 1 - side)))
    left, top = _slid(left, side), _slid(top, side)
    return left, top, left + side, top + side


def _slid(start: float, length: float) -> float:
    return min(max(0.0, start), 1 - length)


def _part(picture: Image | FloatArray, window: Box, size: tuple[int, int]) -> np.ndarray:
    height, width = picture.shape[:2]
    left, top = window[0] * width, window[1] * height
    across, down = (window[2] - window[0]) * width / size[0], (window[3] - window[1]) * height / size[1]
    if max(across, down) > 1:
        # Whole pixels are near enough where several become one; skipping some would make edges crawl.
        right, bottom = math.ceil(left + across * size[0] - 1e-6), math.ceil(top + down * size[1] - 1e-6)
        inside = picture[int(top) : max(int(top) + 1, bottom), int(left) : max(int(left) + 1, right)]
        return np.asarray(cv2.resize(np.ascontiguousarray(inside), size, interpolation=cv2.INTER_AREA))
    matrix = np.array([[across, 0.0, left + across / 2 - 0.5], [0.0, down, top + down / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _inside(box: Box, window: Box) -> Box:
    across, down = window[2] - window[0], window[3] - window[1]
    x0, x1 = (min(max((x - window[0]) / across, 0.0), 1.0) for x in (box[0], box[2]))
    y0, y1 = (min(max((y - window[1]) / down, 0.0), 1.0) for y in (box[1], box[3]))
    return x0, y0, x1, y1


def _visible(face: Box) -> bool:
    return face[2] > face[0] and face[3] > face[1]
