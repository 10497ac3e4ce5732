"""Faces are found where they are, also small ones, and nowhere else."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pvchat import weights
from pvchat.errors import ModelError
from pvchat.perception.face_detection import MAX_TILES, FaceDetection, FaceDetector, tile_grid
from pvchat.perception.face_mesh import FaceMesh

Image = NDArray[np.uint8]


def centre(face: FaceDetection) -> tuple[float, float]:
    x0, y0, x1, y1 = face.box
    return (x0 + x1) / 2, (y0 + y1) / 2


def shrunk(rgb: Image, face: FaceDetection, height: float) -> Image:
    """The picture scaled so that its face is `height` pixels tall."""
    scale = height / face.height
    return np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def test_the_head_of_a_low_resolution_clip_is_found(face_detector: FaceDetector, carphone: Image) -> None:
    (face,) = face_detector.detect(carphone)
    x, y = centre(face)
    assert face.score > 0.75
    assert 40 <= face.height <= 70
    assert 75 <= x <= 110
    assert 40 <= y <= 75


def test_keypoints_lie_in_order_on_the_face(face_detector: FaceDetector, carphone: Image) -> None:
    (face,) = face_detector.detect(carphone)
    left_eye, right_eye, nose, mouth = face.keypoints[:4]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < mouth[1] < face.box[3]


def test_tiles_find_all_six_people_of_the_group(face_detector: FaceDetector, group: Image) -> None:
    faces = face_detector.detect(group, tiles="auto")
    assert len(faces) == 6
    assert all(80 < face.height < 150 for face in faces)
    assert len(face_detector.detect(group)) < 6, "without tiles somebody is missed, or tiles need no test"


def test_detections_come_best_first(face_detector: FaceDetector, group: Image) -> None:
    scores = [face.score for face in face_detector.detect(group, tiles="auto")]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("height", [20.0, 24.0, 32.0, 48.0])
def test_far_faces_are_found_where_they_are(
    face_detector: FaceDetector, carphone: Image, street: list[Image], height: float
) -> None:
    """The street frame is blown up to 1280 pixels, the man of the clip stands small in its corner."""
    (near,) = face_detector.detect(carphone)
    small = shrunk(carphone, near, height)
    canvas = cv2.resize(street[0], (1280, 544))
    top, left = 300, 900
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    scale = height / near.height
    x, y = centre(near)
    found = [face for face in face_detector.detect(canvas, tiles="auto") if 0.6 < face.height / height < 1.6]
    assert any(
        abs(centre(face)[0] - left - x * scale) < 0.3 * height and abs(centre(face)[1] - top - y * scale) < 0.3 * height
        for face in found
    )


def test_no_face_is_confirmed_where_there_is_none(
    face_detector: FaceDetector, face_mesh: FaceMesh, street: list[Image]
) -> None:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 255, (360, 640, 3), dtype=np.uint8)
    blobs = cv2.GaussianBlur(noise, (0, 0), 15) // 2 * 3
    empty = [*street, noise, blobs.astype(np.uint8), np.zeros((200, 300, 3), np.uint8)]
    confirmed = [
        face
        for rgb in empty
        for face in face_detector.detect(rgb, tiles="auto")
        if face_mesh.landmarks(rgb, face).score >= 0.5
    ]
    assert confirmed == []


def test_a_face_in_the_corner_of_four_tiles_is_reported_once(face_detector: FaceDetector, carphone: Image) -> None:
    (near,) = face_detector.detect(carphone)
    small = shrunk(carphone, near, 40)
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    top, left = 340, 610
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    assert len(face_detector.detect(canvas, tiles="auto")) == 1


def test_the_singer_and_the_pianist_far_away_are_both_found(
    face_detector: FaceDetector, shared_frame: Callable[[str, float], Image]
) -> None:
    rgb = shared_frame("hamilton_two_people.mp4", 0.1)
    xs = sorted(centre(face)[0] / rgb.shape[1] for face in face_detector.detect(rgb, tiles="auto") if face.score > 0.65)
    assert len(xs) == 2
    assert xs[0] < 0.2
    assert 0.75 < xs[1] < 0.95


@pytest.mark.parametrize(
    "clip",
    [f"driving_d{n}.mp4" for n in (0, 3, 10, 11, 18)] + ["source_s13.mp4", "source_s20.mp4"],
)
def test_the_person_of_each_real_clip_is_found(
    face_detector: FaceDetector, face_mesh: FaceMesh, shared_frame: Callable[[str, float], Image], clip: str
) -> None:
    rgb = shared_frame(clip, 1.5)
    faces = [f for f in face_detector.detect(rgb, tiles="auto") if face_mesh.landmarks(rgb, f).score >= 0.5]
    assert len(faces) == 1
    assert faces[0].score > 0.7


def test_the_short_range_network_agrees_on_a_near_face(face_detector: FaceDetector, carphone: Image) -> None:
    short = FaceDetector(weights.path("mp-face-detection-short"), reach="short")
    (full,) = face_detector.detect(carphone)
    (near,) = short.detect(carphone)
    assert np.abs(np.asarray(full.box) - np.asarray(near.box)).max() < 0.25 * full.height


def test_a_network_of_the_other_range_is_refused() -> None:
    with pytest.raises(ModelError, match="no output of shape"):
        FaceDetector(weights.path("mp-face-detection-full"), reach="short")


def test_a_missing_or_broken_file_is_a_one_line_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="weights pull"):
        FaceDetector(tmp_path / "none.tflite")
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"not a model" * 100)
    with pytest.raises(ModelError, match="weights verify"):
        FaceDetector(broken)


sizes = st.integers(16, 4000)


@given(width=sizes, height=sizes, limit=st.integers(0, 80))
def test_tiles_stay_inside_the_image_and_within_the_limit(width: int, height: int, limit: int) -> None:
    grid = tile_grid(width, height, 192, 20.0, limit)
    assert len(grid) <= limit
    assert len(tile_grid(width, height, 192, 20.0, "auto")) <= MAX_TILES
    for x0, y0, side in grid:
        assert 0 <= x0 < width
        assert 0 <= y0 < height
        assert x0 + side <= max(width, side) + 1
        assert y0 + side <= max(height, side) + 1


@given(width=st.integers(400, 1300), height=st.integers(400, 1300), data=st.data())
def test_every_small_face_is_whole_in_some_tile(width: int, height: int, data: st.DataObject) -> None:
    grid = tile_grid(width, height, 192, 20.0, "auto")
    finest = min(side for *_, side in grid)
    face = 0.2 * finest
    x = data.draw(st.floats(0, width - face))
    y = data.draw(st.floats(0, height - face))
    margin = 1.0
    assert any(
        (x0 <= x - margin or x0 == 0)
        and (y0 <= y - margin or y0 == 0)
        and (x + face + margin <= x0 + side or x0 + side >= width)
        and (y + face + margin <= y0 + side or y0 + side >= height)
        for x0, y0, side in grid
        if side == finest
    )
