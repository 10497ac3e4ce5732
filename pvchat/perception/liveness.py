"""Faces that never move a muscle: a poster, a photo on a screen, a mask.

A living face blinks every few seconds, and the mouth and the head hardly keep still for as long. A film shown on a
screen does live; that it is a screen cannot be told from the face.
"""

import numpy as np

from pvchat.perception.observation import TrackObservation
from pvchat.perception.record import Attribute

_LEAST_S = 3.0
_LEAST_LOOKS = 10
_LEAST_FACE_PX = 60.0
# Of people whose figures are not reported, over four seconds: lids that live go .08 or further, those of pictures seem
# to go .05 at most; a picture's mouth seems to move by .033 at most, and a silent one that lives by as little as .014.
_EYES, _MOUTH, _DEGREES = 0.06, 0.04, 4.0


def picture(track: TrackObservation) -> list[Attribute]:
    """Says that a face is a picture of one when eyes, mouth and head all kept as they were for some seconds."""
    faces = [
        (person.time_s, person.face)
        for person in track.seen
        if person.face is not None and person.face.eyes is not None and person.face.height >= _LEAST_FACE_PX
    ]
    if len(faces) < _LEAST_LOOKS or faces[-1][0] - faces[0][0] < _LEAST_S:
        return []
    opening = [face.eyes.opening for _, face in faces if face.eyes is not None]
    # Samples show the left and the right eye in turn, which need not be equally wide.
    eyes = max(_range(opening[::2]), _range(opening[1::2]))
    mouth = _range([face.mouth_open for _, face in faces])
    turn = max(_range([face.yaw for _, face in faces]), _range([face.nod for _, face in faces]))
    if eyes > _EYES or mouth > _MOUTH or turn > _DEGREES:
        return []
    return [Attribute(name="picture", value="not a live person", confidence=0.8)]


def _range(values: list[float]) -> float:
    return float(np.quantile(values, 0.95) - np.quantile(values, 0.05))
