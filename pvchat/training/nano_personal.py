"""nano as the training loop wants it: one subject's untrained adapter turned on, clips as perception tokens."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pvchat.chat import prompt
from pvchat.errors import TrainingCancelledError, TrainingError
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.nano import NanoInputs, NanoOutputs, Personal, collate
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import AttachedReMoH
from pvchat.models.soft import splice
from pvchat.models.tokens import PATCH_WIDTH
from pvchat.training.align import AlignConfig, Pair, align
from pvchat.training.checkpointing import LayerCheckpointing
from pvchat.training.nano_clip import NanoClip
from pvchat.training.packed_attention import PackedAttention
from pvchat.training.packing import PackedRow, pack, packed_loss
from pvchat.training.personal import AnswerLoss, ParameterGroup, TrainingClip

_KEY = "in training"
# Tokens, rounded up: few different lengths (see `pack`).
_ROUND_TO = 32


class NanoPersonal:
    """nano with an adapter in training. Close it when done: until then nano wears the adapter.

    Args:
        adapters: of the nano to train on. config: of the new adapter; of `adapters.config()`.
        personal_queries: how many of the personal queries are trained, at most all.
        pairs: gives what patches are aligned with before the first step, see `align`; None leaves that out.
        alignment: see `AlignConfig`. seed: of the first low-rank updates.

    Raises:
        ModelError: the configuration does not fit nano.
        ValueError: `personal_queries` is more than nano has.
    """

    def __init__(
        self,
        adapters: NanoAdapters,
        config: AdapterConfig,
        *,
        personal_queries: int | None = None,
        pairs: Callable[[], Sequence[Pair]] | None = None,
        alignment: AlignConfig | None = None,
        seed: int = 7,
    ) -> None:
        nano = adapters.nano
        shape = nano.model.config
        trained = shape.num_personal_queries if personal_queries is None else personal_queries
        if not 0 <= trained <= shape.num_personal_queries:
            raise ValueError(f"{trained} personal queries; nano has {shape.num_personal_queries}")
        self.config = config
        self._pairs = pairs
        self._alignment = alignment
        self._adapters = adapters
        self._nano = nano
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._updates = adapters.attached.create(_KEY, config)
        self._attention = PackedAttention(nano.language.model.model)
        self._checkpointing = LayerCheckpointing(nano.language.model.model)
        device = nano.language.device
        self._personal = nn.Parameter(torch.zeros(trained, shape.hidden_size, device=device))
        self._name = nn.Parameter(torch.zeros(shape.text_hidden_size, device=device))
        self._pixels = (
            nn.Parameter(torch.zeros(PATCH_WIDTH, shape.hidden_size, device=device)) if config.pixels else None
        )

    @property
    def gates(self) -> AttachedReMoH:
        """Gates of the Q-Former's upper half; without any when the routing is dense."""
        gates = self._adapters.attached.gates
        return gates if self.config.routing.routing != "dense" else AttachedReMoH(gates.model, {}, ())

    @property
    def device(self) -> torch.device:
        """Where nano is."""
        return self._nano.language.device

    def soft_tokens(self, inputs: NanoInputs) -> Tensor:
        """(B, R, E) personal soft tokens of the subject, as the adapter makes them now."""
        outputs: NanoOutputs = self._nano.model(inputs, self._worn())
        return outputs.personal_tokens[:, 0]

    def parameters(self) -> Mapping[ParameterGroup, Sequence[nn.Parameter]]:
        """Personal queries and name; low-rank updates; routers; pixel projection."""
        groups: dict[ParameterGroup, Sequence[nn.Parameter]] = {
            "personal": [self._personal, self._name],
            "lora": self._updates,
            "router": list(self.gates.parameters()),
            "pixels": [] if self._pixels is None else [self._pixels],
        }
        return {group: found for group, found in groups.items() if found}

    def answer_loss(self, clips: Sequence[TrainingClip[NanoClip]]) -> AnswerLoss:
        """Loss of all questions of some clips, each clip's packed behind its prefix.

        Raises:
            TrainingError: a number of a clip is not finite.
        """
        language, shape = self._nano.language, self._nano.model.config
        for clip in clips:
            _check_finite(clip)
        contents = [clip.content for clip in clips]
        inputs = collate(
            [c.arrays for c in contents],
            [[c.subject] for c in contents],
            language.device,
            [c.patches for c in contents] if self._pixels is not None else (),
        )
        outputs = self._nano.model(inputs, self._worn())
        losses, right = [], []
        for index, clip in enumerate(clips):
            places = prompt.name_places(
                language.encode,
                [clip.content.name],
                scene_tokens=shape.num_scene_tokens,
                personal_tokens=shape.num_personal_tokens,
            )
            batch = pack([self._row(clip)], multiple=_ROUND_TO).to(language.device)
            states = splice(batch.ids, language.embedding, outputs.row(index), places)
            loss, chosen = packed_loss(language.model, batch, states, multiple=_ROUND_TO, attention=self._attention)
            losses.append(loss * len(chosen))
            right.append(chosen)
        every = torch.cat(right)
        return AnswerLoss(torch.stack(losses).sum() / len(every), every)

    def warm_up(self, cancelled: Callable[[], bool] | None = None) -> dict[str, Any]:
        """Align patches with what faces tell. Returns the loss of every step, for the report."""
        if self._pairs is None or self._pixels is None:
            return {}
        config = self._alignment or AlignConfig()
        losses = align(self, self._pairs(), config, cancelled=cancelled)
        if len(losses) < config.steps:
            # Nothing was kept yet, so that the next run aligns to the end.
            raise TrainingCancelledError("training was stopped while patches were aligned; start it again")
        return {"alignment": [round(loss, 4) for loss in losses]}

    def train(self, mode: bool = True) -> None:
        """Turn checkpointing of the language model on or off; nano has no dropout."""
        self._checkpointing.train(mode)

    def adapter(self, report: Mapping[str, Any] | None = None) -> Adapter:
        """The adapter as it is now, with a copy of its tensors."""
        tensors: dict[str, Tensor] = {"personal": self._queries(), "name": self._name}
        if self._pixels is not None:
            tensors["pixels.weight"] = self._pixels
        tensors.update(self._adapters.attached.tensors(_KEY))
        return Adapter(self.config, {k: v.detach().clone() for k, v in tensors.items()}, dict(report or {}))

    def close(self) -> None:
        """Take the adapter off nano."""
        self._checkpointing.close()
        self._attention.close()
        self._adapters.drop(_KEY)

    def _worn(self) -> Personal:
        pixels = None if self._pixels is None else self._pixels[None]
        return Personal(self._queries()[None], self._name[None], pixels)

    def _queries(self) -> Tensor:
        missing = self._nano.model.config.num_personal_queries - len(self._personal)
        return nn.functional.pad(self._personal, (0, 0, 0, missing))

    def _row(self, clip: TrainingClip[NanoClip]) -> PackedRow:
        language, shape = self._nano.language, self._nano.model.config
        prefix = prompt.prefix_ids(
            language.encode,
            [clip.content.name],
            clip.content.evidence,
            scene_tokens=shape.num_scene_tokens,
            personal_tokens=shape.num_personal_tokens,
        )
        turns = [
            (
                prompt.question_ids(language.encode, turn.question),
                prompt.answer_ids(language.encode, turn.answer, language.end_id),
            )
            for turn in clip.turns
        ]
        return PackedRow(prefix, turns)


def _check_finite(clip: TrainingClip[NanoClip]) -> None:
    content = clip.content
    parts = {**vars(content.arrays), **vars(content.subject), **(vars(content.patches) if content.patches else {})}
    for name, value in parts.items():
        if name != "track_ids" and not bool(torch.isfinite(torch.from_numpy(value)).all()):
            raise TrainingError(f"{name} of {clip.source or clip.key} is not finite; leave this clip out")
