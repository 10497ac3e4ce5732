"""How new a face is: what the video shows is not, what it does not show is."""

import numpy as np
import pytest

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image
from pvchat.synthesis.novelty import NoveltyMeter
from pvchat.synthesis.shots import Shot
from tests.synthesis.face_tools import mesh, talking


@pytest.fixture(scope="module")
def meter() -> NoveltyMeter:
    return NoveltyMeter.fit([talking(60, fps=24.0)], mesh)


def novelty(meter: NoveltyMeter, shot: Shot, frames: list[Image]) -> float | None:
    boxes = [box for box in shot.face_boxes[: len(frames)] if box is not None]
    return meter.of(frames, boxes)


def test_a_frame_of_the_video_is_a_copy_and_so_is_what_lies_between_two(meter: NoveltyMeter) -> None:
    shot, between = talking(60, fps=24.0), talking(119, fps=48.0)
    assert novelty(meter, shot, list(shot.frames[:6])) == pytest.approx(0.0, abs=0.3)
    assert (novelty(meter, between, list(between.frames[:20])) or 9.0) < 1.0


def test_a_face_that_looks_otherwise_is_new(meter: NoveltyMeter) -> None:
    shot = talking(8, fps=24.0)
    painted = []
    for frame in shot.frames:
        other = frame.copy()
        skin = (frame == (200, 160, 140)).all(axis=2)
        other[skin] = (120, 200, 90)
        painted.append(other)
    found = novelty(meter, shot, painted)
    assert found is not None
    assert found > 3.0


def test_where_there_is_no_face_nothing_is_said(meter: NoveltyMeter) -> None:
    assert meter.of([], []) is None
    tiny = np.zeros((40, 40, 3), np.uint8)
    assert meter.of([tiny], [(0.4, 0.4, 0.5, 0.5)]) is None


@pytest.mark.parametrize(
    ("shots", "told"), [([], "no face"), ([talking(1)], "no two faces"), ([talking(9, moves=0)], "alike")]
)
def test_a_video_that_says_nothing_of_what_is_near_is_refused(shots: list[Shot], told: str) -> None:
    with pytest.raises(SynthesisError, match=told):
        NoveltyMeter.fit(shots, mesh)
