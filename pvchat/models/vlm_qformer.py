"""Bases with a Q-Former: personal tokens are queries of it, and ReMoH stands in its upper half.

Shape notation as in `pvchat.models.vlm_family`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pvchat.errors import ModelError
from pvchat.models.remoh import AttentionSite, find_sites
from pvchat.models.vlm_family import LANGUAGE, Family, Features, square
from pvchat.models.vlm_frames import ClipFrames, FrameBudget, PixelSpec, normalized


class QFormerFamily(Family):
    """InstructBLIP and InstructBLIP-Video: a Q-Former reads each frame, and personal queries stand beside its own.

    The base's queries do not see the personal ones, and those of one subject not another's: what the base reads stays
    the base's, and subjects compose. Of every frame each personal query gives one token of the prompt.

    The Q-Former is told the same instruction for all questions (`instruct`), so that they share one prefix. The base
    was trained with the question there.
    """

    model_types = ("instructblip", "instructblipvideo")
    routes_language = False
    most_frames = 4
    targets = ("q_proj", "k_proj", "v_proj", "o_proj", "query", "value")
    instruction = "Who is in this video, and what are they doing?"

    def __init__(self, model: Any, spec: PixelSpec) -> None:
        super().__init__(model, spec)
        self._told: Tensor | None = None

    @property
    def personal_width(self) -> int:
        """Width of a query."""
        width: int = self.model.query_tokens.shape[-1]
        return width

    def instruct(self, ids: Sequence[int]) -> None:
        """Set the instruction's ids, of the Q-Former's own tokenizer."""
        self._told = torch.tensor([list(ids)])

    def find_text(self) -> Any:
        """The language model's backbone; it has to be a decoder alone."""
        if self.model.language_model.config.is_encoder_decoder:
            raise ModelError(
                f"the language model of this {self.model.config.model_type} is an encoder and decoder "
                f"({self.model.language_model.config.model_type}); use a base with a decoder, such as Vicuna"
            )
        return self.model.language_model.get_decoder()

    def root(self) -> nn.ModuleDict:
        """The Q-Former and the language model."""
        return nn.ModuleDict({"qformer": self.model.qformer, LANGUAGE: self.text})

    def sites(self, root: nn.Module) -> list[AttentionSite]:
        """The upper half of the Q-Former."""
        return find_sites(root, within="qformer.", upper_half=True)

    def first_personal(self, tokens: int, generator: torch.Generator) -> Tensor:
        """(P, D): the base's own queries with a little noise, which the language model understands from the start."""
        queries: Tensor = self.model.query_tokens.detach().float().cpu()[0]
        chosen: Tensor = queries[torch.arange(tokens) % len(queries)]
        return chosen + 0.02 * torch.randn(chosen.shape, generator=generator)

    def personal_count(self, tokens: int, features: Features) -> int:
        """One for each query and frame."""
        return tokens * len(features["image"])

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """(F, 3, H, W)."""
        return {"pixels": normalized(frames.images, square(self.model.config.vision_config), self.spec)}

    @torch.no_grad()
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """ "image": (F, patches, width) of the vision tower; the Q-Former behind it is trained, and not cached."""
        values = pixels["pixels"].to(self.device, next(self.model.vision_model.parameters()).dtype)
        return {"image": self.model.vision_model(pixel_values=values, return_dict=True).last_hidden_state}

    def layout(self, features: Features) -> list[str | int]:
        """One run of tokens."""
        return [len(features["image"]) * self.model.query_tokens.shape[1]]

    def visual(self, clips: Sequence[Features], personal: Sequence[Tensor]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Run the Q-Former on all frames of all clips at once."""
        if self._told is None:
            raise ModelError("the Q-Former was given no instruction; load the base with `load_vlm`")
        image = torch.cat([clip["image"].to(self.device) for clip in clips])  # (F, patches, width)
        queries = self.model.query_tokens
        together = torch.cat([queries[0], *(tokens.to(queries) for tokens in personal)])
        told = self._told.to(self.device).expand(len(image), -1)
        counts = [queries.shape[1], *(len(tokens) for tokens in personal)]
        hidden = self.model.qformer(
            input_ids=told,
            attention_mask=self._mask(counts, told.shape[1], image.dtype).expand(len(image), -1, -1, -1),
            query_embeds=together.expand(len(image), -1, -1),
            encoder_hidden_states=image,
        ).last_hidden_state[:, : len(together)]
        tokens = self.model.language_projection(hidden)  # (F, Q + all P, E)
        visual: list[Tensor] = []
        people: list[list[Tensor]] = []
        for of_clip in tokens.split([len(clip["image"]) for clip in clips]):
            own, *others = of_clip.split(counts, dim=1)
            visual.append(own.flatten(0, 1))
            people.append([part.flatten(0, 1) for part in others])
        return visual, people

    def _mask(self, counts: Sequence[int], words: int, dtype: torch.dtype) -> Tensor:
        """(1, 1, L, L) bias: everybody sees the base's queries and the words, and a subject's queries themselves."""
        # The base's queries and the words are group 0.
        groups = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
        groups = torch.cat([groups, torch.zeros(words, dtype=groups.dtype)])
        seen = (groups[None, :] == 0) | (groups[:, None] == groups[None, :])
        bias = torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)
        return bias[None, None].to(self.device)

    def train(self, mode: bool) -> None:
        """Dropout of the Q-Former and the language model."""
        self.text.train(mode)
        self.model.qformer.train(mode)
