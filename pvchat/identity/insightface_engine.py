"""insightface's recognition networks (ArcFace, Deng et al. 2019) behind the engine protocol.

Faces come from our own detector; the pack's detector is only asked for the five alignment points of a face that has
no mesh. The pretrained packs are for non-commercial research, so nothing here loads one unless the user agreed.
"""

import contextlib
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pvchat.errors import ModelError
from pvchat.identity.engines import PixelBox, check_lengths
from pvchat.identity.insightface_packs import find_pack, pack_name
from pvchat.perception.face_mesh import FaceLandmarks

# Mesh points of ArcFace's template: eyes (means of their corners), nose tip, mouth corners, as displayed.
_LEFT_EYE, _RIGHT_EYE, _NOSE_TIP, _LEFT_MOUTH, _RIGHT_MOUTH = (
    (33, 133),
    (362, 263),
    1,
    61,
    291,
)
# The same five points as shares of a detector's face box, for a face in which nothing else is found.
_BOX_POINTS: Final = np.array([[0.30, 0.36], [0.70, 0.36], [0.50, 0.58], [0.34, 0.78], [0.66, 0.78]])
DIMENSION: Final = 512
_MIN_MESH_SCORE = 0.5
_DETECTION_SIDE = 320


class InsightFaceEngine:
    """A recognition pack of insightface.

    Args:
        pack: a pack's name, a folder of ONNX files, or a repository of the model hub; see `find_pack`.
        root: folder in which insightface keeps its packs.

    Raises:
        ModelError: the pack cannot be found, holds no detection and recognition network, or gives vectors of another
            length than those packs do whose scale is known.
    """

    def __init__(self, pack: str | Path, *, root: Path) -> None:
        self._app = _load(find_pack(str(pack), root), str(pack))
        self._recognition = self._app.models["recognition"]
        self._side = int(self._recognition.input_size[0])
        probe = np.zeros((self._side, self._side, 3), dtype=np.uint8)
        self._dimension = int(np.asarray(self._recognition.get_feat(probe)).reshape(-1).shape[0])
        if self._dimension != DIMENSION:
            raise ModelError(
                f"the insightface pack {str(pack)!r} gives vectors of {self._dimension} numbers; "
                f"only packs with {DIMENSION} are supported, as all published ones have"
            )
        # The file's digest tells packs apart that share a name.
        digest = hashlib.sha256(Path(self._recognition.model_file).read_bytes()).hexdigest()[:8]
        self._model_id = f"insightface:{pack_name(str(pack))}@{digest}"

    @property
    def model_id(self) -> str:
        return self._model_id

    @property
    def dimension(self) -> int:
        return self._dimension

    def describe(
        self,
        rgb: NDArray[np.uint8],
        boxes_px: Sequence[PixelBox],
        landmarks: Sequence[FaceLandmarks | None],
    ) -> NDArray[np.float32]:
        """See `FaceEngine.describe`; vectors have length 1."""
        check_lengths(boxes_px, landmarks)
        if not boxes_px:
            return np.zeros((0, self._dimension), dtype=np.float32)
        from insightface.utils.face_align import norm_crop

        bgr = np.ascontiguousarray(rgb[:, :, ::-1])
        chips = [
            norm_crop(bgr, self._points(bgr, box, mesh).astype(np.float32), self._side)
            for box, mesh in zip(boxes_px, landmarks, strict=True)
        ]
        raw = np.asarray(self._recognition.get_feat(chips), dtype=np.float32).reshape(len(chips), -1)
        unit: NDArray[np.float32] = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)
        return unit

    def _points(self, bgr: NDArray[np.uint8], box: PixelBox, mesh: FaceLandmarks | None) -> NDArray[np.float64]:
        if mesh is not None and mesh.score >= _MIN_MESH_SCORE:
            plane = mesh.points[:, :2].astype(np.float64)
            eyes = [plane[list(pair)].mean(axis=0) for pair in (_LEFT_EYE, _RIGHT_EYE)]
            return np.stack([*eyes, plane[_NOSE_TIP], plane[_LEFT_MOUTH], plane[_RIGHT_MOUTH]])
        return self._detected_points(bgr, box)

    def _detected_points(self, bgr: NDArray[np.uint8], box: PixelBox) -> NDArray[np.float64]:
        x0, y0, x1, y1 = box
        size = np.array([x1 - x0, y1 - y0])
        centre = np.array([x0 + x1, y0 + y1]) / 2
        height, width = bgr.shape[:2]
        left, top = (int(v) for v in np.clip(centre - size, 0, [width - 1, height - 1]))
        right, bottom = (int(v) for v in np.ceil(np.clip(centre + size, [left + 1, top + 1], [width, height])))
        crop = np.ascontiguousarray(bgr[top:bottom, left:right])
        found, points = self._app.det_model.detect(crop, input_size=(_DETECTION_SIDE, _DETECTION_SIDE), max_num=0)
        if points is not None and len(found):
            middles = (found[:, :2] + found[:, 2:4]) / 2 + (left, top)
            away = np.abs(middles - centre) / np.maximum(size, 1.0)
            nearest = int(away.max(axis=1).argmin())
            if away[nearest].max() < 0.5:
                return np.asarray(points[nearest] + np.array([left, top]), dtype=np.float64)
        return np.asarray((x0, y0) + _BOX_POINTS * size, dtype=np.float64)


def _load(folder: Path, pack: str) -> Any:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            from insightface.app import FaceAnalysis

            app = FaceAnalysis(
                name=str(folder),
                allowed_modules=["detection", "recognition"],
                providers=["CPUExecutionProvider"],
            )
            app.prepare(ctx_id=-1, det_size=(_DETECTION_SIDE, _DETECTION_SIDE))
    except Exception as error:  # the library raises anything from AssertionError to the runtime's own errors
        raise ModelError(
            f"the insightface pack {pack!r} does not load ({type(error).__name__}); "
            "name an installed pack or a folder with a detection and a recognition network"
        ) from error
    if "recognition" not in app.models:
        raise ModelError(f"the insightface pack {pack!r} holds no recognition network; name a pack that does")
    return app
