"""Every supported kind of vision-language base as transformers' own class at a tiny random size, built in memory."""

from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    InstructBlipConfig,
    InstructBlipForConditionalGeneration,
    InstructBlipVideoConfig,
    InstructBlipVideoForConditionalGeneration,
    LlamaConfig,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Config,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLMoeConfig,
    Qwen3VLMoeForConditionalGeneration,
    SiglipVisionConfig,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)

from pvchat.models.language import END_OF_TURN, Placement
from pvchat.models.vlm import VLM
from pvchat.models.vlm_families import family_of
from pvchat.models.vlm_frames import ClipFrames, PixelSpec
from pvchat.models.vlm_prompt import template_of
from pvchat.models.vlm_qformer import QFormerFamily

KINDS = (
    "qwen2_vl",
    "qwen2_5_vl",
    "qwen3_vl",
    "qwen3_vl_moe",
    "smolvlm",
    "idefics3",
    "llava_onevision",
    "instructblip",
    "instructblipvideo",
)
WIDTH, HEADS, VOCABULARY = 32, 4, 264
SPECIAL = ("<image>", "<video>", "<|vision_start|>", "<|vision_end|>", "<fake_token_around_image>", "<global-img>")
IMAGE, VIDEO, START, STOP = 257, 258, 259, 260
CHAT = (
    "{% for message in messages %}<|user|>{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for line in message['content'] %}{{ line['text'] }}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|bot|>{% endif %}"
)
HERE = Placement(torch.device("cpu"), torch.float32, "tiny")


def tokenizer() -> PreTrainedTokenizerFast:
    """One token per byte, and those that frames need."""
    alphabet = sorted(ByteLevel.alphabet())
    bytes_alone = Tokenizer(BPE(vocab={END_OF_TURN: 0, **{c: i + 1 for i, c in enumerate(alphabet)}}, merges=[]))
    bytes_alone.pre_tokenizer = ByteLevel(add_prefix_space=False)
    bytes_alone.decoder = ByteLevelDecoder()
    made = PreTrainedTokenizerFast(tokenizer_object=bytes_alone, eos_token=END_OF_TURN)
    made.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    return made


def tiny_model(kind: str, seed: int = 0, layers: int = 4) -> Any:
    """A model of a kind in `KINDS`, with weights large enough that every token changes the words that follow."""
    torch.manual_seed(seed)
    return enliven(_model(kind, layers))


def enliven(model: Any) -> Any:
    """Draw a model's weights anew, wide enough that every token and pixel changes what follows."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=1.5 * parameter.shape[-1] ** -0.5 if parameter.dim() == 2 else 0.2)
    return model


def _model(kind: str, layers: int) -> Any:
    text = {
        "vocab_size": VOCABULARY,
        "hidden_size": WIDTH,
        "intermediate_size": 48,
        "num_hidden_layers": layers,
        "num_attention_heads": HEADS,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "bos_token_id": None,
        "eos_token_id": 0,
        "pad_token_id": None,
    }
    tokens = {
        "image_token_id": IMAGE,
        "video_token_id": VIDEO,
        "vision_start_token_id": START,
        "vision_end_token_id": STOP,
    }
    siglip = {
        "hidden_size": 24,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 7,
    }
    if kind.startswith("qwen2"):
        return _qwen2(kind, text, tokens)
    if kind.startswith("qwen3"):
        return _qwen3(kind, text, tokens)
    if kind in ("smolvlm", "idefics3"):
        config_class, made = (
            (SmolVLMConfig, SmolVLMForConditionalGeneration)
            if kind == "smolvlm"
            else (Idefics3Config, Idefics3ForConditionalGeneration)
        )
        return made(
            config_class(vision_config=siglip, text_config=LlamaConfig(**text), image_token_id=IMAGE, scale_factor=2)
        )
    if kind == "llava_onevision":
        config = LlavaOnevisionConfig(
            vision_config=SiglipVisionConfig(**siglip, vision_use_head=False),
            text_config=Qwen2Config(**text),
            image_token_index=IMAGE,
            video_token_index=VIDEO,
        )
        return LlavaOnevisionForConditionalGeneration(config)
    return _instructblip(kind, text, siglip)


def _qwen2(kind: str, text: dict[str, Any], tokens: dict[str, int]) -> Any:
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4}
    text = {**text, "rope_parameters": rope}
    shape = {"depth": 2, "num_heads": 2, "patch_size": 7}
    if kind == "qwen2_vl":
        small = {**shape, "embed_dim": 24, "hidden_size": WIDTH, "mlp_ratio": 2}
        return Qwen2VLForConditionalGeneration(Qwen2VLConfig(text_config=text, vision_config=small, **tokens))
    vision: dict[str, Any] = {
        **shape,
        "hidden_size": 24,
        "intermediate_size": 32,
        "out_hidden_size": WIDTH,
        "window_size": 28,
        "fullatt_block_indexes": [1],
        "tokens_per_second": 2,
    }
    return Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision, **tokens))


def _qwen3(kind: str, text: dict[str, Any], tokens: dict[str, int]) -> Any:
    rope = {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 1e4, "mrope_interleaved": True}
    text = {**text, "head_dim": 8, "rope_parameters": rope}
    vision = {
        "depth": 3,
        "hidden_size": 24,
        "intermediate_size": 32,
        "num_heads": 2,
        "patch_size": 7,
        "out_hidden_size": WIDTH,
        "deepstack_visual_indexes": [0, 1],
        "num_position_embeddings": 64,
    }
    if kind == "qwen3_vl":
        return Qwen3VLForConditionalGeneration(Qwen3VLConfig(text_config=text, vision_config=vision, **tokens))
    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
    config = Qwen3VLMoeConfig(text_config={**text, **experts}, vision_config=vision, **tokens)
    return Qwen3VLMoeForConditionalGeneration(config)


def _instructblip(kind: str, text: dict[str, Any], vision: dict[str, Any]) -> Any:
    shape = {
        "vision_config": vision,
        "qformer_config": {
            "vocab_size": VOCABULARY,
            "hidden_size": 24,
            "intermediate_size": 32,
            "num_hidden_layers": 4,
            "num_attention_heads": HEADS,
            "encoder_hidden_size": 24,
            "cross_attention_frequency": 2,
        },
        "text_config": LlamaConfig(**text).to_dict(),
        "num_query_tokens": 6,
    }
    if kind == "instructblip":
        return InstructBlipForConditionalGeneration(InstructBlipConfig(**shape, image_token_index=IMAGE))
    return InstructBlipVideoForConditionalGeneration(InstructBlipVideoConfig(**shape, video_token_index=VIDEO))


def tiny_vlm(kind: str, seed: int = 0, layers: int = 4) -> VLM:
    """A loaded base of a kind."""
    words = tokenizer()
    family = family_of(tiny_model(kind, seed, layers), PixelSpec())
    if isinstance(family, QFormerFamily):
        family.instruct(words(family.instruction)["input_ids"])
    chat = None if kind.startswith("instructblip") else CHAT
    return VLM(f"tiny/{kind}", family, words, template_of(words, chat, [0]), HERE)


def noise_clip(seed: int, frames: int = 3, height: int = 30, width: int = 44) -> ClipFrames:
    """A clip of random pixels."""
    random = np.random.default_rng(seed)
    images = [random.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(frames)]
    return ClipFrames(images, [0.5 + index for index in range(frames)], float(frames))
