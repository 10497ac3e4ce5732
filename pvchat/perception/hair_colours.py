"""The colour of hair from that of the skin below it: a small logistic regression, and nothing between its words.

It was fitted to real photos by `benchmarks.rich.fit_hair`; the table is beside this file.
"""

import json
import math
from functools import cache
from importlib import resources

import numpy as np

from pvchat.perception.geometry import FloatArray

WORDS = ("black", "brown", "blond", "gray")
"""Words of the regression, in its order; red hair is too rare among the photos and has a rule of its own."""
# What is said is believed at least so much, by cross-validation over the people it was fitted to. Of what is no colour
# of hair the regression knows nothing.
_LEAST = 0.65
_MOST_CHROMA = 45.0


def measures(hair: FloatArray, skin: FloatArray) -> FloatArray:
    """What the regression reads, (5,).

    A lamp shifts hair and skin alike, in proportion to their lightness; how light hair is shows only beside the skin,
    as cameras make faces about equally light.

    Args:
        hair, skin: (3,) CIELAB, lightness 0..100.
    """
    beside = float(hair[0]) / max(float(skin[0]), 1.0)
    yellow = float(hair[2]) - float(skin[2]) * min(beside, 1.0)
    return np.array([beside, hair[0] / 50, hair[1] / 10, yellow / 10, skin[2] / 10], dtype=np.float64)


def with_products(inputs: FloatArray) -> FloatArray:
    """1, the inputs, and all products of two of them: (..., 5) to (..., 21)."""
    rows, columns = np.triu_indices(inputs.shape[-1])
    one = np.ones((*inputs.shape[:-1], 1))
    return np.concatenate([one, inputs, inputs[..., rows] * inputs[..., columns]], axis=-1)


@cache
def _table() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean and spread of the measures (5,), and the weights (21, 4)."""
    text = (resources.files("pvchat.perception") / "hair_colours.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return np.array(data["mean"]), np.array(data["spread"]), np.array(data["weights"])


def chances(hair: FloatArray, skin: FloatArray) -> FloatArray:
    """How likely each of `WORDS` is, (4,)."""
    mean, spread, weights = _table()
    logits = with_products((measures(hair, skin) - mean) / spread) @ weights
    shares = np.exp(logits - logits.max())
    return np.asarray(shares / shares.sum())


def hair_colour_name(hair: FloatArray, skin: FloatArray) -> str | None:
    """Name a colour of hair, or None between two names.

    Args:
        hair, skin: (3,) CIELAB, lightness 0..100.
    """
    light, red, yellow = (float(v) for v in hair)
    beside_skin = light / max(float(skin[0]), 1.0)
    if red >= 16 and red > 0.9 * yellow and 20 < light < 50 and beside_skin < 0.6:
        return "red"
    if math.hypot(red, yellow) > _MOST_CHROMA:
        return None
    found = chances(hair, skin)
    best = int(found.argmax())
    return WORDS[best] if found[best] >= _LEAST else None
