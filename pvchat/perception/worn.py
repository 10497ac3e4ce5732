"""Glasses and hats: what a person has on the head, and that it is nothing.

A square around the head, upright by the face's own axis, is shown to a small network (`worn_net.py`). All looks at one
person are judged together by their mean. Between sure and surely not, nothing is said. Sunglasses are glasses; caps,
hoods, helmets and headscarves are hats.
"""

import math
from collections.abc import Sequence

import numpy as np

from pvchat.perception.face_mesh import FaceLandmarks
from pvchat.perception.geometry import FloatArray, Image, Roi
from pvchat.perception.observation import HeadSeen, TrackObservation
from pvchat.perception.record import Attribute, AttributeName
from pvchat.perception.worn_net import HEAD_FACES, HEAD_SIDE, WornReader

_FOREHEAD, _CHIN = 10, 152
# Below this height a frame on the nose is less than a pixel wide.
_LEAST_FACE_PX = 36.0
_MOST_YAW = 40.0
# Of a face's height above the hairline; a hat that is cut off higher can still be told.
_HAT_ABOVE = 0.25
_LEAST_LOOKS = 2
# Chosen on real photos of half of the people, see `benchmarks/rich/worn.py`; the other half is reported.
_SURE = {"glasses": 4.0, "hat": 3.5}
_SURELY_NOT = {"glasses": -1.0, "hat": -1.0}


def head_square(mesh: FaceLandmarks) -> Roi:
    """The square that shows a head as the network expects it.

    Args:
        mesh: of the face, in pixels of the frame.
    """
    top, chin = mesh.points[_FOREHEAD, :2], mesh.points[_CHIN, :2]
    down = chin - top
    middle = (top + chin) / 2
    size = HEAD_FACES * float(np.linalg.norm(down))
    return Roi(float(middle[0]), float(middle[1]), size, math.atan2(-float(down[0]), float(down[1])))


def look_at_head(rgb: Image, time_s: float, mesh: FaceLandmarks, yaw: float, reader: WornReader) -> HeadSeen | None:
    """Look at one head in one frame.

    Args:
        rgb: (H, W, 3) uint8 frame. time_s: its time. mesh: of the face, in pixels of the frame. yaw: degrees.
        reader: tells glasses and hats.

    Returns:
        None where the face is too small, turned away, or not whole in the frame.
    """
    square = head_square(mesh)
    if square.size < HEAD_FACES * _LEAST_FACE_PX or abs(yaw) > _MOST_YAW or not _inside(rgb, mesh.points[:, :2]):
        return None
    head = square.crop(rgb, HEAD_SIDE)
    top, chin = mesh.points[_FOREHEAD, :2], mesh.points[_CHIN, :2]
    crown = top - _HAT_ABOVE * (chin - top)
    hat = float(reader.read([head], "hat")[0]) if _inside(rgb, crown[None]) else None
    return HeadSeen(time_s, float(reader.read([head], "glasses")[0]), hat)


def _inside(rgb: Image, points: FloatArray) -> bool:
    height, width = rgb.shape[:2]
    low, high = points.min(axis=0), points.max(axis=0)
    return bool(low.min() >= 0 and high[0] < width and high[1] < height)


def eyewear(track: TrackObservation) -> list[Attribute]:
    """Glasses, or surely none."""
    return _attribute("eyewear", "glasses", [look.glasses for look in track.heads])


def headwear(track: TrackObservation) -> list[Attribute]:
    """A hat, or surely none."""
    return _attribute("headwear", "hat", [look.hat for look in track.heads if look.hat is not None])


def told(thing: str, looks: Sequence[float]) -> str | None:
    """What several looks at a head say together: "glasses", "no glasses", or nothing.

    Args:
        thing: of `worn_net.THINGS`. looks: logits.
    """
    if len(looks) < _LEAST_LOOKS:
        return None
    mean = float(np.mean(looks))
    return thing if mean >= _SURE[thing] else f"no {thing}" if mean <= _SURELY_NOT[thing] else None


def _attribute(name: AttributeName, thing: str, looks: Sequence[float]) -> list[Attribute]:
    value = told(thing, looks)
    if value is None:
        return []
    confidence = 1.0 / (1.0 + math.exp(-min(abs(float(np.mean(looks))), 20.0)))
    return [Attribute(name=name, value=value, confidence=round(confidence, 3))]
