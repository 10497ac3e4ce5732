"""Clips whose truth is known because they are made: heads that nod, people who come nearer, several people in a row.

A still is all that is needed. A nod is made by turning the face's mesh in space and bending the picture along; coming
nearer by pasting the cut-out person larger and larger before a room that stays as it is.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from pvchat.evaluation.clips import write_clip
from pvchat.perception.face_mesh import FaceLandmarks
from pvchat.perception.geometry import Image, resize
from pvchat.perception.models import PerceptionModels

FPS = 25.0
_GRID = 4
_FOREHEAD, _CHIN = 10, 152


def swing(time_s: float, per_second: float) -> float:
    """-1..1, to and fro, from the second second on; zero before."""
    return float(np.sin(2 * np.pi * per_second * (time_s - 1))) if time_s >= 1 else 0.0


def turned_head(
    still: Image, out: Path, models: PerceptionModels, angle: Callable[[float], float], axis: str, seconds: float = 5.0
) -> Path:
    """A clip in which a face nods or is shaken.

    Args:
        still: (H, W, 3) uint8 picture with one face. out: the file to write. models: find and mesh the face.
        angle: second -> degrees. axis: "nod" or "shake".
    """
    face = max(models.faces.detect(still), key=lambda found: found.height)
    mesh = models.mesh.landmarks(still, face)
    frames = (_bent(still, mesh, angle(index / FPS), axis) for index in range(round(seconds * FPS)))
    return write_clip(out, frames, FPS).path


def _bent(still: Image, mesh: FaceLandmarks, degrees: float, axis: str) -> Image:
    height, width = still.shape[:2]
    points = mesh.points.astype(np.float64)
    tall = float(np.linalg.norm(points[_CHIN, :2] - points[_FOREHEAD, :2]))
    # The neck is the hinge: below the chin and behind the face.
    hinge = np.array([points[:, 0].mean(), points[_CHIN, 1], 0.6 * tall])
    sine, cosine = np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))
    away = points - hinge
    if axis == "nod":
        moved = np.stack([away[:, 0], cosine * away[:, 1] - sine * away[:, 2], away[:, 2]], axis=1) + hinge
    else:
        moved = np.stack([cosine * away[:, 0] - sine * away[:, 2], away[:, 1], away[:, 2]], axis=1) + hinge
    ring = [
        (hinge[0] + 1.6 * tall * np.cos(turn), points[:, 1].mean() + 1.6 * tall * np.sin(turn))
        for turn in np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ]
    corners = [(0, 0), (width, 0), (0, height), (width, height), (width / 2, 0), (width / 2, height)]
    fixed = np.array([*ring, *corners], dtype=np.float64)
    places = np.concatenate([moved[:, :2], fixed])
    back = np.concatenate([points[:, :2] - moved[:, :2], np.zeros_like(fixed)])
    ys, xs = np.mgrid[0 : height + _GRID : _GRID, 0 : width + _GRID : _GRID].astype(np.float32)
    shifts = np.nan_to_num(LinearNDInterpolator(places, back)(xs, ys)).astype(np.float32)
    full = cv2.resize(shifts, (width, height), interpolation=cv2.INTER_LINEAR)
    grid_x, grid_y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bent = cv2.remap(still, grid_x + full[:, :, 0], grid_y + full[:, :, 1], cv2.INTER_LINEAR)
    return np.asarray(bent, dtype=np.uint8)


def room(width: int = 960, height: int = 540, seed: int = 3) -> Image:
    """A made-up wall with pictures and shelves: enough texture to see that the camera keeps still."""
    random = np.random.default_rng(seed)
    wall = np.full((height, width, 3), (150, 146, 138), dtype=np.uint8)
    for _ in range(40):
        x, y = random.integers(0, width), random.integers(0, height)
        size = random.integers(20, 110, 2)
        colour = tuple(int(v) for v in random.integers(30, 230, 3))
        cv2.rectangle(wall, (int(x), int(y)), (int(x + size[0]), int(y + size[1])), colour, -1)
    return np.asarray(cv2.GaussianBlur(wall, (0, 0), 1.2), dtype=np.uint8)


def before_room(
    still: Image,
    out: Path,
    models: PerceptionModels,
    head: Callable[[float], float],
    *,
    x: Callable[[float], float] = lambda _: 0.5,
    seconds: float = 6.0,
) -> Path:
    """A clip of a cut-out person before a wall.

    Args:
        still: (H, W, 3) uint8 picture of one person. out: the file to write. models: find and mask the person.
        head: second -> height of the face in pixels. x: second -> where the face is, as a share of the width.
    """
    behind = room()
    face = max(models.faces.detect(still), key=lambda found: found.height)
    mask = models.people.mask(still)

    def frames() -> Iterator[Image]:
        for index in range(round(seconds * FPS)):
            scale = head(index / FPS) / face.height
            yield pasted(still, mask, behind, face.box, scale, x(index / FPS))

    return write_clip(out, frames(), FPS).path


def pasted(
    still: Image,
    mask: NDArray[np.float32],
    behind: Image,
    face: tuple[float, float, float, float],
    scale: float,
    x: float,
) -> Image:
    """A person before a background, the face at a share `x` of the width and a third of the height."""
    height, width = behind.shape[:2]
    matrix = np.array(
        [
            [scale, 0, x * width - scale * (face[0] + face[2]) / 2],
            [0, scale, height / 3 - scale * (face[1] + face[3]) / 2],
        ]
    )
    person = cv2.warpAffine(still, matrix, (width, height), flags=cv2.INTER_AREA)
    seen = cv2.warpAffine(mask, matrix, (width, height))[:, :, None]
    return np.asarray(seen * person + (1 - seen) * behind + 0.5, dtype=np.uint8)


def zoomed(picture: Image, out: Path, *, to: float = 2.0, seconds: float = 5.0) -> Path:
    """A clip of one picture into which the camera zooms: everything grows, nobody comes nearer."""
    height, width = picture.shape[:2]
    count = round(seconds * FPS)

    def frames() -> Iterator[Image]:
        for index in range(count):
            scale = to ** (index / count)
            matrix = np.array([[scale, 0, (1 - scale) * width / 2], [0, scale, (1 - scale) * height / 3]])
            yield np.asarray(cv2.warpAffine(picture, matrix, (width, height)), dtype=np.uint8)

    return write_clip(out, frames(), FPS).path


def portrait(still: Image, height: int = 720) -> Image:
    """A still brought to a height, with even sides."""
    width = round(still.shape[1] * height / still.shape[0] / 2) * 2
    return resize(still, width, height)
