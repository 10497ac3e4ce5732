"""Colours of hair, on real photos.

`hair.csv` names one photo per person and the colours that are right ("brown/black" where both are, "none" of bald
heads): chosen by the ranking of a published attribute network, and looked through before anything was measured; what
nobody could tell was left out. Half of the people served to choose how colours are told (`pvchat.perception.hair`).
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.rich.photos import FOLDER_VARIABLE, HALVES, face_in, find_photos, share
from pvchat.perception.hair import look_at_hair
from pvchat.perception.models import PerceptionModels

LABELS = Path(__file__).parent / "hair.csv"
NONE = "none"

_Told = tuple[frozenset[str], str | None]


def measure(models: PerceptionModels, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Figures of both halves; nothing where no folder of photos is given.

    Args:
        models: loaded networks. say: for progress lines.

    Returns:
        Of each half {"hair_colour on photos": {precision, recall, n, said, holds, by_colour}}.
    """
    photos = find_photos()
    if not photos:
        say(f"no photos of hair: {FOLDER_VARIABLE} names no folder of Labeled Faces in the Wild")
        return {}
    told: dict[str, list[_Told]] = {half: [] for half in HALVES}
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        if number % 100 == 0:
            say(f"photo of hair {number}")
        if row["photo"] in photos:
            told[row["half"]].append((frozenset(row["colours"].split("/")), _colour(photos[row["photo"]], models)))
    return {half: {"hair_colour on photos": figures(of)} for half, of in told.items()}


def _colour(file: Path, models: PerceptionModels) -> str | None:
    face = face_in(file, models)
    look = None if face is None else look_at_hair(face.rgb, 0.0, face.mesh, face.yaw, models.people)
    return None if look is None else look.colour


def figures(told: Sequence[_Told]) -> dict[str, Any]:
    """Precision and recall of what is said.

    Args:
        told: of each person the colours that are right, and what is said.

    Returns:
        `n` people, `holds` of them with hair; `by_colour` {colour: [right, said]}.
    """
    said = [(right, word) for right, word in told if word is not None]
    holds = sum(1 for right, _ in told if NONE not in right)
    agreed = sum(1 for right, word in said if word in right)
    words = sorted({word for _, word in said})
    by_colour = {
        word: [sum(1 for right, one in said if one == word and one in right), sum(1 for _, one in said if one == word)]
        for word in words
    }
    return {
        "precision": share(agreed, len(said)),
        "recall": share(agreed, holds),
        "n": len(told),
        "said": len(said),
        "holds": holds,
        "by_colour": by_colour,
    }
