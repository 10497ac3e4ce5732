"""Counterfactual scenes: a real clip as if its people wore other clothes and did other things.

Where somebody is and how they move in the picture stays as it was seen; colours and actions are drawn anew. With few
videos, a model would otherwise learn who wears what by heart instead of reading it.
"""

import random
from dataclasses import replace

from pvchat.perception.record import ACTIONS, COLOURS, Attribute, AttributeName, Track
from pvchat.training.footage import Footage

_DRAWN: frozenset[AttributeName] = frozenset({"upper_colour", "lower_colour", "action"})
# How often perception can tell: an upper and a lower colour, and how many actions.
_UPPER, _LOWER = 0.8, 0.35
_ACTIONS = {0: 12, 1: 45, 2: 30, 3: 13}
_LEAST_CONFIDENCE = 0.5


def repaint(footage: Footage, rng: random.Random) -> Footage:
    """The same clip with colours and actions drawn at random.

    Args:
        footage: any; its pixels are not touched and no longer show what the record says. rng: the source of chance.
    """
    tracks = tuple(_repainted(track, rng) for track in footage.record.tracks)
    return replace(footage, record=footage.record.model_copy(update={"tracks": tracks}))


def _repainted(track: Track, rng: random.Random) -> Track:
    kept = [attribute for attribute in track.attributes if attribute.name not in _DRAWN]
    clothes: tuple[tuple[AttributeName, float], ...] = (("upper_colour", _UPPER), ("lower_colour", _LOWER))
    drawn = [_attribute(name, rng.choice(COLOURS), rng) for name, told in clothes if rng.random() < told]
    count = rng.choices(list(_ACTIONS), list(_ACTIONS.values()))[0]
    drawn += [_attribute("action", action, rng) for action in rng.sample(ACTIONS, count)]
    return track.model_copy(update={"attributes": (*kept, *drawn)})


def _attribute(name: AttributeName, value: str, rng: random.Random) -> Attribute:
    return Attribute(name=name, value=value, confidence=round(rng.uniform(_LEAST_CONFIDENCE, 1.0), 3))
