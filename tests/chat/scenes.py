"""Random scenes for the property tests of the chat package."""

import random
from typing import TypeVar

from pvchat.chat.facts import SceneFacts, State, SubjectFacts
from pvchat.perception.record import COLOURS, DISTANCES
from pvchat.perception.words import DOINGS, GARMENTS, HAIR_COLOURS, HAIR_LENGTHS, PATTERNS, SCENE_PLACES, SCENE_THINGS
from pvchat.training.names import sample_names
from pvchat.training.wordings import Split

T = TypeVar("T")


def random_subject(rng: random.Random, name: str, duration_s: float) -> SubjectFacts:
    states: tuple[State, ...] = ("present", "present", "present", "absent", "unsure")
    state = rng.choice(states)
    if state != "present":
        return SubjectFacts(name, state)
    times = sorted(rng.uniform(0, duration_s) for _ in range(2 * rng.choice((1, 1, 2, 3, 5))))
    spans = tuple(zip(times[::2], times[1::2], strict=True)) if rng.random() < 0.7 else ((0.0, duration_s),)
    x = rng.random()

    def told(value: T) -> T | None:
        return value if rng.random() < 0.8 else None

    return SubjectFacts(
        name,
        state,
        0.9,
        spans,
        told("left" if x < 1 / 3 else "right" if x > 2 / 3 else "middle"),
        told(rng.choice(DISTANCES)),
        told(rng.choice(COLOURS)),
        told(rng.choice(COLOURS)) if rng.random() < 0.5 else None,
        tuple(rng.sample(list(DOINGS), rng.choice((0, 1, 1, 2, 2, 3, 4)))),
        told(x),
        garment=rng.choice((None, *GARMENTS)),
        pattern=rng.choice((None, None, *PATTERNS)),
        hair_colour=rng.choice((None, None, *HAIR_COLOURS)),
        hair_length=rng.choice((None, *HAIR_LENGTHS)),
    )


def random_scene(rng: random.Random, split: Split = "train", subjects: int | None = None) -> SceneFacts:
    duration_s = rng.uniform(2, 20) if rng.random() < 0.8 else rng.uniform(20, 4000)
    count = rng.choice((0, 1, 1, 1, 2, 2, 3, 3, 4)) if subjects is None else subjects
    people = tuple(random_subject(rng, name, duration_s) for name in sample_names(rng, count, split))
    unknown = rng.choice((0, 0, 1, 1, 2, 3))
    here = [s for s in people if s.state == "present"]
    talkers = [s.name for s in here if "talking" in s.actions]
    talks = [(a, b.name) for a in talkers for b in here if a != b.name and rng.random() < 0.5]
    return SceneFacts(
        duration_s,
        people,
        len(here) + unknown,
        unknown,
        tuple(talks),
        rng.choice((None, *SCENE_PLACES)),
        tuple(rng.sample(SCENE_THINGS, rng.choice((0, 0, 1, 2)))),
    )
