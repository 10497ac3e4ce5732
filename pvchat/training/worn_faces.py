"""Heads to draw on: the faces of photos and videos of people who wear neither glasses nor a hat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pvchat import video
from pvchat.errors import VideoError
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import FaceMesh
from pvchat.perception.geometry import FloatArray, Image
from pvchat.perception.worn import head_square
from pvchat.perception.worn_net import HEAD_SIDE

PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_LEAST_FACE_PX = 40.0
_LEAST_MESH = 0.5


@dataclass(frozen=True)
class BareHead:
    """A head without anything on it.

    Attributes:
        picture: (160, 160, 3) uint8, see `pvchat.perception.worn.head_square`.
        points: (468, 2) mesh in its pixels.
        source: the file it is from; no file counts for more than others by having many.
    """

    picture: Image
    points: FloatArray
    source: str


def bare_heads(
    files: Sequence[Path], faces: FaceDetector, mesh: FaceMesh, *, frames: int = 10, report: Callable[[str], None]
) -> list[BareHead]:
    """The heads of photos and videos.

    Args:
        files: photos (by their endings) and videos. faces, mesh: find faces. frames: looked at in each video, spread
            evenly. report: called with a line about files that cannot be read.
    """
    found = []
    for file in files:
        try:
            pictures = [_photo(file)] if file.suffix.lower() in PHOTOS else _frames(file, frames)
        except VideoError as error:
            report(f"{file.name}: {error}")
            continue
        for rgb in pictures:
            found += _heads(rgb, str(file), faces, mesh)
    return found


def _photo(file: Path) -> Image:
    bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if bgr is None:
        raise VideoError(f"{file} is no photo that can be read")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _frames(file: Path, count: int) -> list[Image]:
    length = video.probe(file).duration_s
    times = [(index + 0.5) * length / count for index in range(count)]
    return [rgb for _, rgb in video.iter_frames(file, times, max_side=1280)]


def _heads(rgb: Image, source: str, faces: FaceDetector, mesh: FaceMesh) -> list[BareHead]:
    found = []
    for face in faces.detect(rgb, tiles="auto"):
        if face.height < _LEAST_FACE_PX:
            continue
        fitted = mesh.landmarks(rgb, face)
        if fitted.score >= _LEAST_MESH:
            square = head_square(fitted)
            points = square.from_image(fitted.points[:, :2], HEAD_SIDE)
            found.append(BareHead(square.crop(rgb, HEAD_SIDE), points, source))
    return found
