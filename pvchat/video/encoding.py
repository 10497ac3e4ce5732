"""Write pictures as a video file. The same pictures and arguments give the same bytes on the same libraries."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pvchat.errors import VideoError


@dataclass(frozen=True)
class Encoded:
    """A file that was written: its length in seconds and its (width, height) in pixels."""

    duration_s: float
    size: tuple[int, int]


def encode(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    fps: float,
    *,
    codec: str = "libx264",
    crf: int = 18,
    key_every: int = 48,
    rotation: int = 0,
    threads: int = 2,
    container_format: str | None = None,
) -> Encoded:
    """Encode pictures as a silent video (yuv420p).

    Args:
        path: the file to write; its folder has to exist. Nothing is left there when there is no frame.
        frames: (H, W, 3) uint8 RGB, all of one size. Odd sizes lose their last row or column.
        fps: frames per second.
        codec: FFmpeg's name of an encoder.
        crf: quality of x264, 0 (lossless) to 51.
        key_every: longest distance between key frames.
        rotation: display rotation to write into the file, counter-clockwise degrees, a multiple of 90.
        threads: of x264; a different number gives different bytes.
        container_format: FFmpeg's name of a container, by default what the file's name says.

    Raises:
        VideoError: there is no frame, or frames differ in size.
    """
    rate = Fraction(fps).limit_denominator(1001)
    options = {"g": str(key_every)}
    if codec == "libx264":
        # The macroblock tree of the bundled x264 reads memory it never wrote: no two runs would be alike.
        options |= {"crf": str(crf), "preset": "veryfast", "threads": str(threads), "x264-params": "mbtree=0"}
    count = 0
    width = height = 0
    with av.open(str(path), "w", format=container_format) as container:
        stream = cast(VideoStream, container.add_stream(codec, rate=rate, options=options))
        stream.pix_fmt = "yuv420p"
        for rgb in frames:
            if count == 0:
                height, width = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
                stream.width, stream.height = width, height
                if rotation:
                    stream.set_display_rotation(rotation)
            if rgb.shape[0] // 2 * 2 != height or rgb.shape[1] // 2 * 2 != width:
                raise VideoError(f"frame {count} of {path} is {rgb.shape[1]}x{rgb.shape[0]}, not {width}x{height}")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb[:height, :width]), format="rgb24")
            container.mux(stream.encode(frame))
            count += 1
        if count:
            container.mux(stream.encode(None))
    if not count:
        path.unlink(missing_ok=True)
        raise VideoError(f"{path} would have no frames: give at least one")
    return Encoded(float(count / rate), (width, height))
