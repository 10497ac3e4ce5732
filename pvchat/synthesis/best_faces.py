"""Which frames of a person show the face best: large, sharp and, as far as its two halves tell, from the front."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image
from pvchat.perception.record import Box
from pvchat.synthesis.shots import Shot

_SIDE = 64
# A face of this many pixels is as good as a larger one; of this much detail, as good as a sharper one.
_LARGE_PX = 112.0
_SHARP = 200.0


@dataclass(frozen=True)
class SeenFace:
    """A frame with the person's face in it.

    Attributes:
        frame: (H, W, 3) uint8 RGB. box: the face, as fractions. source: key of the footage. score: 0 to 1.
    """

    frame: Image
    box: Box
    source: str
    score: float

    @property
    def box_px(self) -> tuple[float, float, float, float]:
        """The box in pixels."""
        height, width = self.frame.shape[:2]
        x0, y0, x1, y1 = self.box
        return x0 * width, y0 * height, x1 * width, y1 * height


def best_faces(shots: Sequence[Shot], most: int) -> list[SeenFace]:
    """The best faces, best first; every shot has its best one among them before any has a second.

    Args:
        shots: of one person. most: so many, 1 or more.

    Raises:
        SynthesisError: no shot shows the face.
    """
    ranked = [sorted(_faces(shot), key=lambda face: -face.score) for shot in shots]
    turns = max((len(faces) for faces in ranked), default=0)
    found: list[SeenFace] = []
    for turn in range(turns):
        if len(found) >= most:
            break
        found += sorted((faces[turn] for faces in ranked if len(faces) > turn), key=lambda face: -face.score)
    if not found:
        raise SynthesisError(
            f"{len(shots)} shots of the person show no face to go by; give a video in which the face is seen"
        )
    return found[:most]


def _faces(shot: Shot) -> list[SeenFace]:
    pairs = zip(shot.frames, shot.face_boxes, strict=True)
    return [SeenFace(frame, box, shot.source, _score(frame, box)) for frame, box in pairs if box is not None]


def _score(frame: Image, box: Box) -> float:
    height, width = frame.shape[:2]
    left, top = max(0, int(box[0] * width)), max(0, int(box[1] * height))
    right, bottom = min(width, round(box[2] * width)), min(height, round(box[3] * height))
    if right - left < 2 or bottom - top < 2:
        return 0.0
    grey = cv2.cvtColor(np.ascontiguousarray(frame[top:bottom, left:right]), cv2.COLOR_RGB2GRAY)
    face = np.asarray(cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32)
    size = min(1.0, min(right - left, bottom - top) / _LARGE_PX)
    detail = float(cv2.Laplacian(face, cv2.CV_32F).var())
    return float(size * (0.5 + 0.5 * _symmetry(face)) * detail / (detail + _SHARP))


def _symmetry(face: np.ndarray) -> float:
    """How much the left half looks like the right one, 0 to 1; a face from the side does not."""
    even = face - face.mean()
    power = float((even**2).mean())
    return max(0.0, float((even * even[:, ::-1]).mean()) / power) if power > 1e-6 else 0.0
