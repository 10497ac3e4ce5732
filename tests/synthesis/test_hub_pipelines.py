"""Loading and running diffusers pipelines: what is refused and why, and that their memory is given back."""

import gc
import json
import shutil
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from safetensors.torch import load_file

from pvchat.errors import SynthesisError, TrainingCancelledError
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.hub_pipelines import (
    HubPipeline,
    PipelineKind,
    device_of,
    generator_of,
    hub_pipeline,
    is_out_of_memory,
    memory_hint,
)
from tests.synthesis import tiny_hub

pytestmark = pytest.mark.usefixtures("one_thread")


def choose(index: Mapping[str, Any]) -> str | None:
    return "StableDiffusionPipeline" if index["_class_name"] == "StableDiffusionPipeline" else None


KIND = PipelineKind("pictures", "nobody/nothing", choose, "StableDiffusionPipeline")
WORDS = {"prompt": "a photo of a person", "height": 16, "width": 16, "num_inference_steps": 2}


class FullMemory(DDIMScheduler):
    """A scheduler in whose second step a GPU's memory is full."""

    def step(self, *args: Any, **kwargs: Any) -> Any:
        if args[1] < 500:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nGPU 0 has ...")
        return super().step(*args, **kwargs)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_hub.stable_diffusion(tmp_path_factory.mktemp("hub") / "tiny-sd")


def on_cpu(folder: Path, **settings: Any) -> HubConfig:
    return HubConfig(model=str(folder), device="cpu", **settings)


def test_the_same_seed_and_number_make_the_same_picture_and_others_another(folder: Path) -> None:
    with hub_pipeline(on_cpu(folder), KIND) as opened:
        one, again = (opened.frames(generator_of("pictures", 3, 0), None, **WORDS)[0] for _ in range(2))
        others = [opened.frames(generator_of("pictures", *which), None, **WORDS)[0] for which in ((3, 1), (4, 0))]
    assert (one.shape, one.dtype) == ((16, 16, 3), "uint8")
    assert (one == again).all()
    assert not any((one == other).all() for other in others)


def test_a_model_that_is_nowhere_is_named_with_the_way_out(tmp_path: Path) -> None:
    missing = on_cpu(tmp_path / "gone")
    with (
        pytest.raises(SynthesisError, match=r"gone.*cannot be loaded.*unset PVCHAT_OFFLINE"),
        hub_pipeline(missing, KIND),
    ):
        pass
    unheard = HubConfig(device="cpu", offline=True)
    with (
        pytest.raises(SynthesisError, match='"nobody/nothing" of "pictures" cannot be loaded'),
        hub_pipeline(unheard, KIND),
    ):
        pass


def test_weights_that_are_pickles_are_not_opened(folder: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    shutil.copytree(folder, pickled)
    weights = pickled / "unet" / "diffusion_pytorch_model.safetensors"
    # Complete, so that it would serve if it were opened.
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(SynthesisError, match=r"cannot be loaded.*safetensors"), hub_pipeline(on_cpu(pickled), KIND):
        pass


def test_code_that_comes_with_a_model_is_not_run(folder: Path, tmp_path: Path) -> None:
    told = tmp_path / "with-code"
    shutil.copytree(folder, told)
    index = json.loads((told / "model_index.json").read_text())
    index["scheduler"] = ["own_scheduler", "OwnScheduler"]
    (told / "model_index.json").write_text(json.dumps(index))
    (told / "scheduler" / "own_scheduler.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    with pytest.raises(SynthesisError, match="cannot be loaded"), hub_pipeline(on_cpu(told), KIND):
        pass
    assert not (tmp_path / "ran").exists()


def test_a_model_of_another_class_is_refused_before_it_is_loaded(folder: Path, tmp_path: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    (tmp_path / "model_index.json").write_text(json.dumps(index | {"_class_name": "AudioLDMPipeline"}))
    with (
        pytest.raises(SynthesisError, match=r"is a AudioLDMPipeline.*give one of StableDiffusionPipeline"),
        hub_pipeline(on_cpu(tmp_path), KIND),
    ):
        pass


def test_full_memory_is_told_with_what_to_do_and_nothing_is_held(folder: Path) -> None:
    held: list[weakref.ref[Any]] = []

    def fill() -> None:
        with hub_pipeline(on_cpu(folder), KIND) as opened:
            opened.pipeline.scheduler = FullMemory.from_config(opened.pipeline.scheduler.config)
            held.append(weakref.ref(opened.pipeline.unet))
            opened.frames(generator_of("pictures", 0, 0), None, **WORDS)

    with pytest.raises(SynthesisError, match=r'"pictures" runs out of memory on cpu; free some memory') as told:
        fill()
    gc.collect()
    # The error is still at hand here, as it is where the caller turns to the next synthesizer.
    assert told.value is not None
    assert held[0]() is None


@pytest.mark.parametrize(
    ("offload", "way_out"),
    [("none", "use offload model or sequential"), ("model", "use offload sequential"), ("sequential", "another GPU")],
)
def test_full_memory_of_a_gpu_leads_to_the_next_offload(folder: Path, offload: Any, way_out: str) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(folder)
    pipeline.scheduler = FullMemory.from_config(pipeline.scheduler.config)
    opened = HubPipeline(pipeline, KIND, torch.device("cpu"), memory_hint(HubConfig(offload=offload)))
    with pytest.raises(SynthesisError, match=way_out):
        opened.frames(generator_of("pictures", 0, 0), None, **WORDS)


def test_real_allocators_that_have_no_memory_are_recognised() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(raised.value)
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_the_memory_is_free_when_all_went_well(folder: Path) -> None:
    with hub_pipeline(on_cpu(folder), KIND) as opened:
        held = weakref.ref(opened.pipeline.unet)
        opened.frames(generator_of("pictures", 0, 0), None, **WORDS)
        assert held() is not None
    gc.collect()
    assert held() is None


def test_arguments_that_a_pipeline_refuses_are_told(folder: Path) -> None:
    with hub_pipeline(on_cpu(folder), KIND) as opened, pytest.raises(SynthesisError, match="divisible by 8"):
        opened.frames(generator_of("pictures", 0, 0), None, **{**WORDS, "height": 15})


def test_what_the_check_raises_comes_through_as_it_is(folder: Path) -> None:
    class LooksLikeError(RuntimeError):
        """An error of the caller that could be taken for one of the pipeline."""

    for error in (TrainingCancelledError("stopped"), LooksLikeError("out of memory")):
        calls = []

        def check(error: Exception = error, calls: list[int] = calls) -> None:
            calls.append(1)
            raise error

        with hub_pipeline(on_cpu(folder), KIND) as opened, pytest.raises(type(error)):
            opened.frames(generator_of("pictures", 0, 0), check, **{**WORDS, "num_inference_steps": 5})
        assert len(calls) == 1


def test_numbers_that_are_none_are_no_picture(folder: Path) -> None:
    with hub_pipeline(on_cpu(folder), KIND) as opened:
        torch.nn.init.constant_(opened.pipeline.unet.conv_out.bias, float("nan"))
        with pytest.raises(SynthesisError, match="not finite; run it in bfloat16 or float32"):
            opened.frames(generator_of("pictures", 0, 0), None, **WORDS)


def test_the_precision_and_the_decoder_are_as_the_config_says(folder: Path) -> None:
    kind = PipelineKind("pictures", "", choose, "", exact=("vae",))
    with hub_pipeline(on_cpu(folder, dtype="bfloat16", vae_slicing=False), kind) as opened:
        pipeline = opened.pipeline
        assert (pipeline.unet.dtype, pipeline.text_encoder.dtype) == (torch.bfloat16, torch.bfloat16)
        assert pipeline.vae.dtype == torch.float32
        assert (pipeline.vae.use_tiling, pipeline.vae.use_slicing) == (True, False)
    with hub_pipeline(on_cpu(folder), KIND) as opened:
        assert opened.pipeline.unet.dtype == torch.float32


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_other_ways_are_named() -> None:
    with pytest.raises(SynthesisError, match=r'no GPU.*"augment", or name the device "cpu"'):
        device_of(HubConfig())
    with pytest.raises(SynthesisError, match='"cuda:3" cannot be used'):
        device_of(HubConfig(device="cuda:3"))


def test_settings_that_cannot_be_are_refused_with_the_choices() -> None:
    with pytest.raises(SynthesisError, match='offload is "disk"; give none, model, sequential'):
        HubConfig(offload="disk")  # type: ignore[arg-type]
    with pytest.raises(SynthesisError, match='dtype is "int8"; give auto, float32'):
        HubConfig(dtype="int8")  # type: ignore[arg-type]
    with pytest.raises(SynthesisError, match='"quantum" cannot be used'):
        device_of(HubConfig(device="quantum"))
    with pytest.raises(SynthesisError, match="nothing to offload"):
        device_of(HubConfig(device="cpu", offload="model"))
