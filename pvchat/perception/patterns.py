"""Patterns of the upper garment: plain, striped, checked or printed.

Measured on the middle of the torso. Shading and folds are slow and are taken away; what is left is judged by how strong
it is and which ways its edges run: one way is striped, two crossing ways are checked, all ways are printed.
"""

from collections import Counter

import cv2
import numpy as np

from pvchat.perception.geometry import Image
from pvchat.perception.observation import Texture, TrackObservation
from pvchat.perception.record import Attribute

_SIDE = 96
# The middle of the torso as shares of its box: arms, collars and hands are outside.
_TOP, _BOTTOM, _LEFT, _RIGHT = 0.3, 0.8, 0.3, 0.7
_LEAST_PX = 48
_PLAIN, _DRAWN = 1.6, 5.0
_ONE_WAY, _TWO_WAYS, _NO_WAY = 0.6, 0.45, 0.3
# A pattern is all over the cloth; a badge, a hand or an open jacket leaves a third of it free.
_SPREAD = 0.15
_LEAST_LOOKS = 2


def texture_of(torso: Image) -> Texture | None:
    """Measure the cloth of one torso.

    Args:
        torso: (H, W, 3) uint8 crop of a torso, see `clothing.torso_box`.

    Returns:
        None where it is too small.
    """
    height, width = torso.shape[:2]
    rows, columns = (
        slice(round(_TOP * height), round(_BOTTOM * height)),
        slice(round(_LEFT * width), round(_RIGHT * width)),
    )
    part = torso[rows, columns]
    if min(part.shape[:2]) < _LEAST_PX:
        return None
    small = cv2.resize(part, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    light = cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)[:, :, 0]
    fine = cv2.GaussianBlur(light, (0, 0), 1.2) - cv2.GaussianBlur(light, (0, 0), 10.0)
    dx, dy = cv2.Sobel(fine, cv2.CV_32F, 1, 0), cv2.Sobel(fine, cv2.CV_32F, 0, 1)
    # Powers of the gradient as a complex number forget its sign: the second tells one direction, the fourth two
    # crossing ones (Bigun and Granlund 1987).
    gradient = dx.astype(np.complex64) + 1j * dy
    energy = max(float((np.abs(gradient) ** 2).sum()), 1e-6)
    second = float(np.abs((gradient**2).sum())) / energy
    fourth = float(np.abs((gradient**4 / np.maximum(np.abs(gradient) ** 2, 1e-6)).sum())) / energy
    strength = np.abs(gradient) ** 2
    thirds = [part.sum() for along in (0, 1) for part in np.array_split(strength, 3, axis=along)]
    return Texture(contrast=float(fine.std()), one_way=second, two_ways=fourth, spread=float(min(thirds)) / energy)


def pattern_name(texture: Texture) -> str | None:
    """The word for a texture, or None between two words."""
    if texture.contrast <= _PLAIN:
        return "plain"
    if texture.contrast < _DRAWN or texture.spread < _SPREAD:
        return None
    if texture.one_way >= _ONE_WAY:
        return "striped"
    if texture.one_way <= _NO_WAY:
        if texture.two_ways >= _TWO_WAYS:
            return "checked"
        if texture.two_ways <= _NO_WAY:
            return "printed"
    return None


def pattern(track: TrackObservation) -> list[Attribute]:
    """The pattern that all looks at the torso agree on."""
    named = Counter(pattern_name(look) for look in track.cloth)
    word, count = named.most_common(1)[0] if named else (None, 0)
    if word is None or count < max(_LEAST_LOOKS, len(track.cloth)):
        return []
    return [Attribute(name="pattern", value=word, confidence=0.8)]
