"""Near-copies: whether a picture is a frame of the enrollment video, re-encoded, scaled or mirrored.

Each picture becomes 64 bits that say where it gets brighter from left to right (a difference hash), which survive all
of these. A cut-out is not found by it, but what is left in a cut-out is mostly the face.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.geometry import Image, resize
from pvchat.training.footage import Footage

_SIDE = 8
# Of 64 bits; two pictures of different scenes differ in about 32.
_ALIKE = 10
_FRAMES = 48
# A picture without any structure has no bits that mean something.
_LEAST_SPREAD = 4.0


class CopyGuard:
    """Knows the frames of a video.

    Args:
        footage: the video; without pixels nothing is ever taken for a copy.
    """

    def __init__(self, footage: Footage) -> None:
        times = footage.record.sampled_s
        chosen = times if len(times) <= _FRAMES else [times[int(i)] for i in np.linspace(0, len(times) - 1, _FRAMES)]
        frames = footage.pictures(chosen) if footage.frames is not None and chosen else []
        bits = [found for frame in frames if (found := _bits(frame)) is not None]
        self._bits = np.stack(bits) if bits else np.empty((0, _SIDE * _SIDE), np.bool_)

    def is_copy(self, pictures: Sequence[Image]) -> bool:
        """Whether one of some pictures, or its mirror image, is a frame of the video."""
        for picture in pictures:
            for shown in (picture, picture[:, ::-1]):
                bits = _bits(np.ascontiguousarray(shown))
                if bits is not None and len(self._bits) and int((self._bits != bits).sum(axis=1).min()) <= _ALIKE:
                    return True
        return False


def _bits(picture: Image) -> NDArray[np.bool_] | None:
    grey = cv2.cvtColor(resize(picture, _SIDE + 1, _SIDE), cv2.COLOR_RGB2GRAY).astype(np.int16)
    if float(grey.std()) < _LEAST_SPREAD:
        return None
    return np.asarray(grey[:, 1:] > grey[:, :-1]).reshape(-1)
