"""Configuration of nano, the embedded video language model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedConfig

from pvchat.perception.record import COLOURS
from pvchat.perception.words import DOINGS, LOOKS, SCENE_WORDS

WORDS: tuple[str, ...] = (*COLOURS, *DOINGS, *(f"{name}: {word}" for name, word in LOOKS), *SCENE_WORDS)
"""What the numbers of nano's tokens stand for, in their order."""


@dataclass(frozen=True)
class TokenLayout:
    """Sizes of what a clip becomes before it enters the model; `pvchat.models.tokens` fills it."""

    tracks: int = 8
    bins: int = 8
    face: int = 128
    appearance: int = 32
    colours: int = len(COLOURS)
    actions: int = len(DOINGS)
    looks: int = len(LOOKS)
    scene_words: int = len(SCENE_WORDS)

    @property
    def attributes(self) -> int:
        """Numbers of a token apart from its two vectors; see `tokens.attribute_row` for their order."""
        return 12 + 2 * self.colours + self.actions + self.looks

    @property
    def scene(self) -> int:
        """Numbers of the scene token."""
        return 4 + self.tracks + 1 + self.scene_words


class NanoConfig(PreTrainedConfig):
    """Shape of nano: perception tokens -> Q-Former -> soft tokens of a small language model.

    Args:
        hidden_size: width of the Q-Former.
        num_hidden_layers, num_attention_heads, intermediate_size: of the Q-Former.
        num_queries: learned scene queries. num_personal_queries: queries of each subject.
        num_scene_tokens, num_personal_tokens: soft tokens that enter the prompt after pooling.
        text_hidden_size: width of the language model. text_model: name in `pvchat.weights`.
        lora_rank, lora_alpha: low-rank update of the language model learned in pretraining, merged when loaded.
        similarity_limit: identity similarities are clipped to +- this many logits before they bias attention.
        words: what the numbers of the tokens stand for; a checkpoint of other words cannot be read by this program.
    """

    model_type = "pvchat-nano"

    def __init__(
        self,
        hidden_size: int = 256,
        num_hidden_layers: int = 4,
        num_attention_heads: int = 8,
        intermediate_size: int = 1024,
        num_queries: int = 32,
        num_personal_queries: int = 16,
        num_scene_tokens: int = 8,
        num_personal_tokens: int = 8,
        face_size: int = TokenLayout.face,
        appearance_size: int = TokenLayout.appearance,
        num_tracks: int = TokenLayout.tracks,
        num_bins: int = TokenLayout.bins,
        text_hidden_size: int = 576,
        text_model: str = "smollm2-135m-instruct",
        lora_rank: int = 8,
        lora_alpha: int = 16,
        similarity_limit: float = 6.0,
        face_model: str = "dlib-resnet-v1",
        words: Sequence[str] = WORDS,
        **kwargs: Any,
    ) -> None:
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.num_queries = num_queries
        self.num_personal_queries = num_personal_queries
        self.num_scene_tokens = num_scene_tokens
        self.num_personal_tokens = num_personal_tokens
        self.face_size = face_size
        self.appearance_size = appearance_size
        self.num_tracks = num_tracks
        self.num_bins = num_bins
        self.text_hidden_size = text_hidden_size
        self.text_model = text_model
        self.lora_rank = lora_rank
        self.lora_alpha = lora_alpha
        self.similarity_limit = similarity_limit
        self.face_model = face_model
        self.words = list(words)
        super().__init__(**kwargs)

    @property
    def layout(self) -> TokenLayout:
        """Token sizes that belong to this configuration."""
        return TokenLayout(
            tracks=self.num_tracks, bins=self.num_bins, face=self.face_size, appearance=self.appearance_size
        )
