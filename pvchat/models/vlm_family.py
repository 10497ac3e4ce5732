"""What every family of vision-language models has to say: pixels, the frozen vision path, and positions.

A family turns frames into pixel tensors (`pixels`), those into features that never change (`features`, cached by
whoever trains), says how the frames stand in the prompt (`layout`) and which tokens they give (`visual`). The language
model behind is run by `pvchat.models.vlm`, alike for all.

Pixels are prepared here and not by transformers' video processors, because those need torchvision.

Shape notation: F frames, V visual tokens of a clip, E text width, N length of a prompt, P personal tokens of a subject.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pvchat.models.remoh import AttentionSite, find_sites
from pvchat.models.vlm_frames import ClipFrames, FrameBudget, PixelSpec

Features = Mapping[str, Tensor]
LANGUAGE = "language"


class Family(ABC):
    """A family of bases. Subclasses say what is their own.

    Args:
        model: of transformers, frozen. spec: see `PixelSpec`.

    Attributes:
        model_types: of the configurations that belong to it. targets: endings of the layers that get low-rank updates.
        text: backbone of the language model, from embeddings to hidden states. head: hidden states to logits.
        packs: whether several questions can share one row; where not, each has a row of its own.
        routes_language: whether ReMoH stands in the language model.
        most_frames: that it was made for, None for any number.
    """

    model_types: tuple[str, ...] = ()
    text: Any
    routes_language = True
    most_frames: int | None = None
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")

    def __init__(self, model: Any, spec: PixelSpec) -> None:
        self.model = model
        self.spec = spec
        self.text = self.find_text()
        self.head: nn.Module = model.get_output_embeddings()
        self.embedding: nn.Module = model.get_input_embeddings()
        # A layer that looks at a window, or keeps a state, reads its own mask from the order of the tokens.
        kinds = set(getattr(self.text.config, "layer_types", None) or ())
        self.packs = kinds <= {"full_attention"}

    @property
    def device(self) -> torch.device:
        """Where embeddings are."""
        device: torch.device = next(self.embedding.parameters()).device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the embeddings."""
        dtype: torch.dtype = next(self.embedding.parameters()).dtype
        return dtype

    @property
    def width(self) -> int:
        """E."""
        width: int = next(self.embedding.parameters()).shape[1]
        return width

    @property
    def personal_width(self) -> int:
        """Width of a personal token as it is stored."""
        return self.width

    def find_text(self) -> Any:
        """The language model's backbone."""
        return self.model.model.language_model

    def root(self) -> nn.ModuleDict:
        """Everything low-rank updates may go into: nothing whose output is cached."""
        return nn.ModuleDict({LANGUAGE: self.text})

    def sites(self, root: nn.Module) -> list[AttentionSite]:
        """Attention blocks that ReMoH routes: every fourth layer of the language model."""
        return find_sites(root, within=f"{LANGUAGE}.", every=4)

    def first_personal(self, tokens: int, generator: torch.Generator) -> Tensor:
        """(P, D) personal tokens before training: as long as words, in directions of their own."""
        weight: Tensor = next(self.embedding.parameters())
        return torch.randn(tokens, self.width, generator=generator) * weight.detach().float().std().cpu()

    def personal_count(self, tokens: int, features: Features) -> int:
        """How many places a subject's P personal tokens take in the prompt."""
        return tokens

    @abstractmethod
    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """Pixel tensors of a clip, on the CPU."""

    @abstractmethod
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The frozen part of the vision path, without gradients; "visual" of it is (V, E) where nothing is trained."""

    @abstractmethod
    def layout(self, features: Features) -> list[str | int]:
        """The frames in the prompt: texts, and counts of visual tokens between them."""

    def visual(self, clips: Sequence[Features], personal: Sequence[Tensor]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Visual tokens of each clip, (V, E), and its personal tokens in the prompt: of each subject (n, E).

        Args:
            clips: features. personal: (P, D) of each subject, the same subjects for all clips.
        """
        return [clip["visual"] for clip in clips], [list(personal) for _ in clips]

    def positions(self, ids: Sequence[int], features: Features) -> Tensor:
        """(1, N) or (3, N) positions of a prefix; what follows goes on from their largest."""
        return torch.arange(len(ids))[None]

    def extras(self, clips: Sequence[Features], places: Tensor) -> dict[str, Any]:
        """More arguments of the language model while it reads visual tokens, which are at `places` (B, N)."""
        return {}

    def train(self, mode: bool) -> None:
        """Dropout of whatever is trained."""
        self.text.train(mode)


def square(vision: Any) -> tuple[int, int]:
    """(height, width) that a vision tower of fixed size takes."""
    side = int(vision.image_size)
    return side, side
