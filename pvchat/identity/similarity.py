"""Similarity of a track to a subject, from arrays alone.

The training simulator, the model's attention bias and the decision all call this one function, so that what the model
was trained on and what it meets are the same quantity.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from pvchat.identity.whitening import data_stem

LOGIT_LIMIT = 6.0

Array = NDArray[np.float32]


@dataclass(frozen=True)
class SimilarityCalibration:
    """`logit = slope * (cosine - midpoint)` for one engine.

    The midpoint is the combined cosine at which a track is as likely the subject as somebody else.
    """

    slope: float
    midpoint: float


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
    weight = (
        np.ones(templates.shape[:-1], np.float32)
        if weights is None
        else np.asarray(weights, np.float32)
    )
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
    model_id: str = "dlib-resnet-v1",
) -> Array:
    """Calibrated similarity of track means to one subject: a logit in -6..6, 0 where it could be either.

    Args:
        tracks: (..., n, d) whitened track means (`Whitening.transform` of the quality-weighted mean).
        templates: (..., k, d) whitened templates of the subject.
        weights: (..., k) template weights; 0 marks padding.
        model_id: engine whose calibration is used.

    Returns:
        (..., n) float32.
    """
    fitted = similarity_calibration(model_id)
    logit = fitted.slope * (
        combined_cosine(tracks, templates, weights) - fitted.midpoint
    )
    out: Array = np.clip(logit, -LOGIT_LIMIT, LOGIT_LIMIT).astype(np.float32)
    return out


@cache
def similarity_calibration(model_id: str) -> SimilarityCalibration:
    """The shipped calibration of an engine; for engines without one, the usual ArcFace operating point."""
    stem = data_stem(model_id)
    if stem is None:
        # ArcFace embeddings of the same person across sources lie around 0.6, of different people around 0.05.
        return SimilarityCalibration(slope=20.0, midpoint=0.35)
    text = (resources.files("pvchat.identity") / "data" / f"{stem}.json").read_text(
        encoding="utf-8"
    )
    data = json.loads(text)["similarity"]
    return SimilarityCalibration(
        slope=float(data["slope"]), midpoint=float(data["midpoint"])
    )


def _unit(x: NDArray[np.floating]) -> Array:
    norm = np.linalg.norm(x, axis=-1, keepdims=True)
    out: Array = np.asarray(x / np.maximum(norm, 1e-9), dtype=np.float32)
    return out
