"""Q-Former with personal queries and an identity bias.

Scene queries read the whole memory. Each subject adds its own group of personal queries, built from its gallery entry;
a group sees the scene queries and itself, never another group, so a subject's tokens do not depend on who else is
asked about and any number of subjects compose without retraining.

A fine-tuned subject may bring a memory of its own: patches of the frames, which only its personal queries read, in a
softmax of their own (decoupled cross-attention, IP-Adapter, arXiv 2308.06721). So patches that say nothing change
nothing, whatever their number, and a subject's patches never reach another subject or the scene queries.

Attention is plain and every projection is a named `nn.Linear` (`query`, `key`, `value`, `output`): the gate of
ReMoH wraps `output`, the layer that consumes the concatenated heads.

Shape notation: B clips, S subjects, K tracks, T time bins, M = 2 + K * T memory tokens, Q scene queries,
P personal queries per subject, D hidden size, H heads, V patches.

Source of the architecture: Q-Former, BLIP-2 (arXiv 2301.12597), section 3; personal queries, PVChat (arXiv 2503.17069).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

BLOCKED = -1e4


@dataclass(frozen=True)
class PatchMemory:
    """Patches as the subjects of a batch see them.

    Attributes:
        tokens: (B, S, V, D), zero where there is none. bias: (B, S, V) additive, BLOCKED where there is none.
        scene_queries: how many queries stand before the personal ones and read no patch.
    """

    tokens: Tensor
    bias: Tensor
    scene_queries: int


class Attention(nn.Module):
    """Multi-head attention over a separate memory; self-attention is the case memory = input.

    Args:
        hidden_size: D. num_heads: H, divides D.

    Raises:
        ValueError: `hidden_size` is not a multiple of `num_heads`.
    """

    def __init__(self, hidden_size: int, num_heads: int) -> None:
        super().__init__()
        if hidden_size % num_heads:
            raise ValueError(f"hidden_size {hidden_size} is not a multiple of num_heads {num_heads}")
        self.num_heads = num_heads
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)
        self.output = nn.Linear(hidden_size, hidden_size)

    def forward(
        self, hidden_states: Tensor, memory: Tensor, bias: Tensor, patches: PatchMemory | None = None
    ) -> Tensor:
        """Attend from (B, N, D) to (B, M, D) under an additive bias (B or 1, 1, N, M); returns (B, N, D).

        Args:
            hidden_states, memory, bias: as above.
            patches: what the personal queries, S groups behind the scene queries, read in addition.
        """
        query = self._split(self.query(hidden_states))  # (B, H, N, D/H)
        key = self._split(self.key(memory))
        value = self._split(self.value(memory))
        context = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        if patches is not None:
            context = self._read_patches(context, query, patches)
        output: Tensor = self.output(context.transpose(1, 2).flatten(2))
        return output

    def _read_patches(self, context: Tensor, query: Tensor, patches: PatchMemory) -> Tensor:
        """Add to the context of the personal queries, (B, H, N, D/H), what they find in their subject's patches."""
        batch, subjects, count, width = patches.tokens.shape
        heads, size, scene = self.num_heads, query.shape[-1], patches.scene_queries
        personal = query[:, :, scene:].reshape(batch, heads, subjects, -1, size).transpose(1, 2).flatten(0, 1)
        tokens = patches.tokens.reshape(batch * subjects, count, width)
        key = self._split(self.key(tokens))
        # Without the bias, a patch of zeros has a value of zero and adds nothing.
        value = self._split(self.value(tokens) - self.value.bias)
        bias = patches.bias.reshape(batch * subjects, 1, 1, count)
        found = functional.scaled_dot_product_attention(personal, key, value, attn_mask=bias)  # (B S, H, P, D/H)
        found = found.view(batch, subjects, heads, -1, size).transpose(1, 2).flatten(2, 3)  # (B, H, S P, D/H)
        return torch.cat([context[:, :, :scene], context[:, :, scene:] + found], dim=2)

    def _split(self, states: Tensor) -> Tensor:
        batch, length, width = states.shape
        return states.view(batch, length, self.num_heads, width // self.num_heads).transpose(1, 2)


class QFormerLayer(nn.Module):
    """Pre-norm self-attention, identity-biased cross-attention, feed-forward."""

    def __init__(self, hidden_size: int, num_heads: int, intermediate_size: int) -> None:
        super().__init__()
        self.self_norm = nn.LayerNorm(hidden_size)
        self.self_attention = Attention(hidden_size, num_heads)
        self.cross_norm = nn.LayerNorm(hidden_size)
        self.cross_attention = Attention(hidden_size, num_heads)
        self.feed_forward_norm = nn.LayerNorm(hidden_size)
        self.feed_forward = nn.Sequential(
            nn.Linear(hidden_size, intermediate_size), nn.GELU(), nn.Linear(intermediate_size, hidden_size)
        )
        # How strongly this layer follows the face and the clothes; one number each, learned.
        self.identity_scale = nn.Parameter(torch.tensor(1.0))
        self.appearance_scale = nn.Parameter(torch.tensor(0.3))

    def forward(
        self,
        hidden_states: Tensor,
        memory: Tensor,
        group_bias: Tensor,
        memory_bias: Tensor,
        identity: Tensor,
        appearance: Tensor,
        patches: PatchMemory | None = None,
    ) -> Tensor:
        """One layer.

        Args:
            hidden_states: (B, N, D). memory: (B, M, D).
            group_bias: (1, 1, N, N) keeps the groups apart. memory_bias: (B, 1, 1, M) hides empty tokens.
            identity, appearance: (B, 1, N, M) similarities, zero for scene queries and tokens that are no track.
            patches: of fine-tuned subjects, or None.

        Returns:
            (B, N, D).
        """
        normed = self.self_norm(hidden_states)
        hidden_states = hidden_states + self.self_attention(normed, normed, group_bias)
        bias = memory_bias + self.identity_scale * identity + self.appearance_scale * appearance
        hidden_states = hidden_states + self.cross_attention(self.cross_norm(hidden_states), memory, bias, patches)
        fed: Tensor = self.feed_forward(self.feed_forward_norm(hidden_states))
        return hidden_states + fed


class QFormer(nn.Module):
    """Queries over a memory of perception tokens.

    Args:
        hidden_size, num_layers, num_heads, intermediate_size: shape.
        num_queries: Q. num_personal_queries: P.
    """

    def __init__(
        self,
        hidden_size: int,
        num_layers: int,
        num_heads: int,
        intermediate_size: int,
        num_queries: int,
        num_personal_queries: int,
    ) -> None:
        super().__init__()
        self.num_queries = num_queries
        self.num_personal_queries = num_personal_queries
        self.query_tokens = nn.Parameter(torch.randn(num_queries, hidden_size) * 0.02)
        self.personal_query_tokens = nn.Parameter(torch.randn(num_personal_queries, hidden_size) * 0.02)
        self.layers = nn.ModuleList(QFormerLayer(hidden_size, num_heads, intermediate_size) for _ in range(num_layers))
        self.norm = nn.LayerNorm(hidden_size)

    def forward(
        self,
        memory: Tensor,
        memory_mask: Tensor,
        subject: Tensor,
        identity: Tensor,
        appearance: Tensor,
        personal_offset: Tensor | None = None,
        patches: PatchMemory | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Read the memory.

        Args:
            memory: (B, M, D). memory_mask: (B, M) bool, True where a token exists.
            subject: (B, S, D) what each subject's gallery entry adds to its personal queries.
            identity, appearance: (B, S, M) similarity of each memory token to each subject.
            personal_offset: (B, S, P, D) learned per subject in fine-tuning, or None.
            patches: what each subject's personal queries read besides the memory, or None.

        Returns:
            scene states (B, Q, D) and personal states (B, S, P, D).
        """
        batch, subjects, width = subject.shape
        personal = self.personal_query_tokens + subject[:, :, None]  # (B, S, P, D)
        if personal_offset is not None:
            personal = personal + personal_offset
        scene = self.query_tokens.expand(batch, -1, -1)
        hidden_states = torch.cat([scene, personal.flatten(1, 2)], dim=1)  # (B, N, D), N = Q + S P
        group_bias = self._group_bias(subjects, memory)
        memory_bias = torch.zeros_like(memory[..., 0]).masked_fill(~memory_mask, BLOCKED)[:, None, None]
        identity = self._to_queries(identity)
        appearance = self._to_queries(appearance)
        for layer in self.layers:
            hidden_states = layer(hidden_states, memory, group_bias, memory_bias, identity, appearance, patches)
        hidden_states = self.norm(hidden_states)
        personal_states = hidden_states[:, self.num_queries :].view(batch, subjects, self.num_personal_queries, width)
        return hidden_states[:, : self.num_queries], personal_states

    def _group_bias(self, subjects: int, like: Tensor) -> Tensor:
        """(1, 1, N, N): scene queries see each other; a personal group sees the scene queries and itself."""
        scene = torch.full((self.num_queries,), -1, device=like.device)
        groups = torch.arange(subjects, device=like.device).repeat_interleave(self.num_personal_queries)
        group = torch.cat([scene, groups])
        allowed = (group[None, :] == -1) | (group[None, :] == group[:, None])
        return torch.zeros(allowed.shape, dtype=like.dtype, device=like.device).masked_fill(~allowed, BLOCKED)[
            None, None
        ]

    def _to_queries(self, similarity: Tensor) -> Tensor:
        """(B, S, M) -> (B, 1, N, M): a subject's row for each of its queries, zero rows for the scene queries."""
        rows = similarity.repeat_interleave(self.num_personal_queries, dim=1)
        return functional.pad(rows, (0, 0, self.num_queries, 0))[:, None]
