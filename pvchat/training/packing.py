"""Many questions behind one prefix: a clip is read once, and its questions do not see each other.

Row layout: prefix, then each question with its answer. The mask is block-diagonal over the questions and full onto the
prefix; every question's positions continue from the prefix's end, as if it stood there alone. The loss therefore equals
the mean over the same questions asked one by one (tested).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers.models.llama.modeling_llama import LlamaForCausalLM

IGNORED = -100
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
            else IGNORED. positions: (B, N) int64. bias: (B, 1, N, N) float, 0 or BLOCKED.
    """

    ids: Tensor
    labels: Tensor
    positions: Tensor
    bias: Tensor

    def to(self, device: torch.device | str) -> "PackedBatch":
        """The same on another device."""
        return PackedBatch(*(tensor.to(device) for tensor in (self.ids, self.labels, self.positions, self.bias)))


def pack(rows: Sequence[PackedRow], dtype: torch.dtype = torch.float32, *, multiple: int = 1) -> PackedBatch:
    """Lay rows out and pad them to the longest.

    Args:
        rows: each with at least one question. dtype: of the mask.
        multiple: pad on to a multiple of this. Rows of ever new lengths leave the allocator a heap of ever new gaps,
            which made a long run half as fast as a short one.

    Raises:
        ValueError: no row, or a row without a question.
    """
    if not rows or not all(row.turns for row in rows):
        raise ValueError(f"{len(rows)} rows with {[len(r.turns) for r in rows]} questions: each needs at least one")
    laid = [_lay_out(row) for row in rows]
    longest = -(-max(len(ids) for ids, *_ in laid) // multiple) * multiple
    ids = torch.zeros(len(rows), longest, dtype=torch.int64)
    labels = torch.full((len(rows), longest), IGNORED)
    positions = torch.zeros(len(rows), longest, dtype=torch.int64)
    blocks = torch.full((len(rows), longest), -1)
    for index, (row_ids, row_labels, row_positions, row_blocks) in enumerate(laid):
        length = len(row_ids)
        ids[index, :length] = torch.tensor(row_ids)
        labels[index, :length] = torch.tensor(row_labels)
        positions[index, :length] = torch.tensor(row_positions)
        blocks[index, :length] = torch.tensor(row_blocks)
    causal = torch.ones(longest, longest, dtype=torch.bool).tril()
    same = blocks[:, :, None] == blocks[:, None, :]
    onto_prefix = (blocks == 0)[:, None, :] & (blocks >= 0)[:, :, None]
    # A padded place sees itself, so that no row of the softmax is empty.
    allowed = (same | onto_prefix) & causal
    bias = torch.zeros(allowed.shape, dtype=dtype).masked_fill(~allowed, BLOCKED)
    return PackedBatch(ids, labels, positions, bias[:, None])


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
    model: LlamaForCausalLM, batch: PackedBatch, states: Tensor, *, multiple: int = 1
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the answers.

    Args:
        model: causal language model (its `.model` gives hidden states, its `.lm_head` logits).
        batch: see `pack`. states: (B, N, E) of `pvchat.models.soft.splice`.
        multiple: the number of logits is padded to a multiple of this, for the same reason as in `pack`.

    Returns:
        mean loss over answer tokens (scalar), and whether each answer token would be the model's first choice (n,).
    """
    hidden = model.model(
        inputs_embeds=states,
        attention_mask=batch.bias.to(states.dtype),
        position_ids=batch.positions,
        use_cache=False,
    ).last_hidden_state
    # Logits only where an answer is predicted: the vocabulary is a fifth of the model.
    places = (batch.labels.flatten() != IGNORED).nonzero()[:, 0]
    count = len(places)
    places = nn.functional.pad(places, (0, -count % multiple))
    labels = batch.labels.flatten()[places]
    labels[count:] = IGNORED
    logits = model.lm_head(hidden.flatten(0, 1)[places]).float()
    loss = nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED)
    return loss, (logits.detach().argmax(-1) == labels)[:count]
