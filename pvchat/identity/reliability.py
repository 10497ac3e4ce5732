"""How far a face vector can be trusted: the cosine to expect between it and a flawless recording of the same face.

Blur, darkness, few pixels and compression pull all faces toward a common place in the space of vectors, so the vector
tells of its own damage: its length before and after whitening, and its part along the direction in which damaged faces
lie from clean ones. With the quality of the picture these give the expected cosine by a logistic regression, measured
by `benchmarks/identity_reliability.py` on damaged photos. Quality alone takes small sharp faces for worse than they are
and blurred large ones for better.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_tensors

from pvchat.identity.whitening import Whitening, data_stem

Array = NDArray[np.float32]

_LEAST_QUALITY = 1e-4
# Of engines without a measurement only the quality is known: a face of quality 0.5 loses nothing.
_FULL_QUALITY = 0.5


@dataclass(frozen=True)
class Reliability:
    """The measured regression of one engine.

    Attributes:
        model_id: the engine.
        direction: (d,) unit vector in the whitened space, from clean toward damaged faces; an aggregate over people.
        weights: (4,) of `features`.
        bias: of the regression.
    """

    model_id: str
    direction: Array
    weights: Array
    bias: float

    def __call__(self, vectors: NDArray[np.floating], quality: NDArray[np.floating]) -> Array:
        """Expected cosines, 0..1.

        Args:
            vectors: (n, d) raw face vectors. quality: (n,) of their pictures, 0..1.

        Raises:
            ModelError: the vectors are of another engine.
        """
        logit = features(vectors, quality, self.direction, self.model_id) @ self.weights + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float32)


def features(
    vectors: NDArray[np.floating], quality: NDArray[np.floating], direction: NDArray[np.floating], model_id: str
) -> Array:
    """(n, 4): part along the direction, whitened length, raw length, logarithm of the quality."""
    white = Whitening.for_model(model_id).transform(vectors)
    return np.stack(
        [
            white @ np.asarray(direction, np.float32),
            np.linalg.norm(white, axis=-1),
            np.linalg.norm(vectors, axis=-1),
            np.log(np.maximum(np.asarray(quality, np.float32), _LEAST_QUALITY)),
        ],
        axis=-1,
    ).astype(np.float32)


def face_reliability(vectors: NDArray[np.floating], quality: NDArray[np.floating], model_id: str) -> Array:
    """(n,) expected cosine between each face vector and a flawless recording of the face, 0..1.

    Args:
        vectors: (n, d) raw vectors of the engine. quality: (n,) of their pictures, 0..1.

    Raises:
        ModelError: the vectors are of another engine.
    """
    measured = measured_reliability(model_id)
    if measured is None:
        return np.asarray(np.clip(np.asarray(quality) / _FULL_QUALITY, 0.0, 1.0), dtype=np.float32)
    return measured(vectors, quality)


def track_reliability(vectors: NDArray[np.floating], quality: NDArray[np.floating], model_id: str) -> float:
    """One figure for a track: the mean of the better half of its faces; 0 for a track without one."""
    each = np.sort(face_reliability(vectors, quality, model_id))[::-1]
    return float(each[: (len(each) + 1) // 2].mean()) if len(each) else 0.0


@cache
def measured_reliability(model_id: str) -> Reliability | None:
    """The shipped regression of an engine, None where none was measured."""
    stem = data_stem(model_id)
    if stem is None:
        return None
    content = (resources.files("pvchat.identity") / "data" / f"{stem}-reliability.safetensors").read_bytes()
    tensors = load_tensors(content)
    return Reliability(model_id, tensors["direction"], tensors["weights"], float(tensors["bias"][0]))
