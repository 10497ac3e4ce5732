"""Faces are brought to one place whatever their size and angle, and put back without a trace of the crop's border."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.face_mesh import FaceLandmarks
from pvchat.perception.geometry import Image
from pvchat.synthesis.aligned_faces import alignment, crop, face_crops, oval, put_back
from tests.synthesis.face_tools import landmarks, mesh, talking

EYES = ((33, 133, 159, 145), (362, 263, 386, 374))


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(-50, 400),
    y=st.floats(-50, 300),
    radius=st.floats(10, 200),
    angle=st.floats(-math.pi / 2, math.pi / 2),
)
def test_every_face_comes_to_lie_upright_at_the_same_place(x: float, y: float, radius: float, angle: float) -> None:
    placed = landmarks((x, y), radius, angle)
    matrix = alignment(placed)
    eyes = [matrix @ np.append(placed.points[list(group), :2].mean(axis=0), 1.0) for group in EYES]
    assert eyes[0] == pytest.approx((0.385, 0.45), abs=0.03)
    assert eyes[1] == pytest.approx((0.615, 0.45), abs=0.03)
    # A similarity: as long across as down, and not mirrored.
    assert np.linalg.det(matrix[:, :2]) == pytest.approx(np.linalg.norm(matrix[:, 0]) ** 2, rel=1e-3)


def test_each_face_of_a_shot_gives_a_crop_and_all_crops_look_alike() -> None:
    crops = face_crops([talking(20)], mesh, 64)
    assert [(one.shot, one.frame) for one in crops] == [(0, index) for index in range(20)]
    # The face sways by a third of its width: seen from a fixed place it moves, in its crops only the mouth does.
    fixed = [crop(frame, crops[0].to_crop, 64) for frame in talking(20).frames]
    assert _spread([one.pixels for one in crops]) < 0.5 * _spread(fixed)


def _spread(pictures: list[Image]) -> float:
    inside = np.stack(pictures)[:, oval(64) > 0.9].astype(float)
    return float(np.abs(inside - inside.mean(axis=0)).mean())


def test_frames_without_a_face_or_with_a_tiny_or_doubtful_one_give_none() -> None:
    shot = talking(6)
    hidden = replace(shot, face_boxes=(None, *shot.face_boxes[1:]))
    assert [one.frame for one in face_crops([hidden], mesh, 64)] == [1, 2, 3, 4, 5]
    tiny = replace(shot, face_boxes=((0.5, 0.5, 0.55, 0.6),) * 6)
    assert face_crops([tiny], mesh, 64) == []

    def unsure(image: Image, face: FaceDetection) -> FaceLandmarks:
        return FaceLandmarks(mesh(image, face).points, 0.2)

    assert face_crops([shot], unsure, 64) == []


def test_a_face_that_is_put_back_as_it_was_changes_next_to_nothing() -> None:
    shot = talking(3)
    (one, *_) = face_crops([shot], mesh, 128)
    back = put_back(shot.frames[0], one.pixels, one.to_crop)
    assert np.abs(back.astype(int) - shot.frames[0]).mean() < 0.5


def test_another_face_changes_the_inner_face_alone_and_takes_on_its_light() -> None:
    shot = talking(12)
    first, *_, last = face_crops([shot], mesh, 96)
    darker = np.asarray(last.pixels * 0.8, np.uint8)
    back = put_back(shot.frames[0], darker, first.to_crop)
    changed = np.abs(back.astype(int) - shot.frames[0]).max(axis=2) > 2
    weight = crop(np.asarray(changed[..., None].repeat(3, 2) * 255, np.uint8), first.to_crop, 96)[..., 0] > 127
    assert weight[oval(96) > 0.95].mean() > 0.05
    assert not weight[oval(96) <= 0].any()
    skin = crop(back, first.to_crop, 96)[60, 30].astype(int) - first.pixels[60, 30]
    assert np.abs(skin).max() < 30
