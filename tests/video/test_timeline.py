"""The arithmetic of time, orientation and size, without any file."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
import pytest
from av.packet import Packet
from av.video.stream import VideoStream
from hypothesis import given
from hypothesis import strategies as st

from pvchat.video.geometry import Orientation, display_size, fit, orientation
from pvchat.video.timeline import Timeline, choose_decoder, read_timeline


@dataclass
class FakePacket:
    pts: int | None
    dts: int | None = None
    duration: int | None = 0
    is_keyframe: bool = False
    is_discard: bool = False
    size: int = 10


def timeline(packets: Iterable[FakePacket], base: Fraction = Fraction(1, 1000), rate: float = 25.0) -> Timeline | None:
    return read_timeline(cast("Iterable[Packet[VideoStream]]", packets), base, rate)


def made(pts: list[int], base: Fraction = Fraction(1, 1000)) -> Timeline:
    rows = np.array(pts, dtype=np.int64)
    return Timeline(pts=rows, key_pts=rows[:1], end=int(rows[-1]) + 1, time_base=base)


starts = st.lists(st.integers(0, 100_000), min_size=1, max_size=30, unique=True).map(sorted)


@given(pts=starts, offset=st.integers(-10_000, 10_000), ticks=st.integers(-1000, 110_000))
def test_frame_displayed_at_a_time_is_the_latest_that_has_started(pts: list[int], offset: int, ticks: int) -> None:
    line = made([tick + offset for tick in pts])
    number = int(line.index_at(np.array([ticks / 1000]))[0])
    since = [tick - pts[0] for tick in pts]
    assert number == max([i for i, tick in enumerate(since) if tick <= ticks], default=0)


@given(pts=starts, times_s=st.lists(st.floats(-10, 200), min_size=2, max_size=20))
def test_later_times_never_give_earlier_frames(pts: list[int], times_s: list[float]) -> None:
    numbers = made(pts).index_at(np.array(sorted(times_s)))
    assert (np.diff(numbers) >= 0).all()
    assert numbers.min() >= 0
    assert numbers.max() < len(pts)


@given(number=st.integers(0, 5000), rate=st.sampled_from([24, 25, 30, 50, 60]))
def test_exact_frame_times_find_their_frame_on_a_millisecond_clock(number: int, rate: int) -> None:
    line = made([round(i * 1000 / rate) for i in range(5001)])
    assert line.index_at(np.array([number / rate])).tolist() == [number]


def test_coarse_clock_does_not_round_to_the_nearest_frame() -> None:
    line = made(list(range(10)), Fraction(1, 30))
    assert line.index_at(np.array([0.5 / 30, 0.95 / 30, 1 / 30])).tolist() == [0, 0, 1]


def test_hidden_packets_and_those_before_the_first_key_frame_are_not_displayed() -> None:
    line = timeline(
        [
            FakePacket(0),
            FakePacket(-80, is_keyframe=True, is_discard=True),
            FakePacket(40, duration=40),
            FakePacket(0, duration=40),
            FakePacket(-200, duration=40),
        ]
    )
    assert line is not None
    assert line.pts.tolist() == [0, 40]
    assert line.hidden == 3
    assert line.key_pts.tolist() == [-80]
    assert line.duration_s == pytest.approx(0.08)


def test_packets_without_times_are_counted() -> None:
    packets = [FakePacket(None, dts=None, is_keyframe=i == 0) for i in range(5)]
    line = timeline(packets)
    assert line is not None
    assert line.by_count
    assert line.duration_s == pytest.approx(5 / 25)


@pytest.mark.parametrize("packets", [[], [FakePacket(0)], [FakePacket(0, is_keyframe=True, is_discard=True)]])
def test_nothing_to_display(packets: list[FakePacket]) -> None:
    assert timeline(packets) is None


@given(count=st.integers(3, 400), rate=st.fractions(1, 120), jitter=st.integers(2, 40), data=st.data())
def test_uniform_up_to_rounding(count: int, rate: Fraction, jitter: int, data: st.DataObject) -> None:
    base = Fraction(1, 90_000)
    even = [round(i / rate / base) for i in range(count)]
    assert made(even, base).uniform
    moved = data.draw(st.integers(1, count - 2))
    even[moved] += jitter
    assert not made(sorted(even), base).uniform


CLEAN = {
    "container": "mov,mp4,m4a,3gp,3g2,mj2",
    "codec": "h264",
    "pixels": "yuv420p",
    "header_frames": 3,
    "video_streams": 1,
    "square": True,
    "upright": True,
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"container": "matroska,webm"}, "matroska container"),
        ({"codec": "av1"}, "av1 codec"),
        ({"pixels": "yuv420p10le"}, "yuv420p10le pixels"),
        ({"header_frames": 9}, "the header counts 9 frames, the file has 3"),
        ({"video_streams": 2}, "2 video streams"),
        ({"square": False}, "pixels are not square"),
        ({"upright": False}, "rotated for display"),
    ],
)
def test_decord_gets_only_what_it_reads_rightly(change: dict[str, object], reason: str) -> None:
    line = made([0, 40, 80])
    assert choose_decoder(line, **CLEAN)[0] == "decord"  # type: ignore[arg-type]
    assert choose_decoder(line, **(CLEAN | change)) == ("pyav", reason)  # type: ignore[arg-type]


def test_uneven_times_go_to_pyav() -> None:
    assert choose_decoder(made([0, 40, 120]), **CLEAN) == ("pyav", "variable frame rate")  # type: ignore[arg-type]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_display_matrix_moves_every_pixel_where_it_says(turns: int, mirrored: bool) -> None:
    cos, sin = [(1, 0), (0, 1), (-1, 0), (0, -1)][turns]
    a, b, c, d = cos, -sin, sin, cos
    if mirrored:
        a, b = -a, -b
    matrix = struct.pack("<9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    turned = orientation(matrix)
    assert turned == Orientation(turns, mirrored)
    image = np.zeros((3, 5, 3), dtype=np.uint8)
    image[0, 4] = 255
    shown = turned.apply(image)
    # Coordinates about the centre, in half pixels.
    x, y = 2 * 4 - 4, 2 * 0 - 2
    left, top = a * x + c * y, b * x + d * y
    height, width = shown.shape[:2]
    assert shown[(top + height - 1) // 2, (left + width - 1) // 2].tolist() == [255, 255, 255]


@pytest.mark.parametrize("matrix", [b"", bytes(36)])
def test_matrix_that_says_nothing(matrix: bytes) -> None:
    assert orientation(matrix).upright


@given(width=st.integers(1, 8000), height=st.integers(1, 8000), side=st.integers(1, 8000))
def test_fitted_size_keeps_aspect_and_bound(width: int, height: int, side: int) -> None:
    new_width, new_height = fit(width, height, side)
    assert max(new_width, new_height) <= max(side, 1)
    assert new_width <= width
    assert new_height <= height
    assert max(new_width, new_height) == min(side, max(width, height))
    assert abs(new_width * height - new_height * width) <= max(width, height)


def test_display_size() -> None:
    assert display_size(720, 576, Fraction(16, 15), Orientation()) == (768, 576)
    assert display_size(640, 360, None, Orientation(1)) == (360, 640)
    assert display_size(640, 360, Fraction(100, 1), Orientation()) == (640, 360)
