"""Clips by ConsisID, with diffusers' own classes and random weights; what describes the face is a stand-in."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from pvchat.errors import SynthesisError, TrainingCancelledError
from pvchat.perception.geometry import Image
from pvchat.synthesis.consisid import ConsisIDConfig, ConsisIDSynthesizer
from pvchat.synthesis.consisid_faces import FaceConditions
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.synthesizer import Sample
from tests.synthesis import tiny_hub
from tests.synthesis.shot_tools import shot

pytestmark = pytest.mark.usefixtures("one_thread")

SHOTS = [shot("first"), shot("second", centre=0.4, skin=(40, 60, 220))]
TINY = ConsisIDConfig(size=(16, 16), frames=9, steps=2, starts=2)


def of_colour(picture: Image) -> FaceConditions:
    """Two values that follow from a picture's colour, in the shapes that the tiny model takes."""
    red, green, _ = picture.reshape(-1, 3).mean(axis=0) / 255
    identity = torch.tensor([[float(red), float(green)]])
    return FaceConditions(identity, (identity.repeat(2, 1)[None],), picture)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_hub.consisid(tmp_path_factory.mktemp("hub") / "tiny-consisid")


def made(folder: Path, count: int = 2, *, first: int = 0, seed: int = 3) -> list[Sample]:
    hub = HubConfig(model=str(folder), device="cpu")
    return list(ConsisIDSynthesizer(hub, TINY, of_colour).generate(SHOTS, [], count, seed=seed, first=first))


@pytest.fixture(scope="module")
def samples(folder: Path) -> list[Sample]:
    return made(folder, 3)


def same(one: Sample, other: Sample) -> bool:
    pairs = zip(one.frames, other.frames, strict=True)
    return one.recipe == other.recipe and all(np.array_equal(a, b) for a, b in pairs)


def test_a_clip_has_the_size_and_names_its_parts(samples: list[Sample]) -> None:
    for index, sample in enumerate(samples):
        assert (sample.index, sample.kind, sample.fps) == (index, "clip", 8.0)
        assert len(sample.frames) in (8, 9)
        assert {frame.shape for frame in sample.frames} == {(16, 16, 3)}
        assert all(frame.dtype == np.uint8 for frame in sample.frames)
        assert sample.recipe[0] == "consisid"
        assert [part.partition(":")[0] for part in sample.recipe[1:]] == ["clothes", "action", "scene", "light"]
    assert [sample.source for sample in samples] == [samples[0].source, samples[1].source, samples[0].source]


def test_a_sample_is_the_same_whatever_was_made_before_it(folder: Path, samples: list[Sample]) -> None:
    assert same(samples[2], made(folder, 3, first=2)[0])
    assert same(samples[0], made(folder, 1)[0])
    assert not same(samples[0], samples[2])
    assert not same(samples[0], made(folder, 1, seed=4)[0])


def test_a_cancelled_job_ends_within_a_denoising_step(folder: Path) -> None:
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise TrainingCancelledError("stopped")

    hub = HubConfig(model=str(folder), device="cpu")
    with pytest.raises(TrainingCancelledError):
        next(ConsisIDSynthesizer(hub, TINY, of_colour).generate(SHOTS, [], 1, seed=3, check=check))
    assert len(calls) == 2


def test_the_face_is_shown_to_the_reader_without_the_rest_of_the_frame(folder: Path) -> None:
    seen: list[Image] = []

    def reader(picture: Image) -> FaceConditions:
        seen.append(picture)
        return of_colour(picture)

    hub = HubConfig(model=str(folder), device="cpu")
    next(ConsisIDSynthesizer(hub, TINY, reader).generate([shot()], [], 1, seed=3))
    height, width = seen[0].shape[:2]
    # The figure's face is 26 x 30 of 160 x 120.
    assert (height < 120, width < 120) == (True, True)
    assert min(height, width) > 30


@pytest.mark.skipif(importlib.util.find_spec("consisid_eva_clip") is not None, reason="ConsisID's packages are there")
def test_missing_packages_are_named_at_once(folder: Path) -> None:
    with pytest.raises(SynthesisError, match=r"not installed: consisid_eva_clip, facexlib.*another synthesizer"):
        ConsisIDSynthesizer(HubConfig(model=str(folder), device="cpu"), TINY).generate(SHOTS, [], 1, seed=0)


def test_a_model_of_another_class_is_refused(tmp_path: Path) -> None:
    folder = tiny_hub.stable_diffusion(tmp_path / "tiny-sd")
    with pytest.raises(SynthesisError, match=r"is a StableDiffusionPipeline.*ConsisIDPipeline"):
        made(folder, 1)


def test_a_person_whose_face_is_never_seen_is_refused_at_once(folder: Path) -> None:
    hub = HubConfig(model=str(folder), device="cpu")
    with pytest.raises(SynthesisError, match="show no face"):
        ConsisIDSynthesizer(hub, TINY, of_colour).generate([shot(faces=False)], [], 1, seed=0)
