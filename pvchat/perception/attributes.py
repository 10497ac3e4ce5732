"""The registry of what is said about a track. A new attribute is one function here and its name in the record."""

from collections.abc import Callable, Sequence

from pvchat.perception.actions import actions
from pvchat.perception.clothing import lower_colour, upper_colour
from pvchat.perception.garments import upper_garment
from pvchat.perception.gestures import gestures
from pvchat.perception.hair import hair_colour, hair_length
from pvchat.perception.head_moves import eyes, head_moves
from pvchat.perception.liveness import picture
from pvchat.perception.motion import motion
from pvchat.perception.observation import TrackObservation
from pvchat.perception.patterns import pattern
from pvchat.perception.place import distance, place
from pvchat.perception.posture import posture
from pvchat.perception.record import Attribute
from pvchat.perception.worn import eyewear, headwear

Extractor = Callable[[TrackObservation], list[Attribute]]

EXTRACTORS: tuple[Extractor, ...] = (
    place,
    distance,
    upper_colour,
    lower_colour,
    actions,
    head_moves,
    eyes,
    gestures,
    posture,
    motion,
    hair_colour,
    hair_length,
    eyewear,
    headwear,
    upper_garment,
    pattern,
    picture,
)


def describe(
    track: TrackObservation, min_confidence: float, extractors: Sequence[Extractor] = EXTRACTORS
) -> tuple[Attribute, ...]:
    """Everything that can be said about a track with at least this confidence, in the order of the extractors."""
    said = [attribute for extract in extractors for attribute in extract(track)]
    return tuple(attribute for attribute in said if attribute.confidence >= min_confidence)
