"""Glasses and hats, on real photos: Labeled Faces in the Wild, where a folder of them is given.

`worn.csv` names one photo per person and says who wears what: chosen where a published attribute network is sure, and
looked through. Half of the people served to set the bounds in `pvchat.perception.worn`; the figures are of the other
half. No photo of either half was trained on.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rich.photos import FOLDER_VARIABLE, face_in, find_photos, share
from pvchat.perception.models import PerceptionModels
from pvchat.perception.observation import HeadSeen
from pvchat.perception.worn import look_at_head, told

LABELS = Path(__file__).parent / "worn.csv"
THINGS = ("glasses", "hat")


@dataclass(frozen=True)
class Labelled:
    """A photo and what is worn in it; None where nobody can say."""

    photo: str
    half: str
    worn: dict[str, bool | None]


def labels() -> list[Labelled]:
    """All labelled photos."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {"0": False, "1": True}
    return [Labelled(row["photo"], row["half"], {thing: known.get(row[thing]) for thing in THINGS}) for row in rows]


def measure(models: PerceptionModels, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Figures of both halves; nothing where no folder of photos is given.

    Args:
        models: loaded networks. say: for progress lines.

    Returns:
        Of each half and thing: precision and recall of "glasses", and of "no glasses" (precision and recall_none), n,
        said, holds; `auc` over all photos.
    """
    photos = find_photos()
    if not photos:
        say(f"no photos of glasses and hats: {FOLDER_VARIABLE} names no folder of Labeled Faces in the Wild")
        return {}
    found: dict[str, dict[str, list[tuple[bool, float]]]] = {}
    for number, labelled in enumerate(labels()):
        file = photos.get(labelled.photo)
        head = None if file is None else seen_in(file, models)
        if number % 200 == 0:
            say(f"photo {number}")
        for thing, worn in labelled.worn.items():
            score = None if head is None else getattr(head, thing)
            if worn is not None and score is not None:
                found.setdefault(labelled.half, {}).setdefault(thing, []).append((worn, score))
    return {half: {thing: figures(thing, scores) for thing, scores in of.items()} for half, of in found.items()}


def seen_in(file: Path, models: PerceptionModels) -> HeadSeen | None:
    """What is worn on the head nearest to the middle of a photo; None where none is found."""
    face = face_in(file, models)
    return None if face is None else look_at_head(face.rgb, 0.0, face.mesh, face.yaw, models.worn)


def figures(thing: str, scores: list[tuple[bool, float]]) -> dict[str, Any]:
    """Precision and recall of what is said.

    Args:
        scores: whether it is worn, and the logit.
    """
    said = [(worn, told(thing, [score] * 2)) for worn, score in scores]
    worn, bare = (sum(1 for is_worn, _ in said if is_worn is truth) for truth in (True, False))
    agreed = [is_worn for is_worn, text in said if _is(text, is_worn)]
    right = {value: agreed.count(value) for value in (True, False)}
    claimed = {value: sum(1 for _, text in said if _is(text, value)) for value in (True, False)}
    positive, negative = ([score for is_worn, score in scores if is_worn is truth] for truth in (True, False))
    wins = np.subtract.outer(positive, negative)
    return {
        "precision": share(right[True], claimed[True]),
        "recall": share(right[True], worn),
        "precision_none": share(right[False], claimed[False]),
        "recall_none": share(right[False], bare),
        "n": len(scores),
        "holds": worn,
        "said": claimed[True],
        "auc": round(float((wins > 0).mean() + 0.5 * (wins == 0).mean()), 4) if wins.size else None,
    }


def _is(text: str | None, value: bool) -> bool:
    return text is not None and text.startswith("no ") is not value
