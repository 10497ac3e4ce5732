"""Vision-language bases at tiny random sizes, for tests: one of each family for those that take long."""

from benchmarks.remoh.tiny_bases import (
    CHAT,
    HERE,
    IMAGE,
    VIDEO,
    noise_clip,
    tiny_model,
    tiny_vlm,
    tokenizer,
)
from benchmarks.remoh.tiny_bases import KINDS as ALL_KINDS

KINDS = ("qwen2_5_vl", "qwen3_vl", "smolvlm", "llava_onevision", "instructblipvideo")

__all__ = [
    "ALL_KINDS",
    "CHAT",
    "HERE",
    "IMAGE",
    "KINDS",
    "VIDEO",
    "noise_clip",
    "tiny_model",
    "tiny_vlm",
    "tokenizer",
]
