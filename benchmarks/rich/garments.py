"""Suits, on real photos: Labeled Faces in the Wild, where a folder of them is given.

`garments.csv` names photos drawn at random from those of `worn.csv` whose people are set aside, and whether a suit is
worn; those were labelled before anything was measured, and left out where two people would not agree. The bounds of
`pvchat.perception.garments` were chosen on photos of the other people.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.rich.photos import FOLDER_VARIABLE, find_photos, read_photo, share
from pvchat.perception.config import PerceptionConfig
from pvchat.perception.garments import garment_name, garment_shares
from pvchat.perception.models import PerceptionModels
from pvchat.perception.piece import Piece
from pvchat.perception.watch import Watcher

LABELS = Path(__file__).parent / "garments.csv"
_STEP_S = 0.25


def measure(models: PerceptionModels, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Figures of the people set aside; nothing where no folder of photos is given.

    Args:
        models: loaded networks. say: for progress lines.

    Returns:
        {"report": {"suit on photos": {precision, recall, n, said, holds}}}.
    """
    photos = find_photos()
    if not photos:
        say(f"no photos of suits: {FOLDER_VARIABLE} names no folder of Labeled Faces in the Wild")
        return {}
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["photo"] in photos]
    told = []
    for number, row in enumerate(rows):
        if number % 100 == 0:
            say(f"photo of a garment {number}")
        told.append((row["suit"] == "1", garment_of(photos[row["photo"]], models) == "suit"))
    right = sum(holds and said for holds, said in told)
    said, holds = sum(said for _, said in told), sum(holds for holds, _ in told)
    figure = {"precision": share(right, said), "recall": share(right, holds), "n": len(told)}
    return {"report": {"suit on photos": {**figure, "said": said, "holds": holds}}}


def garment_of(file: Path, models: PerceptionModels) -> str | None:
    """What the person in the middle of a photo is said to wear, as perception says it of a video."""
    rgb = read_photo(file)
    if rgb is None:
        return None
    watcher = Watcher(models, PerceptionConfig(), _STEP_S)
    for number in range(2):
        watcher.look(number * _STEP_S, rgb)
    pieces = [piece for piece in watcher.finish() if piece.torsos and _face_x(piece) is not None]
    if not pieces:
        return None
    piece = min(pieces, key=lambda piece: abs((_face_x(piece) or 0.0) - rgb.shape[1] / 2))
    torso = max(piece.torsos, key=lambda torso: torso.seen)
    _, chances = models.appearance.describe_and_name([torso.figure])
    found = garment_name([garment_shares(chances[0], torso.seen)])
    return found[0] if found is not None else None


def _face_x(piece: Piece) -> float | None:
    """Where the middle of the face is, in pixels from the left."""
    faces = [person.face for person in piece.tracklet.seen if person.face is not None]
    return faces[0].centre[0] if faces else None
