"""Files that are no readable video give one line that names the file and the way out."""

import contextlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pvchat.errors import VideoError
from pvchat.video import Limits, iter_frames, probe, read_frames
from tests.video import numbered


def refused(path: Path, reason: str, limits: Limits | None = None) -> None:
    with pytest.raises(VideoError, match=reason) as first:
        probe(path, limits)
    with pytest.raises(VideoError, match=reason):
        read_frames(path, [0.0], limits=limits)
    text = str(first.value)
    assert str(path) in text
    assert "\n" not in text
    assert ":" in text.removeprefix(str(path)), "the way out follows a colon"


def test_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "gone.mp4", "does not exist")


def test_folder(tmp_path: Path) -> None:
    refused(tmp_path, "is not a file")


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    refused(path, "is empty")


def test_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("Dear diary, today I met Zoë.\n" * 400)
    refused(path, "is text, not a video")


def test_random_bytes(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(50_000))
    refused(path, "not a video that can be read")


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "webp"])
def test_picture(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"photo.{ending}"
    Image.fromarray(numbered.picture(3)).save(path)
    refused(path.rename(tmp_path / f"photo_{ending}.mp4"), "is a picture, not a video")


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.mp4", "aac"), ("a.mp3", "libmp3lame")])
def test_sound_only(tmp_path: Path, name: str, codec: str) -> None:
    refused(numbered.write_sound(tmp_path / name, codec), "holds sound but no video")


def test_cut_off_where_the_index_is_at_the_end(tmp_path: Path, clean: Path) -> None:
    path = tmp_path / "half.mp4"
    path.write_bytes(clean.read_bytes()[: clean.stat().st_size // 2])
    refused(path, "cut off or damaged")


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_cut_off_where_the_index_is_at_the_start(tmp_path: Path, name: str) -> None:
    options = {"movflags": "faststart"} if name.endswith("mp4") else {}
    path = numbered.write(tmp_path / name, 150, container_options=options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    refused(path, "cut off")


def test_frames_that_cannot_be_decoded(tmp_path: Path) -> None:
    path = numbered.write(tmp_path / "a.mkv", 200, options={"g": "300", "bf": "0", "threads": "1"})
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.pos]
    data = bytearray(path.read_bytes())
    for position, size in packets[60:]:
        assert position is not None
        data[position + 16 : position + size] = bytes(size - 16)
    path.write_bytes(data)
    with pytest.raises(VideoError, match="damaged"):
        read_frames(path, [6.0])


def test_playlist_that_names_another_file(tmp_path: Path, clean: Path) -> None:
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{clean}\n#EXT-X-ENDLIST\n")
    refused(path, "is text, not a video")


def test_too_long(clean: Path) -> None:
    refused(clean, "lasts 5 s, more than 3 s", Limits(max_duration_s=3))


def test_too_many_pixels(clean: Path) -> None:
    refused(clean, "128x96 pixels, more than 5000", Limits(max_pixels=5000))


def test_too_many_bytes(clean: Path) -> None:
    refused(clean, "MB, more than", Limits(max_bytes=1000))


def test_too_little_memory(clean: Path) -> None:
    refused(clean, "needs more than 200 MiB", Limits(memory_bytes=200 << 20))


def test_hour_long_gap_counts_as_duration(tmp_path: Path) -> None:
    path = numbered.write(tmp_path / "gap.mp4", 3, ticks=[0, 1, 36_000], time_base=Fraction(1, 10))
    refused(path, r"lasts \d+ s, more than 1800 s", Limits(max_duration_s=1800))


def test_errors_come_before_the_first_frame(tmp_path: Path) -> None:
    with pytest.raises(VideoError):
        next(iter_frames(tmp_path / "gone.mp4", [0.0]))


@pytest.mark.parametrize("seed", range(6))
def test_damaged_bytes_raise_or_read_but_never_crash(tmp_path: Path, clean: Path, seed: int) -> None:
    data = bytearray(clean.read_bytes())
    random = np.random.default_rng(seed)
    for at in random.integers(0, len(data), 40):
        data[at] ^= int(random.integers(1, 255))
    path = tmp_path / "bits.mp4"
    path.write_bytes(data)
    read: list[object] = []
    with contextlib.suppress(VideoError):
        read = list(read_frames(path, [0.0, 1.0, 4.9], limits=Limits(timeout_s=20)).images)
    assert len(read) in (0, 3)
