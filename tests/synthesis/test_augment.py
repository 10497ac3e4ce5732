"""Samples of a job: the same for the same number, all effects in sixteen, and something of whatever there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat.errors import SynthesisError, TrainingCancelledError
from pvchat.synthesis.plan import BLOCK, COMPOSITES, EFFECTS, Mix, plan
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import Sample, synthesizer
from tests.synthesis.shot_tools import shot

SHOTS = [shot(), shot(count=20, centre=0.4)]
OTHERS = [shot("stranger", skin=(40, 60, 220), centre=0.25, step=0.0), shot("friend", skin=(30, 180, 60), count=5)]


def made(
    count: int = BLOCK, *, shots: list[Shot] = SHOTS, others: list[Shot] = OTHERS, seed: int = 3, first: int = 0
) -> list[Sample]:
    return list(synthesizer("augment").generate(shots, others, count, seed=seed, first=first))


def same(one: Sample, other: Sample) -> bool:
    described = [(s.index, s.kind, s.fps, s.recipe, s.source, s.others, len(s.frames)) for s in (one, other)]
    frames = zip(one.frames, other.frames, strict=False)
    return described[0] == described[1] and all(np.array_equal(a, b) for a, b in frames)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return made(20)


def test_a_sample_is_the_same_whatever_was_made_before_it(samples: list[Sample]) -> None:
    assert [sample.index for sample in samples] == list(range(20))
    assert all(same(a, b) for a, b in zip(samples[14:], made(20, first=14), strict=True))
    assert all(same(a, b) for a, b in zip(samples[:3], made(3), strict=True))


def test_another_seed_makes_other_samples(samples: list[Sample]) -> None:
    assert not any(same(a, b) for a, b in zip(samples[:4], made(4, seed=4), strict=True))


def test_sixteen_samples_have_every_effect(samples: list[Sample]) -> None:
    assert {effect for sample in samples[:BLOCK] for effect in sample.recipe} == set(EFFECTS)


@given(seed=st.integers(0, 10_000), block=st.integers(0, 100))
def test_a_plan_is_balanced_whatever_the_seed(seed: int, block: int) -> None:
    slots = plan(seed, block, EFFECTS, Mix())
    assert {effect for slot in slots for effect in slot.effects} == set(EFFECTS)
    assert all(1 <= len(slot.effects) <= 3 for slot in slots)
    assert sum(not COMPOSITES.isdisjoint(slot.effects) for slot in slots) == 4
    assert sum(slot.kind == "still" for slot in slots) == 4
    assert sorted(slot.turn for slot in slots) == list(range(BLOCK))
    assert not any(slot.kind == "still" and "retiming" in slot.effects for slot in slots)
    assert slots == plan(seed, block, EFFECTS, Mix())


def test_frames_are_even_small_and_of_one_size(samples: list[Sample]) -> None:
    for sample in samples:
        assert len({frame.shape for frame in sample.frames}) == 1
        height, width, channels = sample.frames[0].shape
        assert (height % 2, width % 2, channels) == (0, 0, 3)
        assert max(height, width) <= 480
        assert sample.frames[0].dtype == np.uint8


def test_clips_last_a_few_seconds_and_stills_do_not_move(samples: list[Sample]) -> None:
    for sample in samples:
        seconds = len(sample.frames) / sample.fps
        if sample.kind == "still":
            assert seconds == 0.5
            assert all(np.array_equal(sample.frames[0], frame) for frame in sample.frames)
        else:
            assert 1.4 <= seconds <= 3.2
            assert ("retiming" in sample.recipe) == (sample.fps != 8.0)


def test_a_sample_names_the_footage_that_is_seen_in_it(samples: list[Sample]) -> None:
    assert {sample.source for sample in samples} == {"subject"}
    for sample in samples:
        assert set(sample.others) <= {"stranger", "friend"}
        if not COMPOSITES.isdisjoint(sample.recipe):
            assert sample.others
        elif "background" not in sample.recipe:
            assert not sample.others


def test_without_others_or_masks_there_are_fewer_effects() -> None:
    alone = {effect for sample in made(others=[]) for effect in sample.recipe}
    assert alone == set(EFFECTS) - COMPOSITES
    unmasked = {effect for sample in made(shots=[shot(masks=False)]) for effect in sample.recipe}
    assert unmasked == set(EFFECTS) - {"background", "together"}


def test_a_person_seen_in_three_frames_without_a_face_makes_stills() -> None:
    few = made(shots=[shot(count=3, masks=False, faces=False)], others=[])
    assert {sample.kind for sample in few} == {"still"}
    assert {effect for sample in few for effect in sample.recipe} == set(EFFECTS) - {
        "retiming",
        "background",
        *COMPOSITES,
    }


def test_without_a_shot_the_error_says_what_is_missing() -> None:
    with pytest.raises(SynthesisError, match="no usable frame"):
        synthesizer("augment").generate([], OTHERS, 4, seed=0)


def test_an_unknown_synthesizer_is_refused_with_the_choices() -> None:
    with pytest.raises(SynthesisError, match="unknown synthesizer 'magic'; use 'augment', 'subject-diffusion'"):
        synthesizer("magic")


def test_a_job_ends_when_it_is_told_to() -> None:
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise TrainingCancelledError("stopped")

    making = synthesizer("augment").generate(SHOTS, [], 4, seed=0, check=check)
    assert [next(making).index, next(making).index] == [0, 1]
    with pytest.raises(TrainingCancelledError):
        next(making)
