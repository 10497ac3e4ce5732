"""Fit how colours of hair are told, `pvchat/perception/hair_colours.json`, to the people of `hair.csv` not set aside.

    PVCHAT_LFW=FOLDER python -m benchmarks.rich.fit_hair > pvchat/perception/hair_colours.json

Prints the table as JSON; on the other stream how many are right by cross-validation. A person whose hair may be called
two ways counts as right with either.
"""

import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from benchmarks.rich.hair import LABELS
from benchmarks.rich.photos import FOLDER_VARIABLE, face_in, find_photos
from pvchat.perception.geometry import FloatArray
from pvchat.perception.hair import colours_around
from pvchat.perception.hair_colours import WORDS, measures, with_products
from pvchat.perception.models import load_models

_FOLDS = 6
_SHRINK = 1.0
# People drawn at random are what is met; those chosen as plain cases only teach.
_DRAWN_COUNTS = 2.0
_LEAST = (0.5, 0.55, 0.57, 0.6, 0.65)


def main() -> int:
    """Fit and print; 2 where no folder of photos is given."""
    photos = find_photos()
    if not photos:
        print(f"{FOLDER_VARIABLE} names no folder of Labeled Faces in the Wild", file=sys.stderr)
        return 2
    inputs, right, drawn = _examples(photos)
    mean, spread = inputs.mean(0), inputs.std(0)
    features = with_products((inputs - mean) / spread)
    counts = np.where(drawn, _DRAWN_COUNTS, 1.0)
    _report(features, right, drawn, counts)
    weights = _fit(features, right, counts)
    table = {"mean": mean.round(4).tolist(), "spread": spread.round(4).tolist(), "weights": weights.round(3).tolist()}
    print(json.dumps(table))
    return 0


def _examples(photos: Mapping[str, Path]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Inputs (n, 5), which words are right (n, 4), who was drawn at random (n,)."""
    models = load_models()
    inputs, right, drawn = [], [], []
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["half"] == "develop" and row["photo"] in photos]
    for row in rows:
        colours = row["colours"].split("/")
        face = face_in(photos[row["photo"]], models)
        seen = None if face is None else colours_around(face.rgb, face.mesh, face.yaw, models.people)
        if seen is not None and set(colours) & set(WORDS):
            inputs.append(measures(*seen))
            right.append([word in colours for word in WORDS])
            drawn.append(row["chosen"] == "drawn")
    return np.array(inputs), np.array(right, dtype=np.float64), np.array(drawn)


def _fit(features: FloatArray, right: FloatArray, counts: FloatArray) -> FloatArray:
    """Weights (21, 4) that make the right words likely together, shrunk toward zero."""
    read, truth, weight = (torch.tensor(array) for array in (features, right, counts))
    weights = torch.zeros(features.shape[1], len(WORDS), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        likely = torch.log_softmax(read @ weights, dim=1)
        value = -(weight * torch.logsumexp(likely + torch.log(truth + 1e-9), dim=1)).mean()
        value = value + _SHRINK * (weights[1:] ** 2).mean()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach().numpy()


def _report(features: FloatArray, right: FloatArray, drawn: FloatArray, counts: FloatArray) -> None:
    fold = np.random.default_rng(0).integers(0, _FOLDS, len(features))
    logits = np.zeros_like(right)
    for number in range(_FOLDS):
        kept, left = fold != number, fold == number
        logits[left] = features[left] @ _fit(features[kept], right[kept], counts[kept])
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    best = shares.argmax(1)
    for least in _LEAST:
        said = drawn & (shares.max(1) >= least)
        good = right[np.arange(len(right)), best][said].sum()
        print(f"least {least}: precision {good / said.sum():.3f} recall {good / drawn.sum():.3f}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
