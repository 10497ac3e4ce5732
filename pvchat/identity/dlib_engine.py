"""dlib's face descriptor (King 2017, "High quality face recognition with deep metric learning").

The network wants a 150 px chip aligned by five points. The points come from the face mesh, which separates people as
well as dlib's own predictor does and needs no second look; the predictor serves faces without a mesh. dlib cuts out the
chips; the network itself runs in torch (`dlib_network`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from pvchat.errors import WeightsError
from pvchat.identity.dlib_network import CHIP_SIDE, DIMENSION, load_descriptor
from pvchat.identity.engines import PixelBox, check_lengths
from pvchat.perception.face_mesh import FaceLandmarks, five_points

MODEL_ID: Final = "dlib-resnet-v1"

# dlib rounds landmarks to whole pixels, so every face is first brought to one size at which that does not matter.
_CANVAS = 400
_REACH = 2.4
# Where dlib's own detector would draw its box, relative to the box of ours: measured on 326 faces.
_PREDICTOR_SCALE = 0.91
_PREDICTOR_DOWN = 0.02
_MIN_MESH_SCORE = 0.5


class DlibEngine:
    """128 numbers per face, about 6 ms each on one core.

    Args:
        landmarks_path: the 5-point shape predictor.
        descriptor_path: the descriptor network.
        mirror: describe each face and its mirror image and average; steadier, at twice the time.

    Raises:
        WeightsError: a file cannot be read.
    """

    def __init__(
        self,
        landmarks_path: str | Path,
        descriptor_path: str | Path,
        *,
        mirror: bool = False,
    ) -> None:
        try:
            self._predictor = dlib.shape_predictor(str(landmarks_path))
        except RuntimeError as error:
            raise WeightsError(
                f"dlib cannot read {Path(landmarks_path).name}; run 'pvchat weights verify', then 'pvchat weights pull'"
            ) from error
        self._network = load_descriptor(descriptor_path)
        self._mirror = mirror

    @property
    def model_id(self) -> str:
        return MODEL_ID

    @property
    def dimension(self) -> int:
        return DIMENSION

    def describe(
        self,
        rgb: NDArray[np.uint8],
        boxes_px: Sequence[PixelBox],
        landmarks: Sequence[FaceLandmarks | None],
    ) -> NDArray[np.float32]:
        """See `FaceEngine.describe`."""
        check_lengths(boxes_px, landmarks)
        if not boxes_px:
            return np.zeros((0, DIMENSION), dtype=np.float32)
        chips = [self.chip(rgb, box, mesh) for box, mesh in zip(boxes_px, landmarks, strict=True)]
        if self._mirror:
            chips += [np.ascontiguousarray(chip[:, ::-1]) for chip in chips]
        vectors = self._network.describe(np.stack(chips))
        if self._mirror:
            vectors = (vectors[: len(boxes_px)] + vectors[len(boxes_px) :]) * np.float32(0.5)
        return vectors

    def chip(self, rgb: NDArray[np.uint8], box: PixelBox, mesh: FaceLandmarks | None) -> NDArray[np.uint8]:
        """The aligned (150, 150, 3) picture of one face that the network sees."""
        canvas, scale, x0, y0 = _canvas(rgb, box)
        if mesh is not None and mesh.score >= _MIN_MESH_SCORE:
            points = (five_points(mesh.points) - np.array([x0, y0])) * scale
            shape = _as_shape(points)
        else:
            shape = self._predictor(canvas, _predictor_box())
        return np.asarray(dlib.get_face_chip(canvas, shape, CHIP_SIDE, 0.25), dtype=np.uint8)


def _canvas(rgb: NDArray[np.uint8], box: PixelBox) -> tuple[NDArray[np.uint8], float, float, float]:
    """A square around the face, black outside the image: (canvas, scale, left, top)."""
    side = max(box[2] - box[0], box[3] - box[1], 1.0) * _REACH
    scale = _CANVAS / side
    left, top = (box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2
    source, shrunk = rgb, 1.0
    if scale < 0.5:
        # Bilinear sampling would skip pixels of a large face: average them first.
        shrunk = scale * 2.0
        size = (
            max(1, round(rgb.shape[1] * shrunk)),
            max(1, round(rgb.shape[0] * shrunk)),
        )
        source = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    step = scale / shrunk
    # Pixel centres lie at half-integers: the shift keeps the picture in place under scaling.
    matrix = np.array(
        [
            [step, 0.0, -left * scale + 0.5 * step - 0.5],
            [0.0, step, -top * scale + 0.5 * step - 0.5],
        ],
        dtype=np.float64,
    )
    canvas = cv2.warpAffine(np.ascontiguousarray(source), matrix, (_CANVAS, _CANVAS), flags=cv2.INTER_LINEAR)
    return np.asarray(canvas, dtype=np.uint8), scale, left, top


def _predictor_box() -> Any:
    face = _CANVAS / _REACH
    half = face * _PREDICTOR_SCALE / 2
    middle = _CANVAS / 2
    down = middle + face * _PREDICTOR_DOWN
    return dlib.rectangle(
        round(middle - half),
        round(down - half),
        round(middle + half),
        round(down + half),
    )


def _as_shape(points: NDArray[np.floating]) -> Any:
    low, high = points.min(axis=0), points.max(axis=0)
    rectangle = dlib.rectangle(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    rounded = [dlib.point(round(float(x)), round(float(y))) for x, y in points]
    return dlib.full_object_detection(rectangle, dlib.points(rounded))
