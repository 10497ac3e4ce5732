"""Faces brought to one place, size and angle, and put back where they came from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.face_mesh import FaceLandmarks
from pvchat.perception.geometry import FloatArray, Image
from pvchat.synthesis.shots import Shot

Mesh = Callable[[Image, FaceDetection], FaceLandmarks]
"""Fits 468 landmarks to a detected face; see `FaceMesh.landmarks`."""

# Groups of the mesh that move little with the expression, and where each comes to lie, as fractions of the crop. The
# whole head is in it, with some hair: the network that describes faces wants to find a face first.
_GROUPS: tuple[tuple[tuple[int, ...], tuple[float, float]], ...] = (
    ((33, 133, 159, 145), (0.385, 0.45)),
    ((362, 263, 386, 374), (0.615, 0.45)),
    ((1, 2, 4, 5), (0.50, 0.57)),
    ((13, 14, 61, 291), (0.50, 0.685)),
)
_MESH_SCORE = 0.5
_LEAST_FACE_PX = 36.0
# How much the frames before and after have a say in where a face is.
_STEADY = ((-2, 0.25), (-1, 0.75), (0, 1.0), (1, 0.75), (2, 0.25))
# What of the crop is put back: an ellipse over the face that fades out inside the head.
_CENTRE, _RADII, _FADE = (0.5, 0.54), (0.25, 0.315), 0.3


@dataclass(frozen=True)
class FaceCrop:
    """A face of a shot, aligned.

    Attributes:
        shot, frame: numbers of the shot and of the frame in it.
        pixels: (S, S, 3) uint8 RGB.
        to_crop: (2, 3) float32, takes pixels of the frame to fractions of the crop.
    """

    shot: int
    frame: int
    pixels: Image
    to_crop: FloatArray


def face_crops(shots: Sequence[Shot], mesh: Mesh, side: int) -> list[FaceCrop]:
    """All faces of shots that can be aligned and are large enough to be worth it.

    Args:
        shots: of one person. mesh: fits landmarks. side: of the crops, pixels.

    Returns:
        by shot and frame.
    """
    found = []
    for number, shot in enumerate(shots):
        width, height = shot.size
        placed_at: dict[int, FloatArray] = {}
        for index, (image, box) in enumerate(zip(shot.frames, shot.face_boxes, strict=True)):
            if box is None or (box[3] - box[1]) * height < _LEAST_FACE_PX:
                continue
            pixels = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
            placed = mesh(image, FaceDetection(pixels, 1.0, _keypoints(pixels)))
            if placed.score >= _MESH_SCORE:
                placed_at[index] = alignment(placed)
        for index in placed_at:
            to_crop = _steadied(placed_at, index)
            found.append(FaceCrop(number, index, crop(shot.frames[index], to_crop, side), to_crop))
    return found


def _steadied(placed_at: Mapping[int, FloatArray], index: int) -> FloatArray:
    """The alignment at a frame, a weighted mean with those of the frames beside it: landmarks tremble, and a new face
    that is laid over a trembling place trembles, too."""
    near = [(placed_at[other], weight) for step, weight in _STEADY if (other := index + step) in placed_at]
    return np.asarray(np.average([m for m, _ in near], axis=0, weights=[w for _, w in near]), np.float32)


def alignment(landmarks: FaceLandmarks) -> FloatArray:
    """The similarity transform that takes a face's pixels to fractions of an aligned crop, least squares.

    Returns:
        (2, 3) float32.
    """
    points = np.array([landmarks.points[list(group), :2].mean(axis=0) for group, _ in _GROUPS], np.float64)
    targets = np.array([target for _, target in _GROUPS], np.float64)
    source, wanted = points[:, 0] + 1j * points[:, 1], targets[:, 0] + 1j * targets[:, 1]
    centred, moved = source - source.mean(), wanted - wanted.mean()
    turn = (centred.conj() * moved).sum() / max(float((np.abs(centred) ** 2).sum()), 1e-9)
    shift = wanted.mean() - turn * source.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]], np.float32)


def crop(image: Image, to_crop: FloatArray, side: int) -> Image:
    """An aligned crop (side, side, 3) of an image; what lies outside of the image repeats its border."""
    matrix = to_crop * side
    shrinks = float(np.hypot(matrix[0, 0], matrix[1, 0])) < 1
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.warpAffine(image, matrix, (side, side), flags=how, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def put_back(image: Image, face: Image, to_crop: FloatArray) -> Image:
    """Lay an aligned face over the one in an image, in that one's light, with a soft edge.

    Args:
        image: (H, W, 3) uint8. face: (S, S, 3) uint8, as `crop` makes them. to_crop: of the face in the image.
    """
    side = face.shape[0]
    soft = oval(side)
    before = crop(image, to_crop, side).astype(np.float32)
    # Where the two meet they have to agree: the new face takes on the mean colour of the edge.
    edge = np.asarray((soft > 0.05) & (soft < 0.95), np.float32)[..., None]
    difference = ((before - face) * edge).sum(axis=(0, 1)) / np.maximum(edge.sum(), 1.0)
    lit = np.clip(face.astype(np.float32) + difference, 0, 255)
    back = cv2.invertAffineTransform(to_crop * side)
    height, width = image.shape[:2]
    laid = np.asarray(cv2.warpAffine(lit, back, (width, height), flags=cv2.INTER_CUBIC), np.float32)
    seen = np.asarray(cv2.warpAffine(soft, back, (width, height), flags=cv2.INTER_LINEAR), np.float32)[..., None]
    return np.asarray(np.clip(image * (1 - seen) + laid * seen + 0.5, 0, 255), np.uint8)


def oval(side: int) -> FloatArray:
    """How much of an aligned crop is the inner face: (side, side) float32 in 0..1."""
    at = (np.arange(side, dtype=np.float32) + 0.5) / side
    across, down = (at[None, :] - _CENTRE[0]) / _RADII[0], (at[:, None] - _CENTRE[1]) / _RADII[1]
    inside = np.clip((1 + _FADE - np.sqrt(across**2 + down**2)) / _FADE, 0.0, 1.0)
    return np.asarray(inside * inside * (3 - 2 * inside), np.float32)


def _keypoints(box: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """Where a detector would see the eyes, nose, mouth and ears of an upright face."""
    x0, y0, x1, y1 = box
    places = ((0.3, 0.35), (0.7, 0.35), (0.5, 0.55), (0.5, 0.75), (0.0, 0.4), (1.0, 0.4))
    return np.array([(x0 + x * (x1 - x0), y0 + y * (y1 - y0)) for x, y in places], np.float32)
