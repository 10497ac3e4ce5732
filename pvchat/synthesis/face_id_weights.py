"""The weights of IP-Adapter FaceID (Ye et al. 2023) as safetensors.

They are published as pickles, which can run code when they are opened. So a pickle is refused where samples are made,
and converted once by `convert`, which lets PyTorch read tensors and nothing else.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pvchat.errors import ModelError, SynthesisError
from pvchat.whole_file import whole_file

# Length of the face vectors that the published adapters were trained on.
FACE_DIMENSION = 512

_GROUPS = ("image_proj", "ip_adapter")
_SUFFIX = ".safetensors"
HOW_TO_CONVERT = "pvchat weights convert-faceid ip-adapter-faceid_sd15.bin ip-adapter-faceid_sd15.safetensors"


def read_face_id(path: Path) -> dict[str, dict[str, Tensor]]:
    """Tensors of an adapter, in the two groups that diffusers loads.

    Raises:
        SynthesisError: the file is missing, a pickle, or no IP-Adapter FaceID.
    """
    check_face_id_file(path)
    groups: dict[str, dict[str, Tensor]] = {group: {} for group in _GROUPS}
    try:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - not a mapping
                group, _, rest = name.partition(".")
                if group in groups:
                    groups[group][rest] = file.get_tensor(name)
    except (OSError, SafetensorError) as error:
        raise SynthesisError(f"the adapter {path.name} is no safetensors file ({error}); convert it again") from error
    problem = _problem(groups)
    if problem is not None:
        raise SynthesisError(f"the adapter {path.name} {problem}; give an IP-Adapter FaceID")
    return groups


def check_face_id_file(path: Path) -> None:
    """Whether there is a file that can be one.

    Raises:
        SynthesisError: it is missing, or a pickle.
    """
    if path.suffix != _SUFFIX:
        raise SynthesisError(
            f"the adapter {path.name} is no safetensors file, and a pickle can run code; convert it: {HOW_TO_CONVERT}"
        )
    if not path.is_file():
        raise SynthesisError(f"the adapter {path} is not there; check the path, or make it: {HOW_TO_CONVERT}")


def convert(source: Path, target: Path) -> int:
    """Write a published adapter as safetensors. Of the pickle, PyTorch reads tensors and plain containers alone.

    Args:
        source: the `.bin` file. target: ends in `.safetensors`; replaced when it is there.

    Returns:
        How many tensors there are.

    Raises:
        ModelError: the source cannot be read, holds more than tensors, or is no IP-Adapter FaceID.
    """
    if target.suffix != _SUFFIX:
        raise ModelError(f"{target.name} has to end in {_SUFFIX}")
    try:
        read = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # what a file that is no such thing makes of the reader cannot be listed
        reason = str(error).strip().splitlines()
        raise ModelError(
            f"{source.name} cannot be read as tensors alone ({reason[0] if reason else type(error).__name__}); "
            "give the .bin file of an IP-Adapter FaceID"
        ) from error
    groups = {group: read.get(group) if isinstance(read, dict) else None for group in _GROUPS}
    tensors: dict[str, Tensor] = {}
    for group, found in groups.items():
        if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
            raise ModelError(f'{source.name} has no tensors under "{group}"; give an IP-Adapter FaceID')
        # Shared memory would be refused, and transposed views are not what a file holds.
        tensors |= {f"{group}.{name}": tensor.detach().clone().contiguous() for name, tensor in found.items()}
    problem = _problem({group: found for group, found in groups.items() if isinstance(found, dict)})
    if problem is not None:
        raise ModelError(f"{source.name} {problem}; give an IP-Adapter FaceID")
    with whole_file(target) as file:
        file.write(save(tensors))
    return len(tensors)


def _problem(groups: dict[str, dict[str, Tensor]]) -> str | None:
    """Why these are no weights of FaceID, None where they are."""
    projection = groups["image_proj"]
    if "perceiver_resampler.proj_in.weight" in projection:
        return "is a FaceID Plus, which also needs a picture encoder and is not supported"
    missing = [name for name in ("proj.0.weight", "proj.2.weight", "norm.weight") if name not in projection]
    if missing or not groups["ip_adapter"]:
        return f"lacks {missing[0] if missing else 'the attention layers'}"
    width = projection["proj.0.weight"].shape[1]
    if width != FACE_DIMENSION:
        return f"takes face vectors of {width} values, not {FACE_DIMENSION}"
    return None
