"""Advice on an enrollment says what is missing, and nothing about what nobody looked at."""

import pytest

from pvchat.identity.advice import advice

GOOD = {
    "faces": 30,
    "seconds": 12.0,
    "face_px": 120,
    "reliability": 0.9,
    "views_front": 5,
    "views_left": 2,
    "views_right": 1,
    "light": 0.5,
    "light_range": 0.2,
}


def test_nothing_is_advised_where_nothing_is_missing_or_known() -> None:
    assert advice(GOOD) == []
    assert advice({}) == []
    assert advice({"faces": 12, "templates": 2}) == []
    assert advice({**GOOD, "faces": 5}) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"faces": 3, "seconds": 4.0}, "Few faces: 3; ten seconds of face help."),
        ({"faces": 2}, "Few faces: 2; ten seconds of face help."),
        ({"seconds": 1.5}, "Short: 1.5 s; ten seconds of face help."),
        ({"face_px": 40}, "Face small: 40 px; come closer, 60 px or more are good."),
        ({"views_left": 0}, "No profile view from one side: let the person turn the head to the left."),
        ({"views_right": 0}, "No profile view from one side: let the person turn the head to the right."),
        (
            {"views_left": 0, "views_right": 0},
            "No profile view: let the person turn the head to the left, then to the right.",
        ),
        ({"views_front": 0}, "No view from the front: let the person look into the camera."),
        ({"light": 0.1}, "Face dark: film towards the light, not against it."),
        (
            {"light_range": 0.02},
            "Only one light: let the person also turn to a window or a lamp, and away from it.",
        ),
        ({"reliability": 0.3}, "Faces unclear: use more light, hold the camera still, and let nothing cover the face."),
    ],
)
def test_each_thing_that_is_missing_is_one_sentence(change: dict[str, float], told: str) -> None:
    assert advice({**GOOD, **change}) == [told]
