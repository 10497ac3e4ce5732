"""Frames for a vision-language model: sampled by time, few and small enough for a budget of pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pvchat.video import probe, read_frames

Image = NDArray[np.uint8]
# A frame with fewer pixels shows nobody any more; a tight budget gives up frames before it goes below this.
LEAST_PIXELS = 112 * 112
_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
_CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class FrameBudget:
    """What a clip may cost.

    Attributes:
        max_frames: of a clip. max_total_pixels: of all its frames together, after shrinking.
        frames_per_second: no more than this in a short clip.
    """

    max_frames: int = 16
    max_total_pixels: int = 16 * 384 * 384
    frames_per_second: float = 2.0

    def __post_init__(self) -> None:
        if self.max_frames < 1 or self.max_total_pixels < LEAST_PIXELS or self.frames_per_second <= 0:
            raise ValueError(
                f"{self.max_frames} frames, {self.max_total_pixels} pixels and {self.frames_per_second} frames/s: "
                f"give at least 1, {LEAST_PIXELS} and more than 0"
            )

    def frames(self, duration_s: float, pixels: int | None = None) -> int:
        """How many frames of a clip are read; with `pixels` per frame given where the base has a fixed size."""
        wanted = max(1, math.ceil(duration_s * self.frames_per_second))
        affordable = self.max_total_pixels // (LEAST_PIXELS if pixels is None else pixels)
        return max(1, min(self.max_frames, wanted, affordable))

    def size(self, frames: int, height: int, width: int, unit: int = 1) -> tuple[int, int]:
        """Height and width after shrinking, multiples of `unit`, so that `frames` of them stay in the budget."""
        scale = min(1.0, math.sqrt(self.max_total_pixels / (frames * height * width)))
        sides = [max(unit, math.floor(side * scale / unit) * unit) for side in (height, width)]
        # A side that was lifted to one unit is paid for by the other.
        for place in (0, 1):
            most = self.max_total_pixels // (frames * sides[1 - place])
            sides[place] = max(unit, min(sides[place], most // unit * unit))
        return sides[0], sides[1]


@dataclass(frozen=True)
class ClipFrames:
    """What a base sees of a clip or still.

    Attributes:
        images: (H, W, 3) uint8 RGB, at least one, all of one size. times_s: when each is displayed.
        duration_s: of the whole clip; 0 for a still.
    """

    images: Sequence[Image] = field(repr=False)
    times_s: Sequence[float] = (0.0,)
    duration_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.images or len(self.images) != len(self.times_s):
            raise ValueError(f"{len(self.images)} frames with {len(self.times_s)} times: each frame needs its time")
        if len({image.shape for image in self.images}) > 1:
            raise ValueError("the frames of one clip differ in size; give frames of one size")


def read_clip(video: Path, budget: FrameBudget, *, pixels: int | None = None) -> ClipFrames:
    """Sample a video evenly: a frame from the middle of each of n equal parts.

    Args:
        video: the file. budget: see `FrameBudget`. pixels: of one frame, where the base resizes all frames alike.

    Raises:
        VideoError: the file cannot be read as video.
    """
    facts = probe(video)
    count = budget.frames(facts.duration_s, pixels)
    times = [(index + 0.5) * facts.duration_s / count for index in range(count)]
    height, width = budget.size(count, facts.height, facts.width)
    images = read_frames(video, times, max_side=max(height, width)).images
    return ClipFrames(images, times, facts.duration_s)


@dataclass(frozen=True)
class PixelSpec:
    """How a base wants its pixels; read from its preprocessor's settings.

    Attributes:
        mean, std: per channel, of values from 0 to 1. resample: PIL's number of a filter.
    """

    mean: tuple[float, ...] = _CLIP_MEAN
    std: tuple[float, ...] = _CLIP_STD
    resample: int = 3


def normalized(images: Sequence[Image], size: tuple[int, int], spec: PixelSpec) -> Tensor:
    """(F, 3, H, W) float32: resized to `size` (height, width), scaled to 0..1 and normalised per channel."""
    from PIL import Image as Pillow

    height, width = size
    filter_ = Pillow.Resampling(spec.resample)
    resized = [
        image
        if image.shape[:2] == size
        else np.asarray(Pillow.fromarray(image).resize((width, height), resample=filter_))
        for image in images
    ]
    values = torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(numbers).view(1, -1, 1, 1) for numbers in (spec.mean, spec.std))
    result: Tensor = (values - mean) / std
    return result
