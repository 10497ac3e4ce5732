"""Speed of fine-tuning on a GPU: a base of 8 billion random weights, questions packed and cached or one by one.

    python -m benchmarks.gpu_training            # on a machine with a CUDA device of 40 GB or more
    python -m benchmarks.gpu_training --tiny     # the same code in seconds, on a CPU

prints one line of JSON. The base has the shape of Qwen3-VL-8B; speed does not depend on what the weights are. Each of
the two ways takes one epoch from a cold cache, after a warm-up. MFU is the share of the device's bfloat16 peak that the
packed epoch's multiplications come to, recomputation not counted.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.remoh.tiny_bases import CHAT, IMAGE, START, STOP, VIDEO, VOCABULARY, tokenizer
from benchmarks.remoh.vlm import QWEN3_VL_8B, epoch_seconds, training_clips
from pvchat.models.language import Placement, choose_placement
from pvchat.models.vlm import VLM
from pvchat.models.vlm_families import family_of
from pvchat.models.vlm_frames import FrameBudget
from pvchat.models.vlm_prompt import template_of
from pvchat.training.vlm_personal import VlmPersonal, adapter_config

# Dense bfloat16 multiplications per second, from the vendor's data sheets.
PEAK_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}


@dataclass(frozen=True)
class Sizes:
    """What is measured.

    Attributes:
        text, vision: shapes of the base. clips, questions, frames, side: of the epoch. repeats: of each epoch.
    """

    text: dict[str, Any]
    vision: dict[str, Any]
    clips: int
    questions: int
    frames: int
    side: int
    repeats: int


FULL = Sizes(
    text={**QWEN3_VL_8B, "mrope_section": [24, 20, 20]},
    vision={
        "depth": 27,
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "num_heads": 16,
        "patch_size": 16,
        "out_hidden_size": 4096,
        "deepstack_visual_indexes": [8, 16, 24],
        "num_position_embeddings": 2304,
    },
    clips=4,
    # 1,455 questions of 81 clips, as the paper has.
    questions=18,
    frames=16,
    side=384,
    repeats=3,
)
TINY = Sizes(
    text={
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "vocab_size": VOCABULARY,
        "mrope_section": [2, 1, 1],
    },
    vision={
        "depth": 2,
        "hidden_size": 24,
        "intermediate_size": 32,
        "num_heads": 2,
        "patch_size": 16,
        "out_hidden_size": 32,
        "deepstack_visual_indexes": [0],
        "num_position_embeddings": 64,
    },
    clips=2,
    questions=3,
    frames=4,
    side=64,
    repeats=1,
)


def build_base(sizes: Sizes, placement: Placement) -> VLM:
    """A Qwen3-VL of random weights, made where it runs."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    text = dict(sizes.text)
    section = text.pop("mrope_section")
    rope = {"rope_type": "default", "mrope_section": section, "rope_theta": 5e6, "mrope_interleaved": True}
    config = Qwen3VLConfig(
        text_config={**text, "rope_parameters": rope, "eos_token_id": 0, "pad_token_id": None, "bos_token_id": None},
        vision_config=sizes.vision,
        image_token_id=IMAGE,
        video_token_id=VIDEO,
        vision_start_token_id=START,
        vision_end_token_id=STOP,
    )
    before = torch.get_default_dtype()
    torch.manual_seed(0)
    torch.set_default_dtype(placement.dtype)
    try:
        with placement.device:
            model = Qwen3VLForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(before)
    words = tokenizer()
    return VLM("random Qwen3-VL", family_of(model), words, template_of(words, CHAT, [words.eos_token_id]), placement)


def measure(sizes: Sizes, *, checkpointing: bool = False) -> dict[str, Any]:
    """Both ways of training, on the best device there is."""
    placement = choose_placement()
    # Some machines for measuring have no peft; then only tokens and routers are trained, and the figures say so.
    rank = 8 if find_spec("peft") is not None else 0
    vlm = build_base(sizes, placement)
    budget = FrameBudget(max_frames=sizes.frames, max_total_pixels=max(sizes.frames * sizes.side**2, 112**2))
    options: dict[str, Any] = {"rank": rank, "budget": budget, "checkpointing": checkpointing}
    clips = training_clips(sizes.clips, sizes.questions, sizes.frames, sizes.side)
    flops = _packed_flops(vlm, clips[0], rank, budget)
    found: dict[bool, dict[str, float]] = {}
    for packed in (True, False):
        epoch_seconds(vlm, clips[:1], packed=packed, **options)
        if placement.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        seconds = median(epoch_seconds(vlm, clips, packed=packed, **options) for _ in range(sizes.repeats))
        peak = torch.cuda.max_memory_allocated() / 1e9 if placement.device.type == "cuda" else 0.0
        found[packed] = {"seconds": seconds, "peak_gb": peak}
    questions = sizes.clips * sizes.questions
    most = next((v for name, v in PEAK_FLOPS.items() if name in placement.reason), None)
    achieved = flops * sizes.clips / found[True]["seconds"]
    return {
        "device": placement.reason,
        "dtype": str(placement.dtype).removeprefix("torch."),
        "parameters": sum(p.numel() for p in vlm.family.model.parameters() if not p.requires_grad),
        "lora": rank > 0,
        "checkpointing": checkpointing,
        "clips": sizes.clips,
        "questions_per_clip": sizes.questions,
        "frames": sizes.frames,
        "packed_questions_per_s": questions / found[True]["seconds"],
        "single_questions_per_s": questions / found[False]["seconds"],
        "ratio": found[False]["seconds"] / found[True]["seconds"],
        "packed_peak_gb": found[True]["peak_gb"],
        "single_peak_gb": found[False]["peak_gb"],
        "packed_tflops": achieved / 1e12,
        "mfu": None if most is None else achieved / most,
    }


def _packed_flops(vlm: VLM, clip: Any, rank: int, budget: FrameBudget) -> int:
    """Multiplications and additions of one clip's packed step, from a cold cache."""
    model = VlmPersonal(vlm, adapter_config(vlm, rank=rank), budget=budget)
    with FlopCounterMode(display=False) as counter:
        torch.autograd.backward(model.answer_loss([clip]).loss)
    model.close()
    return int(counter.get_total_flops())


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_training", description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="a few thousand weights, on any machine")
    parser.add_argument("--checkpointing", action="store_true", help="compute activations twice, to hold fewer")
    options = parser.parse_args(arguments)
    if not options.tiny and not torch.cuda.is_available():
        parser.error("there is no CUDA device; use --tiny to try the same code without one")
    print(json.dumps(measure(TINY if options.tiny else FULL, checkpointing=options.checkpointing)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
