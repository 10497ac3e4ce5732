"""What ConsisID is told of a face: diffusers' preprocessing, which needs packages and weights of its own.

They are not installed with PVChat: `consisid_eva_clip`, `facexlib`, `torchvision`, and onnxruntime's build for CUDA.
Their weights lie in the folder `face_encoder` of ConsisID's repository. Among them is insightface's "antelopev2", which
is for non-commercial research only. Not run here: nothing in this file is tested beyond its refusals.
"""

import contextlib
import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pvchat.errors import ModelError, SynthesisError
from pvchat.perception.geometry import Image
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.hub_pipelines import PipelineKind, device_of, first_line, forbids_fetching, is_out_of_memory

_PACKAGES = ("insightface", "consisid_eva_clip", "facexlib", "torchvision")
_FOLDER = "face_encoder"
# Where one of these is missing, the packages would fetch it from somewhere by themselves.
_FILES = (
    "EVA02_CLIP_L_336_psz14_s6B.pt",
    "detection_Resnet50_Final.pth",
    "parsing_bisenet.pth",
    "models/antelopev2/glintr100.onnx",
)
_WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


@dataclass(frozen=True)
class FaceConditions:
    """What the pipeline takes of a face.

    Attributes:
        identity: (1, 1280) float: vectors of the recognition network and of EVA-CLIP, in a row.
        details: of hidden layers of EVA-CLIP, (1, 577, 1024) each.
        picture: (H, W, 3) uint8 RGB, the aligned face on white. points: (5, 2) in it, or None.
    """

    identity: Tensor
    details: tuple[Tensor, ...]
    picture: Image
    points: Any = None


def check_face_models() -> None:
    """Whether the packages are there, and the licence of insightface's models is accepted.

    Raises:
        SynthesisError: not so.
    """
    from pvchat.identity.insightface_license import check_insightface_license

    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise SynthesisError(
            f"ConsisID needs packages to describe a face that are not installed: {', '.join(missing)}; "
            "install them, or use another synthesizer"
        )
    try:
        check_insightface_license("ConsisID", instead="use another synthesizer")
    except ModelError as error:
        raise SynthesisError(str(error)) from error


@contextlib.contextmanager
def read_faces(config: HubConfig, kind: PipelineKind) -> Iterator[Callable[[Image], FaceConditions]]:
    """ConsisID's own models, for as long as they are used.

    Raises:
        SynthesisError: see `check_face_models`; or the weights are missing, do not fit, or no face is found.
    """
    check_face_models()
    device = device_of(config)
    if device.type != "cuda":
        raise SynthesisError(f"ConsisID's face models run on a CUDA device alone, not on {device}; use another one")
    folder = _face_folder(config, kind)
    models: list[Any] = []

    def read(picture: Image) -> FaceConditions:
        from diffusers.pipelines.consisid.consisid_utils import process_face_embeddings_infer

        main, second, eva, app, mean, std = models
        with torch.no_grad():
            found = _told(
                lambda: process_face_embeddings_infer(
                    main, eva, second, mean, std, app, device, kind.half, picture, is_align_face=True
                )
            )
        identity, details, aligned, points = found
        return FaceConditions(identity, tuple(details), np.asarray(aligned, np.uint8), points)

    try:
        # insightface reports on standard output, which belongs to the program's answers.
        with _tensors_alone(), contextlib.redirect_stdout(sys.stderr):
            models += _told(lambda: _prepare(folder, device, kind.half))
        yield read
    finally:
        models.clear()
        gc.collect()
        torch.cuda.empty_cache()


def _prepare(folder: Path, device: torch.device, dtype: torch.dtype) -> tuple[Any, ...]:
    # The module refuses to be imported without its packages.
    from diffusers.pipelines.consisid.consisid_utils import prepare_face_models

    return tuple(prepare_face_models(str(folder), device=str(device), dtype=dtype))


def _face_folder(config: HubConfig, kind: PipelineKind) -> Path:
    """The folder that holds `face_encoder`."""
    from huggingface_hub import snapshot_download

    name = config.model or kind.usual
    try:
        folder = Path(name)
        if not folder.is_dir():
            where: dict[str, Any] = {"revision": config.revision, **forbids_fetching(config)}
            folder = Path(str(snapshot_download(name, allow_patterns=[f"{_FOLDER}/*"], **where)))
    except Exception as error:  # the hub's library raises its own errors and those of the network
        raise SynthesisError(
            f'the face models of "{name}" cannot be had ({first_line(error)}); give a folder that holds {_FOLDER}'
        ) from error
    missing = [file for file in _FILES if not (folder / _FOLDER / file).is_file()]
    if missing:
        raise SynthesisError(f'"{name}" lacks {_FOLDER}/{missing[0]}; download the whole repository')
    return folder


@contextlib.contextmanager
def _tensors_alone() -> Iterator[None]:
    """The packages' weights are pickles: PyTorch is made to read tensors of them and nothing that runs."""
    before = os.environ.get(_WEIGHTS_ONLY)
    os.environ[_WEIGHTS_ONLY] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_WEIGHTS_ONLY]
        else:
            os.environ[_WEIGHTS_ONLY] = before


def _told(work: Callable[[], Any]) -> Any:
    """Do something with the packages; what they raise is told as our own error."""
    try:
        return work()
    except Exception as error:  # four libraries, each with errors of its own
        if is_out_of_memory(error):
            problem = "ConsisID's face models run out of memory; use another GPU or another synthesizer"
        else:
            problem = f"ConsisID's face models fail ({first_line(error)}); use another synthesizer"
    # Raised outside, so that the tensors of the failed work are let go.
    raise SynthesisError(problem)
