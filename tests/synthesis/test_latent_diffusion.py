"""The latent holds the faces; the model learns where they lie, not the faces themselves."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image
from pvchat.synthesis.latent_diffusion import DiffusionConfig, LatentDiffusion, train_diffusion
from pvchat.synthesis.linear_latent import LinearLatent, pictures_of, vectors_of

SMALL = DiffusionConfig(width=96, depth=3, steps=400, batch=64)


def pictures(count: int, *, seed: int = 0) -> list[Image]:
    """Pictures of three patterns mixed: all that is in them are three numbers."""
    chance = np.random.default_rng(seed)
    patterns = chance.normal(0, 20, (3, 16, 16, 3))
    mixed = (128 + np.tensordot(chance.normal(0, 1, 3), patterns, 1) for _ in range(count))
    return [np.asarray(np.clip(picture, 0, 255), np.uint8) for picture in mixed]


def test_a_few_components_hold_pictures_that_differ_in_a_few_ways() -> None:
    crops = pictures(40)
    latent = LinearLatent.fit(vectors_of(crops), 3)
    encoded = latent.encode(vectors_of(crops))
    decoded = pictures_of(latent.decode(encoded), 16)
    errors = [np.abs(a.astype(int) - b).mean() for a, b in zip(crops, decoded, strict=True)]
    assert latent.size == 3
    assert max(errors) < 2.0
    assert encoded.std(dim=0, correction=0) == pytest.approx([1, 1, 1], abs=0.01)


def test_pictures_are_vectors_and_the_other_way_round() -> None:
    crops = pictures(5)
    vectors = vectors_of(crops)
    assert vectors.shape == (5, 16 * 16 * 3)
    assert -1 <= float(vectors.min()) <= float(vectors.max()) <= 1
    assert all(np.array_equal(a, b) for a, b in zip(crops, pictures_of(vectors, 16), strict=True))


def test_distances_in_the_latent_are_those_of_the_pictures() -> None:
    vectors = vectors_of(pictures(20))
    latent = LinearLatent.fit(vectors, 19)
    encoded = latent.encode(vectors)
    assert latent.distances(encoded, encoded) == pytest.approx(torch.cdist(vectors, vectors), abs=0.05)


def test_one_and_the_same_face_is_refused() -> None:
    with pytest.raises(SynthesisError, match="alike"):
        LinearLatent.fit(vectors_of(pictures(1) * 20), 8)


def ring(count: int) -> Tensor:
    """Points on a ring."""
    angles = torch.arange(count) * (2 * torch.pi / count)
    return 2**0.5 * torch.stack([angles.cos(), angles.sin()], dim=1)


@pytest.fixture(scope="module")
def learned() -> LatentDiffusion:
    return train_diffusion(ring(32), SMALL, jitter=0.05, seed=3)


def test_new_latents_lie_where_the_old_ones_do_and_are_not_them(learned: LatentDiffusion) -> None:
    made = torch.stack([learned.sample(seed) for seed in range(60)])
    assert (made.norm(dim=1) - 2**0.5).abs().mean() < 0.2
    assert made.mean(dim=0).norm() < 0.5
    assert torch.cdist(made, ring(32)).min(dim=1).values.median() > 0.01


def test_more_noise_on_the_old_ones_moves_the_new_ones_further_from_them() -> None:
    few = ring(5)

    def distance(jitter: float) -> float:
        model = train_diffusion(few, SMALL, jitter=jitter, seed=3)
        made = torch.stack([model.sample(seed) for seed in range(60)])
        return float(torch.cdist(made, few).min(dim=1).values.median())

    assert distance(0.4) > 2 * distance(0.05)


def test_the_same_seed_makes_the_same_and_another_something_else(learned: LatentDiffusion) -> None:
    again = train_diffusion(ring(32), SMALL, jitter=0.05, seed=3)
    assert torch.equal(learned.sample(5), again.sample(5))
    assert not torch.allclose(learned.sample(5), learned.sample(6), atol=1e-3)


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
        train_diffusion(ring(16), SMALL, jitter=0.05, seed=0, check=check)
    assert torch.equal(torch.rand(3), expected)
    assert len(shares) == 21
