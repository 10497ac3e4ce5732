"""Kinds of garments, from what the appearance network calls the torso.

The network knows ImageNet's thousand classes, among them some garments. Several classes make one plain word. It is sure
of suits, and seldom of anything else; then nothing is said. Trousers and skirts are not told.
"""

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

# Of people whose figures are not reported, garments that were named rightly got .47 to .93, others .27 at most.
_LEAST = 0.4
# Share of all that is believed to be garments.
_LEAD = 0.75


def garment_shares(chances: FloatArray) -> dict[str, float]:
    """How much of the network's belief goes to each garment.

    Args:
        chances: (1000,), see `AppearanceNet.describe_and_name`.
    """
    return {word: float(chances[list(classes)].sum()) for word, classes in GARMENT_CLASSES.items()}


def upper_garment(track: TrackObservation) -> list[Attribute]:
    """The garment that all looks at the torso together are sure of."""
    if not track.labels:
        return []
    mean = {word: float(np.mean([look[word] for look in track.labels])) for word in GARMENT_CLASSES}
    word = max(mean, key=lambda name: mean[name])
    if mean[word] < max(_LEAST, _LEAD * sum(mean.values())):
        return []
    return [Attribute(name="upper_garment", value=word, confidence=round(min(1.0, 0.5 + mean[word] / 2), 3))]
