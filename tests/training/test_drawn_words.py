"""Words that are drawn for people who never were: all of them, and none against another."""

import random
from collections import Counter

from pvchat.models.config import TokenLayout
from pvchat.perception.record import Attribute
from pvchat.perception.words import DOINGS, GARMENTS, HAIR_COLOURS, PATTERNS, POSTURES, SCENE_WORDS
from pvchat.training.drawn_words import choose_doings, draw_attributes, draw_scene_words
from pvchat.training.pretraining import draw
from pvchat.training.simulate import SceneSimulator

AGAINST = (
    {"sitting", "standing"},
    {"lying", "standing"},
    {"sitting", "walking"},
    {"lying", "dancing"},
    {"moving left", "moving right"},
    {"coming closer", "going away"},
    {"keeping still", "waving"},
    {"keeping still", "walking"},
    {"lying", "moving left"},
)


def drawn(rng: random.Random) -> tuple[Attribute, ...]:
    return draw_attributes(rng, rng.random(), rng.uniform(0.05, 0.6), ((0.0, 6.0),), 0.25)


def test_what_is_drawn_never_contradicts_itself() -> None:
    rng = random.Random(1)
    for _ in range(2000):
        chosen = set(choose_doings(rng))
        assert len(chosen) <= 4
        assert len(chosen & set(POSTURES)) <= 1
        assert not any(pair <= chosen for pair in AGAINST)


def test_what_real_people_do_at_once_is_drawn() -> None:
    rng = random.Random(6)
    sets = [set(choose_doings(rng)) for _ in range(6000)]
    for together in ({"talking", "keeping still"}, {"standing", "dancing"}, {"sitting", "waving"}):
        assert any(together <= chosen for chosen in sets), together


def test_nobody_has_two_colours_of_hair_two_garments_or_trousers_below_a_dress() -> None:
    rng = random.Random(2)
    for _ in range(500):
        attributes = drawn(rng)
        names = Counter(a.name for a in attributes)
        assert all(names[name] <= 1 for name in ("hair_colour", "hair_length", "upper_garment", "pattern", "place"))
        assert not (any(a.value in ("dress", "robe") for a in attributes) and names["lower_colour"])


def test_every_word_is_drawn() -> None:
    rng = random.Random(3)
    said = {(a.name, a.value) for _ in range(1500) for a in drawn(rng)}
    assert {meaning for meanings in DOINGS.values() for meaning in meanings} <= said
    for name, words in (("hair_colour", HAIR_COLOURS), ("upper_garment", GARMENTS), ("pattern", PATTERNS)):
        assert {(name, word) for word in words} <= said
    assert {word.value for _ in range(1500) for word in draw_scene_words(rng)} == set(SCENE_WORDS)


def test_scenes_tell_looks_doings_talks_and_settings() -> None:
    scenes = draw(SceneSimulator(4, TokenLayout()), 400)
    here = [s for scene in scenes for s in scene.facts.subjects if s.state == "present"]
    for told in ("garment", "pattern", "hair_colour", "hair_length"):
        share = sum(getattr(s, told) is not None for s in here) / len(here)
        assert 0.15 < share < 0.6, told
    assert {action for s in here for action in s.actions} == set(DOINGS)
    assert any(scene.facts.talks for scene in scenes)
    for scene in scenes:
        talking = {s.name for s in scene.facts.subjects if "talking" in s.actions}
        assert all(one in talking and one != other for one, other in scene.facts.talks)
    assert 0.1 < sum(scene.facts.setting is not None for scene in scenes) / len(scenes) < 0.5
