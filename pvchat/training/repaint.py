"""Counterfactual scenes: a real clip as if its people wore other clothes and did other things.

Where somebody is and how they move in the picture stays as it was seen; clothes, hair and actions are drawn anew. With
few videos, a model would otherwise learn who wears what by heart instead of reading it.
"""

import random
from dataclasses import replace

from pvchat.perception.record import COLOURS, Attribute, AttributeName, Track
from pvchat.perception.words import DOINGS, LOOKS
from pvchat.training.drawn_words import choose_doings, draw_looks
from pvchat.training.footage import Footage

_DRAWN: frozenset[AttributeName] = frozenset(
    {
        "upper_colour",
        "lower_colour",
        *(name for meanings in DOINGS.values() for name, _ in meanings),
        *(name for name, _ in LOOKS),
    }
)
# How often perception can tell an upper and a lower colour.
_UPPER, _LOWER = 0.8, 0.35
_LEAST_CONFIDENCE = 0.5


def repaint(footage: Footage, rng: random.Random) -> Footage:
    """The same clip with clothes, hair and actions drawn at random.

    Args:
        footage: any; its pixels are not touched and no longer show what the record says. rng: the source of chance.
    """
    tracks = tuple(_repainted(track, rng) for track in footage.record.tracks)
    return replace(footage, record=footage.record.model_copy(update={"tracks": tracks}))


def _repainted(track: Track, rng: random.Random) -> Track:
    kept = [attribute for attribute in track.attributes if attribute.name not in _DRAWN]
    clothes: tuple[tuple[AttributeName, float], ...] = (("upper_colour", _UPPER), ("lower_colour", _LOWER))
    drawn = [_attribute(name, rng.choice(COLOURS), rng) for name, told in clothes if rng.random() < told]
    drawn += draw_looks(rng)
    drawn += [_attribute(*rng.choice(DOINGS[word]), rng) for word in choose_doings(rng)]
    return track.model_copy(update={"attributes": (*kept, *drawn)})


def _attribute(name: AttributeName, value: str, rng: random.Random) -> Attribute:
    return Attribute(name=name, value=value, confidence=round(rng.uniform(_LEAST_CONFIDENCE, 1.0), 3))
