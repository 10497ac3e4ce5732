"""Drawn faces and drawn pictures are told from filmed ones."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat.evaluation.clips import write_clip
from pvchat.perception import PerceptionConfig, load_models, perceive
from pvchat.perception.drawn import even_and_hard, face_is_drawn, frames_are_drawn
from pvchat.perception.faces import FaceCrop
from tests.group_faces import GroupFaces

Image = NDArray[np.uint8]
QUICK = PerceptionConfig(crops_per_track=3, torsos_per_track=1, samples_per_second=3)


def drawing(seed: int, turn: float = 0.0, *, face: bool = True, width: int = 480, height: int = 360) -> Image:
    """A cartoon: a meadow with balls, and a boy who sways."""
    random = np.random.default_rng(seed)

    def paint() -> tuple[int, int, int]:
        red, green, blue = (int(v) for v in random.integers(50, 250, 3))
        return red, green, blue

    picture = np.full((height, width, 3), paint(), np.uint8)
    cv2.rectangle(picture, (0, int(0.7 * height)), (width, height), paint(), -1)
    for _ in range(6):
        x, y, size = (int(random.integers(0, most)) for most in (width, height // 2, 40))
        cv2.circle(picture, (x, y), 10 + size, paint(), -1)
        cv2.circle(picture, (x, y), 10 + size, (0, 0, 0), 2)
    if not face:
        return picture
    x, y, size = int(width * (0.5 + 0.05 * np.sin(turn))), int(0.42 * height), int(0.2 * height)
    cv2.ellipse(picture, (x, int(y + 2.2 * size)), (int(1.6 * size), int(1.4 * size)), 0, 180, 360, paint(), -1)
    cv2.circle(picture, (x, y - size // 3), int(1.15 * size), (70, 40, 20), -1)
    cv2.ellipse(picture, (x, y), (int(0.85 * size), size), 0, 0, 360, (250, 205, 170), -1)
    for side in (-1, 1):
        eye = (x + side * int(0.35 * size), y - int(0.15 * size))
        cv2.ellipse(picture, eye, (int(0.17 * size), int(0.13 * size)), 0, 0, 360, (255, 255, 255), -1)
        cv2.circle(picture, eye, int(0.08 * size), (40, 60, 120), -1)
        brow = y - int(0.43 * size)
        cv2.line(picture, (x + side * int(0.5 * size), brow), (x + side * int(0.2 * size), brow), (50, 30, 10), 3)
    cv2.line(picture, (x, y), (x - int(0.08 * size), y + int(0.22 * size)), (190, 130, 100), 2)
    mouth = (x, y + int(0.5 * size))
    cv2.ellipse(picture, mouth, (int(0.3 * size), int(0.12 * size)), 0, 0, 180, (190, 60, 60), -1)
    return picture


def test_shares_of_pictures_that_are_known() -> None:
    assert even_and_hard(np.full((40, 40, 3), 90, np.uint8)) == (1.0, 0.0)
    halves = np.repeat(np.where(np.arange(40) < 20, 30, 200).astype(np.uint8)[None], 40, 0)[..., None].repeat(3, 2)
    even, hard = even_and_hard(halves)
    assert even == pytest.approx(38 / 39)
    assert hard == pytest.approx(1.0)
    shaded = np.repeat((np.arange(40) * 5).astype(np.uint8)[None], 40, 0)[..., None].repeat(3, 2)
    assert even_and_hard(shaded) == (0.0, 0.0)


@pytest.mark.parametrize("seed", range(4))
def test_a_drawn_picture_is_drawn_however_it_is_coloured(seed: int) -> None:
    assert frames_are_drawn([drawing(seed, face=False)])
    assert frames_are_drawn([drawing(seed)])


def test_streets_walls_and_darkness_are_not_drawn(street: list[Image], carphone: Image) -> None:
    wall = np.random.default_rng(0).integers(90, 140, (144, 176, 3), dtype=np.uint8)
    assert not frames_are_drawn(street)
    for rgb in (carphone, wall, np.full((90, 160, 3), 30, np.uint8)):
        assert not frames_are_drawn([rgb])
    assert not frames_are_drawn([])


def test_real_faces_are_not_drawn_and_small_ones_are_not_judged(group_faces: GroupFaces) -> None:
    for face in group_faces.faces:
        crop = FaceCrop(0.0, group_faces.picture, face.box, None, 1.0, 0.0, 0.0)
        assert face_is_drawn(crop) is False
        blurred = np.asarray(cv2.GaussianBlur(group_faces.picture, (0, 0), 3), np.uint8)
        assert face_is_drawn(FaceCrop(0.0, blurred, face.box, None, 1.0, 0.0, 0.0)) is False
    assert face_is_drawn(FaceCrop(0.0, drawing(0), (10, 10, 40, 40), None, 1.0, 0.0, 0.0)) is None


def test_a_record_says_that_its_video_is_drawn(tmp_path: Path) -> None:
    models = load_models()
    for name, face in (("boy.mp4", True), ("meadow.mp4", False)):
        write_clip(tmp_path / name, (drawing(2, i / 8, face=face) for i in range(25)), 25.0)
        record, _ = perceive(tmp_path / name, models=models, config=QUICK)
        assert record.drawn
        assert len(record.tracks) == face
