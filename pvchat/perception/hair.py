"""Colour and length of hair, where a picture shows them plainly.

A square around the head, upright by the face's own axis, is masked; the colour is taken just above the forehead. Hair
that hangs beside the jaw and hangs together with that on the head is long. Nothing is said of short hair: hair that
is tied back looks the same from the front. Of bald heads, hats, and dark hair in little light nothing is said either.
"""

import math
from collections import Counter

import cv2
import numpy as np

from pvchat.perception.face_mesh import FaceLandmarks
from pvchat.perception.geometry import FloatArray, Image, Roi
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
# A forehead without hair differs from the cheeks by less than this.
_BARE = 18.0
_LEAST_PX = 12
# How yellow (CIELAB) skin is in white light.
_YELLOW_OF_SKIN = (8.0, 22.0)


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
    mask = people.mask(crop)
    lab = np.asarray(cv2.cvtColor(crop.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)
    skin = _skin(lab, roi.from_image(mesh.points[list(_SKIN), :2], _SIDE))
    wide = float(np.linalg.norm(mesh.points[_CHEEKS[0], :2] - mesh.points[_CHEEKS[1], :2])) / tall * _FACE
    centre = _SIDE / 2
    band = _part(centre - 0.85 * _FACE, centre - 0.58 * _FACE, centre - 0.3 * wide, centre + 0.3 * wide)
    person = mask > _PERSON
    upper = person[band] & (np.arange(person[band].shape[0]) < person[band].shape[0] / 2)[:, None]
    if float(person[band].mean()) < 0.6 or upper.sum() < _LEAST_PX:
        return None
    hair = np.median(lab[band][upper], axis=0)
    if _apart(hair, skin) < _BARE:
        return None
    # The hairline lies high in one face and low in another: what is more like the cheeks than like hair is forehead.
    hairy = person[band] & (_apart(lab[band], hair) < _apart(lab[band], skin))
    hair = np.median(lab[band][hairy], axis=0)
    # Shaded hair beside the jaw is more like all that is above the forehead than like the hair alone.
    low = _part(centre - 0.78 * _FACE, centre - 0.58 * _FACE, centre - 0.3 * wide, centre + 0.3 * wide)
    around = np.median(lab[low][person[low]], axis=0) if person[low].any() else hair
    like = (np.linalg.norm((lab - around) * (0.6, 1.0, 1.0), axis=-1) < _ALIKE) & (mask > 0.6)
    # The hair on the head, and what hangs together with it; the face between the two sides is left out.
    like[round(centre - 0.3 * _FACE) :, round(centre - 0.45 * wide) : round(centre + 0.45 * wide)] = False
    _, labels = cv2.connectedComponents(like.astype(np.uint8), connectivity=4)
    own = np.isin(labels, [label for label in np.unique(labels[band]) if label])
    beside = [
        float(
            own[_part(centre + 0.22 * _FACE, centre + 0.5 * _FACE, centre + start * wide, centre + end * wide)].mean()
        )
        for start, end in ((-0.95, -0.6), (0.6, 0.95))
    ]
    return HairSeen(time_s, hair_colour_name(in_white_light(hair, skin)), max(beside))


def in_white_light(hair: FloatArray, skin: FloatArray) -> FloatArray:
    """The colour hair would have in white light, as far as the skin below it tells what light there is.

    Skin of all shades is about as yellow in white light; a lamp or a blue sky shifts skin and hair alike, in proportion
    to their lightness.

    Args:
        hair, skin: (3,) CIELAB, lightness 0..100.
    """
    cast = float(skin[2]) - float(np.clip(skin[2], *_YELLOW_OF_SKIN))
    return np.asarray(hair - np.array([0.0, 0.0, cast]) * float(hair[0] / max(skin[0], 1.0)), dtype=np.float32)


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


def hair_colour_name(lab: FloatArray) -> str | None:
    """Name a colour of hair, or None between two names and where the light is too poor.

    Args:
        lab: (3,) CIELAB, lightness 0..100.
    """
    light, red, yellow = (float(v) for v in lab)
    chroma = math.hypot(red, yellow)
    if light < 25 and (chroma < 5 or yellow < 0):
        return "black"
    if chroma < 5 and light > 50:
        return "gray"
    if red >= 20 and red > 0.9 * yellow and light > 20:
        return "red"
    if light < 38 and chroma >= 5.5 and yellow > 2.5:
        return "brown"
    if light >= 40 and yellow >= 15:
        return "blond"
    return None


def hair_colour(track: TrackObservation) -> list[Attribute]:
    """The colour that most looks at the hair agree on."""
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
    if len(track.hair) < _LEAST_LOOKS:
        return []
    share = float(np.mean([look.beside_jaw >= _LONG for look in track.hair]))
    if share < _AGREE:
        return []
    return [Attribute(name="hair_length", value="long", confidence=round(0.9 * share, 3))]
