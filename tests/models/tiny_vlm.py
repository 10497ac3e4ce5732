"""Vision-language bases at tiny random sizes, for tests: one of each family for those that take long."""

from torch import Tensor

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
from pvchat.models.vlm import VLM
from pvchat.models.vlm_frames import ClipFrames, FrameBudget

KINDS = ("qwen2_5_vl", "qwen3_vl", "smolvlm", "llava_onevision", "instructblipvideo")

__all__ = [
    "ALL_KINDS",
    "CHAT",
    "HERE",
    "IMAGE",
    "KINDS",
    "VIDEO",
    "features_of",
    "noise_clip",
    "tiny_model",
    "tiny_vlm",
    "tokenizer",
]


def features_of(vlm: VLM, clip: ClipFrames) -> dict[str, Tensor]:
    """What a base sees of a clip."""
    return vlm.family.features(vlm.family.pixels(clip, FrameBudget()))
