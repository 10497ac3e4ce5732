"""Words about people, drawn for scenes that never were."""

import random
from collections.abc import Sequence
from typing import Literal

from pvchat.perception.record import COLOURS, Attribute, AttributeName, SceneWord, Span
from pvchat.perception.words import (
    DOINGS,
    GARMENTS,
    HAIR_COLOURS,
    HAIR_LENGTHS,
    HANDS,
    PATTERNS,
    POSTURES,
    SCENE_PLACES,
    SCENE_THINGS,
)

_LOWER, _SECOND_COLOUR = 0.35, 0.15
_LOOKS: tuple[tuple[AttributeName, Sequence[str], float], ...] = (
    ("hair_colour", HAIR_COLOURS, 0.4),
    ("hair_length", HAIR_LENGTHS, 0.3),
    ("upper_garment", GARMENTS, 0.35),
    ("pattern", PATTERNS, 0.3),
)
_COUNTS = {0: 12, 1: 40, 2: 28, 3: 14, 4: 6}
_GOING = ("walking", "dancing", "falling", "moving left", "moving right", "coming closer", "going away")
_STIRRING = (*_GOING, *HANDS, "bending")
# What contradicts itself, or is not seen of one person in one short clip: at most one of each.
_APART: tuple[frozenset[str], ...] = (
    frozenset(POSTURES),
    frozenset({"moving left", "moving right"}),
    frozenset({"coming closer", "going away"}),
    frozenset({"walking", "dancing", "falling"}),
    *(frozenset({posture, way}) for posture in ("sitting", "lying") for way in _GOING),
    *(frozenset({"keeping still", moving}) for moving in _STIRRING),
)
# Below these nobody sees trousers.
_LONG_GARMENTS = frozenset({"dress", "robe"})
_SCENE_PLACE, _THINGS = 0.3, {0: 70, 1: 20, 2: 8, 3: 2}
_IN_PART = 0.4


def choose_doings(rng: random.Random) -> list[str]:
    """None to four words of `DOINGS` that go together."""
    wanted = rng.choices(list(_COUNTS), list(_COUNTS.values()))[0]
    chosen: list[str] = []
    for word in rng.sample(list(DOINGS), len(DOINGS)):
        if len(chosen) == wanted:
            break
        if not any(word in group and group & set(chosen) for group in _APART):
            chosen.append(word)
    return chosen


def draw_attributes(
    rng: random.Random, centre: float, height: float, spans: Sequence[Span], untold: float
) -> tuple[Attribute, ...]:
    """What perception says of one person.

    Args:
        rng: the source of chance. centre: horizontal, 0..1. height: of the face, as a fraction of the picture's.
        spans: in which the person is seen. untold: probability that the upper colour is not told.
    """
    place = "left" if centre < 1 / 3 else "right" if centre > 2 / 3 else "middle"
    out = [_attribute(rng, "place", place, 0.6)]
    if height >= 0.18:
        out.append(_attribute(rng, "distance", "near", 0.6))
    elif height <= 0.1:
        out.append(_attribute(rng, "distance", "far", 0.6))
    clothes: tuple[tuple[AttributeName, float], ...] = (("upper_colour", 1 - untold), ("lower_colour", _LOWER))
    for name, chance in clothes:
        if rng.random() < chance:
            first, second = rng.sample(COLOURS, 2)
            sure = _attribute(rng, name, first, 0.45)
            out.append(sure)
            if rng.random() < _SECOND_COLOUR:
                out.append(sure.model_copy(update={"value": second, "confidence": sure.confidence * 0.4}))
    out += draw_looks(rng)
    if any(attribute.value in _LONG_GARMENTS for attribute in out):
        out = [attribute for attribute in out if attribute.name != "lower_colour"]
    start, end = spans[0][0], spans[-1][1]
    for word in choose_doings(rng):
        attribute = _attribute(rng, *rng.choice(DOINGS[word]), 0.55)
        if rng.random() < _IN_PART and end - start > 1:
            a, b = sorted((rng.uniform(start, end), rng.uniform(start, end)))
            attribute = attribute.model_copy(update={"spans": ((round(a, 2), round(min(b + 0.5, end), 2)),)})
        out.append(attribute)
    return tuple(out)


def draw_looks(rng: random.Random) -> list[Attribute]:
    """Hair, kind of upper clothing and its pattern, each as often as perception tells it."""
    return [_attribute(rng, name, rng.choice(words), 0.55) for name, words, told in _LOOKS if rng.random() < told]


def draw_scene_words(rng: random.Random) -> tuple[SceneWord, ...]:
    """What kind of place a picture shows, and things in it."""
    things = rng.sample(SCENE_THINGS, rng.choices(list(_THINGS), list(_THINGS.values()))[0])
    words: list[tuple[Literal["place", "thing"], str]] = [("thing", thing) for thing in things]
    if rng.random() < _SCENE_PLACE:
        words.append(("place", rng.choice(list(SCENE_PLACES))))
    return tuple(
        SceneWord.model_construct(kind=kind, value=value, confidence=round(rng.uniform(0.5, 1.0), 3), spans=())
        for kind, value in words
    )


def _attribute(rng: random.Random, name: AttributeName, value: str, least: float) -> Attribute:
    return Attribute.model_construct(name=name, value=value, confidence=round(rng.uniform(least, 1.0), 3), spans=())
