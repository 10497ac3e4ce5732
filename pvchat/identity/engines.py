"""Recognition engines behind one protocol, chosen by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pvchat.errors import ModelError
from pvchat.perception.face_mesh import FaceLandmarks

PixelBox = tuple[float, float, float, float]


class FaceEngine(Protocol):
    """Describes faces that somebody else has found.

    Attributes:
        model_id: what the vectors carry; vectors of two ids are never compared.
        dimension: length d of a vector.
    """

    @property
    def model_id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def describe(
        self,
        rgb: NDArray[np.uint8],
        boxes_px: Sequence[PixelBox],
        landmarks: Sequence[FaceLandmarks | None],
    ) -> NDArray[np.float32]:
        """Raw vectors (n, d) float32 of n faces in one image.

        Args:
            rgb: (H, W, 3) uint8.
            boxes_px: n face boxes x0, y0, x1, y1 in pixels, as the face detector gives them.
            landmarks: n meshes, None where there is none (alignment is then found from the box).

        Raises:
            ValueError: the two sequences differ in length.
        """
        ...


def load_engine(name: str = "dlib", *, accept_insightface_license: bool | None = None) -> FaceEngine:
    """Load an engine by name.

    Args:
        name: "dlib", "insightface" (the buffalo_l pack) or "insightface:PACK"; see `insightface_packs.find_pack`.
        accept_insightface_license: whether the user accepts that insightface's pretrained models are for
            non-commercial research only; None looks where that is noted (`insightface_license.accepted`).

    Raises:
        ModelError: the name is unknown, the licence was not accepted, or the models do not load.
        WeightsError: dlib's weights are missing and may not be fetched.
    """
    kind, _, pack = name.partition(":")
    if kind == "dlib" and not pack:
        from pvchat import weights
        from pvchat.identity.dlib_engine import DlibEngine

        return DlibEngine(weights.path("dlib-landmarks-5"), weights.path("dlib-descriptor"))
    if kind == "insightface":
        from pvchat.identity.insightface_engine import InsightFaceEngine
        from pvchat.identity.insightface_license import check_insightface_license
        from pvchat.identity.insightface_packs import DEFAULT_PACK

        check_insightface_license(f"the face engine {name!r}", accept_insightface_license)
        return InsightFaceEngine(pack or DEFAULT_PACK, root=Path.home() / ".insightface")
    raise unknown_engine(name)


def checked_name(name: str) -> str:
    """An engine's name as it lasts wherever a command is run: a folder becomes an absolute path.

    Raises:
        ModelError: the name is unknown.
    """
    kind, _, pack = name.partition(":")
    if kind not in ("dlib", "insightface") or (kind == "dlib" and pack):
        raise unknown_engine(name)
    folder = Path(pack).expanduser()
    return f"{kind}:{folder.absolute()}" if pack and folder.is_dir() else name


def unknown_engine(name: str) -> ModelError:
    """There is no such engine."""
    return ModelError(f"unknown face engine {name!r}; use 'dlib', 'insightface' or 'insightface:PACK'")


def check_lengths(boxes_px: Sequence[PixelBox], landmarks: Sequence[FaceLandmarks | None]) -> None:
    """Refuse boxes and landmarks that cannot belong together."""
    if len(boxes_px) != len(landmarks):
        raise ValueError(f"{len(boxes_px)} boxes were given with {len(landmarks)} landmarks; give one each, or None")
