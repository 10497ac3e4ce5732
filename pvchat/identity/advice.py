"""What would make an enrollment surer, in plain sentences, from what its video covered."""

from collections.abc import Mapping
from typing import Any, Final

FEW_FACES: Final = 8
"""Of a short video. A long one of a face that keeps still gives few, too; there, other views help, not more seconds."""
VERY_FEW_FACES: Final = 3
LONG_S: Final = 10.0
SMALL_FACE_PX: Final = 60.0
SHORT_S: Final = 3.0
UNCLEAR: Final = 0.5
DARK: Final = 0.22
ONE_LIGHT: Final = 0.10
"""Brightness of the face, 0..1: below `DARK` it is dark; varying by less than `ONE_LIGHT` means one light."""


def advice(coverage: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing the enrollment video shows too little of, the most useful first.

    Args:
        coverage: of a subject. What it does not say (people who were enrolled by an earlier version) is not advised on.
    """
    told = []
    faces, seconds = coverage.get("faces"), coverage.get("seconds")
    enough = VERY_FEW_FACES if seconds is not None and seconds >= LONG_S else FEW_FACES
    if faces is not None and faces < enough:
        told.append(f"Few faces: {faces}; ten seconds of face help.")
    elif seconds is not None and seconds < SHORT_S:
        told.append(f"Short: {seconds:g} s; ten seconds of face help.")
    if coverage.get("face_px", SMALL_FACE_PX) < SMALL_FACE_PX:
        told.append(f"Face small: {coverage['face_px']:.0f} px; come closer, {SMALL_FACE_PX:.0f} px or more are good.")
    if coverage.get("reliability", 1.0) < UNCLEAR:
        told.append("Faces unclear: use more light, hold the camera still, and let nothing cover the face.")
    told += _views(coverage) + _light(coverage)
    return told


def _views(coverage: Mapping[str, Any]) -> list[str]:
    if "views_left" not in coverage:
        return []
    told = []
    if not coverage["views_front"]:
        told.append("No view from the front: let the person look into the camera.")
    missing = [side for side in ("left", "right") if not coverage[f"views_{side}"]]
    if len(missing) == 2:
        told.append("No profile view: let the person turn the head to the left, then to the right.")
    elif missing:
        told.append(f"No profile view from one side: let the person turn the head to the {missing[0]}.")
    return told


def _light(coverage: Mapping[str, Any]) -> list[str]:
    if "light" not in coverage:
        return []
    if coverage["light"] < DARK:
        return ["Face dark: film towards the light, not against it."]
    if coverage["light_range"] < ONE_LIGHT:
        return ["Only one light: let the person also turn to a window or a lamp, and away from it."]
    return []
