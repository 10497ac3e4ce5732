"""Whether a video without any track shows enough to say that nobody is there.

In pictures that are out of focus, dark or covered, detectors find nobody whoever stands there. An enrolled person is
then not absent; nothing can be told.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from pvchat.perception.geometry import Image

_SIDE = 160
_BOX = 9
# Sharp clips measure .24 to .51, the same clips blurred by 5 % of their height .83 to .95.
_BLURRED = 0.7
# Mean step between neighbouring pixels in grey levels: clips measure from 2.3, at a twentieth of their light up to 0.4.
_FLAT = 0.5


def is_legible(frames: Iterable[Image]) -> bool:
    """Whether most of the frames, (H, W, 3) uint8, are sharp and light enough to see people in."""
    clear = [_is_clear(rgb) for rgb in frames]
    return 2 * sum(clear) > len(clear)


def _is_clear(rgb: Image) -> bool:
    blur, detail = blur_and_detail(rgb)
    return blur < _BLURRED and detail >= _FLAT


def blur_and_detail(rgb: Image) -> tuple[float, float]:
    """How blurred a frame is, 0..1, and its mean step between neighbouring pixels, in grey levels.

    A sharp picture loses most of its steps when it is blurred once more, a blurred one hardly any (the blur effect of
    Crete et al. 2007, "The blur effect: perception and estimation with a new no-reference perceptual blur metric").
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    scale = _SIDE / max(grey.shape)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    blurs, details = [], []
    for axis, box in ((0, (1, _BOX)), (1, (_BOX, 1))):
        steps = np.abs(np.diff(grey, axis=axis))
        left = np.abs(np.diff(cv2.blur(grey, box), axis=axis))
        lost = float(np.maximum(0.0, steps - left).sum())
        blurs.append(1.0 - lost / max(float(steps.sum()), 1e-6))
        details.append(float(steps.mean()) if steps.size else 0.0)
    return max(blurs), max(details)
