"""Drawn faces that turn, nod and talk, and landmarks that know where they were drawn."""

import math

import cv2
import numpy as np

from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.face_mesh import FaceLandmarks
from pvchat.perception.geometry import Image
from pvchat.synthesis.shots import Shot

WIDTH, HEIGHT, FPS = 240, 180, 8.0
_RADIUS = 40.0
# The groups of the mesh that alignment looks at, and where they are in a face of radius 1.
_PLACES = {
    (33, 133, 159, 145): (-0.4, -0.2),
    (362, 263, 386, 374): (0.4, -0.2),
    (1, 2, 4, 5): (0.0, 0.2),
    (13, 14, 61, 291): (0.0, 0.6),
}


def talking(
    count: int = 40, *, source: str = "subject", masks: bool = True, moves: float = 1.0, fps: float = FPS
) -> Shot:
    """Somebody who sways and talks: `moves` 0 is a still picture."""
    poses = [_pose(index * FPS / fps, moves) for index in range(count)]
    frames = tuple(_drawn(*pose) for pose in poses)
    boxes = tuple(
        ((x - _RADIUS) / WIDTH, (y - _RADIUS) / HEIGHT, (x + _RADIUS) / WIDTH, (y + _RADIUS) / HEIGHT)
        for x, y, _, _ in poses
    )
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[10:, 40:200] = 1.0
    return Shot(
        source=source,
        start_s=0.0,
        times_s=tuple(index / fps for index in range(count)),
        frames=frames,
        face_boxes=boxes,
        body_boxes=((40 / WIDTH, 10 / HEIGHT, 200 / WIDTH, 1.0),) * count,
        masks=(mask,) * count if masks else None,
    )


def mesh(image: Image, face: FaceDetection) -> FaceLandmarks:
    """Landmarks of a drawn face: where its box is, turned as its eyes are."""
    x0, y0, x1, y1 = face.box
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    red = np.argwhere((image[..., 0] > 200) & (image[..., 1] < 60))
    blue = np.argwhere((image[..., 2] > 200) & (image[..., 1] < 60))
    (ay, ax), (by, bx) = red.mean(axis=0), blue.mean(axis=0)
    return landmarks(centre, _RADIUS, math.atan2(by - ay, bx - ax))


def landmarks(centre: tuple[float, float], radius: float, angle: float) -> FaceLandmarks:
    """A mesh whose groups lie as in a face of this radius, turned clockwise by `angle` radians."""
    points = np.zeros((468, 3), np.float32)
    for group, (x, y) in _PLACES.items():
        turned = (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle))
        points[list(group), :2] = np.add(centre, np.multiply(turned, radius))
    return FaceLandmarks(points, 1.0)


def _pose(index: float, moves: float) -> tuple[float, float, float, float]:
    """Where the face is, its angle, how far the mouth is open."""
    return (
        120 + moves * 12 * math.sin(index / 5),
        80 + moves * 5 * math.cos(index / 3),
        moves * 0.15 * math.sin(index / 4),
        0.5 + moves * 0.5 * math.sin(index / 1.7),
    )


def _drawn(x: float, y: float, angle: float, mouth: float) -> Image:
    frame = np.full((HEIGHT, WIDTH, 3), (90, 110, 130), np.uint8)
    cv2.circle(frame, (round(x), round(y)), round(_RADIUS), (200, 160, 140), -1)

    def at(px: float, py: float) -> tuple[int, int]:
        turned = (px * math.cos(angle) - py * math.sin(angle), px * math.sin(angle) + py * math.cos(angle))
        return round(x + turned[0] * _RADIUS), round(y + turned[1] * _RADIUS)

    cv2.circle(frame, at(-0.4, -0.2), 5, (230, 20, 20), -1)
    cv2.circle(frame, at(0.4, -0.2), 5, (20, 20, 230), -1)
    cv2.ellipse(frame, at(0, 0.6), (12, 2 + round(8 * mouth)), math.degrees(angle), 0, 360, (120, 60, 60), -1)
    return frame
