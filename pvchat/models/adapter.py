"""The adapter: all that fine-tuning leaves behind for one subject, a few MB.

Two files, or the same two as bytes: `adapter.safetensors` with the tensors and `adapter.json` with what they belong to,
the SHA-256 of the tensor file and the subject's training report. Tensors are named by part:

    name                  (E,) what is added to the subject's name in the prompt
    personal              (P, D) personal queries where there is a Q-Former, else (P, E) soft tokens of the prompt
    pixels.*              projection of patch features into the Q-Former's memory
    lora.*                low-rank updates, named as peft names them
    router.*              routers of ReMoH, named by the block they stand in

Updates and projection, nearly all of the size, are stored in bfloat16; the rest in float32, because a router rounded to
bfloat16 turns other heads on.

An adapter is bound to its base by name and fingerprint: another base's adapter is refused, not tried.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from pvchat.digest import timeless
from pvchat.errors import ModelError
from pvchat.models.remoh import RoutingConfig

FORMAT = 1
TENSORS = "adapter.safetensors"
CARD = "adapter.json"

Part = Literal["name", "personal", "pixels", "lora", "router"]
PARTS: tuple[Part, ...] = ("name", "personal", "pixels", "lora", "router")
_HALVED = ("lora.", "pixels.")


@dataclass(frozen=True)
class AdapterConfig:
    """What an adapter belongs to and how it is built.

    Attributes:
        base: name of the base model. base_sha256: its fingerprint, see `fingerprint`.
        personal_tokens: P; 0 for none.
        rank, alpha, targets: of the low-rank updates; `targets` are endings of layer names. A rank of 0 means none.
        routing: see `RoutingConfig`.
        pixels: whether patch features enter the memory.
    """

    base: str
    base_sha256: str
    personal_tokens: int = 16
    rank: int = 8
    alpha: int = 16
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
    routing: RoutingConfig = field(default_factory=RoutingConfig)
    pixels: bool = False

    def __post_init__(self) -> None:
        if self.personal_tokens < 0 or self.rank < 0:
            raise ValueError(f"personal_tokens {self.personal_tokens} and rank {self.rank} cannot be below 0")


@dataclass(frozen=True)
class Adapter:
    """One subject's adapter.

    Attributes:
        config: see `AdapterConfig`. tensors: by the names above. report: of training and evaluation, plain JSON.
    """

    config: AdapterConfig
    tensors: Mapping[str, Tensor]
    report: Mapping[str, Any] = field(default_factory=dict)

    def part(self, part: Part) -> dict[str, Tensor]:
        """The tensors of one part, without its prefix; a part that is one tensor has the name ""."""
        return {
            name.removeprefix(part).removeprefix("."): tensor
            for name, tensor in self.tensors.items()
            if name == part or name.startswith(f"{part}.")
        }

    def check_base(self, base: str, base_sha256: str) -> None:
        """Raise ModelError unless this is the base it was trained on."""
        if self.config.base != base:
            raise ModelError(f"the adapter was trained on {self.config.base}, not on {base}; train one for {base}")
        if self.config.base_sha256 != base_sha256:
            raise ModelError(
                f"the adapter was trained on another version of {base} "
                f"({self.config.base_sha256[:12]}, this is {base_sha256[:12]}); train it again"
            )

    def to_bytes(self) -> tuple[str, bytes]:
        """The card as JSON text, and the tensor file.

        Raises:
            ModelError: a tensor is not finite.
        """
        stored = {}
        for name, tensor in self.tensors.items():
            dtype = torch.bfloat16 if name.startswith(_HALVED) else torch.float32
            stored[name] = tensor.detach().to("cpu", dtype).contiguous()
            # As it is stored: what is finite in a wider type may not be in this one.
            if not bool(torch.isfinite(stored[name]).all()):
                raise ModelError(f"{name} of the adapter is not finite; training diverged, start it again")
        data = save_tensors(stored, metadata={"format": "pt"})
        card = {
            "format": FORMAT,
            "config": asdict(self.config),
            "sha256": hashlib.sha256(data).hexdigest(),
            "report": dict(self.report),
        }
        return json.dumps(card, indent=1), data

    def save(self, folder: Path) -> None:
        """Write both files; each is complete or not there. Raises ModelError as `to_bytes` does."""
        card, data = self.to_bytes()
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in ((TENSORS, data), (CARD, card.encode())):
            partial = folder / f"{name}.part"
            partial.write_bytes(content)
            os.replace(partial, folder / name)


def load_adapter(folder: Path) -> Adapter:
    """Read an adapter from its folder.

    Raises:
        ModelError: a file is missing, cut off, changed, or of a format this program does not read.
    """
    try:
        return parse_adapter((folder / CARD).read_text("utf-8"), (folder / TENSORS).read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{folder} holds no readable adapter; train one with `pvchat train`") from error


def parse_adapter(card: str, data: bytes) -> Adapter:
    """An adapter from the two halves that `Adapter.to_bytes` gave.

    Raises:
        ModelError: see `load_adapter`.
    """
    try:
        found = json.loads(card)
        version, fields, sha256 = found["format"], dict(found["config"]), found["sha256"]
        report = dict(found.get("report", {}))
        if version != FORMAT:
            raise ModelError(f"the adapter has format {version}, this program reads {FORMAT}; train it again")
        config = _config(fields)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError("the adapter's card is not readable; train it again") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError("the adapter's tensors are not those it was saved with (cut off or changed); train it again")
    try:
        tensors = load_tensors(data)
    except SafetensorError as error:
        raise ModelError("the adapter's tensors are not readable; train it again") from error
    odd = sorted(name for name in tensors if name.partition(".")[0] not in PARTS)
    if odd:
        raise ModelError(f"the adapter holds {odd[0]}, which is no part of one; train it again")
    wrong = sorted(name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all()))
    if wrong:
        raise ModelError(f"{wrong[0]} of the adapter is not finite; train it again")
    return Adapter(config, tensors, report)


def content_sha256(card: str, data: bytes) -> str:
    """A digest of the two halves that two runs of the same training share: of everything but the time they took.

    Args:
        card, data: of `Adapter.to_bytes`.
    """
    return hashlib.sha256(timeless(json.loads(card)) + hashlib.sha256(data).digest()).hexdigest()


def _config(fields: dict[str, Any]) -> AdapterConfig:
    """From the card. Raises ValueError, KeyError or TypeError where it is not what `to_bytes` writes."""
    targets = fields["targets"]
    routing = RoutingConfig(**fields.pop("routing"))
    config = AdapterConfig(**{**fields, "targets": tuple(targets)}, routing=routing)
    # Annotations are not checked by anybody else: a word in place of a number would fail far from here.
    kinds = {"base": str, "base_sha256": str, "personal_tokens": int, "rank": int, "alpha": int, "pixels": bool}
    odd = [name for name, kind in kinds.items() if type(getattr(config, name)) is not kind]
    if odd or not isinstance(targets, list) or not all(isinstance(target, str) for target in targets):
        raise TypeError(f"{', '.join(odd) or 'targets'} of the card is of another type")
    return config


def fingerprint(modules: Mapping[str, nn.Module]) -> str:
    """A hash of which weights a base has: every parameter's name and shape, and a sample of its values.

    Values are rounded to bfloat16 first, so that a base is itself in every precision it is loaded in. The sample makes
    this quick for a model of many GB; it tells bases apart and proves nothing about tampering.

    Args:
        modules: parts of the base by name, as they are before anything is attached to them.
    """
    digest = hashlib.sha256()
    for part, module in sorted(modules.items()):
        for name, parameter in sorted(module.named_parameters()):
            flat = parameter.detach().flatten()
            sample = flat[:: max(1, len(flat) // 32)][:32].to("cpu", torch.bfloat16).view(torch.int16)
            digest.update(f"{part}.{name} {tuple(parameter.shape)}\n".encode())
            digest.update(sample.numpy().tobytes())
    return digest.hexdigest()
