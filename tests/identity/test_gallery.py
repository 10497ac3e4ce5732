"""What is kept of an enrolled person."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.errors import ModelError, NoFaceError
from pvchat.identity.gallery import MAX_TEMPLATES, GalleryEntry, build_entry, closest, look_alikes
from pvchat.perception.record import FaceSamples
from tests.identity.people import MODEL, World


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.floats(0.05, 2.0))
def test_the_weighted_mean_of_the_templates_is_the_mean_of_the_samples(seed: int, count: int, noise: float) -> None:
    world = World(seed)
    samples = world.faces(world.person(), count, noise=noise)
    entry = build_entry("Ana", samples, None, MODEL)
    assert 1 <= len(entry.templates) <= MAX_TEMPLATES
    assert entry.weights.sum() == pytest.approx(1.0, abs=1e-5)
    assert entry.coverage["faces"] <= count
    if entry.coverage["faces"] == count:
        mean = (entry.templates * entry.weights[:, None]).sum(axis=0)
        np.testing.assert_allclose(mean, samples.vectors.mean(axis=0), atol=1e-4)


def test_different_looks_get_templates_of_their_own() -> None:
    world = World(1)
    ana = world.person()
    frontal, turned = world.faces(ana, noise=0.1), world.faces(world.look_alike(ana, 0.6), noise=0.1)
    both = FaceSamples(
        times_s=np.arange(16, dtype=np.float32),
        vectors=np.concatenate([frontal.vectors, turned.vectors]),
        quality=np.concatenate([frontal.quality, turned.quality]),
    )
    assert build_entry("Ana", frontal, None, MODEL).coverage["templates"] == 1
    entry = build_entry("Ana", both, None, MODEL)
    assert entry.coverage["templates"] == 2
    assert entry.coverage["spread"] > 0.05


def test_faces_far_worse_than_the_best_are_left_out() -> None:
    world = World(2)
    samples = world.faces(world.person())
    quality = samples.quality.copy()
    quality[5:] = 0.05
    entry = build_entry("Ana", replace(samples, quality=quality), None, MODEL)
    first_five = FaceSamples(samples.times_s[:5], samples.vectors[:5], samples.quality[:5])
    assert entry.coverage["faces"] == 5
    assert entry.reliability == pytest.approx(build_entry("Ana", first_five, None, MODEL).reliability, abs=1e-3)


def test_no_face_is_an_error_that_says_what_to_do() -> None:
    nothing = FaceSamples(np.zeros(0, np.float32), np.zeros((0, 128), np.float32), np.zeros(0, np.float32))
    with pytest.raises(NoFaceError, match="Ana"):
        build_entry("Ana", nothing, None, MODEL)


def test_arrays_make_the_round_trip() -> None:
    world = World(3)
    appearance = np.ones(1280, np.float32)
    entry = build_entry("Ana", world.faces(world.person()), appearance, MODEL).add_negative(np.ones(128))
    again = GalleryEntry.from_arrays("Ana", MODEL, entry.to_arrays(), entry.coverage)
    np.testing.assert_array_equal(again.templates, entry.templates)
    np.testing.assert_array_equal(again.weights, entry.weights)
    assert again.appearance is not None
    assert again.negatives is not None
    assert again.negatives.shape == (1, 128)
    assert again.coverage == entry.coverage
    with pytest.raises(ModelError, match="Ana"):
        GalleryEntry.from_arrays("Ana", MODEL, {})


def test_a_negative_of_another_engine_is_refused() -> None:
    world = World(4)
    with pytest.raises(ModelError, match="512"):
        world.entry("Ana", world.person()).add_negative(np.zeros(512))


def test_look_alikes_are_warned_of_and_unrelated_people_are_not() -> None:
    world = World(5)
    ana = world.person()
    entry = world.entry("Ana", ana)
    sister = world.entry("Sister", world.look_alike(ana, 0.65))
    others = [world.entry(f"X{index}", world.person()) for index in range(6)]
    found = closest(entry, [*others, sister])
    assert found is not None
    assert found[0] == "Sister"
    (warning,) = look_alikes(entry, [*others, sister, replace(sister, name="Other", model_id="insightface:x@0")])
    assert "Ana" in warning
    assert "Sister" in warning
    with pytest.raises(ModelError, match="insightface"):
        closest(entry, [replace(sister, model_id="insightface:x@0")])


def test_a_person_is_not_their_own_look_alike() -> None:
    world = World(6)
    entry = world.entry("Ana", world.person())
    assert closest(entry, [entry]) is None
