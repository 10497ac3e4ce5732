"""Similarity of a track to a subject, from arrays alone.

The training simulator, the model's attention bias and the decision all call this one function, so that what the model
was trained on and what it meets are the same quantity.
"""

import numpy as np
from numpy.typing import NDArray

from pvchat.identity.calibration import LOGIT_LIMIT, calibration

Array = NDArray[np.float32]

__all__ = ["LOGIT_LIMIT", "combined_cosine", "cosines", "track_scores"]


def cosines(a: NDArray[np.floating], b: NDArray[np.floating]) -> Array:
    """Cosines of whitened vectors: (..., n, d) and (..., k, d) -> (..., n, k)."""
    a_unit = _unit(a)
    b_unit = _unit(b)
    out: Array = a_unit @ np.swapaxes(b_unit, -1, -2)
    return out


def combined_cosine(
    tracks: NDArray[np.floating],
    templates: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
) -> Array:
    """Half the best template's cosine, half that of the templates' weighted mean.

    Args:
        tracks: (..., n, d) whitened track means.
        templates: (..., k, d) whitened templates of one subject.
        weights: (..., k), equal where missing; a weight of 0 marks padding.

    Returns:
        (..., n) values in -1..1.
    """
    weight = np.ones(templates.shape[:-1], np.float32) if weights is None else np.asarray(weights, np.float32)
    each = np.where(weight[..., None, :] > 0, cosines(tracks, templates), -1.0)
    mean = (templates * weight[..., None]).sum(axis=-2, keepdims=True)
    together = cosines(tracks, mean)[..., 0]
    out: Array = (0.5 * each.max(axis=-1) + 0.5 * together).astype(np.float32)
    return out


def track_scores(
    tracks: NDArray[np.floating],
    templates: NDArray[np.floating],
    weights: NDArray[np.floating] | None = None,
    *,
    reliability: NDArray[np.floating] | None = None,
    model_id: str = "dlib-resnet-v1",
) -> Array:
    """Calibrated similarity of track means to one subject: a logit in -6..6, 0 where it could be either.

    Args:
        tracks: (..., n, d) whitened track means (`Whitening.transform` of the quality-weighted mean).
        templates: (..., k, d) whitened templates of the subject.
        weights: (..., k) template weights; 0 marks padding.
        reliability: (..., n) of the tracks, 0..1 (`pvchat.identity.reliability`); 1 where missing.
        model_id: engine whose calibration is used.

    Returns:
        (..., n) float32.
    """
    cosine = combined_cosine(tracks, templates, weights)
    return calibration(model_id).logits(cosine, 1.0 if reliability is None else reliability)


def _unit(x: NDArray[np.floating]) -> Array:
    norm = np.linalg.norm(x, axis=-1, keepdims=True)
    out: Array = np.asarray(x / np.maximum(norm, 1e-9), dtype=np.float32)
    return out
