"""Footage in files: it serves as it did before, without the video."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pvchat.errors import TrainingError
from pvchat.evaluation.clips import moving_clip
from pvchat.perception.patches import frames_of
from pvchat.training.clip_files import write_clips
from pvchat.training.footage import Footage, hide_faces, mirror, window
from pvchat.training.footage_files import read_footage, write_footage
from pvchat.training.frames import MAX_SIDE, FrameStore
from tests.training.footage_tools import Asked, footage

ME = 3


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    grey = np.random.default_rng(0).integers(0, 256, (60, 80, 1), dtype=np.uint8)
    picture = cv2.resize(grey, (800, 600), interpolation=cv2.INTER_CUBIC)[..., None].repeat(3, 2)
    return moving_clip(picture, tmp_path_factory.mktemp("video") / "noise.mp4", seconds=2.0, fps=10).path


def seen(video: Path) -> Footage:
    made = footage("a video", [ME, 9], subject=ME, duration_s=2.0)
    return replace(made, frames=FrameStore().source("a video", video, made.record.sampled_s))


def same_but_frames(one: Footage, other: Footage) -> None:
    for name in ("key", "record", "subject", "start_s", "mirrored", "hidden"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.vectors.faces.keys() == other.vectors.faces.keys()
    for track, samples in one.vectors.faces.items():
        assert np.array_equal(samples.vectors, other.vectors.faces[track].vectors)
        assert np.array_equal(one.vectors.appearance[track], other.vectors.appearance[track])


@pytest.mark.parametrize("part", ["all", "a window", "a mirrored window"])
def test_footage_shows_the_same_when_its_video_is_gone(part: str, video: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(video.read_bytes())
    made = seen(copy)
    if part != "all":
        made = window(made, 0.55, 1.6)
    if "mirrored" in part:
        made = mirror(made)
    times = [0.0, 0.1, 0.3, 0.62, 1.0, 9.0]
    sampled = [min(made.record.sampled_s, key=lambda s: abs(s - t)) for t in times]
    before = made.pictures(sampled)
    write_footage(tmp_path / "kept", made)
    copy.unlink()
    found = read_footage(tmp_path / "kept")
    same_but_frames(found, made)
    for mine, real in zip(found.pictures(times), before, strict=True):
        assert np.array_equal(mine, real)
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]


def test_the_same_footage_is_the_same_file_however_often_it_goes_through_one(video: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_footage(tmp_path / name, seen(video))
    write_footage(tmp_path / "three", read_footage(tmp_path / "two"))
    assert len({(tmp_path / name).read_bytes() for name in ("one", "two", "three")}) == 1


def test_frames_of_any_source_are_kept_small(video: Path, tmp_path: Path) -> None:
    made = replace(seen(video), frames=frames_of(video))
    write_footage(tmp_path / "kept", made, times_s=[1.5, 0.25])
    first, second = read_footage(tmp_path / "kept").pictures([0.0, 1.4])
    for mine, real in zip((first, second), made.pictures([0.25, 1.5]), strict=True):
        assert max(real.shape) > max(mine.shape) == MAX_SIDE
        small = cv2.resize(real, mine.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(mine.astype(int) - small).mean() < 3
    assert not np.array_equal(first, second)


def test_footage_without_frames_stays_without(tmp_path: Path) -> None:
    made = footage("unseen", [1])
    write_footage(tmp_path / "kept", made)
    found = read_footage(tmp_path / "kept")
    same_but_frames(found, made)
    assert found.frames is None


def test_covered_faces_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="covered"):
        write_footage(tmp_path / "kept", hide_faces(footage("hidden", [1], frames=Asked())))
    assert not list(tmp_path.iterdir())


def test_frames_of_which_none_is_to_be_kept_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no picture of other"):
        write_footage(tmp_path / "kept", footage("other", [1], frames=Asked()), times_s=[])


@pytest.mark.parametrize("kind", ["missing", "empty", "cut off", "clips", "changed"])
def test_a_file_that_is_none_is_refused_with_the_way_out(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    write_footage(path, footage("other", [1], frames=Asked(), duration_s=1.0))
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes({"empty": b"", "cut off": whole[: len(whole) // 2], "changed": whole}.get(kind, b""))
    if kind == "clips":
        write_clips(path, [])
    if kind == "missing":
        path.unlink()
    with pytest.raises(TrainingError, match="remove it and prepare the training again") as refused:
        read_footage(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
