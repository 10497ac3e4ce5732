"""Clips by Wan image-to-video, with diffusers' own classes and random weights."""

import json
from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import SynthesisError, TrainingCancelledError
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.image_to_video import ImageToVideoConfig, ImageToVideoSynthesizer
from pvchat.synthesis.synthesizer import Sample
from tests.synthesis import tiny_hub
from tests.synthesis.shot_tools import shot

pytestmark = pytest.mark.usefixtures("one_thread")

SHOTS = [shot("first"), shot("second", centre=0.4)]
TINY = ImageToVideoConfig(pixels=32 * 24, frames=5, steps=2, tokens=64, starts=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_hub.wan(tmp_path_factory.mktemp("hub") / "tiny-wan")


def made(folder: Path, count: int = 2, *, first: int = 0, seed: int = 3) -> list[Sample]:
    hub = HubConfig(model=str(folder), device="cpu")
    return list(ImageToVideoSynthesizer(hub, TINY).generate(SHOTS, [], count, seed=seed, first=first))


@pytest.fixture(scope="module")
def samples(folder: Path) -> list[Sample]:
    return made(folder, 3)


def same(one: Sample, other: Sample) -> bool:
    pairs = zip(one.frames, other.frames, strict=True)
    return one.recipe == other.recipe and all(np.array_equal(a, b) for a, b in pairs)


def test_a_clip_has_the_frames_and_the_shape_of_the_first_frame(samples: list[Sample]) -> None:
    for index, sample in enumerate(samples):
        assert (sample.index, sample.kind, sample.fps, len(sample.frames)) == (index, "clip", 16.0, 5)
        # The shots are 160 x 120; sides are multiples of 16.
        assert {frame.shape for frame in sample.frames} == {(32, 32, 3)}
        assert all(frame.dtype == np.uint8 for frame in sample.frames)
        assert sample.recipe[0] == "image-to-video"
        assert [part.partition(":")[0] for part in sample.recipe[1:]] == ["action"]


def test_the_frames_of_the_person_take_turns_as_the_first_one(samples: list[Sample]) -> None:
    assert {sample.source for sample in samples} == {"first", "second"}
    assert samples[0].source == samples[2].source


def test_a_sample_is_the_same_whatever_was_made_before_it(folder: Path, samples: list[Sample]) -> None:
    assert same(samples[2], made(folder, 3, first=2)[0])
    assert not same(samples[0], samples[2])
    assert not same(samples[0], made(folder, 1, seed=4)[0])


def test_a_model_that_fixes_its_first_frame_by_its_time_runs_too(tmp_path: Path) -> None:
    # Wan 2.2's model for text and pictures, which its repository names as a pipeline for text.
    folder = tiny_hub.wan(tmp_path / "tiny-wan-5b", expand_timesteps=True)
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace("WanImageToVideoPipeline", "WanPipeline"))
    assert len(made(folder, 1)[0].frames) == 5


def test_a_model_for_text_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "WanPipeline"}))
    with pytest.raises(SynthesisError, match=r"is a WanPipeline.*give one of WanImageToVideoPipeline"):
        made(tmp_path, 1)


def test_a_cancelled_job_ends_within_a_denoising_step(folder: Path) -> None:
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise TrainingCancelledError("stopped")

    hub = HubConfig(model=str(folder), device="cpu")
    with pytest.raises(TrainingCancelledError):
        next(ImageToVideoSynthesizer(hub, TINY).generate(SHOTS, [], 1, seed=3, check=check))
    assert len(calls) == 2


def test_a_person_whose_face_is_never_seen_is_refused_at_once(folder: Path) -> None:
    with pytest.raises(SynthesisError, match="show no face"):
        ImageToVideoSynthesizer(HubConfig(model=str(folder), device="cpu"), TINY).generate(
            [shot(faces=False)], [], 1, seed=0
        )
