"""The frame that is displayed at a time is the frame that is read, whatever the file is like."""

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pvchat.errors import VideoError
from pvchat.video import iter_frames, probe, read_frames
from tests.video import numbered
from tests.video.conftest import VARIABLE_BASE, VARIABLE_TICKS

DURATION = 5.0
times = st.lists(st.floats(-2.0, DURATION + 2.0, allow_nan=False), min_size=1, max_size=12)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def numbers(path: Path, times_s: Sequence[float], *, untrusted: bool = False) -> list[int]:
    return [numbered.number_of(image) for image in read_frames(path, times_s, untrusted=untrusted).images]


def displayed(time_s: float, first: int, last: int, fps: float = numbered.FPS) -> set[int]:
    """Frames that may be read at a time: two where the time is on the edge between them."""
    near = {int(np.floor((time_s + slack) * fps)) for slack in (-1e-6, 0.0011)}
    return {min(max(first + number, first), last) for number in near}


def test_probe_of_a_clean_file_chooses_decord(clean: Path) -> None:
    found = probe(clean)
    assert found.sha256 == hashlib.sha256(clean.read_bytes()).hexdigest()
    assert (found.width, found.height, found.rotation) == (numbered.WIDTH, numbered.HEIGHT, 0)
    assert found.duration_s == pytest.approx(DURATION)
    assert found.fps == pytest.approx(numbered.FPS)
    assert (found.frames, found.codec, found.decoder) == (150, "h264", "decord")
    assert found.reason


def test_every_frame_of_a_clean_file_comes_from_decord_in_a_child_process(clean: Path) -> None:
    middle = [(number + 0.5) / numbered.FPS for number in range(150)]
    frames = read_frames(clean, middle)
    assert frames.decoder == "decord"
    assert [numbered.number_of(image) for image in frames.images] == list(range(150))
    assert frames.times_s == middle


@given(times_s=times)
@few
def test_clean_file_at_any_times(clean: Path, times_s: list[float]) -> None:
    read = numbers(clean, times_s)
    assert len(read) == len(times_s)
    for time_s, number in zip(times_s, read, strict=True):
        assert number in displayed(time_s, 0, 149)


@given(times_s=times)
@few
def test_edit_list_hides_frames_and_shifts_time(trimmed: Path, times_s: list[float]) -> None:
    for time_s, number in zip(times_s, numbers(trimmed, times_s), strict=True):
        assert number in displayed(time_s, 39, 149)


def test_edit_list_is_read_with_pyav(trimmed: Path) -> None:
    with av.open(str(trimmed)) as container:
        assert container.streams.video[0].frames == 150, "the header still counts the hidden frames"
    found = probe(trimmed)
    assert (found.decoder, found.frames) == ("pyav", 111)
    assert "edit list" in found.reason
    assert found.duration_s == pytest.approx(111 / numbered.FPS)
    assert read_frames(trimmed, [0.0, 1.0]).decoder == "pyav"


@given(times_s=st.lists(st.floats(0.0, 7.0), min_size=1, max_size=12))
@few
def test_variable_frame_rate(variable: Path, times_s: list[float]) -> None:
    starts = [float((tick - VARIABLE_TICKS[0]) * VARIABLE_BASE) for tick in VARIABLE_TICKS]
    for time_s, number in zip(times_s, numbers(variable, times_s), strict=True):
        assert starts[number] <= time_s + 0.0011 or number == 0
        assert number == 89 or time_s < starts[number + 1]


def test_variable_frame_rate_is_read_with_pyav(variable: Path) -> None:
    found = probe(variable)
    assert (found.decoder, found.reason, found.frames) == ("pyav", "variable frame rate", 90)


def test_av1_is_read_with_pyav(av1: Path) -> None:
    found = probe(av1)
    assert (found.codec, found.decoder) == ("av1", "pyav")
    middle = [(number + 0.5) / numbered.FPS for number in range(40)]
    assert numbers(av1, middle, untrusted=True) == list(range(40))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_is_applied(folder: Path, degrees: int) -> None:
    path = numbered.write(folder / f"turned{degrees}.mp4", 10, turned=-degrees // 90, rotation=degrees)
    found = probe(path)
    assert (found.rotation, found.width, found.height) == (degrees, numbered.WIDTH, numbered.HEIGHT)
    assert numbers(path, [0.0, 0.15, 0.31]) == [0, 4, 9]
    small = read_frames(path, [0.0], max_side=64).images[0]
    assert small.shape == (48, 64, 3)
    assert numbered.number_of(small) == 0


def test_mirrored_video_is_turned_back(folder: Path, clean: Path) -> None:
    straight = np.array([0x10000, 0, 0, 0, 0x10000, 0], dtype=">i4").tobytes()
    mirrored = np.array([-0x10000, 0, 0, 0, 0x10000, 0], dtype=">i4").tobytes()
    data = clean.read_bytes()
    at = data.index(straight, data.index(b"tkhd"))
    path = folder / "mirrored.mp4"
    path.write_bytes(data[:at] + mirrored + data[at + len(straight) :])
    assert probe(path).decoder == "pyav"
    image = read_frames(path, [1.0]).images[0]
    assert numbered.number_of(image[:, ::-1]) == 30
    assert numbered.number_of(image) != 30


def test_pixels_that_are_not_square_are_stretched(folder: Path) -> None:
    path = numbered.write(folder / "wide.mp4", 10, aspect=Fraction(4, 3))
    found = probe(path)
    assert (found.width, found.height, found.decoder) == (171, 96, "pyav")
    assert read_frames(path, [0.1]).images[0].shape == (96, 171, 3)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mkv", "libx264"),
        ("a.ts", "libx264"),
        ("a.avi", "libx264"),
        ("b.avi", "mpeg4"),
        ("a.flv", "libx264"),
        ("a.mpg", "mpeg2video"),
        ("a.webm", "libvpx-vp9"),
    ],
)
def test_other_containers_give_the_same_frames(folder: Path, name: str, codec: str) -> None:
    options = {"deadline": "realtime", "cpu-used": "8"} if codec.startswith("libvpx") else None
    path = numbered.write(folder / name, 100, codec=codec, options=options)
    assert probe(path, untrusted=False).frames == 100
    wanted = [0, 1, 2, 30, 59, 60, 61, 98, 99]
    assert numbers(path, [(number + 0.5) / numbered.FPS for number in wanted]) == wanted


def test_fragmented_file_is_read(folder: Path) -> None:
    flags = {"movflags": "frag_keyframe+empty_moov"}
    path = numbered.write(folder / "fragments.mp4", 100, container_options=flags)
    assert numbers(path, [0.0, 1.51, 3.31]) == [0, 45, 99]


def test_header_that_counts_too_many_frames(folder: Path) -> None:
    path = numbered.write(folder / "counted.avi", 60, codec="mpeg4")
    data = bytearray(path.read_bytes())
    length = data.index(b"strh") + 8 + 32
    assert int.from_bytes(data[length : length + 4], "little") == 60
    data[length : length + 4] = (900).to_bytes(4, "little")
    path.write_bytes(data)
    found = probe(path)
    assert (found.frames, found.decoder) == (60, "pyav")
    assert numbers(path, [0.0, 1.01, 25.0]) == [0, 30, 59]


def test_key_frames_far_apart_are_jumped_to(folder: Path) -> None:
    path = numbered.write(folder / "long.mkv", 1000, options={"g": "50", "bf": "2", "threads": "1"})
    wanted = [999, 3, 500, 499, 501, 50, 49]
    assert numbers(path, [(number + 0.5) / numbered.FPS for number in wanted]) == wanted


def test_times_need_no_order_and_may_repeat(clean: Path) -> None:
    frames = read_frames(clean, [3.01, 0.01, 3.02, -5.0, 99.0], untrusted=False)
    assert [numbered.number_of(image) for image in frames.images] == [90, 0, 90, 0, 149]
    assert frames.images[0] is frames.images[2]
    assert frames.times_s == [3.01, 0.01, 3.02, -5.0, 99.0]


def test_iteration_ascends(clean: Path) -> None:
    seen = [(time_s, numbered.number_of(rgb)) for time_s, rgb in iter_frames(clean, [2.01, 0.5, 4.0])]
    assert seen == [(0.5, 15), (2.01, 60), (4.0, 120)]


def test_both_decoders_agree_on_pixels(clean: Path, trimmed: Path) -> None:
    by_decord = read_frames(clean, [1.5, 3.0], max_side=64)
    by_pyav = read_frames(trimmed, [0.2, 1.7], max_side=64)
    assert (by_decord.decoder, by_pyav.decoder) == ("decord", "pyav")
    for one, other in zip(by_decord.images, by_pyav.images, strict=True):
        assert one.shape == other.shape == (48, 64, 3)
        assert np.abs(one.astype(int) - other.astype(int)).mean() < 6


def test_pictures_are_never_enlarged(clean: Path) -> None:
    assert read_frames(clean, [0.0], max_side=4000).images[0].shape == (numbered.HEIGHT, numbered.WIDTH, 3)


def test_no_times_give_no_frames(clean: Path) -> None:
    frames = read_frames(clean, [])
    assert (frames.images, frames.times_s) == ([], [])
    assert list(iter_frames(clean, [])) == []


def test_pictures_can_be_written_to(clean: Path) -> None:
    image = read_frames(clean, [0.0]).images[0]
    image[:] = 0
    assert image.flags.c_contiguous


@pytest.mark.parametrize("time_s", [float("nan"), float("inf")])
def test_time_that_is_no_number(clean: Path, time_s: float) -> None:
    with pytest.raises(VideoError, match="no number of seconds"):
        read_frames(clean, [time_s])


def test_max_side_below_one(clean: Path) -> None:
    with pytest.raises(VideoError, match="max_side is 0"):
        read_frames(clean, [0.0], max_side=0)


def test_display_times_of_a_clean_file_are_evenly_spread(clean: Path) -> None:
    every = [number / numbered.FPS for number in range(150)]
    read = numbers(clean, every)
    assert all(after - before == 1 for before, after in pairwise(read))
