"""Principal components as a latent: of one person's aligned faces (eigenfaces; Turk and Pentland, 1991), and of how
they move. Nothing of it is trained, and it is small, so diffusion in it is learned in seconds on a CPU."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image

# Of the variance of the first one: components below are rounding errors.
_LEAST_VALUE = 1e-6


@dataclass(frozen=True)
class LinearLatent:
    """Encodes vectors to k numbers of unit variance, and back.

    Attributes:
        mean: (D,) float32. components: (k, D), orthonormal. scale: (k,) standard deviations.
    """

    mean: Tensor
    components: Tensor
    scale: Tensor

    @classmethod
    def fit(cls, vectors: Tensor, most: int) -> "LinearLatent":
        """Find the components.

        Args:
            vectors: (n, D) float32, two or more. most: components at most; fewer vectors give fewer.

        Raises:
            SynthesisError: they are all alike.
        """
        mean = vectors.mean(dim=0)
        centred = vectors - mean
        # Pictures are fewer than their pixels: their (n, n) products have the same eigenvectors, seen from the vectors.
        values, seen = torch.linalg.eigh((centred @ centred.T).double())
        wanted = int((values > _LEAST_VALUE * values.max().clamp_min(1e-12)).sum())
        count = min(most, len(vectors) - 1, wanted)
        if count < 2:
            raise SynthesisError("the usable faces are all alike (a still picture?); give a video in which it moves")
        order = torch.arange(len(vectors) - 1, len(vectors) - 1 - count, -1)
        largest = values[order].clamp_min(1e-12)
        components = ((seen[:, order] / largest.sqrt()).T.float()) @ centred
        return cls(mean, components, (largest / len(vectors)).sqrt().float())

    @property
    def size(self) -> int:
        """k."""
        return len(self.scale)

    def encode(self, vectors: Tensor) -> Tensor:
        """(n, k) of (n, D)."""
        return (vectors - self.mean) @ self.components.T / self.scale

    def decode(self, latents: Tensor) -> Tensor:
        """(n, D) of (n, k)."""
        return (latents * self.scale) @ self.components + self.mean

    def distances(self, a: Tensor, b: Tensor) -> Tensor:
        """(n, m) distances between (n, k) and (m, k), as between the vectors they stand for."""
        return torch.cdist(a * self.scale, b * self.scale)


def vectors_of(crops: Sequence[Image]) -> Tensor:
    """(n, 3 S S) float32 in -1..1 of n pictures (S, S, 3) uint8."""
    return torch.from_numpy(np.stack(crops)).reshape(len(crops), -1).float() / 127.5 - 1


def pictures_of(vectors: Tensor, side: int) -> list[Image]:
    """(S, S, 3) uint8 RGB of each of (n, 3 S S)."""
    shown = (vectors.clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8)
    return [np.ascontiguousarray(one.reshape(side, side, 3).numpy()) for one in shown]
