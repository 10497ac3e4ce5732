"""Diffusers pipelines: loaded from the model hub or a folder, run, and gone again.

Only safetensors are read, and nothing is run but diffusers' and transformers' own classes. Whatever goes wrong ends in
a `SynthesisError` that says so, so that the caller can go on with another synthesizer.
"""

import gc
import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image
from pvchat.synthesis.hub_config import HubConfig

Check = Callable[[], None]

# How PyTorch's allocators say that there is no memory, where they do not raise an error of its own.
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")


@dataclass(frozen=True)
class PipelineKind:
    """What a synthesizer can run.

    Attributes:
        synthesizer: its name. usual: the model it takes when none is named.
        choose: class of diffusers for what is in `model_index.json`; None for a model that does not serve.
        wanted: classes that do, in words.
        half: the precision it is run in on a GPU. exact: components that stay in float32 all the same.
    """

    synthesizer: str
    usual: str
    choose: Callable[[Mapping[str, Any]], str | None]
    wanted: str
    half: torch.dtype = torch.float16
    exact: tuple[str, ...] = ()


class HubPipeline:
    """A pipeline that was loaded.

    Args:
        pipeline: of diffusers. kind: see `PipelineKind`. device: where it runs. hint: what to do about the memory.

    Attributes:
        pipeline: for what the call does not offer.
    """

    def __init__(self, pipeline: Any, kind: PipelineKind, device: torch.device, hint: str) -> None:
        self.pipeline = pipeline
        self.device = device
        self._kind = kind
        self._hint = hint

    def frames(self, generator: torch.Generator, check: Check | None, **arguments: Any) -> tuple[Image, ...]:
        """Run it once.

        Args:
            generator: of all that is random. check: called after each denoising step; ends the run by what it raises.
            arguments: of the pipeline, as it names them.

        Returns:
            (H, W, 3) uint8 RGB: the picture, or those of the clip.

        Raises:
            SynthesisError: there is no memory, the pipeline refuses its arguments, or it ends in numbers that are none.
        """
        stopped: list[BaseException] = []

        def after_step(_pipeline: Any, _step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            if check is not None:
                try:
                    check()
                except BaseException as error:
                    stopped.append(error)
                    raise
            return values

        problem = None
        made: Any = None
        try:
            made = self.pipeline(
                **arguments,
                generator=generator,
                output_type="np",
                return_dict=False,
                callback_on_step_end=after_step,
            )[0]
        except Exception as error:  # the libraries raise anything from KeyError to errors of CUDA
            if error in stopped:
                raise
            problem = self._told(error)
        # An error that is being handled holds on to every tensor of the run, so the new one is raised without it.
        if problem is not None:
            raise SynthesisError(problem)
        pictures = np.asarray(made, dtype=np.float32)
        pictures = pictures.reshape(-1, *pictures.shape[-3:])
        if not np.isfinite(pictures).all():
            raise SynthesisError(
                f'the pipeline of "{self._kind.synthesizer}" ended in values that are not finite; '
                "run it in bfloat16 or float32"
            )
        return tuple(np.asarray(np.rint(np.clip(picture, 0.0, 1.0) * 255), np.uint8) for picture in pictures)

    def close(self) -> None:
        """Give its memory back; it cannot be used any more."""
        pipeline, self.pipeline = self.pipeline, None
        if pipeline is not None:
            pipeline.remove_all_hooks()
        del pipeline
        _free(self.device)

    def _told(self, error: Exception) -> str:
        name = self._kind.synthesizer
        if is_out_of_memory(error):
            return f'the pipeline of "{name}" runs out of memory on {self.device}; {self._hint}'
        return f'the pipeline of "{name}" fails ({first_line(error)}); give another model, or use another synthesizer'


@contextmanager
def hub_pipeline(
    config: HubConfig, kind: PipelineKind, prepare: Callable[[Any], None] | None = None
) -> Iterator[HubPipeline]:
    """A pipeline for as long as it is used; its memory is free afterwards, whatever happened.

    Args:
        config: see `HubConfig`. kind: see `PipelineKind`.
        prepare: adds to the pipeline what belongs to it, before it is moved or offloaded.

    Raises:
        SynthesisError: see `device_of`; or the weights are missing or no safetensors, or the model does not serve.
    """
    device = device_of(config)
    pipeline, problem = None, None
    try:
        pipeline = _load(config, kind, device, prepare)
    except SynthesisError as error:
        problem = str(error)
    except Exception as error:  # the libraries raise anything from KeyError to network errors
        problem = _not_loaded(config, kind, device, error)
    if problem is not None:
        _free(device)
        raise SynthesisError(problem)
    opened = HubPipeline(pipeline, kind, device, memory_hint(config))
    # The name would keep the pipeline for as long as this waits.
    del pipeline
    try:
        yield opened
    finally:
        opened.close()


def device_of(config: HubConfig) -> torch.device:
    """Where a pipeline runs.

    Raises:
        SynthesisError: there is no GPU, the device is unknown, or a CPU is asked to offload.
    """
    if config.device == "auto":
        if not torch.cuda.is_available():
            raise SynthesisError(
                "there is no GPU for a diffusers pipeline, and a sample takes many minutes on a CPU; "
                'use the synthesizer "augment", or name the device "cpu"'
            )
        return torch.device("cuda")
    try:
        device = torch.device(config.device)
        torch.empty(0, device=device)
    # A build without CUDA fails by an assertion.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise SynthesisError(f'the device "{config.device}" cannot be used ({first_line(error)})') from error
    if device.type == "cpu" and config.offload != "none":
        raise SynthesisError(f'offload is "{config.offload}", but on a CPU there is nothing to offload; give "none"')
    return device


def generator_of(synthesizer: str, seed: int, index: int) -> torch.Generator:
    """What a sample's noise comes from: the same on every device, and independent of the samples before it."""
    return torch.Generator("cpu").manual_seed(random.Random(f"{synthesizer} {seed} {index}").getrandbits(63))


def forbids_fetching(config: HubConfig) -> dict[str, bool]:
    """Arguments of whatever reads from the hub."""
    # The hub's own switch, HF_HUB_OFFLINE, is read by its library.
    offline = config.offline or os.environ.get("PVCHAT_OFFLINE", "").strip() not in ("", "0")
    return {"local_files_only": True} if offline else {}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory, on a GPU or on the CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _NO_MEMORY)


def memory_hint(config: HubConfig) -> str:
    """What to do about too little memory."""
    if config.device == "cpu":
        return "free some memory, or use another synthesizer"
    if config.offload == "sequential":
        return "even with offload sequential; use another GPU or another synthesizer"
    more = "model or sequential" if config.offload == "none" else "sequential"
    return f"use offload {more}, or another synthesizer"


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    text = str(error).strip()
    return text.splitlines()[0].strip().rstrip(".") if text else type(error).__name__


def _load(config: HubConfig, kind: PipelineKind, device: torch.device, prepare: Callable[[Any], None] | None) -> Any:
    import diffusers

    name = config.model or kind.usual
    where: dict[str, Any] = {"revision": config.revision, **forbids_fetching(config)}
    index = diffusers.DiffusionPipeline.load_config(name, **where)
    found = index.get("_class_name")
    chosen = kind.choose(index)
    if chosen is None:
        raise SynthesisError(
            f'the model "{name}" is a {found}, which "{kind.synthesizer}" cannot run; give one of {kind.wanted}'
        )
    default = _dtype(config, kind, device)
    dtype = {"default": default, **dict.fromkeys(kind.exact, torch.float32)}
    pipeline = getattr(diffusers, chosen).from_pretrained(name, dtype=dtype, use_safetensors=True, **where)
    pipeline.set_progress_bar_config(disable=True)
    # Not every autoencoder can do both.
    for wished, switch in ((config.vae_tiling, "enable_tiling"), (config.vae_slicing, "enable_slicing")):
        if wished and hasattr(pipeline.vae, switch):
            getattr(pipeline.vae, switch)()
    if prepare is not None:
        prepare(pipeline)
    if config.offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    elif config.offload == "sequential":
        pipeline.enable_sequential_cpu_offload(device=device)
    else:
        pipeline.to(device)
    return pipeline


def _dtype(config: HubConfig, kind: PipelineKind, device: torch.device) -> torch.dtype:
    if config.dtype == "auto":
        return torch.float32 if device.type == "cpu" else kind.half
    return {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}[config.dtype]


def _not_loaded(config: HubConfig, kind: PipelineKind, device: torch.device, error: Exception) -> str:
    if is_out_of_memory(error):
        return f'the model of "{kind.synthesizer}" does not fit into the memory of {device}; {memory_hint(config)}'
    name = config.model or kind.usual
    way_out = "give a folder or a name on the hub that holds safetensors"
    if forbids_fetching(config) or os.environ.get("HF_HUB_OFFLINE", "").strip() not in ("", "0"):
        way_out = "nothing may be fetched: give a folder with safetensors, or unset PVCHAT_OFFLINE and HF_HUB_OFFLINE"
    return f'the model "{name}" of "{kind.synthesizer}" cannot be loaded ({first_line(error)}); {way_out}'


def _free(device: torch.device) -> None:
    # Components and hooks refer to each other, so counting references alone does not free them.
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
