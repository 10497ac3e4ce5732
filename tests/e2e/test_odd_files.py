"""Files as phones, editors and sites make them: a person is enrolled from one and found in another."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.cli import main
from pvchat import weights
from pvchat.video import probe, read_frames
from tests.video import numbered

VARIABLE = (1, 9, 20, 21, 29)

Pictures = Sequence[NDArray[np.uint8]]


def stretch(start: float, end: float) -> Pictures:
    """The carphone man between two shares of his clip, 30 pictures a second of an even size."""
    clip = weights.path("demo-carphone")
    length = probe(clip).duration_s
    images = read_frames(clip, np.arange(start * length, end * length, 1 / numbered.FPS).tolist()).images
    height, width = (side // 2 * 2 for side in images[0].shape[:2])
    return [image[:height, :width] for image in images]


def write(path: Path, kind: str, pictures: Pictures) -> Path:
    count = len(pictures)
    if kind == "rotated":
        return numbered.write(path, count, turned=-1, rotation=90, pictures=pictures)
    if kind == "av1":
        with numbered.as_before():
            return numbered.write(path, count, codec="libsvtav1", options=numbered.AV1_OPTIONS, pictures=pictures)
    if kind == "variable rate":
        ticks = np.cumsum(np.resize(VARIABLE, count)).tolist()
        return numbered.write(path, count, ticks=ticks, time_base=numbered.Fraction(1, 480), pictures=pictures)
    whole = numbered.write(path.with_suffix(".whole.mp4"), count, pictures=pictures)
    return numbered.trim_by_copy(whole, path, 0.5)


@pytest.fixture(scope="module")
def parts() -> tuple[Pictures, Pictures]:
    """The first and the last 40 % of the clip."""
    return stretch(0.0, 0.4), stretch(0.6, 0.98)


@pytest.mark.parametrize(("first", "second"), [("rotated", "edit list"), ("av1", "variable rate")])
def test_a_person_enrolled_from_an_odd_file_is_found_in_another(
    tmp_path: Path, parts: tuple[Pictures, Pictures], capsys: pytest.CaptureFixture[str], first: str, second: str
) -> None:
    enrolled_from = write(tmp_path / "one.mp4", first, parts[0])
    asked = write(tmp_path / "two.mp4", second, parts[1])
    assert main(["enroll", "Daniel", str(enrolled_from), "--consent-by", "demo media", "--purpose", "test"]) == 0
    capsys.readouterr()
    assert main(["ask", str(asked), "Is Daniel in this video?", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["answer"].startswith("Yes")
    (evidence,) = told["evidence"]
    ((start, end),) = evidence["spans"]
    assert start <= 0.5
    assert end == pytest.approx(probe(asked).duration_s, abs=0.5)
    # He sits left of the middle, upright, whatever way the pictures are stored.
    x0, _, x1, y1 = evidence["box"]
    assert 0.2 < (x0 + x1) / 2 < 0.6
    assert y1 < 0.85
