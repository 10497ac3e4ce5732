"""Stills are read as they are displayed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pvchat.errors import VideoError
from pvchat.evaluation.images import read_image

PICTURE = np.zeros((4, 6, 3), dtype=np.uint8)
PICTURE[0, 0] = (255, 0, 0)


def test_png_is_read_exactly(tmp_path: Path) -> None:
    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png"), PICTURE)


def test_orientation_tag_is_applied(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.fromarray(PICTURE).save(tmp_path / "a.png", exif=tags)
    image = read_image(tmp_path / "a.png")
    assert image.shape == (6, 4, 3)
    assert image[0, 3].tolist() == [255, 0, 0]


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    Image.new("RGBA", (3, 2), (10, 20, 30, 0)).save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png") == 255).all()


def test_grey_picture_becomes_rgb(tmp_path: Path) -> None:
    Image.new("L", (3, 2), 77).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").tolist() == [[[77] * 3] * 3] * 2


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_what_is_no_picture(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoError, match=r"a\.png (does not exist|is no picture)"):
        read_image(path)
