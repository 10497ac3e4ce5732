"""How much of a face is to be seen: a mask, a bar, dark glasses or a hand hide what a description rests on.

The eyes, the nose and the mouth of a bare face carry about the same amount of detail, at every size and blur. A band
with far less detail than the rest of the face is covered. (Fine detail, not brightness: skin and light cancel out.)
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.face_mesh import FaceLandmarks, five_points

_SIDE: Final = 150
# Where the eye corners (right outer, right inner, left outer, left inner, as displayed) and the nose base come to lie.
_TEMPLATE: Final = np.array([[118.0, 55.0], [97.0, 56.0], [32.0, 55.0], [53.0, 56.0], [75.0, 96.0]], np.float64)
# (top, bottom, left, right) in the aligned picture.
_EYES: Final = ((38, 70, 22, 66), (38, 70, 84, 128))
_NOSE: Final = (62, 98, 52, 98)
_MOUTH: Final = (96, 132, 40, 110)
_INNER: Final = (30, 135, 25, 125)
# The 40 % quantile of a band's detail, over the mean detail of the face: one bare face in a hundred has a band below
# 0.21 (median 0.51), and a cover leaves 0 however sharp its edge is.
_QUANTILE: Final = 0.4
_BARE: Final = 0.2
_COVERED: Final = 0.1
_FLOOR: Final = 0.2
_MIN_MESH_SCORE: Final = 0.5
_NO_MESH: Final = 0.5


def visible_share(rgb: NDArray[np.uint8], landmarks: FaceLandmarks | None) -> float:
    """1 for a bare face, down to 0.2 for one whose eyes or mouth are covered.

    Meant as a factor of the face quality. Where no mesh was tried it gives 1, where none could be fitted 0.5: such a
    face is covered, turned away or none at all.

    Args:
        rgb: (H, W, 3) uint8 picture.
        landmarks: the face's mesh in pixels of the picture.
    """
    if landmarks is None:
        return 1.0
    if landmarks.score < _MIN_MESH_SCORE:
        return _NO_MESH
    grey = cv2.cvtColor(_aligned(rgb, five_points(landmarks.points)), cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 1.5)
    detail = np.asarray(cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)))
    whole = max(float(_part(detail, _INNER).mean()), 1e-3)
    least = min(float(np.quantile(_part(detail, band), _QUANTILE)) for band in (*_EYES, _NOSE, _MOUTH)) / whole
    return float(np.interp(least, [_COVERED, _BARE], [_FLOOR, 1.0]))


def _part(detail: NDArray[np.floating], band: tuple[int, int, int, int]) -> NDArray[np.floating]:
    top, bottom, left, right = band
    return detail[top:bottom, left:right]


def _aligned(rgb: NDArray[np.uint8], points: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The face upright in a square, by the similarity that fits five points best (Umeyama 1991)."""
    source = points.astype(np.float64)
    middle, target = source.mean(axis=0), _TEMPLATE.mean(axis=0)
    a, b = source - middle, _TEMPLATE - target
    spread = max(float((a**2).sum()), 1e-9)
    cos = float((a * b).sum()) / spread
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    matrix[:, 2] = target - matrix[:, :2] @ middle
    shrink = 0.5 / max(float(np.hypot(cos, sin)), 1e-9)
    picture = rgb
    if shrink > 2.0:
        blur = shrink / 2
        picture = np.asarray(cv2.GaussianBlur(rgb, (0, 0), blur), dtype=np.uint8)
    return np.asarray(cv2.warpAffine(picture, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR), dtype=np.uint8)
