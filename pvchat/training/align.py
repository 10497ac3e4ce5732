"""Alignment: patches learn to tell what a face would have told, before any question is asked.

nano's soft tokens say who is there when faces are seen. For a clip whose faces are hidden, the tokens of the same clip
with its faces shown are the target; where a face is seen and the pixels are somebody else's, the tokens without pixels
are. This is distillation from the base into the pixel projection and the personal queries. The language model takes no
part in it, so a hundred steps cost what a few questions do; the two stages then teach the words.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor, nn

from pvchat.errors import TrainingError
from pvchat.models.nano import NanoInputs, collate
from pvchat.training.nano_clip import NanoClip
from pvchat.training.personal import ParameterGroup
from pvchat.training.pretraining import schedule


@dataclass(frozen=True)
class AlignConfig:
    """How patches are aligned.

    Attributes:
        seed: of order and dropout. steps: optimizer steps. batch: pairs per step.
        rate: peak learning rate of projection and personal queries. rate_updates: of the Q-Former's low-rank updates.
        kept: share of the patches that a step sees. noise: multiplicative, on the features.
    """

    seed: int = 7
    steps: int = 150
    batch: int = 12
    rate: float = 3e-3
    rate_updates: float = 1e-3
    kept: float = 0.3
    noise: float = 0.3


@dataclass(frozen=True)
class Pair:
    """What is seen, and the same clip as it has to be read: with its faces, and without pixels."""

    seen: NanoClip
    told: NanoClip


class SoftTokenModel(Protocol):
    """nano with an adapter in training."""

    @property
    def device(self) -> torch.device:
        """Where it is."""

    def soft_tokens(self, inputs: NanoInputs) -> Tensor:
        """(B, R, E) personal soft tokens of the subject."""

    def parameters(self) -> Mapping[ParameterGroup, Sequence[nn.Parameter]]:
        """What is trained, by group."""


def align(
    model: SoftTokenModel,
    pairs: Sequence[Pair],
    config: AlignConfig | None = None,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> list[float]:
    """Train projection, personal queries and the Q-Former's updates on pairs.

    Args:
        model: untrained, so that it still reads as the base does. pairs: of `SubjectClips.pairs`.
        config: see `AlignConfig`.
        cancelled: asked before every step; True ends the alignment where it is.

    Returns:
        Loss of every step: mean squared error over the variance of the targets.

    Raises:
        TrainingError: a loss is not finite, or there are too few pairs.
    """
    config = config or AlignConfig()
    if len(pairs) < 2:
        raise TrainingError(f"{len(pairs)} pairs are too few to align patches; give 2 or more")
    with torch.no_grad():
        targets = torch.cat([model.soft_tokens(_inputs(model, [pair.told])) for pair in pairs])  # (n, R, E)
        spread = targets.var(dim=0).mean().clamp_min(1e-8)
    groups = model.parameters()
    optimizer = torch.optim.AdamW(
        [
            {"params": [*groups.get("pixels", ()), *groups.get("personal", ())], "lr": config.rate},
            {"params": list(groups.get("lora", ())), "lr": config.rate_updates},
        ]
    )
    peaks = [group["lr"] for group in optimizer.param_groups]
    rng = random.Random(f"align {config.seed}")
    generator = torch.Generator().manual_seed(config.seed)
    losses: list[float] = []
    for step in range(config.steps):
        if cancelled is not None and cancelled():
            break
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * schedule(step, config.steps, 0.05)
        chosen = rng.sample(range(len(pairs)), min(config.batch, len(pairs)))
        inputs = _dropped(_inputs(model, [pairs[i].seen for i in chosen]), config, generator)
        loss = (model.soft_tokens(inputs) - targets[chosen]).pow(2).mean() / spread
        if not bool(torch.isfinite(loss)):
            raise TrainingError("aligning the patches diverged; lower the learning rate")
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(float(loss.detach()))
    for parameter in (p for group in groups.values() for p in group):
        # Also of what took no part: the routers.
        parameter.grad = None
    return losses


def _inputs(model: SoftTokenModel, clips: Sequence[NanoClip]) -> NanoInputs:
    return collate(
        [clip.arrays for clip in clips],
        [[clip.subject] for clip in clips],
        model.device,
        [clip.patches for clip in clips],
    )


def _dropped(inputs: NanoInputs, config: AlignConfig, generator: torch.Generator) -> NanoInputs:
    """A few of the patches, their features scaled at random: no single cell of a frame may decide."""
    if inputs.patches is None or inputs.patch_slot is None:
        return inputs
    count = inputs.patch_slot.shape[1]
    kept = torch.randperm(count, generator=generator)[: max(1, round(config.kept * count))]
    scale: Tensor = 1 + config.noise * torch.randn(len(inputs.patches), 1, inputs.patches.shape[2], generator=generator)
    kept = kept.to(inputs.patches.device)
    return replace(
        inputs,
        patches=inputs.patches[:, kept] * scale.to(inputs.patches.device),
        patch_slot=inputs.patch_slot[:, kept],
    )
