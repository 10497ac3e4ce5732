"""The torso of a person in a frame, cut out for description."""

from dataclasses import dataclass

import cv2
import numpy as np

from pvchat.perception.clothing import square_around, torso_box
from pvchat.perception.geometry import Image, clip_box, letterbox
from pvchat.perception.observation import PersonSeen

_SIDE = 224
# Less of a torso tells no cloth. So much of a face's height has to be below the chin for a collar to be seen.
_LEAST_CLOTH_PX = 16
_COLLAR = 0.25


@dataclass(frozen=True)
class TorsoCrop:
    """A torso cut out for description.

    Attributes:
        time_s: time of the frame.
        seen: how much of the torso is in the frame, 0..1.
        cloth: (224, 224, 3) uint8, the torso alone, squeezed to a square: what its vector and its pattern are taken of;
            None where too little of it is in the frame.
        figure: (224, 224, 3) uint8, the torso with its surroundings in their proportions: what the garment is named by.
    """

    time_s: float
    seen: float
    cloth: Image | None
    figure: Image


def cut_torso(rgb: Image, person: PersonSeen) -> TorsoCrop | None:
    """Cut out the torso of a person; of a portrait the collar and the shoulders, which are all that shows a garment.

    Args:
        rgb: (H, W, 3) uint8 frame.
        person: as seen in it.

    Returns:
        None where neither is in the frame.
    """
    face = person.face.box if person.face is not None else None
    whole = torso_box(person.body, face)
    if whole is None:
        return None
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = (round(v) for v in clip_box(whole, width, height))
    seen = max(0, x1 - x0) * max(0, y1 - y0) / max((whole[2] - whole[0]) * (whole[3] - whole[1]), 1.0)
    cloth = None
    if min(x1 - x0, y1 - y0) >= _LEAST_CLOTH_PX:
        cloth = cv2.resize(rgb[y0:y1, x0:x1], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8)
    elif face is None or height - face[3] < _COLLAR * (face[3] - face[1]):
        return None
    left, top, right, bottom = square_around(whole, width, height)
    figure, _ = letterbox(rgb[top:bottom, left:right], _SIDE)
    return TorsoCrop(person.time_s, seen, cloth, figure)
