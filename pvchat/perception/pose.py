"""Bodies: where they are, 33 landmarks each and a person mask (MediaPipe Pose; Bazarevsky et al. 2020 and model cards).

The detector finds people by the face and the line from the hips to the shoulders, so a person whose head is hidden is
missed. The landmark network needs only a region, which may also be guessed from a face.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pvchat.errors import ModelError
from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.geometry import (
    FloatArray,
    Image,
    PixelBox,
    Roi,
    as_box,
    clip_box,
    decode_ssd,
    letterbox,
    sigmoid,
    ssd_anchors,
    weighted_suppression,
)
from pvchat.perception.litert import LiteRtModel

_DETECTOR_SIDE = 224
_DETECTOR_LAYERS = [(8, 2), (16, 2), (32, 6)]
_LANDMARK_SIDE = 256
_LANDMARKS = 33
_ROI_MARGIN = 1.25
# The square around a whole upright person is about this many face boxes wide, and its centre (the hips) lies this
# many face heights below the middle of the face box: medians over people whom both detectors find, rounded up.
_FACES_PER_BODY = 11.0
_FACES_TO_HIPS = 3.5
# A face box ends at the chin and the brow: this share more on each side covers the head.
_HIDDEN_MARGIN = 0.25
# Landmarks after the body's 33: the centre of the person's circle and a point on it.
_AUXILIARY = slice(33, 35)

NOSE, LEFT_EAR, RIGHT_EAR = 0, 7, 8
LEFT_SHOULDER, RIGHT_SHOULDER = 11, 12
LEFT_ELBOW, RIGHT_ELBOW = 13, 14
LEFT_WRIST, RIGHT_WRIST = 15, 16
LEFT_HIP, RIGHT_HIP = 23, 24
LEFT_KNEE, RIGHT_KNEE = 25, 26
LEFT_ANKLE, RIGHT_ANKLE = 27, 28


@dataclass(frozen=True)
class BodyDetection:
    """A person found by the body detector.

    Attributes:
        box: x0, y0, x1, y1 in pixels, around the face (that is what the detector regresses).
        score: 0..1.
        roi: the square of the whole body, turned so that the body stands upright in it.
    """

    box: PixelBox
    score: float
    roi: Roi


@dataclass(frozen=True)
class Body:
    """Landmarks and mask of one person.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the image, clipped to it: around the mask where there is one, else around the
            landmarks that are in the picture.
        score: 0..1, how surely the region shows a person.
        landmarks: (33, 4) float32: x px, y px, visibility, presence, in MediaPipe's order; left and right are the
            person's own.
        mask: (h, w) float32 in 0..1 over `mask_box`, or None. It is the person's own mask: others are left out as far
            as the network can tell.
        mask_box: x0, y0, x1, y1 in whole pixels: the part of the image that `mask` covers; 0 everywhere else.
        roi: the region that was looked at.
        next_roi: where the body is now, as the network sees it: look there in the next frame, or once more in this one
            when `roi` was a guess.
    """

    box: PixelBox
    score: float
    landmarks: FloatArray
    mask: FloatArray | None
    mask_box: tuple[int, int, int, int]
    roi: Roi
    next_roi: Roi

    def full_mask(self, width: int, height: int) -> FloatArray:
        """The mask as an (height, width) array over the whole image; zeros without a mask."""
        full = np.zeros((height, width), dtype=np.float32)
        if self.mask is not None:
            x0, y0, x1, y1 = self.mask_box
            full[y0:y1, x0:x1] = self.mask
        return full

    def visible(self, index: int, least: float = 0.5) -> bool:
        """Whether a landmark is in the picture and not hidden."""
        return bool(self.landmarks[index, 2] >= least and self.landmarks[index, 3] >= least)


class PoseDetector:
    """Finds every body in an image.

    Args:
        path: `pose_detection.tflite`.
        num_threads: CPU threads of one call.
        min_score: bodies below this score are dropped.
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1, min_score: float = 0.5) -> None:
        self._anchors = ssd_anchors(_DETECTOR_SIDE, _DETECTOR_LAYERS)
        n = len(self._anchors)
        self._model = LiteRtModel(path, num_threads=num_threads, outputs=[(n, 12), (n, 1)])
        if self._model.side != _DETECTOR_SIDE:
            raise ModelError(f"{Path(path).name} takes {self._model.side} px images, not {_DETECTOR_SIDE}")
        self.min_score = min_score

    def detect(self, rgb: Image) -> list[BodyDetection]:
        """Find the bodies of one image (H, W, 3) uint8, best first."""
        square, fit = letterbox(rgb, _DETECTOR_SIDE)
        raw, logits = self._model.run(square.astype(np.float32) / 127.5 - 1.0)
        scores = sigmoid(logits[:, 0])
        keep = scores >= self.min_score
        boxes, points = decode_ssd(raw[keep], self._anchors[keep], _DETECTOR_SIDE)
        boxes, scores, points = weighted_suppression(boxes, scores[keep], points)
        boxes = fit.to_image(boxes.reshape(-1, 2)).reshape(-1, 4)
        points = fit.to_image(points)
        return [
            BodyDetection(as_box(b), float(s), roi_from_keypoints(p))
            for b, s, p in zip(boxes, scores, points, strict=True)
        ]


def roi_from_keypoints(points: FloatArray) -> Roi:
    """The body square from the detector's first two keypoints: the hips' middle, and a point above the head on the
    circle around the whole person (that also gives the tilt).

    Args:
        points: (k, 2) pixels, of which the first two are used.
    """
    across, up = (float(v) for v in points[1] - points[0])
    radius = math.hypot(across, up)
    # Zero for a body that stands upright: the vector from the hips to the head points to the image's top.
    angle = math.atan2(across, -up)
    return Roi(float(points[0][0]), float(points[0][1]), 2 * radius * _ROI_MARGIN, angle)


def roi_from_face(face: FaceDetection | PixelBox, roll: float = 0.0) -> Roi:
    """A body square guessed from a face.

    Args:
        face: or its box.
        roll: radians by which the body is turned, clockwise as displayed. The roll of a face that is upright or a
            little tilted does not belong here: heads tilt far more than bodies do.
    """
    x0, y0, x1, y1 = face.box if isinstance(face, FaceDetection) else face
    height = y1 - y0
    down = _FACES_TO_HIPS * height
    return Roi(
        (x0 + x1) / 2 - down * math.sin(roll),
        (y0 + y1) / 2 + down * math.cos(roll),
        _FACES_PER_BODY * height,
        roll,
    )


def roi_from_box(box: PixelBox) -> Roi:
    """A body square around an upright box of a whole person."""
    x0, y0, x1, y1 = box
    return Roi((x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0) * _ROI_MARGIN)


class PoseEstimator:
    """Fits landmarks and a mask to one body after the other.

    Args:
        path: `pose_landmark_full.tflite`.
        num_threads: CPU threads of one call.
        min_score: bodies below this score are dropped.
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1, min_score: float = 0.5) -> None:
        side = _LANDMARK_SIDE
        self._model = LiteRtModel(path, num_threads=num_threads, outputs=[(195,), (1,), (side, side, 1)])
        self.min_score = min_score

    def estimate(
        self,
        rgb: Image,
        where: BodyDetection | FaceDetection | PixelBox | Roi,
        *,
        mask: bool = True,
        hide: Sequence[PixelBox] = (),
    ) -> Body | None:
        """Fit one body.

        Args:
            rgb: (H, W, 3) uint8.
            where: a body detection, a face detection (the body below it is guessed), the box of a whole body in
                pixels, or a region.
            mask: whether the person mask is wanted.
            hide: face boxes of the other people, which are greyed out: in a crowd the network otherwise settles on
                whoever is nearest or largest in the region, not on the person meant.

        Returns:
            the body, or None where the region shows no person.
        """
        roi = _roi(where)
        if roi.size < 2:
            return None
        crop = roi.crop(rgb, _LANDMARK_SIDE)
        for box in hide:
            _grey_out(crop, roi, box)
        flat, presence, logits = self._model.run(crop.astype(np.float32) / 255.0)
        score = float(presence.item())
        if score < self.min_score:
            return None
        table = flat.reshape(-1, 5)
        values = table[:_LANDMARKS]
        next_roi = roi_from_keypoints(roi.to_image(table[_AUXILIARY, :2], _LANDMARK_SIDE))
        landmarks = np.concatenate(
            [roi.to_image(values[:, :2], _LANDMARK_SIDE), sigmoid(values[:, 3:5])], axis=1
        ).astype(np.float32)
        height, width = rgb.shape[:2]
        found, mask_box = _paste(roi, sigmoid(logits[:, :, 0]), width, height) if mask else (None, (0, 0, 0, 0))
        box = _mask_bounds(found, mask_box) or _landmark_bounds(landmarks, width, height)
        return Body(box, score, landmarks, found, mask_box, roi, next_roi)


def _roi(where: BodyDetection | FaceDetection | PixelBox | Roi) -> Roi:
    if isinstance(where, Roi):
        return where
    if isinstance(where, BodyDetection):
        return where.roi
    if isinstance(where, FaceDetection):
        return roi_from_face(where)
    return roi_from_box(where)


def _grey_out(crop: Image, roi: Roi, face: PixelBox) -> None:
    x0, y0, x1, y1 = face
    dx, dy = _HIDDEN_MARGIN * (x1 - x0), _HIDDEN_MARGIN * (y1 - y0)
    x0, y0, x1, y1 = x0 - dx, y0 - dy, x1 + dx, y1 + dy
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)
    points = np.rint(roi.from_image(corners, _LANDMARK_SIDE)).astype(np.int32)
    cv2.fillConvexPoly(crop, points, (127, 127, 127))


def _paste(roi: Roi, mask: FloatArray, width: int, height: int) -> tuple[FloatArray | None, tuple[int, int, int, int]]:
    x0, y0, x1, y1 = clip_box(roi.bounds(), width, height)
    left, top, right, bottom = math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
    if right <= left or bottom <= top:
        return None, (0, 0, 0, 0)
    part = Roi(roi.cx - left, roi.cy - top, roi.size, roi.angle).paste(mask, right - left, bottom - top)
    return part, (left, top, right, bottom)


def _mask_bounds(mask: FloatArray | None, mask_box: tuple[int, int, int, int]) -> PixelBox | None:
    if mask is None:
        return None
    # Islands of the mask are other people's; a coarse grid is enough to find the largest piece.
    step = max(1, math.ceil(max(mask.shape) / _LANDMARK_SIDE))
    person = np.ascontiguousarray(mask[::step, ::step] > 0.5).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(person, connectivity=4)
    if count < 2:
        return None
    largest = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))]
    x, y, w, h = (float(v) * step for v in largest[:4])
    left, top, right, bottom = mask_box
    return left + x, top + y, min(left + x + w, float(right)), min(top + y + h, float(bottom))


def _landmark_bounds(landmarks: FloatArray, width: int, height: int) -> PixelBox:
    points = landmarks[landmarks[:, 3] >= 0.5, :2]
    if not len(points):
        points = landmarks[:, :2]
    return clip_box(as_box(np.concatenate([points.min(axis=0), points.max(axis=0)])), width, height)
