"""468 landmarks of one face (MediaPipe Face Mesh; Kartynnik et al. 2019 and its model card) and what they tell."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.geometry import FloatArray, Image, PixelBox, Roi, as_box, sigmoid
from pvchat.perception.litert import LiteRtModel

_SIDE = 192
_POINTS = 468
_MARGIN = 1.5
_SHARPNESS_SIDE = 64

# Indices into the mesh. "Left" and "right" are as displayed for an upright, unmirrored face.
_LEFT_EYE_OUTER, _LEFT_EYE_INNER, _RIGHT_EYE_INNER, _RIGHT_EYE_OUTER = 33, 133, 362, 263
_LEFT_LIDS, _RIGHT_LIDS = (159, 145), (386, 374)
_NOSE_TIP, _NOSE_BASE = 1, 2
_INNER_LIPS = (13, 14)
_MOUTH_CORNERS = (61, 291)
_FOREHEAD, _CHIN = 10, 152
_LEFT_CHEEK, _RIGHT_CHEEK = 234, 454

# How far the tip of the nose lies before the eyes, over the distance of their outer corners.
_NOSE_STANDS_OUT = 0.45
# The line from forehead to chin leans by this much (degrees) in a face that looks straight ahead: the median over
# frontal faces of several people.
_NEUTRAL_PITCH = -7.5


@dataclass(frozen=True)
class FaceLandmarks:
    """The mesh of one face.

    Attributes:
        points: (468, 3) float32: x, y in pixels of the image, z in the same scale (smaller is nearer to the camera;
            0 is about the depth of the head's centre).
        score: 0..1, how surely the crop shows a face.
    """

    points: FloatArray
    score: float

    @property
    def box(self) -> PixelBox:
        """The box around all landmarks, in pixels."""
        low, high = self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)
        return as_box(np.concatenate([low, high]))

    @property
    def roi(self) -> Roi:
        """Where to look for this face in the next frame."""
        x0, y0, x1, y1 = self.box
        eyes = self.points[_RIGHT_EYE_OUTER] - self.points[_LEFT_EYE_OUTER]
        angle = math.atan2(float(eyes[1]), float(eyes[0]))
        return Roi((x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0) * _MARGIN, angle)


class FaceMesh:
    """Fits the mesh to a detected face.

    Args:
        path: `face_landmark.tflite`.
        num_threads: CPU threads of one call.
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1) -> None:
        self._model = LiteRtModel(path, num_threads=num_threads, outputs=[(1, 1, _POINTS * 3), (1, 1, 1)])

    def landmarks(self, rgb: Image, face: FaceDetection | Roi) -> FaceLandmarks:
        """Fit the mesh.

        Args:
            rgb: (H, W, 3) uint8.
            face: a detection, or the region a former mesh gave (`FaceLandmarks.roi`).

        Returns:
            landmarks; a low score (below about .5) means that there is no face, whatever the points say.
        """
        roi = face if isinstance(face, Roi) else roi_of(face)
        crop = roi.crop(rgb, _SIDE)
        flat, logit = self._model.run(crop.astype(np.float32) / 255.0)
        points = flat.reshape(_POINTS, 3)
        plane = roi.to_image(points[:, :2], _SIDE)
        depth = points[:, 2:] * (roi.size / _SIDE)
        return FaceLandmarks(np.concatenate([plane, depth], axis=1), float(sigmoid(logit).item()))


def roi_of(face: FaceDetection) -> Roi:
    """The square the mesh network expects around a detection: upright by the eye line, 1.5 times the box."""
    x0, y0, x1, y1 = face.box
    return Roi((x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0) * _MARGIN, face.roll)


def _distance(points: FloatArray, pair: tuple[int, int]) -> float:
    return float(np.linalg.norm(points[pair[0]] - points[pair[1]]))


def _eye_span(points: FloatArray) -> float:
    # The outer eye corners do not move with the expression, and their distance in space not with the head's yaw.
    return max(_distance(points, (_LEFT_EYE_OUTER, _RIGHT_EYE_OUTER)), 1e-6)


def mouth_opening(points: FloatArray) -> float:
    """Gap between the inner lips over the distance of the outer eye corners; 0 when closed, about .4 wide open.

    Args:
        points: (468, 3) as in `FaceLandmarks`.
    """
    return _distance(points, _INNER_LIPS) / _eye_span(points)


def mouth_width(points: FloatArray) -> float:
    """Distance of the mouth's corners over the distance of the outer eye corners; grows with a smile."""
    return _distance(points, _MOUTH_CORNERS) / _eye_span(points)


def eye_opening(points: FloatArray) -> float:
    """Mean gap between the lids over the width of the eye; about .3 open, below .15 closed."""
    left = _distance(points, _LEFT_LIDS) / max(_distance(points, (_LEFT_EYE_OUTER, _LEFT_EYE_INNER)), 1e-6)
    right = _distance(points, _RIGHT_LIDS) / max(_distance(points, (_RIGHT_EYE_OUTER, _RIGHT_EYE_INNER)), 1e-6)
    return (left + right) / 2


class HeadPose(NamedTuple):
    """Degrees. All three are about 0 for a face that looks into the camera upright.

    Attributes:
        yaw: positive when the face turns to the image's right (for a tilted head: to its own right as displayed).
        pitch: positive when the face looks up.
        roll: positive when the head tilts clockwise as displayed.
    """

    yaw: float
    pitch: float
    roll: float


def head_pose(points: FloatArray) -> HeadPose:
    """Where the face points, from the axes of the mesh (eye and cheek line across, forehead to chin down).

    The mesh flattens far sides, so large turns are underestimated: a full profile reads as about 50 to 60 degrees.

    Args:
        points: (468, 3) as in `FaceLandmarks`.
    """
    eyes = points[_RIGHT_EYE_OUTER] - points[_LEFT_EYE_OUTER]
    cheeks = points[_RIGHT_CHEEK] - points[_LEFT_CHEEK]
    across = _unit(_unit(eyes) + _unit(cheeks))
    down = points[_CHIN] - points[_FOREHEAD]
    down = _unit(down - across * float(down @ across))
    roll = math.atan2(float(across[1]), float(across[0]))
    x, y, z = (float(v) for v in np.cross(down, across))
    # Seen by somebody who tilts the head by as much, yaw and pitch do not depend on the roll.
    x, y = x * math.cos(roll) + y * math.sin(roll), y * math.cos(roll) - x * math.sin(roll)
    yaw = math.degrees(math.atan2(x, -z))
    pitch = math.degrees(math.asin(min(max(-y, -1.0), 1.0)))
    return HeadPose(yaw, pitch - _NEUTRAL_PITCH, math.degrees(roll))


def upper_pitch(points: FloatArray) -> float:
    """Degrees by which the head nods, from a fixed but unknown zero; grows as the face looks up.

    The tip of the nose stands out from the plane of the eyes, so it sinks against the eye line when the head bends
    down. Unlike `head_pose` this knows neither chin nor brows, which move when somebody talks.

    Args:
        points: (468, 3) as in `FaceLandmarks`.
    """
    eyes = points[[_LEFT_EYE_OUTER, _LEFT_EYE_INNER, _RIGHT_EYE_INNER, _RIGHT_EYE_OUTER], :2].mean(axis=0)
    across = points[_RIGHT_EYE_OUTER, :2] - points[_LEFT_EYE_OUTER, :2]
    roll = math.atan2(float(across[1]), float(across[0]))
    x, y = (float(v) for v in points[_NOSE_TIP, :2] - eyes)
    below = y * math.cos(roll) - x * math.sin(roll)
    return -math.degrees(below / _eye_span(points) / _NOSE_STANDS_OUT)


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)


def five_points(points: FloatArray) -> FloatArray:
    """The landmarks of dlib's 5-point predictor, in its order.

    Args:
        points: (468, 3) as in `FaceLandmarks`.

    Returns:
        (5, 2) pixels: outer and inner corner of the eye on the image right, outer and inner corner of the eye on the
        image left, base of the nose.
    """
    order = [_RIGHT_EYE_OUTER, _RIGHT_EYE_INNER, _LEFT_EYE_OUTER, _LEFT_EYE_INNER, _NOSE_BASE]
    return np.asarray(points[order, :2], dtype=np.float32)


def sharpness(rgb: Image) -> float:
    """How much fine detail a face crop has, comparable between crop sizes and exposures.

    The crop is brought to 64 x 64 pixels first, so that a small face that was blown up reads as blurred. The variance
    of its Laplacian (Pech-Pacheco et al. 2000) is then taken relative to its contrast.

    Args:
        rgb: (H, W, 3) uint8.

    Returns:
        0 for a flat image; a face in focus lies above about .1, one blurred by 2 % of its height or more below .05.
    """
    if rgb.size == 0:
        return 0.0
    shrinks = min(rgb.shape[:2]) > _SHARPNESS_SIDE
    # Averaging areas would blow small crops up into sharp blocks.
    mode = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    grey = cv2.cvtColor(cv2.resize(rgb, (_SHARPNESS_SIDE, _SHARPNESS_SIDE), interpolation=mode), cv2.COLOR_RGB2GRAY)
    values = grey.astype(np.float32)
    contrast = float(values.var())
    if contrast < 1.0:
        return 0.0
    return float(cv2.Laplacian(values, cv2.CV_32F).var()) / contrast
