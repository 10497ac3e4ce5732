"""Small pictures of people, cut out of a video at one moment each."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from pvchat import video
from pvchat.perception.record import Box

_SIDE = 160
_MARGIN = 0.4
_QUALITY = 85


def jpegs_of(file: Path, places: Sequence[tuple[float, Box]]) -> list[bytes]:
    """One JPEG for each (seconds, box as fractions of the frame), at most 160 pixels wide and high.

    Raises:
        VideoError: the file cannot be read.
    """
    # Frames are read in the order of time, whatever the order of the places.
    order = sorted(range(len(places)), key=lambda index: places[index][0])
    frames = video.read_frames(file, [places[index][0] for index in order], untrusted=True)
    pictures: dict[int, bytes] = {}
    for index, rgb in zip(order, frames.images, strict=True):
        pictures[index] = _jpeg(Image.fromarray(rgb), places[index][1])
    return [pictures[index] for index in range(len(places))]


def frame_jpeg(file: Path, time_s: float, max_side: int) -> bytes:
    """The frame shown at a moment, as a JPEG of at most `max_side` pixels.

    Raises:
        VideoError: the file cannot be read.
    """
    frames = video.read_frames(file, [time_s], max_side=max_side, untrusted=True)
    return _encode(Image.fromarray(frames.images[0]))


def _jpeg(frame: Image.Image, box: Box) -> bytes:
    x0, y0, x1, y1 = box
    across, down = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
    left, top = max(0.0, x0 - across), max(0.0, y0 - down)
    right, bottom = min(1.0, x1 + across), min(1.0, y1 + down)
    width, height = frame.size
    edges = (round(left * width), round(top * height), round(right * width), round(bottom * height))
    edges = (edges[0], edges[1], max(edges[0] + 1, edges[2]), max(edges[1] + 1, edges[3]))
    cut = frame.crop(edges)
    cut.thumbnail((_SIDE, _SIDE))
    return _encode(cut)


def _encode(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()
