"""One face in one frame: its numbers, its quality, and which crops of a track are worth a description."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.face_mesh import FaceLandmarks, head_pose, mouth_opening, mouth_width, sharpness, upper_pitch
from pvchat.perception.geometry import FloatArray, Image, PixelBox, clip_box
from pvchat.perception.observation import FaceSeen
from pvchat.perception.visibility import visible_share

_MESH_SCORE = 0.5
_UPPER_LIP, _LOWER_LIP, _CORNERS = 0, 17, (61, 291)
_FOREHEAD, _CHIN = 10, 152
# A described face is aligned to 150 pixels with a quarter of padding; more pixels would only cost memory.
_CROP_FACE_PX = 180.0
_CROP_MARGIN = 0.7
# Faces of this height and above lose nothing in the alignment.
_FULL_SIZE_PX = 90.0
_SHARP = 0.25
_APART_S = 0.45
# The more crops are kept already, the further apart further ones are of use: so many to the length of the track.
_SPREAD = 2
_PLENTY = 6


@dataclass(frozen=True)
class FaceCrop:
    """A face cut out for description.

    Attributes:
        time_s: time of the frame.
        rgb: (H, W, 3) uint8, the face with a margin, scaled down when large.
        box: the face in pixels of the crop.
        landmarks: the mesh in pixels of the crop, or None.
        quality: 0..1.
        yaw, pitch: degrees.
    """

    time_s: float
    rgb: Image
    box: PixelBox
    landmarks: FaceLandmarks | None
    quality: float
    yaw: float
    pitch: float


def measure_face(rgb: Image, face: FaceDetection, mesh: FaceLandmarks | None) -> FaceSeen:
    """Reduce a detected face and its mesh to the numbers kept per sighting.

    Args:
        rgb: (H, W, 3) uint8 frame.
        face: the detection.
        mesh: its mesh; one with a low score is ignored.
    """
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = (round(v) for v in clip_box(face.box, width, height))
    detail = sharpness(rgb[y0:y1, x0:x1])
    if mesh is None or mesh.score < _MESH_SCORE:
        return FaceSeen(
            box=face.box,
            score=face.score,
            quality=0.4 * quality(face.height, detail, 0, 0, face.score),
            roll=math.degrees(face.roll),
        )
    bare = visible_share(rgb, mesh)
    pose = head_pose(mesh.points)
    seen = (x1 - x0) * (y1 - y0) / max((face.box[2] - face.box[0]) * (face.box[3] - face.box[1]), 1e-6)
    return FaceSeen(
        box=face.box,
        score=face.score,
        # A face that is half out of the picture, or half covered, is half a face.
        quality=bare * min(1.0, seen) ** 2 * quality(face.height, detail, pose.yaw, pose.pitch, face.score),
        yaw=pose.yaw,
        pitch=pose.pitch,
        roll=pose.roll,
        mouth_open=mouth_opening(mesh.points),
        mouth_width=mouth_width(mesh.points),
        corner_lift=corner_lift(mesh.points),
        has_mesh=True,
        nod=upper_pitch(mesh.points),
    )


def quality(height_px: float, detail: float, yaw: float, pitch: float, score: float) -> float:
    """How much a description of a face can be trusted, 0..1.

    Args:
        height_px: height of the face box in pixels.
        detail: `face_mesh.sharpness` of the face.
        yaw, pitch: degrees.
        score: detection score, 0..1.
    """
    size = math.sqrt(min(1.0, max(0.0, height_px - 8.0) / (_FULL_SIZE_PX - 8.0)))
    sharp = min(1.0, 0.25 + 0.75 * detail / _SHARP)
    frontal = max(0.0, math.cos(math.radians(yaw))) * max(0.0, math.cos(math.radians(pitch)))
    return size * sharp * (0.1 + 0.9 * frontal) * min(1.0, score)


def corner_lift(points: FloatArray) -> float:
    """How far the corners of the mouth lie above the middle of the lips, over the height of the face.

    Args:
        points: (468, 3) as in `FaceLandmarks`.
    """
    down = points[_CHIN] - points[_FOREHEAD]
    tall = max(float(np.linalg.norm(down)), 1e-6)
    middle = (points[_UPPER_LIP] + points[_LOWER_LIP]) / 2
    corners = (points[_CORNERS[0]] + points[_CORNERS[1]]) / 2
    return float((middle - corners) @ down) / tall**2


def cut_out(rgb: Image, time_s: float, face: FaceSeen, mesh: FaceLandmarks | None) -> FaceCrop:
    """Cut a face out of its frame, so that the frame need not be kept."""
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = face.box
    margin = _CROP_MARGIN * max(x1 - x0, y1 - y0)
    left, top, right, bottom = clip_box((x0 - margin, y0 - margin, x1 + margin, y1 + margin), width, height)
    ix, iy = math.floor(left), math.floor(top)
    crop = rgb[iy : max(iy + 1, math.ceil(bottom)), ix : max(ix + 1, math.ceil(right))]
    scale = min(1.0, _CROP_FACE_PX / max(face.height, 1.0))
    if scale < 1.0:
        size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
        small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    else:
        small = crop.copy()
    fx, fy = small.shape[1] / crop.shape[1], small.shape[0] / crop.shape[0]
    points = None
    if mesh is not None and face.has_mesh:
        moved = (mesh.points - np.array([ix, iy, 0], np.float32)) * np.array([fx, fy, fx], np.float32)
        points = FaceLandmarks(moved.astype(np.float32), mesh.score)
    box = ((x0 - ix) * fx, (y0 - iy) * fy, (x1 - ix) * fx, (y1 - iy) * fy)
    return FaceCrop(time_s, small, box, points, face.quality, face.yaw, face.pitch)


def _unlike(a: FaceCrop, b: FaceCrop, span_s: float) -> float:
    """How much a second crop adds to a first: time and head pose, 1 is plenty."""
    return math.hypot((a.time_s - b.time_s) / max(span_s / 4, 0.5), (a.yaw - b.yaw) / 25, (a.pitch - b.pitch) / 20)


class CropKeeper:
    """Keeps the crops of one tracklet that are worth a description, in bounded memory.

    Args:
        capacity: crops kept at most; when one more comes, the one that adds least is dropped.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.crops: list[FaceCrop] = []

    def wants(self, time_s: float, quality: float) -> bool:
        """Whether a crop could be kept: spares cutting out what was seen as well half a second ago."""
        last = self.crops[-1] if len(self.crops) >= _PLENTY else None
        if last is not None and quality <= 1.1 * last.quality:
            apart = max(_APART_S, (time_s - self.crops[0].time_s) / (_SPREAD * self._capacity))
            if time_s - last.time_s < apart:
                return False
        return len(self.crops) < self._capacity or quality > min(crop.quality for crop in self.crops)

    def add(self, crop: FaceCrop) -> None:
        """Add one crop."""
        self.crops.append(crop)
        if len(self.crops) <= self._capacity:
            return
        span = self.crops[-1].time_s - self.crops[0].time_s

        def worth(index: int) -> float:
            one = self.crops[index]
            others = (_unlike(one, other, span) for at, other in enumerate(self.crops) if at != index)
            return one.quality * (0.2 + min(1.0, *others, 1.0))

        del self.crops[min(range(len(self.crops)), key=worth)]

    def best(self, count: int) -> list[FaceCrop]:
        """Up to `count` good crops spread over time and head pose, by time."""
        return best_crops(self.crops, count)


def best_crops(crops: Sequence[FaceCrop], count: int) -> list[FaceCrop]:
    """Choose good crops that differ in time and head pose (greedy farthest point, weighted by quality)."""
    left = list(crops)
    if not left or count < 1:
        return []
    span = max(crop.time_s for crop in left) - min(crop.time_s for crop in left)
    chosen = [left.pop(max(range(len(left)), key=lambda i: left[i].quality))]
    while left and len(chosen) < count:

        def gain(index: int) -> float:
            return left[index].quality * (0.1 + min(1.0, *(_unlike(left[index], other, span) for other in chosen), 1.0))

        chosen.append(left.pop(max(range(len(left)), key=gain)))
    return sorted(chosen, key=lambda crop: crop.time_s)
