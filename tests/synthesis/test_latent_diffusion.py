"""The latent holds the faces; the model learns where they lie, not the faces themselves."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image
from pvchat.synthesis.latent_diffusion import DiffusionConfig, LatentDiffusion, train_diffusion
from pvchat.synthesis.linear_latent import LEAST_CROPS, LinearLatent

SMALL = DiffusionConfig(width=96, depth=3, steps=400, stills=64, windows=16, jitter=0.05)


def pictures(count: int, *, seed: int = 0) -> list[Image]:
    """Pictures of three patterns mixed: all that is in them are three numbers."""
    chance = np.random.default_rng(seed)
    patterns = chance.normal(0, 20, (3, 16, 16, 3))
    mixed = (128 + np.tensordot(chance.normal(0, 1, 3), patterns, 1) for _ in range(count))
    return [np.asarray(np.clip(picture, 0, 255), np.uint8) for picture in mixed]


def test_a_few_components_hold_pictures_that_differ_in_a_few_ways() -> None:
    crops = pictures(40)
    latent = LinearLatent.fit(crops, 3)
    decoded = latent.decode(latent.encode(crops))
    errors = [np.abs(a.astype(int) - b).mean() for a, b in zip(crops, decoded, strict=True)]
    assert latent.size == 3
    assert max(errors) < 2.0
    assert latent.encode(crops).std(dim=0, correction=0) == pytest.approx([1, 1, 1], abs=0.01)


def test_distances_in_the_latent_are_those_of_the_pictures() -> None:
    crops = pictures(20)
    latent = LinearLatent.fit(crops, 19)
    encoded = latent.encode(crops)
    pixels = torch.from_numpy(np.stack(crops)).float().reshape(20, -1) / 127.5
    assert latent.distances(encoded, encoded) == pytest.approx(torch.cdist(pixels, pixels), abs=0.05)


@pytest.mark.parametrize(
    ("crops", "told"), [(pictures(6), f"only 6 faces.*{LEAST_CROPS}"), (pictures(1) * 20, "alike")]
)
def test_too_few_faces_or_one_and_the_same_are_refused(crops: list[Image], told: str) -> None:
    with pytest.raises(SynthesisError, match=told):
        LinearLatent.fit(crops, 8)


def ring(count: int) -> tuple[Tensor, Tensor]:
    """Points on a ring, in the order of their angle; and windows of four that follow each other."""
    angles = torch.arange(count) * (2 * torch.pi / count)
    points = 2**0.5 * torch.stack([angles.cos(), angles.sin()], dim=1)
    around = torch.cat([points, points[:3]])
    return points, torch.stack([around[start : start + 4] for start in range(count)])


@pytest.fixture(scope="module")
def learned() -> LatentDiffusion:
    return train_diffusion(*ring(32), SMALL, seed=3)


def test_new_latents_lie_where_the_old_ones_do_and_are_not_them(learned: LatentDiffusion) -> None:
    made = torch.cat([learned.sample(seed, still=True) for seed in range(60)])
    radius = made.norm(dim=1)
    assert (radius - 2**0.5).abs().mean() < 0.2
    assert made.mean(dim=0).norm() < 0.5
    assert torch.cdist(made, ring(32)[0]).min(dim=1).values.median() > 0.01


def test_windows_move_as_the_old_ones_do(learned: LatentDiffusion) -> None:
    made = torch.stack([learned.sample(seed, still=False) for seed in range(40)])
    assert made.shape == (40, 4, 2)
    step = 2 * 2**0.5 * np.sin(np.pi / 32)
    assert made.diff(dim=1).norm(dim=2).mean() == pytest.approx(step, rel=0.5)
    turns = torch.linalg.cross(
        torch.nn.functional.pad(made[:, 0], (0, 1)), torch.nn.functional.pad(made[:, 3], (0, 1)), dim=1
    )[:, 2]
    assert (turns > 0).float().mean() > 0.9


def test_the_same_seed_makes_the_same_and_another_something_else(learned: LatentDiffusion) -> None:
    again = train_diffusion(*ring(32), SMALL, seed=3)
    assert torch.equal(learned.sample(5, still=False), again.sample(5, still=False))
    assert not torch.allclose(learned.sample(5, still=True), learned.sample(6, still=True), atol=1e-3)


def test_training_can_be_ended_and_leaves_the_chances_of_others_alone() -> None:
    class EndedError(Exception):
        pass

    shares: list[float] = []

    def check(share: float) -> None:
        shares.append(share)
        if share >= 0.05:
            raise EndedError

    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    with pytest.raises(EndedError):
        train_diffusion(*ring(16), SMALL, seed=0, check=check)
    assert torch.equal(torch.rand(3), expected)
    assert len(shares) == 21


def test_without_a_window_stills_are_learned_all_the_same() -> None:
    points, windows = ring(16)
    model = train_diffusion(points, windows[:0], SMALL, seed=0)
    assert model.sample(0, still=True).shape == (1, 2)
