"""Several processes that train together: one start for all of them, and one sum over their shares of a step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from pvchat.models.remoh import Gates
from pvchat.models.remoh_losses import sparsity

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class StepSums:
    """What a process found in its share of a step.

    Attributes:
        loss: sum over all answer tokens. tokens: how many. right: of them. gates: what the routers said.
    """

    loss: float
    tokens: int
    right: int
    gates: Sequence[Gates]


def means(
    sums: StepSums, parameters: Sequence[nn.Parameter], accelerator: "Accelerator | None"
) -> tuple[float, float, float | None]:
    """From sums to means over the tokens of every process.

    Args:
        sums: of this process. parameters: their gradients are changed in place. accelerator: None for one process.

    Returns:
        Loss, share of right tokens, and share of heads that are off, None without routers.
    """
    total, tokens, right = sums.loss, float(sums.tokens), float(sums.right)
    off, routers = float(sparsity(sums.gates)) if sums.gates else 0.0, float(len(sums.gates))
    if accelerator is not None and accelerator.num_processes > 1:
        reached = [float(parameter.grad is not None) for parameter in parameters]
        every = torch.tensor([total, tokens, right, off * routers, routers, *reached], dtype=torch.float64)
        every = accelerator.reduce(every.to(accelerator.device), reduction="sum").cpu()
        for parameter, anywhere in zip(parameters, every[5:].tolist(), strict=True):
            # What no process reached stays without a gradient, as it would with one.
            if anywhere:
                gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                parameter.grad = accelerator.reduce(gradient, reduction="sum")
        total, tokens, right, off, routers = every[:5].tolist()
        off /= max(routers, 1.0)
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.div_(max(tokens, 1.0))
    return total / max(tokens, 1.0), right / max(tokens, 1.0), off if routers else None


@torch.no_grad()
def agree(named: Mapping[str, nn.Parameter], accelerator: "Accelerator | None") -> None:
    """Give every process the first one's parameters: what starts at random does so differently in each."""
    if accelerator is not None and accelerator.num_processes > 1:
        from accelerate.utils import broadcast

        for parameter in named.values():
            first: Tensor = broadcast(parameter.detach().clone())
            parameter.copy_(first)
