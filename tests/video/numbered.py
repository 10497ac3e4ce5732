"""Clips whose frames carry their own number, so that a test can tell which frame was read.

A frame is a grid of 4 x 3 cells. The first cell is white and the last black (so a turned or mirrored picture is
noticed), the ten between are the bits of the number.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

COLUMNS, ROWS = 4, 3
CELL = 32
WIDTH, HEIGHT = COLUMNS * CELL, ROWS * CELL
FPS = 30
AV1_OPTIONS = {"preset": "10", "crf": "10", "svtav1-params": "enable-tf=0:pred-struct=1"}


def picture(number: int) -> NDArray[np.uint8]:
    """The frame that carries a number in 0..1023."""
    bits = [1, *((number >> bit) & 1 for bit in range(COLUMNS * ROWS - 2)), 0]
    grid = np.array(bits, dtype=np.uint8).reshape(ROWS, COLUMNS) * 219 + 16
    return np.repeat(np.repeat(grid, CELL, axis=0), CELL, axis=1)[:, :, None].repeat(3, axis=2)


def number_of(rgb: NDArray[np.uint8]) -> int:
    """Read the number back, at any scale; -1 when the picture is not upright."""
    height, width = rgb.shape[:2]
    rows = [(2 * r + 1) * height // (2 * ROWS) for r in range(ROWS)]
    columns = [(2 * c + 1) * width // (2 * COLUMNS) for c in range(COLUMNS)]
    bits = [int(rgb[y, x].mean() > 127) for y in rows for x in columns]
    if width < height or bits[0] != 1 or bits[-1] != 0:
        return -1
    return sum(bit << place for place, bit in enumerate(bits[1:-1]))


@contextmanager
def as_before() -> Iterator[None]:
    """Give this thread its scheduling back: SVT-AV1, run by root, makes it and all that it starts later real-time."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameter)


def write(
    path: Path,
    count: int,
    *,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    ticks: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, FPS),
    turned: int = 0,
    rotation: int = 0,
    container_options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
    pictures: Sequence[NDArray[np.uint8]] | None = None,
) -> Path:
    """Encode frames 0..count-1.

    Args:
        path: the ending chooses the container.
        count: number of frames.
        codec: encoder.
        options: of the encoder.
        ticks: when each frame starts, in `time_base`; by default one tick each.
        time_base: seconds per tick.
        turned: quarter turns counter-clockwise by which the stored pictures are turned.
        rotation: display rotation written into the file, degrees.
        container_options: of the container.
        aspect: sample aspect ratio.
        pictures: what to encode in place of numbers.
    """

    def shown(number: int) -> NDArray[np.uint8]:
        return np.ascontiguousarray(np.rot90(picture(number) if pictures is None else pictures[number], turned))

    first = shown(0)
    with av.open(str(path), "w", options=container_options or {}) as container:
        options = options or {"g": "60", "bf": "2", "threads": "1"}
        stream = cast(VideoStream, container.add_stream(codec, rate=FPS, options=options))
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = time_base
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(shown(number), format="rgb24")
            frame.pts = number if ticks is None else ticks[number]
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def trim_by_copy(source: Path, out: Path, start_s: float) -> Path:
    """Cut the start off without encoding: packets move to earlier times and an edit list hides those below zero."""
    with av.open(str(source)) as given, av.open(str(out), "w") as made:
        taken = given.streams.video[0]
        stream = made.add_stream_from_template(taken)
        shift = round(start_s / (taken.time_base or Fraction(1, FPS)))
        for packet in given.demux(taken):
            if packet.pts is None or packet.dts is None:
                continue
            packet.pts -= shift
            packet.dts -= shift
            packet.stream = stream
            made.mux(packet)
    return out


def write_sound(path: Path, codec: str = "aac", *, seconds: float = 0.5) -> Path:
    """A file with sound only."""
    with av.open(str(path), "w") as container:
        stream = cast(AudioStream, container.add_stream(codec, rate=16000))
        samples = np.zeros((1, int(16000 * seconds)), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 16000
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
