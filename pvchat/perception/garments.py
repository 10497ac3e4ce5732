"""Kinds of garments, from what the appearance network calls the torso.

The network knows ImageNet's thousand classes, among them some garments. Several classes make one plain word. It is sure
of suits, and seldom of anything else; then nothing is said. Trousers and skirts are not told.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from pvchat.perception.geometry import FloatArray
from pvchat.perception.observation import TrackObservation
from pvchat.perception.record import Attribute

GARMENT_CLASSES: dict[str, tuple[int, ...]] = {
    "suit": (457, 834, 906, 982),
    "coat": (501, 568, 869),
    "sweater": (474, 841, 911),
    "dress": (578, 601, 689),
    "jersey": (610,),
    "uniform": (652,),
    "lab coat": (617,),
    "robe": (399, 400, 614, 887),
}
"""Classes of ImageNet by number: suit is also bow tie, Windsor tie and groom, coat also cloak, fur and trench coat."""

# Of people whose figures are not reported, garments that were named rightly got .47 to .93, others .48 at most: that
# was a suit, as were the wrong ones of their photos.
_LEAST = 0.4
_LEAST_SUIT = 0.5
# With less of the torso in the frame the collar tells suits and uniforms; all that is white is taken for a lab coat
# then, and all that is worn with a hat or a scarf for a robe.
_LEAST_SEEN = 0.5
_BY_COLLAR = ("suit", "uniform")
_UNTOLD = ""
# Share of all that is believed to be garments.
_LEAD = 0.75


def garment_shares(chances: FloatArray, seen: float) -> dict[str, float]:
    """How much of the network's belief goes to each garment, and under "" to those that so little cannot tell.

    Args:
        chances: (1000,), see `AppearanceNet.describe_and_name`. seen: share of the torso that is in the frame.
    """
    shares = {word: float(chances[list(classes)].sum()) for word, classes in GARMENT_CLASSES.items()}
    if seen >= _LEAST_SEEN:
        return {**shares, _UNTOLD: 0.0}
    told = {word: share if word in _BY_COLLAR else 0.0 for word, share in shares.items()}
    return {**told, _UNTOLD: sum(shares.values()) - sum(told.values())}


def garment_name(looks: Sequence[Mapping[str, float]]) -> tuple[str, float] | None:
    """The garment that all looks at a torso together are sure of, and how much of the belief goes to it.

    Args:
        looks: at least one, see `garment_shares`.
    """
    mean = {word: float(np.mean([look[word] for look in looks])) for word in (*GARMENT_CLASSES, _UNTOLD)}
    word = max(GARMENT_CLASSES, key=lambda name: mean[name])
    if mean[word] < max(_LEAST_SUIT if word == "suit" else _LEAST, _LEAD * sum(mean.values())):
        return None
    return word, mean[word]


def upper_garment(track: TrackObservation) -> list[Attribute]:
    """The garment of a track, where one is told."""
    found = garment_name(track.labels) if track.labels else None
    if found is None:
        return []
    word, share = found
    return [Attribute(name="upper_garment", value=word, confidence=round(min(1.0, 0.5 + share / 2), 3))]
