"""The faces of the demo photo with their meshes: six people round a table, looked at by tests of several parts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pvchat import weights
from pvchat.evaluation.images import read_image
from pvchat.perception.face_detection import FaceDetection, FaceDetector
from pvchat.perception.face_mesh import FaceLandmarks, FaceMesh


@dataclass(frozen=True)
class GroupFaces:
    """The photo as (886, 1280, 3) RGB, its faces, and the mesh of each."""

    picture: NDArray[np.uint8]
    faces: list[FaceDetection]
    meshes: list[FaceLandmarks]


def find_group_faces() -> GroupFaces:
    picture = read_image(weights.demo_photo())
    mesh = FaceMesh(weights.path("mp-face-mesh"))
    found = FaceDetector(weights.path("mp-face-detection-full")).detect(picture, tiles="auto")
    return GroupFaces(picture, found, [mesh.landmarks(picture, face) for face in found])
