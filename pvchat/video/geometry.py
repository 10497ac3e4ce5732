"""From stored pixels to displayed pixels: orientation, pixel shape, size."""

import math
import struct
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """How a stored frame is turned for display: mirrored left-right first, then turned counter-clockwise.

    Attributes:
        quarter_turns: counter-clockwise turns of 90 degrees, 0..3.
        mirrored: the stored frame is flipped left-right before it is turned.
    """

    quarter_turns: int = 0
    mirrored: bool = False

    @property
    def degrees(self) -> int:
        """Counter-clockwise rotation in degrees, 0..270."""
        return 90 * self.quarter_turns

    @property
    def upright(self) -> bool:
        """Nothing has to be done."""
        return self.quarter_turns == 0 and not self.mirrored

    def apply(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn one stored frame (H, W, 3) into the displayed one, C-contiguous."""
        if self.mirrored:
            rgb = rgb[:, ::-1]
        return np.ascontiguousarray(np.rot90(rgb, self.quarter_turns))


def orientation(matrix: bytes) -> Orientation:
    """Read a display matrix: nine little-endian int32, 16.16 fixed point (ISO/IEC 14496-12, track header).

    A point (x, y) of the stored frame is displayed at (a x + c y, b x + d y). Angles that are no multiple of
    90 degrees, which no camera writes, are rounded to one.
    """
    if len(matrix) < 36:
        return Orientation()
    a, b, _, c, d = struct.unpack("<5i", matrix[:20])
    if a * d - b * c == 0:
        return Orientation()
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return Orientation(round(math.atan2(-b, a) / (math.pi / 2)) % 4, mirrored)


def display_size(width: int, height: int, pixel_aspect: Fraction | None, turned: Orientation) -> tuple[int, int]:
    """Width and height in square pixels after turning. Aspect ratios outside 1/4..4 are nonsense and ignored."""
    if pixel_aspect is not None and Fraction(1, 4) <= pixel_aspect <= 4:
        width = max(1, round(width * pixel_aspect))
    return (height, width) if turned.quarter_turns % 2 else (width, height)


def fit(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """Shrink a size so that its longer side is at most `max_side`. Never enlarges."""
    if max_side is None or max(width, height) <= max_side:
        return width, height
    scale = max_side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))
