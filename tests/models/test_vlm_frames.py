"""Frames of a clip as bases want them: as transformers would prepare them, and never more than the budget."""

import numpy as np
import pytest
import torch
from PIL import Image
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from pvchat.models.vlm_frames import LEAST_PIXELS, ClipFrames, FrameBudget
from tests.models.tiny_vlm import noise_clip, tiny_vlm

pytestmark = pytest.mark.usefixtures("one_thread")


def test_patches_are_those_of_transformers_own_preprocessing() -> None:
    vlm = tiny_vlm("qwen2_5_vl")
    picture = noise_clip(5, frames=1, height=28, width=42).images[0]
    mine = vlm.family.pixels(ClipFrames([picture, picture], [0.0, 0.5], 1.0), FrameBudget())
    theirs = Qwen2VLImageProcessorPil(
        patch_size=7, merge_size=2, temporal_patch_size=2, size={"shortest_edge": 1, "longest_edge": 10**6}
    )(Image.fromarray(picture), return_tensors="pt")
    assert torch.equal(mine["grid"], theirs["image_grid_thw"])
    assert torch.allclose(mine["patches"], theirs["pixel_values"], atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(1080, 1920), (4000, 90), (64, 64), (3, 5000)])
@pytest.mark.parametrize("unit", [1, 28])
def test_frames_never_cost_more_than_the_budget(height: int, width: int, unit: int) -> None:
    budget = FrameBudget(max_frames=12, max_total_pixels=12 * 200 * 200)
    frames = budget.frames(60.0)
    tall, wide = budget.size(frames, height, width, unit)
    assert frames == 12
    assert frames * tall * wide <= budget.max_total_pixels
    assert tall % unit == wide % unit == 0
    assert min(tall, wide) >= 1


def test_a_tight_budget_reads_fewer_frames_and_a_short_clip_too() -> None:
    assert FrameBudget(16, 4 * LEAST_PIXELS).frames(60.0) == 4
    assert FrameBudget(16).frames(1.2) == 3
    assert FrameBudget(16).frames(0.0) == 1
    assert FrameBudget(16, 4 * 384 * 384).frames(60.0, 384 * 384) == 4
    with pytest.raises(ValueError, match="give at least 1"):
        FrameBudget(0)


def test_clips_without_frames_or_of_several_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="0 frames"):
        ClipFrames([], [])
    small, large = np.zeros((8, 8, 3), np.uint8), np.zeros((9, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="differ in size"):
        ClipFrames([small, large], [0.0, 1.0])
