"""Frames for training: each video is read once, and gives the picture sampled nearest."""

from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import TrainingCancelledError
from pvchat.evaluation.clips import moving_clip
from pvchat.training.frames import MAX_SIDE, FrameStore
from pvchat.video import read_frames


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    grey = np.random.default_rng(0).integers(0, 256, (60, 80, 1), dtype=np.uint8)
    picture = grey.repeat(10, 0).repeat(10, 1).repeat(3, 2)
    return moving_clip(picture, tmp_path_factory.mktemp("video") / "noise.mp4", seconds=2.0, fps=10).path


def test_the_nearest_sampled_frame_is_given_and_the_file_is_read_once(video: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(video.read_bytes())
    frames = FrameStore().source("a", copy, [0.5, 0.0, 1.5])
    first = frames([0.1, 0.9, 9.0])
    copy.unlink()
    again = frames([0.0, 0.5, 1.5])
    truth = read_frames(video, [0.0, 0.5, 1.5], max_side=MAX_SIDE).images
    for mine, same, real in zip(first, again, truth, strict=True):
        assert np.array_equal(mine, same)
        assert mine.shape == real.shape
        assert max(mine.shape) <= MAX_SIDE
        assert np.abs(mine.astype(int) - real).mean() < 4


def test_reading_ends_when_it_is_told_to(video: Path) -> None:
    def stop() -> None:
        raise TrainingCancelledError("stopped")

    with pytest.raises(TrainingCancelledError):
        FrameStore(stop).source("a", video, [0.0, 1.0])([0.0])


def test_a_video_without_sampled_frames_is_refused(video: Path) -> None:
    with pytest.raises(ValueError, match="no frame"):
        FrameStore().source("a", video, [])
