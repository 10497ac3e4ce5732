"""A vision-language model as the training loop wants it: one subject's untrained adapter turned on, clips as frames.

The vision path runs once per clip. All questions about a clip stand behind one prefix in one row, and do not see each
other; where a base cannot take the mask this needs, each has a row of its own. `reference_loss` does neither, and says
what both have to equal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from pvchat.chat.facts import SceneFacts
from pvchat.errors import TrainingError
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.remoh import AttachedReMoH, RoutingConfig
from pvchat.models.vlm import VLM, PersonalTokens
from pvchat.models.vlm_cache import FeatureCache
from pvchat.models.vlm_family import Features
from pvchat.models.vlm_frames import ClipFrames, FrameBudget
from pvchat.models.vlm_prompt import NOBODY, Prompt
from pvchat.training.checkpointing import IGNORED, activation_checkpointing, answer_cross_entropy
from pvchat.training.packed_attention import PackedAttention
from pvchat.training.packing import PackedBatch, PackedRow, pack
from pvchat.training.personal import AnswerLoss, ParameterGroup, TrainingClip

_KEY = "in training"
# Tokens, rounded up: few different lengths (see `pack`).
_ROUND_TO = 32


@dataclass(frozen=True)
class VlmClip:
    """What a vision-language model reads of a clip.

    Attributes:
        name: of the subject, as it stands in the prompt. frames: of the clip or still.
        evidence: lines for the prompt, or None to leave them out.
        facts: what is true of it; the answers follow from them.
    """

    name: str
    frames: ClipFrames
    evidence: str | None = None
    facts: SceneFacts | None = None


@dataclass(frozen=True)
class _Row:
    """One row to lay out: a prefix with some of its questions."""

    prompt: Prompt
    positions: Tensor
    turns: list[tuple[list[int], list[int]]]


def adapter_config(
    vlm: VLM, *, personal_tokens: int = 16, rank: int = 8, routing: RoutingConfig | None = None
) -> AdapterConfig:
    """The configuration of a new adapter of this base."""
    return AdapterConfig(
        base=vlm.name,
        base_sha256=vlm.sha256,
        personal_tokens=personal_tokens,
        rank=rank,
        alpha=2 * rank,
        targets=vlm.family.targets,
        routing=routing or RoutingConfig(),
    )


class VlmPersonal:
    """A base with an adapter in training. Close it when done: until then the base wears the adapter.

    Args:
        vlm: the base. config: of `adapter_config`. cache: of frozen features; one in memory if None.
        budget: of a clip's frames. checkpointing: whether activations are computed twice, to hold fewer.
        pack: whether the questions of a clip share a row; by default where the base can.
        seed: of the first personal tokens.

    Attributes:
        packs: whether they do. cache: see above.

    Raises:
        ModelError: the configuration does not fit the base.
        ValueError: `pack` is asked of a base that cannot.
    """

    def __init__(
        self,
        vlm: VLM,
        config: AdapterConfig,
        *,
        cache: FeatureCache | None = None,
        budget: FrameBudget | None = None,
        checkpointing: bool = False,
        pack: bool | None = None,
        seed: int = 0,
    ) -> None:
        family = vlm.family
        if pack and not family.packs:
            raise ValueError(f"{vlm.name} has layers that take no mask of their own; leave `pack` to the base")
        self.config = config
        self.packs = family.packs if pack is None else pack
        self.cache = cache if cache is not None else FeatureCache(vlm.sha256)
        self._vlm = vlm
        self._budget = budget or FrameBudget()
        self._updates = vlm.adapters.create(_KEY, config)
        first = family.first_personal(config.personal_tokens, torch.Generator().manual_seed(seed))
        self._personal = nn.Parameter(first.float().to(family.device))
        self._name = nn.Parameter(torch.zeros(family.width, device=family.device))
        self._attention = PackedAttention(family.text)
        self._checkpointing = checkpointing
        if checkpointing:
            activation_checkpointing(family.model, True)

    @property
    def gates(self) -> AttachedReMoH:
        """Gates of ReMoH; without any when the routing is dense."""
        gates = self._vlm.adapters.gates
        return gates if self.config.routing.routing != "dense" else AttachedReMoH(gates.model, {}, ())

    def parameters(self) -> Mapping[ParameterGroup, Sequence[nn.Parameter]]:
        """Personal tokens and name; low-rank updates; routers."""
        groups: dict[ParameterGroup, Sequence[nn.Parameter]] = {
            "personal": [self._personal, self._name],
            "lora": self._updates,
            "router": list(self.gates.parameters()),
        }
        return {group: found for group, found in groups.items() if found}

    def answer_loss(self, clips: Sequence[TrainingClip[VlmClip]]) -> AnswerLoss:
        """Loss of all questions of some clips.

        Raises:
            TrainingError: a clip's features are not finite.
        """
        features = [self.cache.get(clip.key, partial(self._look, clip)) for clip in clips]
        rows = [self._row(clip, found) for clip, found in zip(clips, features, strict=True)]
        if not self.packs:
            features = [found for found, row in zip(features, rows, strict=True) for _ in row.turns]
            rows = [_Row(row.prompt, row.positions, [turn]) for row in rows for turn in row.turns]
        return self._loss(rows, features, packed=self.packs)

    def reference_loss(self, clips: Sequence[TrainingClip[VlmClip]]) -> AnswerLoss:
        """The same, each question by itself, with the base's own mask and the vision path run for each. Slow."""
        losses, right = [], []
        for clip in clips:
            for turn in clip.turns:
                found = self._look(clip)
                row = self._row(clip, found)
                alone = self._row(TrainingClip(clip.key, clip.content, (turn,), clip.present), found)
                part = self._loss([_Row(row.prompt, row.positions, alone.turns)], [found], packed=False)
                losses.append(part.loss * len(part.right))
                right.append(part.right)
        every = torch.cat(right)
        return AnswerLoss(torch.stack(losses).sum() / len(every), every)

    def warm_up(self, cancelled: Callable[[], bool] | None = None) -> dict[str, Any]:
        """Nothing comes before the first step."""
        return {}

    def train(self, mode: bool = True) -> None:
        """Turn dropout, and checkpointing where it was asked for, on or off."""
        self._vlm.family.train(mode)

    def adapter(self, report: Mapping[str, Any] | None = None) -> Adapter:
        """The adapter as it is now, with a copy of its tensors."""
        tensors: dict[str, Tensor] = {"personal": self._personal, "name": self._name}
        tensors.update(self._vlm.adapters.tensors(_KEY))
        return Adapter(self.config, {k: v.detach().clone() for k, v in tensors.items()}, dict(report or {}))

    def close(self) -> None:
        """Take the adapter off the base."""
        self.train(False)
        self._attention.close()
        if self._checkpointing:
            activation_checkpointing(self._vlm.family.model, False)
        self._vlm.adapters.drop(_KEY)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _look(self, clip: TrainingClip[VlmClip]) -> dict[str, Tensor]:
        """The frozen part of the vision path, always without dropout."""
        family = self._vlm.family
        found = family.features(family.pixels(clip.content.frames, self._budget))
        for name, value in found.items():
            if not bool(torch.isfinite(value).all()):
                raise TrainingError(f"{name} of {clip.source or clip.key} is not finite; leave this clip out")
        return found

    def _people(self) -> list[PersonalTokens]:
        return [PersonalTokens(self._name, self._personal)]

    def _row(self, clip: TrainingClip[VlmClip], features: Features) -> _Row:
        vlm, content = self._vlm, clip.content
        prompt = vlm.prompt(features, [content.name], self._people(), content.evidence)
        turns = [
            (vlm.template.question_ids(vlm.encode, turn.question), vlm.template.answer_ids(vlm.encode, turn.answer))
            for turn in clip.turns
        ]
        return _Row(prompt, vlm.family.positions(prompt.ids, features), turns)

    def _loss(self, rows: Sequence[_Row], features: Sequence[Features], *, packed: bool) -> AnswerLoss:
        vlm = self._vlm
        alone = len(rows) == 1 and len(rows[0].turns) == 1
        batch = pack([PackedRow(row.prompt.ids, row.turns) for row in rows], multiple=1 if alone else _ROUND_TO).to(
            vlm.family.device
        )
        length = batch.ids.shape[1]
        owners = torch.tensor([_padded(row.prompt.owners, length, NOBODY) for row in rows])
        valid = torch.tensor([_padded([1] * _length(row), length, 0) for row in rows], device=vlm.family.device).bool()
        states, extras = vlm.embed(batch.ids, owners, features, self._people())
        positions = _positions(batch, rows)
        self.gates.mask_tokens(valid if vlm.family.routes_language else None)

        def decode(mask: Tensor | None, options: Mapping[str, Any]) -> Tensor:
            found: Tensor = vlm.hidden(states, positions, mask, extras, **options).last_hidden_state
            return found

        if packed:
            hidden = self._attention.run(decode, batch.layout, lambda: batch.bias(states.dtype))
        else:
            hidden = decode(None if alone else valid.long(), {})
        # Logits only where an answer is predicted: the vocabulary is a large part of a small model.
        places = (batch.labels.flatten() != IGNORED).nonzero()[:, 0]
        labels = batch.labels.flatten()[places]
        return AnswerLoss(*answer_cross_entropy(vlm.family.head, hidden.flatten(0, 1)[places], labels))


def _padded(values: Sequence[int], length: int, filler: int) -> list[int]:
    return [*values, *([filler] * (length - len(values)))]


def _length(row: _Row) -> int:
    return len(row.prompt.ids) + sum(len(question) + len(answer) for question, answer in row.turns)


def _positions(batch: PackedBatch, rows: Sequence[_Row]) -> Tensor:
    """(B, N), or (3, B, N): the prefix's own, and each question as if it stood right behind it."""
    axes = len(rows[0].positions)
    found = batch.positions.expand(axes, -1, -1).clone()
    for index, row in enumerate(rows):
        length = len(row.prompt.ids)
        own = row.positions.to(found)
        found[:, index] += own.max() + 1 - length
        found[:, index, :length] = own
    found.clamp_(min=0)
    return found if axes > 1 else found[0]
