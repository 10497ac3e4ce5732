"""Many questions behind one prefix: a clip is read once, and its questions do not see each other.

Row layout: prefix, then each question with its answer. The mask is block-diagonal over the questions and full onto the
prefix; every question's positions continue from the prefix's end, as if it stood there alone. The loss therefore equals
the mean over the same questions asked one by one (tested). The mask is not made where the decoder can do with the
layout instead, see `pvchat.training.packed_attention`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from pvchat.training.checkpointing import IGNORED, answer_cross_entropy
from pvchat.training.packed_attention import PackedAttention, PackedLayout, lay_out_row

BLOCKED = -1e4


@dataclass(frozen=True)
class PackedRow:
    """One clip's prefix and its questions, as ids (negative: soft-token placeholders).

    Attributes:
        prefix: ids. turns: (question ids, answer ids with the end token) of each question.
    """

    prefix: list[int]
    turns: list[tuple[list[int], list[int]]]


@dataclass(frozen=True)
class PackedBatch:
    """A padded batch. N is the longest row, rounded up.

    Attributes:
        ids: (B, N) int64, 0 where padded. labels: (B, N) int64, the token that follows where it belongs to an answer,
            else IGNORED. positions: (B, N) int64.
        blocks: (B, N) int64, 0 in the prefix, n in the n-th turn, -1 where padded. layout: the same for attention.
    """

    ids: Tensor
    labels: Tensor
    positions: Tensor
    blocks: Tensor
    layout: PackedLayout

    def to(self, device: torch.device | str) -> "PackedBatch":
        """The same on another device."""
        return PackedBatch(
            self.ids.to(device),
            self.labels.to(device),
            self.positions.to(device),
            self.blocks.to(device),
            self.layout.to(device),
        )

    def bias(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """(B, 1, N, N) mask to be added to the scores, 0 or BLOCKED."""
        blocks = self.blocks
        causal = torch.ones(blocks.shape[1], blocks.shape[1], dtype=torch.bool, device=blocks.device).tril()
        same = blocks[:, :, None] == blocks[:, None, :]
        onto_prefix = (blocks == 0)[:, None, :] & (blocks >= 0)[:, :, None]
        # A padded place sees itself, so that no row of the softmax is empty.
        allowed = (same | onto_prefix) & causal
        return torch.zeros(allowed.shape, dtype=dtype, device=blocks.device).masked_fill(~allowed, BLOCKED)[:, None]


def pack(rows: Sequence[PackedRow], *, multiple: int = 1) -> PackedBatch:
    """Lay rows out and pad them to the longest.

    Args:
        rows: each with at least one question.
        multiple: pad on to a multiple of this. Rows of ever new lengths leave the allocator a heap of ever new gaps,
            which made a long run half as fast as a short one.

    Raises:
        ValueError: no row, or a row without a question.
    """
    if not rows or not all(row.turns for row in rows):
        raise ValueError(f"{len(rows)} rows with {[len(r.turns) for r in rows]} questions: each needs at least one")
    laid = [_lay_out(row) for row in rows]
    longest = -(-max(len(ids) for ids, *_ in laid) // multiple) * multiple
    fillers = (0, IGNORED, 0, -1)
    ids, labels, positions, blocks = (
        torch.tensor([[*part, *([filler] * (longest - len(part)))] for part in parts])
        for parts, filler in zip(zip(*laid, strict=True), fillers, strict=True)
    )
    places = [lay_out_row(len(row.prefix), [len(q) + len(a) for q, a in row.turns]) for row in rows]
    return PackedBatch(ids, labels, positions, blocks, PackedLayout(places, longest))


def _lay_out(row: PackedRow) -> tuple[list[int], list[int], list[int], list[int]]:
    ids, labels = list(row.prefix), [IGNORED] * len(row.prefix)
    positions, blocks = list(range(len(row.prefix))), [0] * len(row.prefix)
    for number, (question, answer) in enumerate(row.turns, start=1):
        turn = question + answer
        ids += turn
        # The label stands where the token is predicted, one place earlier.
        labels += [IGNORED] * (len(question) - 1) + answer + [IGNORED]
        positions += range(len(row.prefix), len(row.prefix) + len(turn))
        blocks += [number] * len(turn)
    return ids, labels, positions, blocks


def packed_loss(
    model: LlamaForCausalLM,
    batch: PackedBatch,
    states: Tensor,
    *,
    multiple: int = 1,
    attention: PackedAttention | None = None,
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the answers.

    Args:
        model: causal language model (its `.model` gives hidden states, its `.lm_head` logits).
        batch: see `pack`. states: (B, N, E) of `pvchat.models.soft.splice`.
        multiple: the number of logits is padded to a multiple of this, for the same reason as in `pack`.
        attention: of `model.model`; without it a dense mask is made.

    Returns:
        mean loss over answer tokens (scalar), and whether each answer token would be the model's first choice (n,).
    """

    def decode(mask: Tensor, options: Mapping[str, Any]) -> Tensor:
        found: Tensor = model.model(
            inputs_embeds=states, attention_mask=mask, position_ids=batch.positions, use_cache=False, **options
        ).last_hidden_state
        return found

    def dense() -> Tensor:
        return batch.bias(states.dtype)

    hidden = decode(dense(), {}) if attention is None else attention.run(decode, batch.layout, dense)
    # Logits only where an answer is predicted: the vocabulary is a fifth of the model.
    places = (batch.labels.flatten() != IGNORED).nonzero()[:, 0]
    count = len(places)
    places = nn.functional.pad(places, (0, -count % multiple))
    labels = batch.labels.flatten()[places]
    labels[count:] = IGNORED
    loss, right = answer_cross_entropy(model.lm_head, hidden.flatten(0, 1)[places], labels)
    return loss, right[:count]
