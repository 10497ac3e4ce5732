"""Lids and iris of an eye (MediaPipe Iris; Ablavatski et al. 2020 and its model card): is it open, where does it look.

The face mesh draws lids from memory; this network looks at the eye itself, in 64 pixels.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pvchat.perception.geometry import FloatArray, Image, Roi
from pvchat.perception.litert import LiteRtModel

_SIDE = 64
_CONTOUR, _IRIS = 71, 5
# The square around an eye is this many times as wide as the eye.
_MARGIN = 2.3
# Corners of the eye in the face mesh (outer, inner), on the left and on the right of the picture.
_LEFT_EYE, _RIGHT_EYE = (33, 133), (263, 362)
# In the network's contour: the corners, and points of the lower and the upper lid that lie opposite each other.
_OUTER, _INNER = 0, 8
_LOWER_LID, _UPPER_LID = (3, 4, 5), (11, 12, 13)
_LEAST_EYE_PX = 10.0


@dataclass(frozen=True)
class Eyes:
    """The eyes of a face.

    Attributes:
        opening: gap between the lids over the width of the eye.
        gaze_x: where the iris is between the corners: 0 in the middle, -0.5 and 0.5 in the corners on the left and
            on the right of the picture.
        gaze_y: how far the iris is above (negative) or below the line of the corners, over the width of the eye.
    """

    opening: float
    gaze_x: float
    gaze_y: float


class EyeReader:
    """Looks at the eyes of a face whose mesh is known.

    Args:
        path: `iris_landmark.tflite`.
        num_threads: CPU threads of one call.
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1) -> None:
        outputs = [(_CONTOUR * 3,), (_IRIS * 3,)]
        self._model = LiteRtModel(path, num_threads=num_threads, outputs=outputs)

    def look(self, rgb: Image, points: FloatArray, right: bool = False) -> Eyes | None:
        """Look at one eye; None when it is too small to tell.

        Both eyes move alike, so one look is enough; who alternates sides between samples is not misled by a wink.

        Args:
            rgb: (H, W, 3) uint8.
            points: (468, 3) mesh in pixels of the picture, as in `face_mesh.FaceLandmarks`.
            right: the eye on the right of the picture, unless the face hides it; so for the left one.
        """
        widths = [float(np.linalg.norm(points[outer, :2] - points[inner, :2])) for outer, inner in _EYES]
        # Of a face in profile the far eye is guessed.
        hidden = min(widths) < 0.4 * max(widths)
        eye = self._eye(rgb, points, *_EYES[int(np.argmax(widths)) if hidden else int(right)])
        return None if eye is None else Eyes(*eye)

    def _eye(self, rgb: Image, points: FloatArray, outer: int, inner: int) -> tuple[float, float, float] | None:
        left, right = (
            (points[outer, :2], points[inner, :2]) if outer == _LEFT_EYE[0] else (points[inner, :2], points[outer, :2])
        )
        across = right - left
        width = float(np.linalg.norm(across))
        if width < _LEAST_EYE_PX:
            return None
        x, y = (left + right) / 2
        roi = Roi(float(x), float(y), _MARGIN * width, math.atan2(float(across[1]), float(across[0])))
        x0, y0, x1, y1 = roi.bounds()
        # Only the surroundings are resampled: the whole picture may be large.
        top, side = max(0, int(y0) - 2), max(0, int(x0) - 2)
        part = rgb[top : max(top + 1, int(y1) + 3), side : max(side + 1, int(x1) + 3)]
        if part.size == 0:
            return None
        crop = Roi(roi.cx - side, roi.cy - top, roi.size, roi.angle).crop(part, _SIDE)
        mirrored = outer == _RIGHT_EYE[0]
        if mirrored:
            crop = np.asarray(cv2.flip(crop, 1), dtype=np.uint8)
        contour, iris = self._model.run(crop.astype(np.float32) / 255.0)
        lids, centre = contour.reshape(_CONTOUR, 3)[:, :2], iris.reshape(_IRIS, 3)[0, :2]
        span = lids[_INNER] - lids[_OUTER]
        wide = max(float(np.linalg.norm(span)), 1e-3)
        gap = float((lids[list(_LOWER_LID), 1] - lids[list(_UPPER_LID), 1]).mean()) / wide
        from_middle = (centre - (lids[_OUTER] + lids[_INNER]) / 2) / wide
        sideways = float(from_middle @ (span / wide))
        return gap, -sideways if mirrored else sideways, float(from_middle[1])


_EYES = (_LEFT_EYE, _RIGHT_EYE)
