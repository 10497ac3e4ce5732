"""Centring and whitening of raw face vectors, per recognition engine.

A raw dlib descriptor has norm 1.3-1.5, nearly all of it one vector that every face shares; what tells people apart is
the residual of norm 0.58. Whitening subtracts the mean of a population and evens out the directions along which whole
groups of people differ, so that a cosine compares individuals.

Only aggregates over many people are stored in `data/`: a mean and a shrunk covariance, never anybody's vector.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_tensors

from pvchat.errors import ModelError

Array = NDArray[np.float32]

_KNOWN = {"dlib-resnet-v1": "dlib"}


def data_stem(model_id: str) -> str | None:
    """Stem of the files in `data/` that describe an engine, None where none are shipped."""
    return _KNOWN.get(model_id)


@dataclass(frozen=True)
class Whitening:
    """An affine map of raw vectors; in the mapped space the spread between people is about 1 per dimension.

    Attributes:
        model_id: the recognition engine the vectors come from.
        mean: (d,) population mean of raw vectors.
        matrix: (d, d) symmetric whitening matrix.
        population: (d, d) covariance between people in the whitened space (trace d), for drawing synthetic people.
    """

    model_id: str
    mean: Array
    matrix: Array
    population: Array

    @classmethod
    def for_model(cls, model_id: str) -> Self:
        """The shipped parameters of an engine; an engine without parameters keeps its vectors but for their scale.

        ArcFace-type engines (`insightface:*`) have a population mean near zero on the unit sphere, so length
        normalisation alone is sound for them.

        Raises:
            ModelError: nothing is known about the engine.
        """
        loaded = _load(model_id)
        return cls(model_id, *loaded)

    @classmethod
    def from_population(cls, model_id: str, mean: Array, covariance: Array, shrinkage: float) -> Self:
        """Whitening by a covariance between people, pulled towards a multiple of the identity.

        Args:
            model_id: the recognition engine.
            mean: (d,) mean of the people's raw vectors.
            covariance: (d, d) covariance between people.
            shrinkage: 0 whitens fully, 1 only rescales.
        """
        return cls(model_id, *_from_population(mean, covariance, shrinkage))

    @property
    def dimension(self) -> int:
        return int(self.mean.shape[0])

    def transform(self, raw: NDArray[np.floating]) -> Array:
        """Map raw vectors (..., d) into the whitened space (..., d), float32; lengths are not normalised.

        Raises:
            ModelError: the last axis does not have the engine's dimension.
        """
        raw32 = np.asarray(raw, dtype=np.float32)
        if raw32.shape[-1] != self.dimension:
            raise ModelError(
                f"vectors of {raw32.shape[-1]} numbers were given to {self.model_id}, which has {self.dimension}; "
                "perceive the video again with the engine of the gallery"
            )
        return np.asarray((raw32 - self.mean) @ self.matrix, dtype=np.float32)

    def inverse(self, whitened: NDArray[np.floating]) -> Array:
        """Map whitened vectors (..., d) back to raw ones, for synthetic people."""
        rows = np.asarray(whitened, np.float64).reshape(-1, self.dimension)
        raw = np.linalg.solve(self.matrix.astype(np.float64), rows.T).T + self.mean
        return np.asarray(raw.reshape(np.shape(whitened)), dtype=np.float32)

    def draw_people(self, count: int, rng: np.random.Generator) -> Array:
        """Synthetic people (count, d) in the whitened space: draws from the population's Gaussian, nobody real."""
        values, axes = np.linalg.eigh(self.population.astype(np.float64))
        normal = rng.standard_normal((count, self.dimension))
        drawn: Array = ((normal * np.sqrt(np.clip(values, 0.0, None))) @ axes.T).astype(np.float32)
        return drawn


def _from_population(mean: Array, covariance: Array, shrinkage: float) -> tuple[Array, Array, Array]:
    cov = covariance.astype(np.float64)
    size = cov.shape[0]
    target = (1.0 - shrinkage) * cov + shrinkage * np.trace(cov) / size * np.eye(size)
    values, axes = np.linalg.eigh(target)
    matrix = (axes / np.sqrt(values)) @ axes.T
    population = matrix @ cov @ matrix
    # The whitener itself is shrunk, so the spread it leaves is rescaled to one per dimension on average.
    scale = np.sqrt(size / np.trace(population))
    return (
        mean.astype(np.float32),
        (matrix * scale).astype(np.float32),
        (population * scale**2).astype(np.float32),
    )


@cache
def _load(model_id: str) -> tuple[Array, Array, Array]:
    stem = data_stem(model_id)
    if stem is not None:
        folder = resources.files("pvchat.identity") / "data"
        tensors = load_tensors((folder / f"{stem}.safetensors").read_bytes())
        meta = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        return _from_population(tensors["mean"], tensors["covariance"], float(meta["whitening_shrinkage"]))
    if model_id.startswith("insightface"):
        size = 512
        eye = np.eye(size, dtype=np.float32)
        # Unit vectors have a variance of 1/d per dimension.
        return np.zeros(size, np.float32), eye * np.float32(np.sqrt(size)), eye
    raise ModelError(f"no identity parameters for the face engine {model_id!r}; use 'dlib' or 'insightface'")
