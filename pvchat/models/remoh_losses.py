"""What keeps half of the routed heads on: sparsity, its coefficient (SPR), and the term that wakes dead heads (HAE).

PVChat (arXiv 2503.17069), section 3.3, with k = 0.8, b0 = 1e-8, b in [1e-15, 10], HAE weight 0.5 and a target of 0.5.
Load balancing of the L1 term: ReMoE (arXiv 2412.14711), equation 9. Sparsity is the share of gates that are zero.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pvchat.models.remoh import Gates

_LEAST, _MOST = 1e-15, 10.0


@dataclass(frozen=True)
class HeadStatistics:
    """How one router's heads were used.

    Attributes:
        activation: share of tokens for which each head was on. mean_gate: of each head, over all tokens.
    """

    activation: tuple[float, ...]
    mean_gate: tuple[float, ...]


def statistics(records: Mapping[str, Gates]) -> dict[str, HeadStatistics]:
    """Per block and head: activation rate and mean gate."""
    found: dict[str, HeadStatistics] = {}
    for name, gates in records.items():
        _, values = gates.counted()
        found[name] = HeadStatistics(
            tuple((values > 0).float().mean(0).tolist()), tuple(values.float().mean(0).tolist())
        )
    return found


def sparsity(records: Sequence[Gates]) -> Tensor:
    """Share of the gates that are zero, over all routers and counted tokens; a scalar without a gradient.

    Raises:
        ValueError: there are no records.
    """
    return 1 - torch.stack([(values > 0).float().mean() for _, values in _counted(records)]).mean().detach()


def soft_sparsity(records: Sequence[Gates], temperature: float = 1.0) -> Tensor:
    """`sparsity` with a gradient: exact in value, that of a sigmoid of the logits in slope.

    A head that is off for every token gets none from its gate, since a ReLU is flat there; it gets one from this.

    Args:
        temperature: of the sigmoid, in units of the logits.

    Raises:
        ValueError: there are no records, or the temperature is not above zero.
    """
    if temperature <= 0:
        raise ValueError(f"temperature is {temperature}; give one above zero")
    soft = torch.stack([torch.sigmoid(logits / temperature).mean() for logits, _ in _counted(records)]).mean()
    return sparsity(records) + (soft.detach() - soft)


def balanced_l1(records: Sequence[Gates], target_sparsity: float = 0.5) -> Tensor:
    """Load-balanced L1 of the gates: heads that are on more often than the target weigh more.

    Raises:
        ValueError: there are no records, or the target is not within 0 and 1.
    """
    _check_target(target_sparsity)
    terms = []
    for _, values in _counted(records):
        load = (values > 0).float().mean(0) / (1 - target_sparsity)
        terms.append((load.detach() * values).mean())
    return torch.stack(terms).mean()


def head_activation_enhancement(
    records: Sequence[Gates], target_sparsity: float = 0.5, weight: float = 0.5, temperature: float = 1.0
) -> Tensor:
    """HAE: `weight (exp(2 (R - T)) - 1)` while the sparsity R is above its target T, else zero.

    Raises:
        ValueError: see `soft_sparsity`.
    """
    _check_target(target_sparsity)
    soft = soft_sparsity(records, temperature)
    if float(soft.detach()) <= target_sparsity:
        return torch.zeros_like(soft)
    return weight * (torch.exp(2 * (soft - target_sparsity)) - 1)


def load_balance(records: Sequence[Gates]) -> Tensor:
    """The loss of the top-k softmax router: R times the sum over heads of share kept and mean chance.

    MoH (arXiv 2410.11842), equation 8; 1 when all heads are used alike.

    Raises:
        ValueError: there are no records.
    """
    terms = []
    for logits, values in _counted(records):
        kept = (values > 0).float().mean(0)
        chance = logits.softmax(dim=-1).mean(0)
        terms.append(logits.shape[-1] * (kept / kept.sum().clamp_min(1e-6) * chance).sum())
    return torch.stack(terms).mean()


class SmoothProximityRegularization:
    """SPR: the coefficient of the sparsity loss, which follows how far the sparsity is from its target.

    `b <- clip(b exp(k (T - R)), 1e-15, 10)`, once per optimizer step.

    Args:
        target_sparsity: T. speed: k. start: the first b.

    Raises:
        ValueError: a value is out of range.
    """

    def __init__(self, target_sparsity: float = 0.5, speed: float = 0.8, start: float = 1e-8) -> None:
        _check_target(target_sparsity)
        if speed <= 0 or not _LEAST <= start <= _MOST:
            raise ValueError(f"speed {speed} has to be above zero, start {start} within {_LEAST} and {_MOST}")
        self.target_sparsity = target_sparsity
        self.speed = speed
        self.coefficient = start

    def step(self, measured_sparsity: float) -> float:
        """Follow the sparsity of the step that was just taken. Returns the new coefficient.

        Raises:
            ValueError: the sparsity is not within 0 and 1, as after a loss that is not a number.
        """
        if not 0 <= measured_sparsity <= 1:
            raise ValueError(f"the sparsity is {measured_sparsity}; it is a share from 0 to 1")
        grown = self.coefficient * math.exp(self.speed * (self.target_sparsity - measured_sparsity))
        self.coefficient = min(max(grown, _LEAST), _MOST)
        return self.coefficient

    def state_dict(self) -> dict[str, float]:
        """For a checkpoint."""
        return {"coefficient": self.coefficient}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """From a checkpoint."""
        self.coefficient = min(max(float(state["coefficient"]), _LEAST), _MOST)


def _counted(records: Sequence[Gates]) -> list[tuple[Tensor, Tensor]]:
    if not records:
        raise ValueError("no gates were recorded; run the model with ReMoH attached first")
    return [gates.counted() for gates in records]


def _check_target(target_sparsity: float) -> None:
    if not 0 <= target_sparsity < 1:
        raise ValueError(f"the target sparsity is {target_sparsity}; give a share from 0 to below 1")
