"""Holding less memory by computing twice: activations of a language model's layers, and its logits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

IGNORED = -100
# Logits at a time: at a vocabulary of 50,000 words and what the backward pass needs of them 50 MB.
_CHUNK = 128


def activation_checkpointing(model: Any, on: bool) -> None:
    """Turn the checkpointing of a transformers model on or off. It acts on layers in training mode alone.

    Args:
        model: of transformers.
    """
    # transformers renamed these methods; older releases know the second name alone.
    action = "enable" if on else "disable"
    new = f"activation_checkpointing_{action}"
    found: Callable[..., None] = getattr(model, new if hasattr(model, new) else f"gradient_checkpointing_{action}")
    found(*({"use_reentrant": False},) if on else ())


class LayerCheckpointing:
    """Checkpointing of every second layer of a decoder: about half the activations, for a quarter more time.

    Close it when done: until then the decoder is changed. The layers' own parts stay in the mode they are in.

    Args:
        text: decoder of transformers, from embeddings to hidden states, with `layers`.
    """

    def __init__(self, text: Any) -> None:
        self._text = text
        self._modes = [layer.training for layer in text.layers]
        activation_checkpointing(text, True)
        for layer in list(text.layers)[1::2]:
            layer.gradient_checkpointing = False

    def train(self, mode: bool) -> None:
        """Turn it on, or off where no gradient is wanted."""
        for layer in self._text.layers:
            # Of the layer alone, which asks whether to checkpoint: dropout below it stays off.
            layer.training = mode

    def close(self) -> None:
        """Leave the decoder as it was."""
        activation_checkpointing(self._text, False)
        for layer, mode in zip(self._text.layers, self._modes, strict=True):
            layer.training = mode


def answer_cross_entropy(head: Callable[[Tensor], Tensor], hidden: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of answer tokens; of many, logits are made in chunks, and again in the backward pass.

    Args:
        head: (n, E) hidden states to (n, V) logits. hidden: (n, E), where answers are predicted.
        labels: (n,) int64 tokens, or IGNORED for places that do not count.

    Returns:
        scalar loss in float32, and (n,) bool, whether each token would be the model's first choice.
    """

    def part(states: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        logits = head(states).float()
        loss = nn.functional.cross_entropy(logits, wanted, ignore_index=IGNORED, reduction="sum")
        return loss, logits.detach().argmax(-1) == wanted

    pieces = list(zip(torch.split(hidden, _CHUNK), torch.split(labels, _CHUNK), strict=True))
    if len(pieces) == 1:
        found = [part(*pieces[0])]
    else:
        found = [checkpoint(part, *piece, use_reentrant=False) for piece in pieces]
    total = torch.stack([loss for loss, _ in found]).sum()
    return total / (labels != IGNORED).sum(), torch.cat([right for _, right in found])
