"""Checkpoints of a fine-tuning run: one safetensors file, with its state as JSON in the header."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pvchat.digest import timeless
from pvchat.errors import TrainingError
from pvchat.whole_file import whole_file

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class Checkpoint:
    """A run between two steps.

    Attributes:
        state: plain JSON. parameters: by name. best: the parameters at their best, empty before the first look.
        moments: of AdamW, by kind and name.
    """

    state: Mapping[str, Any]
    parameters: Mapping[str, Tensor]
    best: Mapping[str, Tensor]
    moments: Mapping[str, Tensor] = field(default_factory=dict)

    def belongs_to(self, run: Mapping[str, Any]) -> bool:
        """Whether this was written by a run with the same settings and data."""
        return bool(self.state["run"] == json.loads(json.dumps(run)))

    def load_moments(self, optimizer: torch.optim.Optimizer, named: Mapping[str, Tensor]) -> None:
        """Give an optimizer its moments back."""
        for name, parameter in named.items():
            found = {kind: self.moments[f"{kind}.{name}"] for kind in _MOMENTS if f"{kind}.{name}" in self.moments}
            if found:
                optimizer.state[parameter] = {
                    kind: value if kind == "step" else value.to(parameter.device) for kind, value in found.items()
                }


def save_checkpoint(file: Path, checkpoint: Checkpoint, optimizer: torch.optim.Optimizer | None) -> None:
    """Write a checkpoint; it is complete or not there.

    Args:
        optimizer: whose moments are kept, or None between two stages.
    """
    tensors: dict[str, Tensor] = {}
    for name, parameter in checkpoint.parameters.items():
        tensors[f"parameter.{name}"] = parameter
        if optimizer is not None:
            for kind, value in optimizer.state.get(parameter, {}).items():
                tensors[f"moment.{kind}.{name}"] = torch.as_tensor(value)
    tensors.update({f"best.{name}": value for name, value in checkpoint.best.items()})
    plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    with whole_file(file) as out:
        out.write(save(plain, metadata={"state": json.dumps(checkpoint.state)}))


def load_checkpoint(file: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        TrainingError: the file is none.
    """
    parts: dict[str, dict[str, Tensor]] = {"parameter": {}, "best": {}, "moment": {}}
    try:
        with safe_open(file, framework="pt") as opened:
            state = json.loads(opened.metadata()["state"])
            for name in opened.keys():  # noqa: SIM118  (no mapping, it has keys only)
                part, _, rest = name.partition(".")
                parts[part][rest] = opened.get_tensor(name)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{file} is no readable checkpoint; remove it to start anew") from error
    return Checkpoint(state, parts["parameter"], parts["best"], parts["moment"])


def content_sha256(file: Path) -> str:
    """A digest of a checkpoint that two runs of the same training share: of everything but the time they took.

    Raises:
        TrainingError: the file is no checkpoint.
    """
    found = load_checkpoint(file)
    digest = hashlib.sha256(timeless(found.state))
    for part in (found.parameters, found.best, found.moments):
        digest.update(hashlib.sha256(save(dict(part))).digest())
    return digest.hexdigest()
