"""What is computed twice is the same as what is held."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaModel

from pvchat.training.checkpointing import IGNORED, LayerCheckpointing, answer_cross_entropy


def decoder() -> Any:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=31,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=4,
        num_attention_heads=4,
        attention_dropout=0.5,
    )
    return LlamaModel(config).eval().requires_grad_(False)


def held(text: Any) -> tuple[list[Tensor], int]:
    """Hidden states and the embeddings' gradient, and bytes that the forward pass keeps for the backward pass."""
    torch.manual_seed(1)
    states = torch.randn(2, 9, 32, requires_grad=True)
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        hidden = text(inputs_embeds=states, use_cache=False).last_hidden_state
    return [hidden, *torch.autograd.grad(hidden.square().sum(), states)], sum(kept.values())


def test_checkpointed_layers_compute_the_same_and_hold_less() -> None:
    text = decoder()
    (hidden, gradient), most = held(text)
    checkpointing = LayerCheckpointing(text)
    checkpointing.train(True)
    (again, same), fewer = held(text)
    torch.testing.assert_close(again, hidden, rtol=0, atol=0)
    torch.testing.assert_close(same, gradient, rtol=0, atol=0)
    assert fewer < 0.75 * most
    checkpointing.train(False)
    assert held(text)[1] == most
    checkpointing.train(True)
    checkpointing.close()
    assert held(text)[1] == most
    assert not any(module.training for module in text.modules())


@pytest.mark.parametrize("count", [5, 128, 300])
def test_logits_in_chunks_have_the_same_loss(count: int) -> None:
    torch.manual_seed(0)
    head = nn.Linear(16, 40, dtype=torch.float64)
    hidden = torch.randn(count, 16, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 40, (count,))
    labels[2] = IGNORED
    logits = head(hidden).float()
    right = nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED)
    loss, chosen = answer_cross_entropy(head, hidden, labels)
    torch.testing.assert_close(loss, right)
    assert torch.equal(chosen, logits.argmax(-1) == labels)
    wanted = [hidden, head.weight]
    for mine, other in zip(torch.autograd.grad(loss, wanted), torch.autograd.grad(right, wanted), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-8)
