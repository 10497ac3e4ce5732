"""Simulated scenes: the truth follows from what the model gets to see."""

import numpy as np

from pvchat.models.config import TokenLayout
from pvchat.perception.record import PLACES
from pvchat.training.pretraining import draw
from pvchat.training.simulate import SURE_LOGIT, SceneSimulator
from pvchat.training.simulated_scene import SimulationConfig
from pvchat.training.wordings import Split

LAYOUT = TokenLayout()


def test_the_same_seed_draws_the_same_scenes() -> None:
    one, two = (draw(SceneSimulator(5, LAYOUT), 20) for _ in range(2))
    assert [s.facts for s in one] == [s.facts for s in two]
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.clip.attributes, b.clip.attributes)
        np.testing.assert_array_equal(a.subjects[0].similarity, b.subjects[0].similarity)


def test_the_state_follows_from_the_best_similarity() -> None:
    for scene in draw(SceneSimulator(6, LAYOUT), 300):
        for facts, arrays in zip(scene.facts.subjects, scene.subjects, strict=False):
            best = float(arrays.similarity[scene.clip.has_face].max(initial=-6.0))
            expected = "present" if best >= SURE_LOGIT else "absent" if best <= -SURE_LOGIT else "unsure"
            # Only the longest tracks get a slot; a person whose tracks have none cannot be judged from the arrays.
            if -1 in scene.clip.track_ids:
                assert facts.state == expected


def test_scenes_cover_what_people_ask_about() -> None:
    scenes = draw(SceneSimulator(7, LAYOUT), 600)
    subjects = [s for scene in scenes for s in scene.facts.subjects]
    states = [s.state for s in subjects]
    assert 0.35 < states.count("present") / len(states) < 0.65
    assert states.count("unsure") > 10
    assert {s.place for s in subjects if s.state == "present"} >= set(PLACES)
    assert {len(scene.facts.subjects) for scene in scenes} == {0, 1, 2, 3}
    assert any(len(s.spans) > 1 for s in subjects)
    assert any(" " in s.name for s in subjects)
    assert any(not s.name.isascii() for s in subjects)


def test_held_out_names_never_meet_training_names() -> None:
    def names(split: Split) -> set[str]:
        scenes = draw(SceneSimulator(8, LAYOUT, split=split), 300)
        return {s.name for scene in scenes for s in scene.facts.subjects}

    assert not names("train") & names("heldout")


def test_a_persons_tracks_lie_nearer_to_the_person_than_strangers_do() -> None:
    config = SimulationConfig(lookalike=0.0, ambiguous=0.0)
    same, other = [], []
    for scene in draw(SceneSimulator(9, LAYOUT, config), 200):
        for facts, arrays in zip(scene.facts.subjects, scene.subjects, strict=False):
            for slot in np.flatnonzero(scene.clip.has_face):
                distance = float(np.linalg.norm(scene.clip.face[slot] - arrays.face))
                mine = facts.state == "present" and arrays.similarity[slot] > 0
                (same if mine else other).append(distance)
    assert np.median(same) < 0.6 * np.median(other)


def test_a_stranger_whose_track_is_split_counts_once() -> None:
    config = SimulationConfig(split=1.0, nobody_asked=1.0)
    scenes = draw(SceneSimulator(11, LAYOUT, config), 200)
    assert any(scene.facts.people < sum(number >= 0 for number in scene.clip.track_ids) for scene in scenes)
    assert all(scene.facts.people <= config.max_people for scene in scenes)
    assert all(scene.facts.people == scene.facts.unknown_people for scene in scenes)
