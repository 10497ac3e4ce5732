"""What tests do with an adapter in training, whatever the base."""

from typing import Any

import torch

from pvchat.training.personal import PersonalModel


def disturb(model: PersonalModel[Any], seed: int = 1, by: float = 0.2) -> None:
    """Make everything that is trained count."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for group in model.parameters().values():
            for parameter in group:
                parameter.add_(by * torch.randn(parameter.shape, generator=generator))
