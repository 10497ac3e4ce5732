"""The mesh lies on the face, follows its motion, and its measures mean what they say."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import (
    FaceMesh,
    eye_opening,
    five_points,
    head_pose,
    mouth_opening,
    mouth_width,
    sharpness,
)
from pvchat.perception.geometry import Roi

Image = NDArray[np.uint8]
ReadFrame = Callable[[str, float], Image]


def mesh_of(detector: FaceDetector, mesh: FaceMesh, rgb: Image) -> NDArray[np.float32]:
    found = mesh.landmarks(rgb, detector.detect(rgb)[0])
    assert found.score > 0.9
    return found.points


def test_the_mesh_covers_the_detected_face(face_detector: FaceDetector, face_mesh: FaceMesh, carphone: Image) -> None:
    (face,) = face_detector.detect(carphone)
    found = face_mesh.landmarks(carphone, face)
    assert found.points.shape == (468, 3)
    assert found.score > 0.9
    x0, y0, x1, y1 = found.box
    assert x0 < face.keypoints[:4, 0].min() < face.keypoints[:4, 0].max() < x1
    assert y0 < face.keypoints[:4, 1].min() < face.keypoints[:4, 1].max() < y1
    eyes = five_points(found.points)
    assert np.linalg.norm(eyes[0:2].mean(axis=0) - face.keypoints[1]) < 0.12 * face.height
    assert np.linalg.norm(eyes[2:4].mean(axis=0) - face.keypoints[0]) < 0.12 * face.height


def test_a_wall_has_no_face(face_mesh: FaceMesh, street: list[Image]) -> None:
    assert face_mesh.landmarks(street[0], Roi(300, 130, 90)).score < 0.2


def test_the_region_of_a_mesh_finds_the_same_face_again(
    face_detector: FaceDetector, face_mesh: FaceMesh, carphone: Image
) -> None:
    (face,) = face_detector.detect(carphone)
    first = face_mesh.landmarks(carphone, face)
    second = face_mesh.landmarks(carphone, first.roi)
    assert np.abs(first.points[:, :2] - second.points[:, :2]).mean() < 0.03 * face.height


@pytest.mark.parametrize("angle", [-45, -20, 20, 45])
def test_turning_the_picture_turns_the_mesh_and_only_its_roll(
    face_detector: FaceDetector, face_mesh: FaceMesh, carphone: Image, angle: int
) -> None:
    big = np.asarray(cv2.resize(carphone, None, fx=3, fy=3), dtype=np.uint8)
    points = mesh_of(face_detector, face_mesh, big)
    middle = (float(points[:, 0].mean()), float(points[:, 1].mean()))
    matrix = cv2.getRotationMatrix2D(middle, -angle, 1.0)
    turned = np.asarray(cv2.warpAffine(big, matrix, (big.shape[1], big.shape[0])), dtype=np.uint8)
    after = mesh_of(face_detector, face_mesh, turned)
    expected = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    height = np.ptp(points[:, 1])
    assert np.abs(after[:, :2] - expected).mean() < 0.04 * height
    before_pose, after_pose = head_pose(points), head_pose(after)
    assert after_pose.roll - before_pose.roll == pytest.approx(angle, abs=4)
    assert after_pose.yaw == pytest.approx(before_pose.yaw, abs=7)
    assert after_pose.pitch == pytest.approx(before_pose.pitch, abs=7)


def test_mirroring_swaps_the_sign_of_yaw_and_roll(
    face_detector: FaceDetector, face_mesh: FaceMesh, group: Image
) -> None:
    crop = np.ascontiguousarray(group[0:300, 800:1100])
    pose = head_pose(mesh_of(face_detector, face_mesh, crop))
    mirrored = head_pose(mesh_of(face_detector, face_mesh, np.ascontiguousarray(crop[:, ::-1])))
    assert pose.yaw < -20, "the standing man looks to the image's left"
    assert mirrored.yaw == pytest.approx(-pose.yaw, abs=6)
    assert mirrored.roll == pytest.approx(-pose.roll, abs=4)
    assert mirrored.pitch == pytest.approx(pose.pitch, abs=4)


def test_measures_do_not_depend_on_scale_or_place(
    face_detector: FaceDetector, face_mesh: FaceMesh, carphone: Image
) -> None:
    points = mesh_of(face_detector, face_mesh, carphone)
    moved = points * 3.7 + np.array([100, -40, 0], dtype=np.float32)
    for measure in (mouth_opening, mouth_width, eye_opening):
        assert measure(moved) == pytest.approx(measure(points), rel=1e-4)
    assert head_pose(moved) == pytest.approx(head_pose(points), abs=1e-3)


def test_an_open_mouth_reads_as_open(face_detector: FaceDetector, face_mesh: FaceMesh, shared_frame: ReadFrame) -> None:
    closed = mouth_opening(mesh_of(face_detector, face_mesh, shared_frame("driving_d18.mp4", 0.0)))
    opened = mouth_opening(mesh_of(face_detector, face_mesh, shared_frame("driving_d18.mp4", 3.0)))
    assert closed < 0.03
    assert opened > 0.2


def test_a_smile_widens_the_mouth(face_detector: FaceDetector, face_mesh: FaceMesh, shared_frame: ReadFrame) -> None:
    serious = mouth_width(mesh_of(face_detector, face_mesh, shared_frame("driving_d0.mp4", 0.0)))
    smiling = mouth_width(mesh_of(face_detector, face_mesh, shared_frame("driving_d0.mp4", 1.5)))
    assert smiling > serious + 0.1


def test_frontal_heads_read_as_frontal(
    face_detector: FaceDetector, face_mesh: FaceMesh, shared_frame: ReadFrame
) -> None:
    for clip in ("driving_d0.mp4", "driving_d3.mp4", "driving_d10.mp4", "source_s13.mp4"):
        pose = head_pose(mesh_of(face_detector, face_mesh, shared_frame(clip, 0.0)))
        assert max(abs(pose.yaw), abs(pose.pitch), abs(pose.roll)) < 8, clip


def test_blur_and_enlargement_lower_the_sharpness(face_detector: FaceDetector, carphone: Image) -> None:
    (face,) = face_detector.detect(carphone)
    x0, y0, x1, y1 = (round(v) for v in face.box)
    crop = carphone[y0:y1, x0:x1]
    blurred = np.asarray(cv2.GaussianBlur(crop, (0, 0), 0.02 * face.height), dtype=np.uint8)
    tiny = np.asarray(cv2.resize(crop, (20, 20), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    assert sharpness(crop) > 0.1
    assert sharpness(blurred) < 0.5 * sharpness(crop)
    assert sharpness(tiny) < 0.5 * sharpness(crop)


def test_nothing_has_no_sharpness() -> None:
    assert sharpness(np.full((30, 30, 3), 77, np.uint8)) == 0.0
    assert sharpness(np.zeros((0, 10, 3), np.uint8)) == 0.0
