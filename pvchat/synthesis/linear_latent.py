"""The linear latent of one person's aligned faces: principal components of a few dozen crops (eigenfaces; Turk and
Pentland, 1991). Its decoder needs no training, so a diffusion model in it learns in a minute on a CPU."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image

LEAST_CROPS = 12
"""With fewer crops the components are the crops themselves, and nothing new lies between them."""


@dataclass(frozen=True)
class LinearLatent:
    """Encodes aligned crops to k numbers of unit variance, and back.

    Attributes:
        mean: (3 S S,) float32 in -1..1. components: (k, 3 S S), orthonormal. scale: (k,) standard deviations.
        side: S, pixels.
    """

    mean: Tensor
    components: Tensor
    scale: Tensor
    side: int

    @classmethod
    def fit(cls, crops: Sequence[Image], most: int) -> "LinearLatent":
        """Find the components.

        Args:
            crops: (S, S, 3) uint8, all of one size. most: components at most; fewer crops give fewer.

        Raises:
            SynthesisError: there are fewer than `LEAST_CROPS` crops, or they are all alike.
        """
        if len(crops) < LEAST_CROPS:
            raise SynthesisError(
                f"only {len(crops)} faces can be used, a diffusion model needs {LEAST_CROPS} or more; "
                "give a video that shows the face larger or longer"
            )
        pixels = _pixels(crops)
        mean = pixels.mean(dim=0)
        centred = pixels - mean
        # The crops are fewer than their pixels: their (n, n) products have the same eigenvectors, seen from the crops.
        values, vectors = torch.linalg.eigh((centred @ centred.T).double())
        count = min(most, len(crops) - 1, int((values > 1e-6 * values.max().clamp_min(1e-12)).sum()))
        if count < 2:
            raise SynthesisError("the usable faces are all alike (a still picture?); give a video in which it moves")
        order = torch.arange(len(crops) - 1, len(crops) - 1 - count, -1)
        largest = values[order].clamp_min(1e-12)
        components = ((vectors[:, order] / largest.sqrt()).T.float()) @ centred
        scale = (largest / len(crops)).sqrt().float()
        return cls(mean, components, scale, crops[0].shape[0])

    @property
    def size(self) -> int:
        """k."""
        return len(self.scale)

    def encode(self, crops: Sequence[Image]) -> Tensor:
        """(n, k) of n crops."""
        return (_pixels(crops) - self.mean) @ self.components.T / self.scale

    def decode(self, latents: Tensor) -> list[Image]:
        """(S, S, 3) uint8 RGB of each of (n, k)."""
        pixels = (latents * self.scale) @ self.components + self.mean
        shown = (pixels.clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8)
        return [np.ascontiguousarray(one.reshape(self.side, self.side, 3).numpy()) for one in shown]

    def distances(self, a: Tensor, b: Tensor) -> Tensor:
        """(n, m) distances between (n, k) and (m, k), as between the pictures they stand for."""
        return torch.cdist(a * self.scale, b * self.scale)


def _pixels(crops: Sequence[Image]) -> Tensor:
    return torch.from_numpy(np.stack(crops)).reshape(len(crops), -1).float() / 127.5 - 1
