"""Glasses and hats, on real photos: Labeled Faces in the Wild, where a folder of them is given.

`worn.csv` names one photo per person and says who wears what: chosen where a published attribute network is sure, and
looked through. Half of the people served to set the bounds in `pvchat.perception.worn`; the figures are of the other
half. No photo of either half was trained on. Each photo is looked at as perception looks at one frame of a video.
"""

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pvchat.perception.face_mesh import head_pose
from pvchat.perception.geometry import Image
from pvchat.perception.models import PerceptionModels
from pvchat.perception.observation import HeadSeen
from pvchat.perception.worn import look_at_head, told

FOLDER_VARIABLE = "PVCHAT_LFW"
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
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        say(f"no photos of glasses and hats: {FOLDER_VARIABLE} names no folder of Labeled Faces in the Wild")
        return {}
    photos = {file.name: file for file in Path(named).rglob("*.jpg")}
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
    bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if bgr is None:
        return None
    rgb: Image = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    middle = np.array([rgb.shape[1] / 2, rgb.shape[0] / 2])
    faces = models.faces.detect(rgb)
    if not faces:
        return None

    def from_middle(box: tuple[float, float, float, float]) -> float:
        return float(np.hypot(*((np.array(box[:2]) + np.array(box[2:])) / 2 - middle)))

    mesh = models.mesh.landmarks(rgb, min(faces, key=lambda face: from_middle(face.box)))
    if mesh.score < 0.5:
        return None
    return look_at_head(rgb, 0.0, mesh, head_pose(mesh.points).yaw, models.worn)


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
        "precision": _share(right[True], claimed[True]),
        "recall": _share(right[True], worn),
        "precision_none": _share(right[False], claimed[False]),
        "recall_none": _share(right[False], bare),
        "n": len(scores),
        "holds": worn,
        "said": claimed[True],
        "auc": round(float((wins > 0).mean() + 0.5 * (wins == 0).mean()), 4) if wins.size else None,
    }


def _is(text: str | None, value: bool) -> bool:
    return text is not None and text.startswith("no ") is not value


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
