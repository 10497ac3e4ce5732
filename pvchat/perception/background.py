"""Whether the picture around the people stayed as large as it was: who comes nearer, the person or the camera?

A small grey picture of every sample is kept. Two of them are compared outside of the people at several scales: when
the background fits best at its own size, the camera neither went nor zoomed.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.geometry import Image, quick_resize
from pvchat.perception.record import Box

_WIDTH = 128
_SCALES = (0.7, 0.78, 0.85, 0.92, 0.96, 1.0, 1.04, 1.08, 1.17, 1.28, 1.42)
_STILL = (0.96, 1.04)
# Smaller spreads of the lightness (0..1) are a plain wall, which looks alike at every size.
_LEAST_TEXTURE = 0.03
_LEAST_SHARE = 0.15
_ALIKE = 0.6
# Lightness (0..1) by which something changes that comes in; noise and compression stay below half of it.
_NEW = 0.05
# By which an arm before a wall or a jacket changes it.
_OTHER = 0.1


class Backgrounds:
    """Small grey pictures by sample time."""

    def __init__(self) -> None:
        self._seen: dict[float, NDArray[np.float32]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, time_s: float, rgb: Image) -> None:
        """Keep one sample (H, W, 3) uint8."""
        small = quick_resize(rgb, _WIDTH, max(8, round(_WIDTH * rgb.shape[0] / rgb.shape[1])))
        self._seen[time_s] = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)

    def same_around(self, start_s: float, end_s: float, people: Sequence[Box]) -> bool:
        """Whether nothing is new outside of the people: nobody has come in between two samples.

        Args:
            start_s, end_s: times of two samples.
            people: where anybody may have moved, as fractions of the frame; left out. Where they fill the frame,
                nobody else has room.
        """
        first, last = self._seen.get(start_s), self._seen.get(end_s)
        if first is None or last is None or first.shape != last.shape:
            return False
        changed = cv2.blur(np.abs(first - last), (3, 3)) * _free(first.shape, people)
        return float(changed.max()) < _NEW

    def moved_in(self, start_s: float, end_s: float, part: Box) -> float:
        """Share of a part of the frame that looks otherwise at one sample than at another: 0..1, 0 where unknown.

        Args:
            start_s, end_s: times of two samples. part: as fractions of the frame.
        """
        first, last = self._seen.get(start_s), self._seen.get(end_s)
        if first is None or last is None or first.shape != last.shape:
            return 0.0
        inside = _free(first.shape, [part]) == 0
        changed = cv2.blur(np.abs(first - last), (3, 3))[inside]
        return float((changed > _OTHER).mean()) if changed.size else 0.0

    def kept_size(self, start_s: float, end_s: float, people: Sequence[Box]) -> bool:
        """Whether the background is surely as large at one sample as at another.

        Args:
            start_s, end_s: times of two samples.
            people: where anybody is in either of them, as fractions of the frame; left out.

        Returns:
            False also where it cannot be told: a plain wall, people everywhere, another shot.
        """
        first, last = self._seen.get(start_s), self._seen.get(end_s)
        if first is None or last is None or first.shape != last.shape:
            return False
        free = _free(first.shape, people)
        best = max(_SCALES, key=lambda scale: _likeness(first, last, free, scale))
        return best in (*_STILL, 1.0) and _likeness(first, last, free, best) >= _ALIKE


def _free(shape: tuple[int, int], people: Sequence[Box]) -> NDArray[np.float32]:
    """1 where nobody is, 0 where somebody is; of the shape of the pictures."""
    height, width = shape
    free = np.ones((height, width), dtype=np.float32)
    for x0, y0, x1, y1 in people:
        rows = slice(max(0, int(y0 * height) - 1), max(0, int(np.ceil(y1 * height)) + 1))
        free[rows, max(0, int(x0 * width) - 1) : max(0, int(np.ceil(x1 * width)) + 1)] = 0
    return free


def _likeness(first: NDArray[np.float32], last: NDArray[np.float32], free: NDArray[np.float32], scale: float) -> float:
    """Correlation of the free parts when the first picture is scaled around its middle; -1 where little can be said."""
    height, width = first.shape
    matrix = np.array([[scale, 0, (1 - scale) * (width - 1) / 2], [0, scale, (1 - scale) * (height - 1) / 2]])
    moved = cv2.warpAffine(first, matrix, (width, height))
    inside = (cv2.warpAffine(free, matrix, (width, height)) > 0.99) & (free > 0)
    if inside.mean() < _LEAST_SHARE:
        return -1.0
    a, b = moved[inside], last[inside]
    if min(float(a.std()), float(b.std())) < _LEAST_TEXTURE:
        return -1.0
    return float(np.corrcoef(a, b)[0, 1])
