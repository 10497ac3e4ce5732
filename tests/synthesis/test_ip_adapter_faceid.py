"""Stills by IP-Adapter FaceID, with diffusers' own classes and random weights; the face engine is a stand-in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pvchat.errors import ModelError, SynthesisError, TrainingCancelledError
from pvchat.perception.geometry import FloatArray, Image, PixelBox
from pvchat.synthesis.face_id_weights import convert, read_face_id
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.ip_adapter_faceid import FaceIDConfig, FaceIDSynthesizer
from pvchat.synthesis.synthesizer import Sample
from tests.synthesis import tiny_hub
from tests.synthesis.shot_tools import shot

pytestmark = pytest.mark.usefixtures("one_thread")

SHOTS = [shot(), shot(centre=0.4)]
TINY = FaceIDConfig(size=(16, 16), steps=2, faces=3)


def of_colour(picture: Image, box: PixelBox) -> FloatArray:
    """A vector that follows from a face's colour, so that people of other colours have others."""
    x0, y0, x1, y1 = (round(side) for side in box)
    colour = picture[y0:y1, x0:x1].reshape(-1, 3).mean(axis=0)
    return np.random.default_rng(int(colour.sum())).normal(size=512).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_hub.stable_diffusion(tmp_path_factory.mktemp("hub") / "tiny-sd")


@pytest.fixture(scope="module")
def hub(folder: Path) -> HubConfig:
    adapter = tiny_hub.save_face_id(folder.parent / "face-id.safetensors", tiny_hub.face_id_groups(folder))
    return HubConfig(model=str(folder), adapter=str(adapter), device="cpu")


def made(hub: HubConfig, count: int = 2, *, first: int = 0, seed: int = 3, config: FaceIDConfig = TINY) -> list[Sample]:
    return list(FaceIDSynthesizer(hub, config, of_colour).generate(SHOTS, [], count, seed=seed, first=first))


@pytest.fixture(scope="module")
def samples(hub: HubConfig) -> list[Sample]:
    return made(hub, 3)


def same(one: Sample, other: Sample) -> bool:
    return one.recipe == other.recipe and np.array_equal(one.frames[0], other.frames[0])


def test_a_still_is_shown_for_half_a_second_and_names_its_parts(samples: list[Sample]) -> None:
    for index, sample in enumerate(samples):
        assert (sample.index, sample.kind, sample.fps, len(sample.frames)) == (index, "still", 8.0, 4)
        assert (sample.frames[0].shape, sample.frames[0].dtype) == ((16, 16, 3), np.uint8)
        assert all(frame is sample.frames[0] for frame in sample.frames)
        assert (sample.source, sample.others) == ("subject", ())
        assert sample.recipe[0] == "ip-adapter-faceid"
        assert [part.partition(":")[0] for part in sample.recipe[1:]] == ["clothes", "action", "scene", "light"]


def test_a_sample_is_the_same_whatever_was_made_before_it(hub: HubConfig, samples: list[Sample]) -> None:
    assert same(samples[2], made(hub, 3, first=2)[0])
    assert not same(samples[0], samples[1])
    assert not np.array_equal(samples[0].frames[0], made(hub, 1, seed=4)[0].frames[0])


def test_the_face_makes_a_difference(hub: HubConfig, samples: list[Sample]) -> None:
    stranger = FaceIDSynthesizer(hub, TINY, of_colour).generate([shot(skin=(30, 60, 220))], [], 1, seed=3)
    assert not np.array_equal(next(stranger).frames[0], samples[0].frames[0])


def test_without_guidance_the_empty_half_is_left_out(hub: HubConfig) -> None:
    assert made(hub, 1, config=FaceIDConfig(size=(16, 16), steps=2, guidance=1.0))[0].frames[0].shape == (16, 16, 3)


def test_an_adapter_without_a_lora_is_loaded_too(folder: Path, tmp_path: Path) -> None:
    adapter = tiny_hub.save_face_id(tmp_path / "plain.safetensors", tiny_hub.face_id_groups(folder, lora=False))
    assert made(HubConfig(model=str(folder), adapter=str(adapter), device="cpu"), 1)[0].kind == "still"


def test_a_cancelled_job_ends_within_a_denoising_step(hub: HubConfig) -> None:
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        # Once before each sample and after each of its two steps: the fifth is in the middle of the second sample.
        if len(calls) == 5:
            raise TrainingCancelledError("stopped")

    making = FaceIDSynthesizer(hub, TINY, of_colour).generate(SHOTS, [], 3, seed=3, check=check)
    assert next(making).index == 0
    with pytest.raises(TrainingCancelledError):
        next(making)
    assert list(making) == []


def test_nothing_is_loaded_when_all_samples_are_there(tmp_path: Path, hub: HubConfig) -> None:
    nowhere = HubConfig(model=str(tmp_path / "gone"), adapter=hub.adapter, device="cpu")
    assert list(FaceIDSynthesizer(nowhere, TINY, of_colour).generate(SHOTS, [], 2, seed=0, first=2)) == []


def test_a_person_whose_face_is_never_seen_is_refused_at_once(hub: HubConfig) -> None:
    synthesizer = FaceIDSynthesizer(hub, TINY, of_colour)
    with pytest.raises(SynthesisError, match="2 shots of the person show no face"):
        synthesizer.generate([shot(faces=False)] * 2, [], 1, seed=0)
    with pytest.raises(SynthesisError, match="show no face"):
        synthesizer.generate([], [], 1, seed=0)


def test_a_missing_adapter_is_refused_at_once_with_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match=r"--synthesizer-adapter.*pvchat weights convert-faceid"):
        FaceIDSynthesizer(HubConfig(device="cpu"), TINY, of_colour).generate(SHOTS, [], 1, seed=0)
    gone = HubConfig(device="cpu", adapter=str(tmp_path / "gone.safetensors"))
    with pytest.raises(SynthesisError, match="is not there"):
        FaceIDSynthesizer(gone, TINY, of_colour).generate(SHOTS, [], 1, seed=0)


def test_an_adapter_that_is_a_pickle_is_refused_unopened(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"not even a pickle")
    pickled = HubConfig(device="cpu", adapter=str(tmp_path / "a.bin"))
    with pytest.raises(SynthesisError, match="a pickle can run code; convert it"):
        FaceIDSynthesizer(pickled, TINY, of_colour).generate(SHOTS, [], 1, seed=0)


def test_insightface_is_not_loaded_before_its_licence_is_accepted(
    hub: HubConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PVCHAT_ACCEPT_INSIGHTFACE_LICENSE", raising=False)
    with pytest.raises(SynthesisError, match="non-commercial research only; set PVCHAT_ACCEPT_INSIGHTFACE_LICENSE=1"):
        FaceIDSynthesizer(hub, TINY).generate(SHOTS, [], 1, seed=0)


def test_an_adapter_for_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    groups = tiny_hub.face_id_groups(folder, width=48, lora=False)
    adapter = tiny_hub.save_face_id(tmp_path / "wide.safetensors", groups)
    making = FaceIDSynthesizer(HubConfig(model=str(folder), adapter=str(adapter), device="cpu"), TINY, of_colour)
    with pytest.raises(SynthesisError, match="for a model of width 48, this one has 32"):
        next(making.generate(SHOTS, [], 1, seed=0))


def test_face_vectors_of_another_engine_are_refused(hub: HubConfig) -> None:
    embed: Callable[[Image, PixelBox], FloatArray] = lambda picture, box: np.ones(128, np.float32)  # noqa: E731
    with pytest.raises(SynthesisError, match=r"shape \(128,\).*use insightface"):
        next(FaceIDSynthesizer(hub, TINY, embed).generate(SHOTS, [], 1, seed=0))


def test_a_published_pickle_is_converted_to_the_same_tensors(folder: Path, tmp_path: Path) -> None:
    groups = tiny_hub.face_id_groups(folder)
    torch.save(groups, tmp_path / "a.bin")
    count = convert(tmp_path / "a.bin", tmp_path / "a.safetensors")
    read = read_face_id(tmp_path / "a.safetensors")
    assert count == sum(len(found) for found in groups.values())
    for group, found in groups.items():
        assert read[group].keys() == found.keys()
        assert all(torch.equal(read[group][name], tensor) for name, tensor in found.items())


class _Runs:
    """What a malicious file would hold."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.path), "w")


def test_a_pickle_that_would_run_code_is_not_converted(tmp_path: Path) -> None:
    torch.save({"image_proj": {}, "ip_adapter": _Runs(tmp_path / "ran")}, tmp_path / "evil.bin")
    with pytest.raises(ModelError, match=r"evil\.bin cannot be read as tensors alone"):
        convert(tmp_path / "evil.bin", tmp_path / "evil.safetensors")
    assert {path.name for path in tmp_path.iterdir()} == {"evil.bin"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"image_proj": {}}, 'no tensors under "ip_adapter"'),
        ([1, 2], 'no tensors under "image_proj"'),
        ({"image_proj": {"proj.weight": torch.ones(2)}, "ip_adapter": {"1.to_k_ip.weight": torch.ones(2)}}, "lacks"),
        (
            {
                "image_proj": {"perceiver_resampler.proj_in.weight": torch.ones(2)},
                "ip_adapter": {"1.to_k_ip.weight": torch.ones(2)},
            },
            "FaceID Plus",
        ),
    ],
)
def test_what_is_no_face_id_is_not_converted(tmp_path: Path, content: object, said: str) -> None:
    torch.save(content, tmp_path / "other.bin")
    with pytest.raises(ModelError, match=said):
        convert(tmp_path / "other.bin", tmp_path / "other.safetensors")
    assert not (tmp_path / "other.safetensors").exists()


def test_a_file_that_is_nothing_of_the_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x00" * 64)
    (tmp_path / "a.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(ModelError, match=r"a\.bin cannot be read"):
        convert(tmp_path / "a.bin", tmp_path / "b.safetensors")
    with pytest.raises(ModelError, match=r"gone\.bin cannot be read"):
        convert(tmp_path / "gone.bin", tmp_path / "b.safetensors")
    with pytest.raises(ModelError, match="has to end in"):
        convert(tmp_path / "a.bin", tmp_path / "b.bin")
    with pytest.raises(SynthesisError, match="no safetensors file"):
        read_face_id(tmp_path / "a.safetensors")
