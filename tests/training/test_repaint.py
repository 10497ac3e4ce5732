"""Counterfactual scenes."""

import random
from collections import Counter

from pvchat.perception.record import ACTIONS, COLOURS
from pvchat.training.repaint import repaint
from tests.training.footage_tools import footage


def test_clothes_and_actions_are_drawn_anew_and_places_stay() -> None:
    plain = footage("video", [0, 1])
    seen: Counter[str] = Counter()
    for seed in range(200):
        painted = repaint(plain, random.Random(seed))
        for before, after in zip(plain.record.tracks, painted.record.tracks, strict=True):
            assert after.sightings == before.sightings
            assert after.spans == before.spans
            kept = {"place", "distance"}
            assert [a for a in after.attributes if a.name in kept] == [a for a in before.attributes if a.name in kept]
            drawn = [a for a in after.attributes if a.name not in kept]
            assert len({(a.name, a.value) for a in drawn}) == len(drawn)
            assert sum(a.name == "upper_colour" for a in drawn) <= 1
            seen.update(f"{a.name} {a.value}" for a in drawn)
    assert {f"upper_colour {colour}" for colour in COLOURS} <= set(seen)
    assert {f"action {action}" for action in ACTIONS} <= set(seen)


def test_the_same_chance_gives_the_same_scene() -> None:
    plain = footage("video", [0])
    first, again = (repaint(plain, random.Random(3)) for _ in range(2))
    assert first.record == again.record
    assert first.vectors is plain.vectors
