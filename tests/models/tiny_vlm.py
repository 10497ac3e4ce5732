"""Real vision-language classes of transformers at tiny random sizes, with a tokenizer built in memory."""

from typing import Any

import numpy as np
import torch
from transformers import (
    InstructBlipVideoConfig,
    InstructBlipVideoForConditionalGeneration,
    LlamaConfig,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Config,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SiglipVisionConfig,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)

from pvchat.models.language import END_OF_TURN, Placement
from pvchat.models.vlm import VLM
from pvchat.models.vlm_families import QFormerFamily, family_of
from pvchat.models.vlm_frames import ClipFrames, PixelSpec
from pvchat.models.vlm_prompt import template_of
from tests.models.tiny import byte_tokenizer

KINDS = ("qwen2_5_vl", "qwen3_vl", "smolvlm", "llava_onevision", "instructblipvideo")
WIDTH, HEADS, VOCABULARY = 32, 4, 264
SPECIAL = ("<image>", "<video>", "<|vision_start|>", "<|vision_end|>", "<fake_token_around_image>", "<global-img>")
IMAGE, VIDEO, START, STOP = 257, 258, 259, 260
CHAT = (
    "{% for message in messages %}<|user|>{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for line in message['content'] %}{{ line['text'] }}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|bot|>{% endif %}"
)
HERE = Placement(torch.device("cpu"), torch.float32, "a test")


def tokenizer() -> PreTrainedTokenizerFast:
    """One token per byte, and those that frames need."""
    made = PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(), eos_token=END_OF_TURN)
    made.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    return made


def tiny_model(kind: str, seed: int = 0, layers: int = 4) -> Any:
    """A model of a kind in `KINDS`, with weights large enough that every token changes the words that follow."""
    torch.manual_seed(seed)
    model = _model(kind, layers)
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
    if kind == "qwen2_5_vl":
        rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4}
        vision = {
            "depth": 2,
            "hidden_size": 24,
            "intermediate_size": 32,
            "num_heads": 2,
            "patch_size": 7,
            "out_hidden_size": WIDTH,
            "window_size": 28,
            "fullatt_block_indexes": [1],
            "tokens_per_second": 2,
        }
        config: Any = Qwen2_5_VLConfig(text_config={**text, "rope_parameters": rope}, vision_config=vision, **tokens)
        return Qwen2_5_VLForConditionalGeneration(config)
    if kind == "qwen3_vl":
        rope = {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 1e4, "mrope_interleaved": True}
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
        config = Qwen3VLConfig(
            text_config={**text, "head_dim": 8, "rope_parameters": rope}, vision_config=vision, **tokens
        )
        return Qwen3VLForConditionalGeneration(config)
    if kind == "smolvlm":
        config = SmolVLMConfig(
            vision_config=siglip, text_config=LlamaConfig(**text), image_token_id=IMAGE, scale_factor=2
        )
        return SmolVLMForConditionalGeneration(config)
    if kind == "llava_onevision":
        config = LlavaOnevisionConfig(
            vision_config=SiglipVisionConfig(**siglip, vision_use_head=False),
            text_config=Qwen2Config(**text),
            image_token_index=IMAGE,
            video_token_index=VIDEO,
        )
        return LlavaOnevisionForConditionalGeneration(config)
    config = InstructBlipVideoConfig(
        vision_config={**siglip, "hidden_size": 24},
        qformer_config={
            "vocab_size": VOCABULARY,
            "hidden_size": 24,
            "intermediate_size": 32,
            "num_hidden_layers": 4,
            "num_attention_heads": HEADS,
            "encoder_hidden_size": 24,
            "cross_attention_frequency": 2,
        },
        text_config=LlamaConfig(**text).to_dict(),
        num_query_tokens=6,
        video_token_index=VIDEO,
    )
    return InstructBlipVideoForConditionalGeneration(config)


def tiny_vlm(kind: str, seed: int = 0, layers: int = 4) -> VLM:
    """A loaded base of a kind."""
    words = tokenizer()
    family = family_of(tiny_model(kind, seed, layers), PixelSpec())
    if isinstance(family, QFormerFamily):
        family.instruct(words(family.instruction)["input_ids"])
    chat = None if kind == "instructblipvideo" else CHAT
    return VLM(f"tiny/{kind}", family, words, template_of(words, chat, [0]), HERE)


def noise_clip(seed: int, frames: int = 3, height: int = 30, width: int = 44) -> ClipFrames:
    """A clip of random pixels."""
    random = np.random.default_rng(seed)
    images = [random.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(frames)]
    return ClipFrames(images, [0.5 + index for index in range(frames)], float(frames))
