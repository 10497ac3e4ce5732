"""Colour and length of hair, where a picture shows them plainly.

A square around the head, upright by the face's own axis, is masked; the colour is that of the person above the eyes
without the face. Hair that hangs beside the jaw and hangs together with that on the head is long. Nothing is said of
short hair: hair that is tied back looks the same from the front. Heads without hair, and with something on, are passed
over where they are noticed.

How colours are named stands in `hair_colours`.
"""

import math
from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.face_mesh import FaceLandmarks
from pvchat.perception.geometry import FloatArray, Image, Roi
from pvchat.perception.hair_colours import hair_colour_name
from pvchat.perception.observation import HairSeen, TrackObservation
from pvchat.perception.record import Attribute
from pvchat.perception.segmentation import PersonSegmenter

_FOREHEAD, _CHIN, _CHEEKS = 10, 152, (234, 454)
# Points of the mesh on the cheeks below the eyes and beside the nose.
_SKIN = (50, 280, 101, 330, 118, 347, 205, 425)
_SIDE = 128
# The square is so many times as high as the face from the hairline to the chin.
_HEADS = 3.2
_FACE = _SIDE / _HEADS
_PERSON = 0.7
_LEAST_FACE_PX = 40.0
_MOST_YAW = 30.0
_LEAST_LOOKS = 2
_AGREE = 0.7
# Share of what is beside the jaw: of people whose figures are not reported, .3 and more with long hair, 0 without.
_LONG = 0.3
# Distance in CIELAB (lightness counts less) up to which a pixel has the colour of the hair.
_ALIKE = 16.0
# A bald head differs from the cheeks by less than this, what is just above the forehead by less than that.
_BARE = 14.0
_BARE_FOREHEAD = 18.0
_LEAST_PX = 60
_LEAST_BAND_PX = 12
# Above this mean logit of `worn_net.py` what is around the face may be a hat: of those developed with, 94 % of hats
# and 7 % of heads without one.
_MAY_BE_HAT = 1.0
# The mesh ends at the forehead; so many times larger it ends in the hair.
_HAIRLINE = 1.15


@dataclass(frozen=True)
class _Head:
    """A head upright in a square: CIELAB, a mask of people and what is inside of the frame, all (128, 128).

    Attributes:
        points: (468, 2) mesh in its pixels. skin: colour of the cheeks. wide: of the face, in pixels.
    """

    lab: FloatArray
    mask: FloatArray
    inside: NDArray[np.bool_]
    points: FloatArray
    skin: FloatArray
    wide: float


def look_at_hair(
    rgb: Image, time_s: float, mesh: FaceLandmarks, yaw: float, people: PersonSegmenter
) -> HairSeen | None:
    """Measure the hair of one face in one frame.

    Args:
        rgb: (H, W, 3) uint8 frame. time_s: its time. mesh: of the face, in pixels of the frame. yaw: degrees.
        people: masks people.

    Returns:
        None where the head is too small, turned away, or cut off by the frame.
    """
    head = _head(rgb, mesh, yaw, people)
    if head is None:
        return None
    seen = _colours(head)
    colour = hair_colour_name(*seen) if seen is not None else None
    beside = _beside_jaw(head.lab, head.mask, head.skin, head.wide)
    return None if colour is None and beside is None else HairSeen(time_s, colour, beside)


def colours_around(
    rgb: Image, mesh: FaceLandmarks, yaw: float, people: PersonSegmenter
) -> tuple[FloatArray, FloatArray] | None:
    """Colours of hair and skin, (3,) CIELAB each; None where none can be measured. Args as of `look_at_hair`."""
    head = _head(rgb, mesh, yaw, people)
    return None if head is None else _colours(head)


def _head(rgb: Image, mesh: FaceLandmarks, yaw: float, people: PersonSegmenter) -> _Head | None:
    top, chin = mesh.points[_FOREHEAD, :2], mesh.points[_CHIN, :2]
    down = chin - top
    tall = float(np.linalg.norm(down))
    if tall < _LEAST_FACE_PX or abs(yaw) > _MOST_YAW:
        return None
    middle = (top + chin) / 2
    roi = Roi(float(middle[0]), float(middle[1]), _HEADS * tall, math.atan2(-float(down[0]), float(down[1])))
    above = top - 0.3 * down
    if not (0 <= above[0] < rgb.shape[1] and 0 <= above[1] < rgb.shape[0]):
        return None
    crop = roi.crop(rgb, _SIDE)
    lab = np.asarray(cv2.cvtColor(crop.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)
    points = roi.from_image(mesh.points[:, :2], _SIDE)
    wide = float(np.linalg.norm(mesh.points[_CHEEKS[0], :2] - mesh.points[_CHEEKS[1], :2])) / tall * _FACE
    # Outside of the frame the crop is black.
    inside = np.asarray(crop.any(axis=-1), dtype=np.bool_)
    return _Head(lab, people.mask(crop), inside, points, _skin(lab, points[list(_SKIN)]), wide)


def _colours(head: _Head) -> tuple[FloatArray, FloatArray] | None:
    own = _around_the_face(head.mask, head.points, head.wide) & head.inside
    if own.sum() < _LEAST_PX:
        return None
    hair = np.asarray(np.median(head.lab[own], axis=0), dtype=np.float32)
    return (hair, head.skin) if _apart(hair, head.skin) >= _BARE else None


def _around_the_face(mask: FloatArray, points: FloatArray, wide: float) -> NDArray[np.bool_]:
    """Where hair is expected: the person above the eyes without the face, and without the edge, which is blurred.

    Args:
        mask: (128, 128) 0..1 of people. points: (468, 2) mesh in its pixels. wide: of the face, in pixels.
    """
    person = cv2.erode((mask > _PERSON).astype(np.uint8), np.ones((3, 3), np.uint8))
    middle = points.mean(axis=0)
    outline = cv2.convexHull(np.rint(middle + _HAIRLINE * (points - middle)).astype(np.int32))
    cv2.fillConvexPoly(person, outline, 0)
    part = np.zeros_like(person, dtype=bool)
    centre = _SIDE / 2
    part[_part(centre - 0.95 * _FACE, centre - 0.2 * _FACE, centre - 0.8 * wide, centre + 0.8 * wide)] = True
    return np.asarray(part & (person > 0), dtype=np.bool_)


def _beside_jaw(lab: FloatArray, mask: FloatArray, skin: FloatArray, wide: float) -> float | None:
    """Share of hair beside the jaw, on the side that shows more; None where no hair is above the forehead."""
    centre = _SIDE / 2
    band = _part(centre - 0.85 * _FACE, centre - 0.58 * _FACE, centre - 0.3 * wide, centre + 0.3 * wide)
    person = mask > _PERSON
    upper = person[band] & (np.arange(person[band].shape[0]) < person[band].shape[0] / 2)[:, None]
    if float(person[band].mean()) < 0.6 or upper.sum() < _LEAST_BAND_PX:
        return None
    hair = np.median(lab[band][upper], axis=0)
    if _apart(hair, skin) < _BARE_FOREHEAD:
        return None
    # Shaded hair beside the jaw is more like all that is above the forehead than like the hair alone.
    low = _part(centre - 0.78 * _FACE, centre - 0.58 * _FACE, centre - 0.3 * wide, centre + 0.3 * wide)
    around = np.median(lab[low][person[low]], axis=0) if person[low].any() else hair
    like = (np.linalg.norm((lab - around) * (0.6, 1.0, 1.0), axis=-1) < _ALIKE) & (mask > 0.6)
    # The hair on the head, and what hangs together with it; the face between the two sides is left out.
    like[round(centre - 0.3 * _FACE) :, round(centre - 0.45 * wide) : round(centre + 0.45 * wide)] = False
    _, labels = cv2.connectedComponents(like.astype(np.uint8), connectivity=4)
    own = np.isin(labels, [label for label in np.unique(labels[band]) if label])
    sides = ((-0.95, -0.6), (0.6, 0.95))
    rows = (centre + 0.22 * _FACE, centre + 0.5 * _FACE)
    return max(float(own[_part(*rows, centre + start * wide, centre + end * wide)].mean()) for start, end in sides)


def _apart(lab: FloatArray, other: FloatArray) -> FloatArray:
    """Distances in CIELAB, lightness counting less; (..., 3) to (...)."""
    return np.asarray(np.linalg.norm((lab - other) * (0.7, 1.0, 1.0), axis=-1), dtype=np.float32)


def _skin(lab: FloatArray, points: FloatArray) -> FloatArray:
    """Colour of the skin: the median at some points (n, 2), of which beards and glasses leave most free."""
    columns, rows = np.clip(np.rint(points).astype(int), 1, _SIDE - 2).T
    around = [lab[rows + dy, columns + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return np.asarray(np.median(np.concatenate(around), axis=0), dtype=np.float32)


def _part(top: float, bottom: float, left: float, right: float) -> tuple[slice, slice]:
    return slice(max(0, round(top)), round(bottom)), slice(max(0, round(left)), round(right))


def hair_colour(track: TrackObservation) -> list[Attribute]:
    """The colour that most looks at the hair agree on; nothing of what may be a hat."""
    hats = [look.hat for look in track.heads if look.hat is not None]
    if hats and float(np.mean(hats)) > _MAY_BE_HAT:
        return []
    named = Counter(look.colour for look in track.hair if look.colour is not None)
    if not named or len(track.hair) < _LEAST_LOOKS:
        return []
    word, count = named.most_common(1)[0]
    share = count / len(track.hair)
    if share < _AGREE:
        return []
    return [Attribute(name="hair_colour", value=word, confidence=round(0.9 * share, 3))]


def hair_length(track: TrackObservation) -> list[Attribute]:
    """Long hair, where it hangs beside the jaw in most looks."""
    beside = [look.beside_jaw for look in track.hair if look.beside_jaw is not None]
    if len(beside) < _LEAST_LOOKS:
        return []
    share = float(np.mean([part >= _LONG for part in beside]))
    if share < _AGREE:
        return []
    return [Attribute(name="hair_length", value="long", confidence=round(0.9 * share, 3))]
