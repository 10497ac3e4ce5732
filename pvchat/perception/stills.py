"""The faces of one still picture, described: what the corpus needs of it, without bodies, clothes and tracks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pvchat.perception.faces import cut_out, measure_face
from pvchat.perception.geometry import Image
from pvchat.perception.record import Box, FaceSamples

if TYPE_CHECKING:
    from pvchat.perception.models import PerceptionModels

# A crowd: the largest are described, and more tiles than these would only find smaller faces.
MOST_FACES = 24
_TILES = 16
_MIN_SCORE = 0.5


@dataclass(frozen=True)
class StillFace:
    """A face in a picture: where, as fractions, and its description, one sample at second 0."""

    box: Box
    samples: FaceSamples


def faces_of_picture(rgb: Image, models: "PerceptionModels") -> list[StillFace]:
    """Find and describe the faces of a picture, as perception does in a frame.

    Args:
        rgb: (H, W, 3) uint8. models: face detection, mesh and recognition of these are used.

    Returns:
        Up to `MOST_FACES` faces, largest first.
    """
    height, width = rgb.shape[:2]
    found = [face for face in models.faces.detect(rgb, tiles=_TILES) if face.score >= _MIN_SCORE]
    out = []
    for face in sorted(found, key=lambda face: -face.height)[:MOST_FACES]:
        mesh = models.mesh.landmarks(rgb, face)
        seen = measure_face(rgb, face, mesh)
        crop = cut_out(rgb, 0.0, seen, mesh)
        vector = models.engine.describe(crop.rgb, [crop.box], [crop.landmarks])
        x0, y0, x1, y1 = seen.box
        samples = FaceSamples(np.zeros(1, np.float32), vector, np.array([seen.quality], np.float32))
        out.append(StillFace((x0 / width, y0 / height, x1 / width, y1 / height), samples))
    return out
