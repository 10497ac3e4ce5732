"""Attention over packed rows that computes no blocked pair.

In a row of `pvchat.training.packing` a question sees the prefix and itself. With a dense mask, N x N pairs are computed
and nearly all thrown away. Here the prefix attends to itself once, and every turn to the prefix and itself: for p
tokens of prefix and Q turns of at most L tokens p^2 + Q L (p + L) pairs in place of (p + Q L)^2.

It is one of transformers' attention functions, under the name `PACKED`. A decoder of transformers hands the keyword
argument `packed_layout` on to it through all layers, also when checkpointing computes a layer again. Without a layout
it is SDPA.

Shape notation: B rows, N length of a padded row, H query heads, K key heads, G = H / K, D width of a head.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout as dropout_of
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

PACKED = "pvchat_packed"
_SDPA = "sdpa"
# What computes the same, pair for pair.
_REPLACED = (_SDPA, "eager", PACKED)
# What some decoders ask of their attention beyond a mask; None or absent where a layer does not want it.
_UNKNOWN = ("sliding_window", "softcap", "s_aux", "position_bias", "cache")


class PackedAttentionError(RuntimeError):
    """A layer wants an attention that cannot be computed turn by turn, or was handed no layout."""


@dataclass(frozen=True)
class RowLayout:
    """Where the parts of one row are, in tokens from its beginning.

    Attributes:
        prefix: p. turns: Q. longest: L, tokens of the longest turn.
        places: (Q L,) int64, the place of each turn's tokens, turns padded at their end with any place of the row.
        kept: int64, which of the Q L are no padding, in the order of the row.
    """

    prefix: int
    turns: int
    longest: int
    places: Tensor
    kept: Tensor
    _biases: dict[tuple[int, torch.dtype], Tensor] = field(default_factory=dict, compare=False, repr=False)

    def to(self, device: torch.device | str) -> "RowLayout":
        """The same on another device."""
        return RowLayout(self.prefix, self.turns, self.longest, self.places.to(device), self.kept.to(device))

    def bias(self, groups: int, dtype: torch.dtype) -> Tensor:
        """(G L, p + L) to be added to the scores of a turn, the queries of a group of heads under each other.

        A turn sees the whole prefix and is causal in itself. Padding stands at its end, where no other token sees it,
        and sees what precedes it, so that it stays finite.
        """
        # All layers share one; boolean masks would be converted, and kept for the backward pass, by each.
        if (groups, dtype) not in self._biases:
            own = torch.full((self.longest, self.longest), -torch.inf, dtype=dtype, device=self.places.device)
            self._biases[groups, dtype] = pad(own.triu(1), (self.prefix, 0)).repeat(groups, 1)
        return self._biases[groups, dtype]


@dataclass
class PackedLayout:
    """Where prefix and turns of all rows of a batch are.

    Attributes:
        rows: of the batch, in order. length: N.
        read: whether an attention function has read it. A decoder that hands it on to none leaves it False.
    """

    rows: Sequence[RowLayout]
    length: int
    read: bool = False

    def to(self, device: torch.device | str) -> "PackedLayout":
        """The same on another device."""
        return PackedLayout([row.to(device) for row in self.rows], self.length)


def lay_out_row(prefix: int, turns: Sequence[int]) -> RowLayout:
    """The layout of a row from the lengths of its prefix and of its turns, in tokens.

    Raises:
        ValueError: no turn, a turn without tokens, or a negative length.
    """
    if prefix < 0 or not turns or min(turns) < 1:
        raise ValueError(f"a prefix of {prefix} and turns of {list(turns)} tokens: each turn needs one at least")
    lengths = torch.tensor(list(turns))
    longest = int(lengths.max())
    starts = prefix + lengths.cumsum(0) - lengths
    steps = torch.arange(longest)
    # Padding reads the turn's own last token: any place of the row would do.
    places = starts[:, None] + torch.minimum(steps, lengths[:, None] - 1)
    kept = (steps < lengths[:, None]).flatten().nonzero()[:, 0]
    return RowLayout(prefix, len(turns), longest, places.flatten(), kept)


def packed_attention_forward(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    packed_layout: PackedLayout | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Attention of one layer, as transformers calls it.

    Args:
        module: the layer. query: (B, H, N, D). key, value: (B, K, N, D). attention_mask: read without a layout only.
        scaling: of the scores, by default 1 / sqrt(D). dropout: probability. packed_layout: of the batch.
        options: whatever else a decoder hands on.

    Returns:
        (B, N, H, D), zero where a row is padded; and None, because there are no weights to look at.

    Raises:
        PackedAttentionError: the layer wants something this function does not know, or should have had a layout.
    """
    if packed_layout is None:
        if attention_mask is not None and attention_mask.shape[-1] != key.shape[2]:
            raise PackedAttentionError(f"{type(module).__name__} was handed no layout")
        plain: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **options
        )
        return plain
    unknown = [name for name in _UNKNOWN if options.get(name) is not None]
    if unknown or query.shape[2] != key.shape[2] or key.shape[2] != packed_layout.length:
        raise PackedAttentionError(
            f"{type(module).__name__} has {query.shape[2]} queries, {key.shape[2]} keys of "
            f"{packed_layout.length} tokens and {', '.join(unknown) or 'nothing else'}"
        )
    packed_layout.read = True
    rows = [
        _row(query[i].transpose(0, 1), key[i].transpose(0, 1), value[i].transpose(0, 1), row, scaling, dropout)
        for i, row in enumerate(packed_layout.rows)
    ]
    return torch.stack([pad(row, (0, 0, 0, 0, 0, packed_layout.length - len(row))) for row in rows]), None


def _row(query: Tensor, key: Tensor, value: Tensor, layout: RowLayout, scaling: float | None, dropout: float) -> Tensor:
    """Of one row, (N, H, D) and twice (N, K, D): (n, H, D) for the n tokens that are no padding."""
    prefix, turns, longest = layout.prefix, layout.turns, layout.longest
    groups = query.shape[1] // key.shape[1]

    def own(tensor: Tensor) -> Tensor:  # (N, any, D) to (Q, L, any, D)
        return tensor.index_select(0, layout.places).view(turns, longest, *tensor.shape[1:])

    def seen(tensor: Tensor) -> Tensor:  # (N, K, D) to (Q, K, p + L, D)
        before = tensor[:prefix].transpose(0, 1).expand(turns, -1, -1, -1)
        return torch.cat([before, own(tensor).transpose(1, 2)], dim=2)

    # The heads of a group share their keys, so they stand under each other as if they were further queries: repeating
    # the keys instead would hold G times as much until the backward pass.
    asking = own(query).view(turns, longest, -1, groups, query.shape[2])
    found = _attend(
        asking.permute(0, 2, 3, 1, 4).flatten(2, 3),  # (Q, K, G L, D)
        seen(key),
        seen(value),
        layout.bias(groups, query.dtype),
        scaling,
        dropout,
    )
    found = found.view(turns, -1, groups, longest, value.shape[2]).permute(0, 3, 1, 2, 4)
    answers = found.reshape(turns * longest, query.shape[1], value.shape[2]).index_select(0, layout.kept)
    if prefix == 0:
        return answers
    reading = scaled_dot_product_attention(
        query[:prefix].transpose(0, 1)[None],
        key[:prefix].transpose(0, 1).repeat_interleave(groups, 0)[None],
        value[:prefix].transpose(0, 1).repeat_interleave(groups, 0)[None],
        dropout_p=dropout,
        is_causal=True,
        scale=scaling,
    )
    return torch.cat([reading[0].transpose(0, 1), answers])


def _attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor, scaling: float | None, dropout: float) -> Tensor:
    """SDPA with a mask, by whichever way is fast."""
    if query.device.type != "cpu" or query.dtype != torch.bfloat16:
        return scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=dropout, scale=scaling)
    # On a CPU SDPA's backward pass is slow in bfloat16: there and back, this took half of its time.
    scores = query @ key.mT * (query.shape[-1] ** -0.5 if scaling is None else scaling) + bias
    return dropout_of(scores.softmax(-1), dropout) @ value


class PackedAttention:
    """A decoder whose attention knows packed rows. Close it when done: until then its attention function is ours.

    Args:
        text: of transformers, from embeddings to hidden states. One whose attention is neither SDPA nor eager is left
            as it is, and gets the dense mask.
    """

    def __init__(self, text: Any) -> None:
        self._config = text.config
        self._before: str | None = self._config._attn_implementation
        self._able = self._before in _REPLACED
        if self._able:
            self._config._attn_implementation = PACKED

    def run(
        self,
        decode: Callable[[Tensor, dict[str, Any]], Tensor],
        layout: PackedLayout,
        dense: Callable[[], Tensor],
    ) -> Tensor:
        """Run the decoder over packed rows.

        Args:
            decode: runs it, given a mask for the scores and further keyword arguments. It may be called twice.
            layout: of the rows, on the decoder's device.
            dense: gives the (B, 1, N, N) mask that says the same, for a decoder that cannot do with the layout.
        """
        if self._able and self._config._attn_implementation == PACKED:
            # Four dimensions, or transformers makes a mask of its own; nobody reads it.
            unread = torch.zeros(len(layout.rows), 1, 1, 1, device=layout.rows[0].places.device)
            try:
                output = decode(unread, {"packed_layout": layout})
            except PackedAttentionError:
                self.close()
            else:
                if layout.read:
                    return output
                self.close()
        return decode(dense(), {})

    def close(self) -> None:
        """Give the decoder the attention function back that it had."""
        if self._able:
            self._config._attn_implementation = self._before
        self._able = False


ALL_ATTENTION_FUNCTIONS.register(PACKED, packed_attention_forward)
ALL_MASK_ATTENTION_FUNCTIONS.register(PACKED, ALL_MASK_ATTENTION_FUNCTIONS[_SDPA])
