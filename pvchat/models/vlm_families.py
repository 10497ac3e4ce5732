"""The families of vision-language models that can be a base.

Shape notation as in `pvchat.models.vlm_family`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pvchat.chat.prompt import SCENE
from pvchat.errors import ModelError
from pvchat.models.vlm_family import Family, Features, square
from pvchat.models.vlm_frames import ClipFrames, FrameBudget, PixelSpec, normalized, read_clip
from pvchat.models.vlm_qformer import QFormerFamily


class QwenVL(Family):
    """Qwen2-VL, Qwen2.5-VL and Qwen3-VL: frames in pairs, of any size, and positions in time, height and width."""

    model_types = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe")

    def __init__(self, model: Any, spec: PixelSpec) -> None:
        super().__init__(model, spec)
        vision = model.config.vision_config
        self.patch = int(vision.patch_size)
        self.merge = int(vision.spatial_merge_size)
        self.pair = int(vision.temporal_patch_size)
        self.timed = model.config.model_type.startswith("qwen3")

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """Patches of pairs of frames, in the order in which the vision tower merges them."""
        unit = self.patch * self.merge
        tall, wide = frames.images[0].shape[:2]
        height, width = budget.size(len(frames.images), tall, wide, unit)
        values = normalized(frames.images, (height, width), self.spec)
        values = torch.cat([values, values[-1:].expand(-len(values) % self.pair, -1, -1, -1)])
        moments, rows, columns = len(values) // self.pair, height // unit, width // unit
        split = values.view(moments, self.pair, 3, rows, self.merge, self.patch, columns, self.merge, self.patch)
        patches = split.permute(0, 3, 6, 4, 7, 2, 1, 5, 8).reshape(-1, 3 * self.pair * self.patch**2)
        grid = torch.tensor([[moments, rows * self.merge, columns * self.merge]])
        times = list(frames.times_s) + [frames.times_s[-1]] * (len(values) - len(frames.times_s))
        middle = [(times[i] + times[i + self.pair - 1]) / 2 for i in range(0, len(times), self.pair)]
        return {"patches": patches.contiguous(), "grid": grid, "times": torch.tensor(middle, dtype=torch.float32)}

    @torch.no_grad()
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Merged patches, and for Qwen3-VL those of earlier layers, which the language model adds in its own."""
        grid = pixels["grid"].to(self.device)
        found = self.model.model.get_video_features(pixels["patches"].to(self.device), grid, return_dict=True)
        result = {"visual": torch.cat(list(found.pooler_output)), "grid": pixels["grid"], "times": pixels["times"]}
        for number, layer in enumerate(getattr(found, "deepstack_features", None) or ()):
            result[f"deep.{number}"] = torch.cat(list(layer))
        return result

    def layout(self, features: Features) -> list[str | int]:
        """One run of tokens for the clip; in Qwen3-VL one for each moment, with its time before it."""
        total, moments = len(features["visual"]), len(features["times"])
        if not self.timed:
            return ["<|vision_start|>", total, "<|vision_end|>"]
        found: list[str | int] = []
        for time_s in features["times"].tolist():
            found += [f"<{time_s:.1f} seconds><|vision_start|>", total // moments, "<|vision_end|>"]
        return found

    def positions(self, ids: Sequence[int], features: Features) -> Tensor:
        """(3, N) as the model itself counts them."""
        row = torch.tensor([list(ids)])
        kinds = (row == SCENE).int() * 2
        row = torch.where(row == SCENE, self.model.config.video_token_id, row.clamp(min=0))
        times = features["times"]
        gap = float((times[-1] - times[0]) / (len(times) - 1)) if len(times) > 1 else 1.0
        options = {} if self.timed else {"second_per_grid_ts": torch.tensor([gap])}
        found, _ = self.model.model.get_rope_index(
            row, mm_token_type_ids=kinds, video_grid_thw=features["grid"].clone(), **options
        )
        positions: Tensor = found[:, 0]
        return positions

    def extras(self, clips: Sequence[Features], places: Tensor) -> dict[str, Any]:
        """Qwen3-VL's features of earlier layers."""
        depth = sum(name.startswith("deep.") for name in clips[0])
        if depth == 0:
            return {}
        layers = [torch.cat([clip[f"deep.{number}"].to(self.device) for clip in clips]) for number in range(depth)]
        return {"visual_pos_masks": places, "deepstack_visual_embeds": layers}


class SmolVLM(Family):
    """SmolVLM, SmolVLM2 and Idefics3: each frame a picture of its own, with its time before it."""

    model_types = ("smolvlm", "idefics3")

    def find_text(self) -> Any:
        """The language model's backbone."""
        return self.model.model.text_model

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """(1, F, 3, H, W)."""
        values = normalized(frames.images, square(self.model.config.vision_config), self.spec)
        return {"pixels": values[None], "times": torch.tensor(list(frames.times_s), dtype=torch.float32)}

    @torch.no_grad()
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tokens of the connector."""
        values = pixels["pixels"].to(self.device)
        found = self.model.model.get_image_features(pixel_values=values, return_dict=True).pooler_output
        tokens = torch.cat([part.reshape(-1, part.shape[-1]) for part in found])
        return {"visual": tokens, "times": pixels["times"]}

    def layout(self, features: Features) -> list[str | int]:
        """Time and picture of each frame."""
        times = features["times"].tolist()
        found: list[str | int] = []
        for time_s in times:
            clock = f"{int(time_s // 60):02d}:{int(time_s % 60):02d}"
            found.append(f"\nFrame from {clock}:<fake_token_around_image><global-img>")
            found += [len(features["visual"]) // len(times), "<fake_token_around_image>"]
        return [*found, "\n"]


class LlavaOnevision(Family):
    """LLaVA-OneVision: all frames in one run, their tokens pooled."""

    model_types = ("llava_onevision",)

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """(1, F, 3, H, W)."""
        return {"pixels": normalized(frames.images, square(self.model.config.vision_config), self.spec)[None]}

    @torch.no_grad()
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Pooled tokens of all frames and the one that ends them."""
        values = pixels["pixels"].to(self.device, self.dtype)
        found = self.model.model.get_video_features(pixel_values_videos=values, return_dict=True).pooler_output
        return {"visual": torch.cat(list(found))}

    def layout(self, features: Features) -> list[str | int]:
        """One run of tokens."""
        return [len(features["visual"]), "\n"]


FAMILIES: tuple[type[Family], ...] = (QwenVL, SmolVLM, LlavaOnevision, QFormerFamily)


def family_of(model: Any, spec: PixelSpec | None = None) -> Family:
    """The family a model belongs to.

    Raises:
        ModelError: it belongs to none, or its logits are changed behind the head in a way that is not known here.
    """
    kind = model.config.model_type
    check_kind(kind)
    found = next(family for family in FAMILIES if kind in family.model_types)(model, spec or PixelSpec())
    for option in ("logits_scaling", "final_logit_softcapping"):
        if getattr(found.text.config, option, None):
            raise ModelError(f"{kind} with {option} is not supported; use another base")
    return found


def check_kind(kind: str) -> None:
    """Raise ModelError unless models of this type can be a base."""
    known = sorted(name for family in FAMILIES for name in family.model_types)
    if kind not in known:
        raise ModelError(f'"{kind}" is no supported kind of base model; supported are: {", ".join(known)}')


def look(family: Family, video: Path, budget: FrameBudget) -> ClipFrames:
    """The frames of a video that a base of this family is shown.

    Raises:
        VideoError: the file cannot be read as video.
    """
    if family.most_frames is not None:
        budget = replace(budget, max_frames=min(budget.max_frames, family.most_frames))
    if isinstance(family, QwenVL):
        return read_clip(video, budget)
    height, width = square(family.model.config.vision_config)
    return read_clip(video, budget, pixels=height * width)
