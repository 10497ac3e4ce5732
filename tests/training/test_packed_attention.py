"""The attention of packed rows is that of the dense mask, without the blocked pairs."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig, LlamaModel, Qwen2Config, Qwen2Model
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from pvchat.training.checkpointing import activation_checkpointing
from pvchat.training.packed_attention import (
    PACKED,
    PackedAttention,
    PackedAttentionError,
    PackedLayout,
    lay_out_row,
    packed_attention_forward,
)
from pvchat.training.packing import PackedBatch, PackedRow, pack

ROWS = {
    "one row": [(5, (3, 4, 2))],
    "one turn": [(4, (6,))],
    "rows of different lengths": [(5, (3, 4, 2)), (2, (1, 1, 6, 2)), (9, (2,))],
    "turns of one length": [(3, (4, 4, 4))],
    "no prefix": [(0, (3, 2))],
}
SHAPE = {
    "vocab_size": 31,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def batch_of(rows: list[tuple[int, tuple[int, ...]]], multiple: int = 8) -> PackedBatch:
    """Rows of these lengths of prefix and turns."""
    return pack(
        [PackedRow([1] * prefix, [([2] * (n - 1), [3]) for n in turns]) for prefix, turns in rows], multiple=multiple
    )


def valid(batch: PackedBatch) -> Tensor:
    return batch.blocks >= 0


def attended(heads: int, keys: int, batch: PackedBatch, **options: Any) -> list[Tensor]:
    """Output at all places that are no padding, and gradients of query, key and value."""
    torch.manual_seed(0)
    layer = nn.Module()
    layer.num_key_value_groups = heads // keys  # type: ignore[assignment]
    shapes = [(len(batch.ids), count, batch.ids.shape[1], 6) for count in (heads, keys, keys)]
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    forward = packed_attention_forward if "packed_layout" in options else sdpa_attention_forward
    found = forward(layer, *inputs, options.pop("mask", None), scaling=0.3, **options)[0]
    assert found.shape == (len(batch.ids), batch.ids.shape[1], heads, 6)
    seen = found[valid(batch)]
    return [seen, *torch.autograd.grad((seen * torch.randn_like(seen)).sum(), inputs)]


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("keys", [4, 2, 1])
def test_output_and_gradients_are_those_of_the_dense_mask(rows: list[tuple[int, tuple[int, ...]]], keys: int) -> None:
    batch = batch_of(rows)
    dense = attended(4, keys, batch, mask=batch.bias(torch.float64))
    for mine, right in zip(attended(4, keys, batch, packed_layout=batch.layout), dense, strict=True):
        torch.testing.assert_close(mine, right)


@pytest.mark.parametrize("scaling", [None, 0.3])
def test_in_bfloat16_it_is_the_same_but_for_rounding(scaling: float | None) -> None:
    batch = batch_of(ROWS["rows of different lengths"])
    torch.manual_seed(0)
    query = torch.randn(3, 4, batch.ids.shape[1], 8, dtype=torch.bfloat16)
    found, right = (
        packed_attention_forward(
            nn.Module(), given, given[:, :2], given[:, 2:], None, scaling=scaling, packed_layout=batch.layout
        )[0]
        for given in (query, query.float())
    )
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), right, atol=0.03, rtol=0.03)


def test_padding_is_zero() -> None:
    batch = batch_of(ROWS["rows of different lengths"])
    query = torch.randn(3, 2, batch.ids.shape[1], 4)
    found, weights = packed_attention_forward(nn.Module(), query, query, query, None, packed_layout=batch.layout)
    assert weights is None
    assert bool(torch.isfinite(found).all())
    assert not found[~valid(batch)].any()


def decoder(kind: str = "llama") -> Any:
    torch.manual_seed(0)
    text = LlamaModel(LlamaConfig(**SHAPE)) if kind == "llama" else Qwen2Model(Qwen2Config(**SHAPE))
    return text.double().requires_grad_(False)


def decoded(text: Any, batch: PackedBatch, attention: PackedAttention | None) -> tuple[Tensor, Tensor]:
    """Hidden states that count, and the gradient of the embeddings."""
    torch.manual_seed(1)
    states = torch.randn(*batch.ids.shape, 32, dtype=torch.float64, requires_grad=True)

    def decode(mask: Tensor, options: dict[str, Any]) -> Tensor:
        found: Tensor = text(
            inputs_embeds=states, attention_mask=mask, position_ids=batch.positions, use_cache=False, **options
        ).last_hidden_state
        return found

    def dense() -> Tensor:
        return batch.bias(torch.float64)

    hidden = decode(dense(), {}) if attention is None else attention.run(decode, batch.layout, dense)
    seen = hidden[valid(batch)]
    return seen, torch.autograd.grad((seen * torch.randn_like(seen)).sum(), states)[0]


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
@pytest.mark.parametrize("before", ["sdpa", "eager"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_decoder_computes_the_same_with_and_without_checkpointing(
    kind: str, before: str, checkpointing: bool
) -> None:
    text = decoder(kind)
    text.config._attn_implementation = before
    batch = batch_of(ROWS["rows of different lengths"])
    right = decoded(text, batch, None)
    if checkpointing:
        activation_checkpointing(text, True)
        text.train()
    attention = PackedAttention(text)
    assert text.config._attn_implementation == PACKED
    for mine, dense in zip(decoded(text, batch, attention), right, strict=True):
        torch.testing.assert_close(mine, dense)
    assert batch.layout.read
    attention.close()
    assert text.config._attn_implementation == before


def test_blocked_pairs_cost_nothing() -> None:
    batch = batch_of([(16, (8,) * 30)])
    counted = []
    query = torch.randn(1, 2, batch.ids.shape[1], 4)
    for options in ({"attention_mask": batch.bias()}, {"attention_mask": None, "packed_layout": batch.layout}):
        # This way of computing is the one that is counted.
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as flops:
            packed_attention_forward(nn.Module(), query, query, query, **options)
        counted.append(flops.get_total_flops())
    length, pairs = 16 + 240, 30 * 8 * (16 + 8) + 16 * 16
    assert counted[1] / counted[0] == pytest.approx(pairs / length**2, rel=1e-6)


def test_without_a_layout_it_is_sdpa() -> None:
    text = decoder()
    ids = torch.randint(0, 31, (2, 7))
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    right = [text(ids).last_hidden_state, text(ids, attention_mask=mask).last_hidden_state]
    attention = PackedAttention(text)
    torch.testing.assert_close(text(ids).last_hidden_state, right[0])
    torch.testing.assert_close(text(ids, attention_mask=mask).last_hidden_state, right[1])
    attention.close()


class _Forgetful(nn.Module):
    """A decoder that hands no keyword on, to SDPA of its own (`via` None) or to the attention of its config."""

    def __init__(self, via: Any) -> None:
        super().__init__()
        self.inner = decoder()
        self.config = self.inner.config if via else LlamaConfig(**SHAPE, attn_implementation="sdpa")

    def forward(self, packed_layout: PackedLayout | None = None, **options: Any) -> Any:
        return self.inner(**options)


@pytest.mark.parametrize("via", [True, False])
def test_a_decoder_that_hands_no_layout_on_gets_the_dense_mask(via: bool) -> None:
    text = _Forgetful(via)
    batch = batch_of(ROWS["rows of different lengths"])
    right = decoded(text, batch, None)
    attention = PackedAttention(text)
    for _ in range(2):
        for mine, dense in zip(decoded(text, batch, attention), right, strict=True):
            torch.testing.assert_close(mine, dense)
    assert text.config._attn_implementation == "sdpa"


def test_a_layer_that_wants_more_gets_the_dense_mask() -> None:
    batch = batch_of(ROWS["one row"])
    query = torch.randn(1, 2, batch.ids.shape[1], 4)
    for odd in ({"softcap": 30.0}, {"sliding_window": 4}):
        with pytest.raises(PackedAttentionError, match=next(iter(odd))):
            packed_attention_forward(nn.Module(), query, query, query, None, packed_layout=batch.layout, **odd)
    with pytest.raises(PackedAttentionError, match="queries"):
        packed_attention_forward(nn.Module(), query[:, :, :1], query, query, None, packed_layout=batch.layout)


def test_an_attention_of_another_kind_is_left_alone() -> None:
    ALL_ATTENTION_FUNCTIONS.register("another", sdpa_attention_forward)
    text = decoder()
    text.config._attn_implementation = "another"
    batch = batch_of(ROWS["one row"])
    right = decoded(text, batch, None)
    attention = PackedAttention(text)
    for mine, dense in zip(decoded(text, batch, attention), right, strict=True):
        torch.testing.assert_close(mine, dense)
    assert not batch.layout.read
    attention.close()
    assert text.config._attn_implementation == "another"


@pytest.mark.parametrize("turns", [(), (3, 0)])
def test_a_row_needs_turns_with_tokens(turns: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least"):
        lay_out_row(3, turns)
