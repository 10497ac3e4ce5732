"""Pictures of strangers: decoded as displayed, refused with a reason, and never at the cost of those after them."""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pvchat.errors import PictureError
from pvchat.pictures import PictureLimits, read_pictures, reading
from pvchat.pictures.reading import open_picture


def gradient(width: int = 120, height: int = 80) -> Image.Image:
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[..., 0] = np.linspace(0, 255, width)[None].astype(np.uint8)
    rgb[..., 1] = np.linspace(0, 255, height)[:, None].astype(np.uint8)
    return Image.fromarray(rgb)


def read(
    paths: Sequence[Path], max_side: int = 1280, limits: PictureLimits | None = None
) -> "list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | PictureError]":
    opened = [open_picture(path) for path in paths]
    try:
        return list(read_pictures(opened, [path.name for path in paths], max_side=max_side, limits=limits))
    finally:
        for descriptor in opened:
            os.close(descriptor)


@pytest.mark.parametrize("ending", ["png", "bmp", "webp", "jpg", "tiff", "gif"])
def test_the_usual_formats_are_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    options = {"lossless": True} if ending == "webp" else {"quality": 95} if ending == "jpg" else {}
    gradient().save(path, **options)
    (picture,) = read([path])
    assert not isinstance(picture, PictureError)
    assert picture.shape == (80, 120, 3)
    assert abs(int(picture[40, 100, 0]) - 214) < 20


def test_large_ones_are_scaled_down_and_turned_as_displayed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    gradient(1200, 800).save(tmp_path / "turned.jpg", exif=exif)
    (picture,) = read([tmp_path / "turned.jpg"], max_side=300)
    assert not isinstance(picture, PictureError)
    assert picture.shape == (300, 200, 3)
    # What was the left side is on top.
    assert picture[10, 100, 0] < 40
    assert picture[290, 100, 0] > 215


def test_transparency_is_put_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "a.png")
    (picture,) = read([tmp_path / "a.png"])
    assert not isinstance(picture, PictureError)
    assert picture.min() == 255


def test_one_bad_file_does_not_keep_back_the_others(tmp_path: Path) -> None:
    gradient().save(tmp_path / "good.jpg")
    whole = io.BytesIO()
    gradient(400, 400).save(whole, "JPEG")
    bad = {
        "text.jpg": b"no picture",
        "cut.jpg": whole.getvalue()[: len(whole.getvalue()) // 2],
        "noise.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
        "page.jpg": b"%!PS-Adobe-3.0\n",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    found = read([tmp_path / "good.jpg", *(tmp_path / name for name in bad), tmp_path / "good.jpg"])
    assert [isinstance(one, PictureError) for one in found] == [False, True, True, True, True, False]
    assert all(name in str(one) for name, one in zip(bad, found[1:5], strict=True))


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    Image.new("1", (3000, 3000)).save(tmp_path / "large.png")
    (found,) = read([tmp_path / "large.png"], limits=PictureLimits(max_pixels=1_000_000))
    assert "3000x3000" in str(found)


def test_what_is_no_file_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "large.png").write_bytes(b"x" * 2000)
    for name, told in (("empty", "is empty"), ("pipe", "is not a file"), ("none", "cannot be opened"), ("large", "MB")):
        with pytest.raises(PictureError, match=told):
            open_picture(tmp_path / f"{name}.png", PictureLimits(max_bytes=1000))


@pytest.mark.parametrize(
    ("doing", "told"),
    [
        ("os.kill(os.getpid(), 9)", "made the decoder fail"),
        ("time.sleep(60)", "took longer than 3 s"),
        ("b = bytearray(8 << 30)", "to decode: scale it down"),
        ("raise RuntimeError('\\x1b[31m')", "made the decoder fail"),
        ("open('WRITTEN', 'wb', 0).write(b'x')", "made the decoder fail"),
    ],
)
def test_a_decoder_that_crashes_hangs_or_swells_costs_one_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doing: str, told: str
) -> None:
    gradient().save(tmp_path / "good.png")
    (tmp_path / "evil.png").write_bytes(b"evil")
    written = tmp_path / "written"
    script = (
        "import os, time\nfrom pvchat.pictures import worker\nreal = worker.decode\n"
        "def decode(path, pixels, side):\n"
        f"    if open(path, 'rb').read(4) == b'evil':\n        {doing.replace('WRITTEN', str(written))}\n"
        "    return real(path, pixels, side)\n"
        "worker.decode = decode\nworker.main()\n"
    )
    monkeypatch.setattr(reading, "child_command", lambda _module: [sys.executable, "-s", "-c", script])
    # A process may be slow to start; only one that hangs is waited for in vain.
    limits = PictureLimits(timeout_s=3.0 if "sleep" in doing else 30.0)
    found = read([tmp_path / "good.png", tmp_path / "evil.png", tmp_path / "good.png"], limits=limits)
    assert [isinstance(one, PictureError) for one in found] == [False, True, False]
    assert str(found[1]).startswith("evil.png ")
    assert told in str(found[1])
    assert not written.exists() or not written.read_bytes()


def test_files_and_names_have_to_belong_together() -> None:
    with pytest.raises(ValueError, match="1 files"):
        list(read_pictures([0], []))
