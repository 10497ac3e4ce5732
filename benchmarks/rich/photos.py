"""Photos of Labeled Faces in the Wild, where a folder of them is given, and the face each of them is of.

Each photo is looked at as perception looks at one frame of a video.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pvchat.perception.face_mesh import FaceLandmarks, head_pose
from pvchat.perception.geometry import Image
from pvchat.perception.models import PerceptionModels

FOLDER_VARIABLE = "PVCHAT_LFW"
HALVES = ("develop", "report")
_LEAST_MESH = 0.5


@dataclass(frozen=True)
class Face:
    """A photo (H, W, 3), the mesh of the face it is of, and degrees by which that is turned."""

    rgb: Image
    mesh: FaceLandmarks
    yaw: float


def find_photos() -> dict[str, Path]:
    """All photos by their names; nothing where no folder is given."""
    named = os.environ.get(FOLDER_VARIABLE)
    return {file.name: file for file in Path(named).rglob("*.jpg")} if named else {}


def read_photo(file: Path) -> Image | None:
    """(H, W, 3) uint8; None where the file is no picture."""
    bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
    return None if bgr is None else np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def face_in(file: Path, models: PerceptionModels) -> Face | None:
    """The face nearest to the middle of a photo; None where none is found."""
    rgb = read_photo(file)
    if rgb is None:
        return None
    middle = np.array([rgb.shape[1] / 2, rgb.shape[0] / 2])
    faces = models.faces.detect(rgb)
    if not faces:
        return None

    def from_middle(box: tuple[float, float, float, float]) -> float:
        return float(np.hypot(*((np.array(box[:2]) + np.array(box[2:])) / 2 - middle)))

    mesh = models.mesh.landmarks(rgb, min(faces, key=lambda face: from_middle(face.box)))
    return None if mesh.score < _LEAST_MESH else Face(rgb, mesh, head_pose(mesh.points).yaw)


def share(part: int, whole: int) -> float | None:
    """A part of a whole; None of nothing."""
    return round(part / whole, 3) if whole else None
