"""Shots of people who never were: a coloured figure before a chequered wall."""

import numpy as np

from pvchat.perception.geometry import FloatArray, Image
from pvchat.perception.record import Box
from pvchat.synthesis.shots import Shot

SIZE = (160, 120)
SKIN = (210, 40, 40)
FPS = 8.0


def shot(
    source: str = "subject",
    *,
    count: int = 24,
    skin: tuple[int, int, int] = SKIN,
    centre: float = 0.5,
    step: float = 0.002,
    masks: bool = True,
    faces: bool = True,
    size: tuple[int, int] = SIZE,
) -> Shot:
    """Somebody who slowly walks to the right, seen from the knees up."""
    centres = [centre + step * index for index in range(count)]
    face_boxes: list[Box] = [(x - 0.08, 0.2, x + 0.08, 0.45) for x in centres]
    body_boxes: list[Box] = [(x - 0.15, 0.15, x + 0.15, 1.0) for x in centres]
    drawn = [_figure(body, skin, size) for body in body_boxes]
    return Shot(
        source=source,
        start_s=1.0,
        times_s=tuple(index / FPS for index in range(count)),
        frames=tuple(frame for frame, _ in drawn),
        face_boxes=tuple(face_boxes) if faces else (None,) * count,
        body_boxes=tuple(body_boxes),
        masks=tuple(mask for _, mask in drawn) if masks else None,
    )


def pixels(box: Box, size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a box."""
    width, height = size
    return slice(round(box[1] * height), round(box[3] * height)), slice(round(box[0] * width), round(box[2] * width))


def _figure(body: Box, skin: tuple[int, int, int], size: tuple[int, int]) -> tuple[Image, FloatArray]:
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width]
    wall = (((rows // 6 + columns // 6) % 2) * 60 + 90).astype(np.uint8)
    frame = np.repeat(wall[..., None], 3, axis=2)
    mask = np.zeros((height, width), np.float32)
    where = pixels(body, size)
    mask[where] = 1.0
    frame[where] = skin
    # A face that is not the same on both sides.
    frame[where[0], where[1].start : where[1].start + 4] = 20
    return frame, mask
