"""Faces that need not be searched for: near ones that stay about where they are, with nothing new around them.

Finding faces costs as much as all that is then measured of one. Where the mesh still fits a face a moment later and the
picture around the people is as it was, nobody else has come in; then every second sample goes without a search.
"""

from collections.abc import Sequence

import numpy as np

from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.face_mesh import FaceLandmarks, FaceMesh
from pvchat.perception.geometry import Image, PixelBox
from pvchat.perception.glancing import LEAST_FACE_PX, Glances
from pvchat.perception.observation import FaceSeen
from pvchat.perception.record import Box

_LEAST_SCORE = 0.5
# Share of its square by which a face may have moved.
_STAYED = 0.04


def can_be_carried(face: FaceSeen | None, glances: Glances) -> bool:
    """Whether a face was seen well enough to go on from where it was."""
    return face is not None and face.has_mesh and face.height >= LEAST_FACE_PX and glances.fitted is not None


def room_of(face: PixelBox, width: int, height: int) -> tuple[Box, Box]:
    """Where the head and the body of a face may move between two samples, as fractions of the frame."""
    x0, y0, x1, y1 = face
    wide, tall = x1 - x0, y1 - y0
    head = (x0 - 0.4 * wide, y0 - 0.6 * tall, x1 + 0.4 * wide, y1 + 0.2 * tall)
    body = (x0 - 1.2 * wide, y1, x1 + 1.2 * wide, float(height))
    left, right = (
        (max(0.0, a / width), max(0.0, b / height), min(1.0, c / width), min(1.0, d / height))
        for a, b, c, d in (head, body)
    )
    return left, right


def chest_of(face: PixelBox, width: int, height: int) -> Box:
    """Where the chest and the arms of a face are, as fractions of the frame."""
    x0, y0, x1, y1 = face
    wide, tall = x1 - x0, y1 - y0
    left, top, right, bottom = x0 - 1.5 * wide, y1, x1 + 1.5 * wide, y1 + 3.5 * tall
    return (
        min(1.0, max(0.0, left / width)),
        min(1.0, max(0.0, top / height)),
        min(1.0, max(0.0, right / width)),
        min(1.0, max(0.0, bottom / height)),
    )


def carry(
    rgb: Image, people: Sequence[tuple[FaceSeen, Glances]], network: FaceMesh
) -> list[tuple[FaceDetection, FaceLandmarks]] | None:
    """Fit the meshes of faces where they were in the sample before.

    Args:
        rgb: (H, W, 3) uint8 frame.
        people: faces of the sample before, see `can_be_carried`.
        network: fits meshes.

    Returns:
        A face per person, as if it had been detected, largest first; None when one of them went further or away.
    """
    found = []
    for face, glances in people:
        if glances.fitted is None:
            return None
        square, before = glances.fitted
        mesh = network.landmarks(rgb, square)
        # A mesh depends a little on its square. In the same square, only the face's own movement is seen.
        dx, dy = mesh.roi.cx - before.cx, mesh.roi.cy - before.cy
        if mesh.score < _LEAST_SCORE or max(abs(dx), abs(dy)) > _STAYED * square.size:
            return None
        x0, y0, x1, y1 = face.box
        box = (x0 + dx, y0 + dy, x1 + dx, y1 + dy)
        found.append((FaceDetection(box, face.score, np.zeros((6, 2), dtype=np.float32)), mesh))
    return sorted(found, key=lambda one: -one[0].height)
