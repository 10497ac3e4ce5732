"""Whether something is drawn: even colours with hard edges between them, and hardly any shading.

Face networks find drawn faces too, but what describes a face has learned from photographs only: it calls all drawn men
alike. So a record says when its faces are drawn, and, of a video in which nobody was found, when its pictures are.

In a picture of the world most steps between neighbouring pixels are small ones, of shading and texture, however plain
it is; in a drawing there is no step at all or a large one. Two shares tell this: pixels without a step, and hard edges
among the pixels with a step.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from pvchat.perception.faces import FaceCrop
from pvchat.perception.geometry import Image, resize

_FACE_SIDE, _FRAME_SIDE = 128, 320
_LEAST_FACE_PX = 48
# Grey levels between neighbours: what compression leaves of an even area, and what is an edge.
_NO_STEP, _EDGE = 2, 24
# (even, hard) from which a picture is drawn: half-way between the real clips and photos at hand (faces up to .18 hard,
# frames up to .26) and made drawings (faces from .30, frames from .36).
_FACE, _FRAME = (0.35, 0.24), (0.55, 0.3)


def even_and_hard(rgb: Image) -> tuple[float, float]:
    """Share of pixels that do not differ from their neighbours, and share of hard edges among the others.

    Args:
        rgb: (H, W, 3) uint8, at least 2 x 2.
    """
    values = rgb.astype(np.int16)
    here = values[:-1, :-1]
    step = np.maximum(np.abs(values[:-1, 1:] - here), np.abs(values[1:, :-1] - here)).max(axis=2)
    even, hard = float((step <= _NO_STEP).mean()), float((step >= _EDGE).mean())
    return even, hard / max(1.0 - even, 1e-6)


def face_is_drawn(crop: FaceCrop) -> bool | None:
    """Whether a face is drawn; None where it is too small to tell."""
    height, width = crop.rgb.shape[:2]
    x0, y0, x1, y1 = (round(v) for v in crop.box)
    face = crop.rgb[max(0, y0) : min(height, y1), max(0, x0) : min(width, x1)]
    if min(face.shape[:2]) < _LEAST_FACE_PX:
        return None
    return _is_drawn(face, _FACE_SIDE, _FACE)


def faces_are_drawn(crops: Sequence[FaceCrop]) -> list[bool]:
    """What can be told of some faces, one by one."""
    return [drawn for crop in crops if (drawn := face_is_drawn(crop)) is not None]


def frames_are_drawn(frames: Iterable[Image]) -> bool:
    """Whether most of some frames, (H, W, 3) uint8, are drawn."""
    drawn = [_is_drawn(rgb, _FRAME_SIDE, _FRAME) for rgb in frames]
    return 2 * sum(drawn) > len(drawn)


def _is_drawn(rgb: Image, side: int, least: tuple[float, float]) -> bool:
    height, width = rgb.shape[:2]
    scale = min(1.0, side / max(height, width))
    even, hard = even_and_hard(resize(rgb, max(2, round(width * scale)), max(2, round(height * scale))))
    return even >= least[0] and hard >= least[1]
