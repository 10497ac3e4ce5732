"""A sample's file is complete, the same every time, and readable."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import VideoError
from pvchat.synthesis.synthesizer import Sample
from pvchat.synthesis.writing import write_sample
from pvchat.video import probe, read_frames
from tests.synthesis.shot_tools import FPS, shot

SAMPLE = Sample(0, "clip", shot().frames, FPS, ("light",), "subject")


def test_the_same_sample_gives_the_same_bytes_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_sample(tmp_path / name, SAMPLE)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_a_written_sample_has_its_length_size_and_pictures(tmp_path: Path) -> None:
    retimed = replace(SAMPLE, fps=11.3)
    written = write_sample(tmp_path / "a.mp4", retimed)
    found = probe(tmp_path / "a.mp4")
    assert found.duration_s == pytest.approx(written.duration_s) == pytest.approx(24 / 11.3, abs=1e-3)
    assert (found.width, found.height) == written.size == (160, 120)
    shown = read_frames(tmp_path / "a.mp4", [12 / 11.3 + 0.01]).images[0]
    assert np.abs(shown.astype(int) - SAMPLE.frames[12]).mean() < 12


def test_a_sample_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    write_sample(tmp_path / "a.mp4", SAMPLE)
    before = (tmp_path / "a.mp4").read_bytes()
    odd = replace(SAMPLE, frames=(*SAMPLE.frames[:2], np.zeros((20, 20, 3), np.uint8)))
    with pytest.raises(VideoError, match="frame 2"):
        write_sample(tmp_path / "a.mp4", odd)
    with pytest.raises(VideoError, match="no frames"):
        write_sample(tmp_path / "a.mp4", replace(SAMPLE, frames=()))
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == before
