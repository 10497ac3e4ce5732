"""Where the weights of a diffusers pipeline come from, and how much memory it may take. Loads nothing."""

from dataclasses import dataclass
from typing import Literal, get_args

from pvchat.errors import SynthesisError

Offload = Literal["none", "model", "sequential"]
Precision = Literal["auto", "float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class HubConfig:
    """Which pipeline is run, and how.

    Attributes:
        model: its name on the model hub, or a folder that `save_pretrained` wrote; "" for the synthesizer's usual one.
        revision: branch, tag or commit on the hub; None for the newest.
        adapter: safetensors file of IP-Adapter FaceID; for "ip-adapter-faceid" alone.
        device: "auto" for the GPU, or a name that torch knows: "cuda:1", "mps", "cpu".
        dtype: precision; "auto" is half precision on a GPU and float32 on a CPU.
        offload: what waits in the main memory: "none" of it, each "model" until it is needed, or each layer
            ("sequential": least GPU memory, by far the slowest).
        vae_tiling: decode pictures in tiles that overlap. vae_slicing: decode the pictures of a batch one by one.
        offline: fetch nothing. `PVCHAT_OFFLINE=1` and `HF_HUB_OFFLINE=1` forbid it in any case.
    """

    model: str = ""
    revision: str | None = None
    adapter: str = ""
    device: str = "auto"
    dtype: Precision = "auto"
    offload: Offload = "none"
    vae_tiling: bool = True
    vae_slicing: bool = True
    offline: bool = False

    def __post_init__(self) -> None:
        for name, value, choices in (("offload", self.offload, Offload), ("dtype", self.dtype, Precision)):
            if value not in get_args(choices):
                raise SynthesisError(f'{name} is "{value}"; give {", ".join(get_args(choices))}')
