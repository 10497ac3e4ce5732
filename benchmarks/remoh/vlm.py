"""What fine-tuning a vision-language base costs, on bases of random weights: no base is fetched for it.

    python -m benchmarks.remoh.vlm

prints one line of JSON. On two CPU cores it takes about half a minute.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.remoh.tiny_bases import CHAT, HERE, IMAGE, KINDS, VOCABULARY, enliven, noise_clip, tiny_vlm, tokenizer
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.attached import AttachedAdapters
from pvchat.models.remoh import find_sites
from pvchat.models.vlm import VLM
from pvchat.models.vlm_families import family_of
from pvchat.models.vlm_frames import FrameBudget
from pvchat.models.vlm_prompt import template_of
from pvchat.one_thread import one_thread
from pvchat.training.personal import TrainingClip, Turn
from pvchat.training.vlm_personal import VlmClip, VlmPersonal, adapter_config

# The method has 1,455 questions about a subject's 81 clips and stills: 18 for each.
CLIPS, QUESTIONS, FRAMES, SIDE, REPEATS = 3, 18, 8, 96, 5
# Rounding in another order of summation; the losses are about 5.
SAME_LOSS = 1e-3
QWEN3_VL_8B = {
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151936,
}


def base_preserving_max_diff() -> dict[str, float]:
    """Largest change of a logit when an untrained adapter (LoRA and ReMoH) goes on, for every supported kind of base.

    In float32; the same frames and words before and after.
    """
    found = {}
    for kind in KINDS:
        vlm = tiny_vlm(kind)
        family = vlm.family
        features = family.features(family.pixels(noise_clip(1, 1 if kind == "instructblip" else 4), FrameBudget()))
        before = _logits(vlm, features)
        vlm.adapters.create("somebody", adapter_config(vlm))
        found[kind] = float((_logits(vlm, features) - before).abs().max())
    return found


@torch.no_grad()
def _logits(vlm: VLM, features: dict[str, Tensor]) -> Tensor:
    prompt = vlm.prompt(features, [], [])
    states, extras = vlm.embed(torch.tensor([prompt.ids]), torch.tensor([prompt.owners]), [features], [])
    positions = vlm.family.positions(prompt.ids, features)
    positions = positions if len(positions) == 1 else positions[:, None]
    logits: Tensor = vlm.family.head(vlm.hidden(states, positions, None, extras).last_hidden_state)
    return logits


def packed_speedup() -> dict[str, Any]:
    """Questions per second of one epoch of training: packed with cached features, and one by one without.

    One by one, each question has a forward pass of its own, the vision path included. Both begin with nothing cached,
    and take an optimizer step per clip. Runs alternate, on one thread; the ratio is that of the medians.

    Raises:
        RuntimeError: the two losses differ, or the vision tower is not the larger part.
    """
    # Two threads on two busy cores wait for each other, and time says little.
    with one_thread():
        return _packed_speedup()


def _packed_speedup() -> dict[str, Any]:
    vlm = _middling()
    clips = training_clips(CLIPS, QUESTIONS, FRAMES, SIDE)
    questions = sum(len(clip.turns) for clip in clips)
    packed_loss, single_loss = _losses(vlm, clips)
    if abs(packed_loss - single_loss) > SAME_LOSS:
        raise RuntimeError(f"the packed loss is {packed_loss}, that of single questions {single_loss}")
    tower, language = _flops(vlm, clips[0])
    if tower < language:
        raise RuntimeError(f"the vision tower takes {tower} FLOPs, the language model {language}; make it larger")
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(REPEATS):
        for packed in (True, False):
            seconds[packed].append(epoch_seconds(vlm, clips, packed=packed))
    rates = {packed: questions / median(found) for packed, found in seconds.items()}
    return {
        "packed_questions_per_s": rates[True],
        "single_questions_per_s": rates[False],
        "ratio": rates[True] / rates[False],
        "loss_difference": abs(packed_loss - single_loss),
        "tower_gflops": tower / 1e9,
        "language_gflops": language / 1e9,
        "clips": CLIPS,
        "questions_per_clip": QUESTIONS,
        "frames": FRAMES,
        "repeats": REPEATS,
        "threads": torch.get_num_threads(),
    }


def adapter_mb_8b(folder: Path | None = None) -> float:
    """Size in MB (10^6 bytes) of both files of a default adapter for a base of Qwen3-VL-8B's shape.

    The base is only its shapes; the adapter is written, with zeros.

    Args:
        folder: where to, by default a folder that is removed again.
    """
    from transformers import Qwen3VLTextConfig, Qwen3VLTextModel

    rope = {"rope_type": "default", "mrope_section": [24, 20, 20], "rope_theta": 5e6, "mrope_interleaved": True}
    with torch.device("meta"):
        text = Qwen3VLTextModel(Qwen3VLTextConfig(**QWEN3_VL_8B, rope_parameters=rope))
        root = torch.nn.ModuleDict({"language": text})
        attached = AttachedAdapters(root, find_sites(root, within="language.", every=4))
        config = AdapterConfig(base="an 8B base", base_sha256="0" * 64)
        attached.create("somebody", config)
    width = QWEN3_VL_8B["hidden_size"]
    shapes = {name: tensor.shape for name, tensor in attached.tensors("somebody").items()}
    shapes |= {"name": torch.Size([width]), "personal": torch.Size([config.personal_tokens, width])}
    adapter = Adapter(config, {name: torch.zeros(shape) for name, shape in shapes.items()})
    with tempfile.TemporaryDirectory() as made:
        place = folder or Path(made)
        adapter.save(place)
        return sum(file.stat().st_size for file in place.iterdir()) / 1e6


def training_clips(clips: int, questions: int, frames: int, side: int) -> list[TrainingClip[VlmClip]]:
    """Clips of noise, each with questions of usual length."""
    asked = [Turn(f"What is Maria doing in part {n} of it?", f"Maria is walking to the left, {n}.") for n in range(99)]
    return [
        TrainingClip(f"clip {n}", VlmClip("Maria", noise_clip(n, frames, side, side)), tuple(asked[:questions]), True)
        for n in range(clips)
    ]


def epoch_seconds(vlm: VLM, clips: Sequence[TrainingClip[VlmClip]], *, packed: bool, **options: Any) -> float:
    """Wall time of one epoch with a new adapter and a cold cache.

    Args:
        vlm: the base. clips: of the epoch. packed: with cached features, or each question by itself.
        options: of `VlmPersonal`.
    """
    rank = options.pop("rank", 8)
    model = VlmPersonal(vlm, adapter_config(vlm, rank=rank), **options)
    everything = [p for group in model.parameters().values() for p in group]
    optimizer = torch.optim.AdamW(everything, lr=1e-4)
    model.train()
    wait(vlm)
    started = time.perf_counter()
    for clip in clips:
        if packed:
            torch.autograd.backward(model.answer_loss([clip]).loss)
        else:
            for turn in clip.turns:
                alone = TrainingClip(clip.key, clip.content, (turn,), clip.present)
                torch.autograd.backward(model.reference_loss([alone]).loss / len(clip.turns))
        optimizer.step()
        optimizer.zero_grad()
    wait(vlm)
    seconds = time.perf_counter() - started
    model.close()
    return seconds


def wait(vlm: VLM) -> None:
    """Until an accelerator has done what it was given."""
    if vlm.family.device.type == "cuda":
        torch.cuda.synchronize()


def _middling() -> VLM:
    """A SmolVLM whose tower is the larger half, as it is where a clip has many frames and questions are short."""
    from transformers import LlamaConfig, SmolVLMConfig, SmolVLMForConditionalGeneration

    torch.manual_seed(0)
    vision = {
        "hidden_size": 128,
        "intermediate_size": 512,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "image_size": SIDE,
        "patch_size": 8,
    }
    text = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=96,
        intermediate_size=256,
        num_hidden_layers=6,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=None,
    )
    config = SmolVLMConfig(vision_config=vision, text_config=text, image_token_id=IMAGE, scale_factor=2)
    words = tokenizer()
    return VLM(
        "middling",
        family_of(enliven(SmolVLMForConditionalGeneration(config))),
        words,
        template_of(words, CHAT, [words.eos_token_id]),
        HERE,
    )


def _losses(vlm: VLM, clips: Sequence[TrainingClip[VlmClip]]) -> tuple[float, float]:
    model = VlmPersonal(vlm, adapter_config(vlm))
    with torch.no_grad():
        found = float(model.answer_loss(clips).loss), float(model.reference_loss(clips).loss)
    model.close()
    return found


def _flops(vlm: VLM, clip: TrainingClip[VlmClip]) -> tuple[int, int]:
    """Of the tower for a clip, and of the language model's forward pass for it and one question."""
    family = vlm.family
    pixels = family.pixels(clip.content.frames, FrameBudget())
    with FlopCounterMode(display=False) as tower:
        features = family.features(pixels)
    model = VlmPersonal(vlm, adapter_config(vlm))
    alone = TrainingClip(clip.key, clip.content, clip.turns[:1], clip.present)
    model.cache.get(clip.key, lambda: features)
    with torch.no_grad(), FlopCounterMode(display=False) as language:
        model.answer_loss([alone])
    model.close()
    return tower.get_total_flops(), language.get_total_flops()


def main() -> int:
    """Measure everything."""
    figures = {
        "base_preserving_max_diff": base_preserving_max_diff(),
        "packed_speedup": packed_speedup(),
        "adapter_mb_8b": adapter_mb_8b(),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
