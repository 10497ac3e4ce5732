"""Which frames stand for a person: large before small, sharp before blurred, from the front before from the side."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image
from pvchat.synthesis.best_faces import best_faces
from pvchat.synthesis.shots import Shot
from tests.synthesis.shot_tools import shot


def drawn(side: int = 60, *, blurred: float = 0.0, turned: bool = False) -> Shot:
    """One frame with a face of dots: two eyes, and a mouth between them unless it is turned away."""
    frame: Image = np.full((200, 240, 3), 120, np.uint8)
    left, top = 80, 40
    cv2.rectangle(frame, (left, top), (left + side, top + side), (200, 170, 150), -1)
    for across in (0.15, 0.4) if turned else (0.3, 0.7):
        cv2.circle(frame, (left + int(across * side), top + int(0.35 * side)), max(2, side // 12), (20, 20, 20), -1)
    mouth = left + int((0.25 if turned else 0.5) * side)
    cv2.ellipse(frame, (mouth, top + int(0.75 * side)), (side // 6, side // 14), 0, 0, 360, (150, 30, 40), -1)
    if blurred:
        frame = cv2.GaussianBlur(frame, (0, 0), blurred)
    box = (left / 240, top / 200, (left + side) / 240, (top + side) / 200)
    return replace(shot(count=1), frames=(frame,), face_boxes=(box,), body_boxes=(box,), masks=None)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (drawn(90), drawn(40)),
        (drawn(), drawn(blurred=4)),
        (drawn(), drawn(turned=True)),
    ],
    ids=["larger", "sharper", "frontal"],
)
def test_the_better_face_comes_first(better: Shot, worse: Shot) -> None:
    found = best_faces([worse, better], 2)
    assert [face.frame is better.frames[0] for face in found] == [True, False]
    assert 0.0 <= found[1].score < found[0].score <= 1.0


def test_each_shot_has_its_best_face_before_one_has_a_second() -> None:
    many = shot("long", count=10)
    found = best_faces([many, drawn(40)], 3)
    assert [face.source for face in found].count("subject") == 1
    assert len(best_faces([many], 4)) == 4


def test_frames_without_a_face_are_left_out() -> None:
    half = shot(count=4)
    half = replace(half, face_boxes=(None, half.face_boxes[1], None, half.face_boxes[3]))
    assert len(best_faces([half], 9)) == 2
    with pytest.raises(SynthesisError, match="1 shots of the person show no face"):
        best_faces([shot(faces=False)], 2)


def test_a_face_on_the_border_or_of_no_size_is_no_error() -> None:
    edge = replace(shot(count=2), face_boxes=((-0.1, 0.9, 0.1, 1.2), (0.5, 0.5, 0.5, 0.5)))
    assert [face.score >= 0 for face in best_faces([edge], 2)] == [True, True]
