"""Bodies: landmarks on the right person, a mask of that person only, also when the region is guessed from a face."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat import weights
from pvchat.perception.face_detection import FaceDetection, FaceDetector
from pvchat.perception.geometry import Roi
from pvchat.perception.observation import body_seen
from pvchat.perception.pose import (
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NOSE,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
    Body,
    PoseDetector,
    PoseEstimator,
    roi_from_face,
    roi_from_keypoints,
)

Image = NDArray[np.uint8]
ReadFrame = Callable[[str, float], Image]


@pytest.fixture(scope="module")
def bodies() -> PoseDetector:
    return PoseDetector(weights.path("mp-pose-detection"))


@pytest.fixture(scope="module")
def pose() -> PoseEstimator:
    return PoseEstimator(weights.path("mp-pose-landmarks"))


def nose_off(body: Body, face: FaceDetection) -> float:
    """Distance of the body's nose from the face's nose, in face heights."""
    return float(np.hypot(*(body.landmarks[NOSE, :2] - face.keypoints[2]))) / face.height


def test_head_and_shoulders_give_shoulders_but_no_hips(
    bodies: PoseDetector, pose: PoseEstimator, carphone: Image
) -> None:
    (found,) = bodies.detect(carphone)
    body = pose.estimate(carphone, found)
    assert body is not None
    assert body.score > 0.9
    assert body.visible(LEFT_SHOULDER)
    assert body.visible(RIGHT_SHOULDER)
    assert not body.visible(LEFT_HIP)
    assert not body.visible(RIGHT_HIP)
    assert body.landmarks[LEFT_SHOULDER, 0] > body.landmarks[RIGHT_SHOULDER, 0] + 40
    assert body.landmarks[NOSE, 1] < body.landmarks[[LEFT_SHOULDER, RIGHT_SHOULDER], 1].min()


def test_a_face_is_enough_to_find_the_body(
    face_detector: FaceDetector, bodies: PoseDetector, pose: PoseEstimator, carphone: Image
) -> None:
    (face,) = face_detector.detect(carphone)
    guessed = pose.estimate(carphone, face)
    found = pose.estimate(carphone, bodies.detect(carphone)[0])
    assert guessed is not None
    assert found is not None
    shoulders = [LEFT_SHOULDER, RIGHT_SHOULDER]
    difference = guessed.landmarks[shoulders, :2] - found.landmarks[shoulders, :2]
    assert np.abs(difference).max() < 0.35 * face.height
    height, width = carphone.shape[:2]
    a, b = (body.full_mask(width, height) > 0.5 for body in (guessed, found))
    assert (a & b).sum() / (a | b).sum() > 0.85


def test_the_mask_covers_the_man_and_not_the_window(
    face_detector: FaceDetector, pose: PoseEstimator, carphone: Image
) -> None:
    (face,) = face_detector.detect(carphone)
    body = pose.estimate(carphone, face)
    assert body is not None
    mask = body.full_mask(carphone.shape[1], carphone.shape[0])
    assert mask.shape == carphone.shape[:2]
    x0, y0, x1, y1 = (round(v) for v in face.box)
    assert mask[y0:y1, x0:x1].mean() > 0.85
    assert mask[5:40, 150:].mean() < 0.2
    assert float(mask.min()) >= 0.0
    assert float(mask.max()) <= 1.0
    assert body.box[0] >= 0
    assert body.box[3] <= carphone.shape[0]


def test_without_a_mask_the_box_comes_from_the_landmarks(
    face_detector: FaceDetector, pose: PoseEstimator, carphone: Image
) -> None:
    body = pose.estimate(carphone, face_detector.detect(carphone)[0], mask=False)
    assert body is not None
    assert body.mask is None
    assert body.full_mask(carphone.shape[1], carphone.shape[0]).sum() == 0
    x0, y0, x1, y1 = body.box
    assert x0 < body.landmarks[NOSE, 0] < x1
    assert y0 < body.landmarks[NOSE, 1] < y1


def test_an_empty_street_has_no_body(bodies: PoseDetector, pose: PoseEstimator, street: list[Image]) -> None:
    confirmed = [pose.estimate(rgb, found) for rgb in street for found in bodies.detect(rgb)]
    assert all(body is None for body in confirmed)
    assert pose.estimate(street[0], Roi(100, 100, 180)) is None
    assert pose.estimate(street[0], Roi(100, 100, 0.5)) is None


def test_in_a_crowd_hiding_the_other_faces_keeps_each_body_with_its_face(
    face_detector: FaceDetector, pose: PoseEstimator, group: Image
) -> None:
    faces = face_detector.detect(group, tiles="auto")
    lost = 0
    for face in faces:
        others = [other.box for other in faces if other is not face]
        body = pose.estimate(group, face, hide=others)
        assert body is not None
        assert nose_off(body, face) < 0.35
        alone = pose.estimate(group, face)
        lost += alone is None or nose_off(alone, face) > 0.35
    assert lost > 0, "without hiding some body is lost, or hiding needs no test"


def test_landmarks_of_a_whole_dancing_body(bodies: PoseDetector, pose: PoseEstimator, shared_frame: ReadFrame) -> None:
    rgb = shared_frame("source_s13.mp4", 2.0)
    body = pose.estimate(rgb, bodies.detect(rgb)[0])
    assert body is not None
    assert all(body.visible(i) for i in (LEFT_WRIST, RIGHT_WRIST, LEFT_HIP, LEFT_ANKLE, RIGHT_ANKLE))
    y = body.landmarks[:, 1]
    assert y[LEFT_WRIST] < y[LEFT_SHOULDER] < y[LEFT_HIP] < y[LEFT_ANKLE], "her hands are up"
    assert body.box[3] - body.box[1] > 0.85 * rgb.shape[0]


@pytest.mark.parametrize("quarter_turns", [-1, 1])
def test_a_body_is_found_beside_a_face_that_lies_on_its_side(
    quarter_turns: int, face_detector: FaceDetector, pose: PoseEstimator, shared_frame: ReadFrame
) -> None:
    rgb = np.ascontiguousarray(np.rot90(shared_frame("source_s13.mp4", 2.0), quarter_turns))
    face = face_detector.detect(rgb, tiles="auto")[0]
    body = pose.estimate(rgb, roi_from_face(face, face.roll))
    assert body is not None
    down = body.landmarks[[LEFT_HIP, RIGHT_HIP], :2].mean(0) - body.landmarks[[LEFT_SHOULDER, RIGHT_SHOULDER], :2].mean(
        0
    )
    assert quarter_turns * down[0] > 2 * abs(down[1]), "the trunk lies along the picture"
    assert nose_off(body, face) < 0.5
    assert abs(body_seen(body).roi.angle) == pytest.approx(np.pi / 2, abs=0.5)


def test_the_next_region_finds_the_same_body_again(
    face_detector: FaceDetector, pose: PoseEstimator, shared_frame: ReadFrame
) -> None:
    rgb = shared_frame("source_s20.mp4", 2.0)
    face = face_detector.detect(rgb)[0]
    first = pose.estimate(rgb, face)
    assert first is not None
    again = pose.estimate(rgb, first.next_roi)
    assert again is not None
    shoulders = [LEFT_SHOULDER, RIGHT_SHOULDER]
    assert np.abs(again.landmarks[shoulders, :2] - first.landmarks[shoulders, :2]).max() < 0.35 * face.height


def test_the_region_follows_the_tilt_of_the_body() -> None:
    upright = roi_from_keypoints(np.array([[100, 200], [100, 120]], np.float32))
    assert (upright.cx, upright.cy, upright.size, upright.angle) == pytest.approx((100, 200, 200, 0))
    lying = roi_from_keypoints(np.array([[100, 200], [180, 200]], np.float32))
    assert lying.angle == pytest.approx(np.pi / 2)
