"""Frames of the videos a training looks at again and again: each video is read once and kept as small pictures."""

import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.geometry import Image, resize
from pvchat.video import iter_frames
from pvchat.video.geometry import fit

MAX_SIDE = 480
# Above this, compression does not show in what the networks make of a picture.
_QUALITY = 95


@dataclass(frozen=True)
class Pictures:
    """Frames of one video, compressed.

    Attributes:
        times_s: ascending, in the video. jpegs: one per time, (n,) uint8.
    """

    times_s: Sequence[float]
    jpegs: Sequence[NDArray[np.uint8]]


class StoredFrames:
    """A frame source over kept pictures: for every time the one taken nearest.

    Args:
        pictures: gives them, at least one; asked whenever a frame is.
    """

    def __init__(self, pictures: Callable[[], Pictures]) -> None:
        self._pictures = pictures

    def __call__(self, wanted: Sequence[float]) -> list[Image]:
        """Frames by time in the video; what reading the video raises comes through."""
        pictures = self._pictures()
        return [_decoded(pictures.jpegs[_nearest(pictures.times_s, time_s)]) for time_s in wanted]

    def at(self, wanted: Sequence[float]) -> Pictures:
        """The pictures that these times are answered with, each once."""
        pictures = self._pictures()
        chosen = sorted({_nearest(pictures.times_s, time_s) for time_s in wanted})
        return Pictures([pictures.times_s[i] for i in chosen], [pictures.jpegs[i] for i in chosen])


class FrameStore:
    """Sampled frames of some videos, in memory alone, compressed: an hour of four frames a second is about 400 MB.

    Args:
        check: called now and then while a video is read; ends the work by what it raises.
    """

    def __init__(self, check: Callable[[], None] | None = None) -> None:
        self._check = check or (lambda: None)
        self._kept: dict[str, Pictures] = {}

    def source(self, key: str, video: Path, times_s: Sequence[float]) -> StoredFrames:
        """Frames of a video by time, each the one sampled nearest.

        Args:
            key: tells videos apart. video: the file, not trusted; read when the first frame is asked for, which raises
                VideoError. times_s: of the frames that are kept, at least one.

        Raises:
            ValueError: there is no time.
        """
        if not times_s:
            raise ValueError(f"no frame of {key} is to be kept; give the times at which it was looked at")

        def pictures() -> Pictures:
            if key not in self._kept:
                self._kept[key] = compress(self._read(video, sorted(set(times_s))))
            return self._kept[key]

        return StoredFrames(pictures)

    def _read(self, video: Path, times_s: list[float]) -> Iterator[tuple[float, Image]]:
        for time_s, image in iter_frames(video, times_s, max_side=MAX_SIDE, untrusted=True):
            self._check()
            yield time_s, image


def compress(frames: Iterable[tuple[float, Image]]) -> Pictures:
    """Keep frames as small pictures.

    Args:
        frames: time in the video and (H, W, 3) uint8 RGB, ascending.
    """
    times, jpegs = [], []
    for time_s, image in frames:
        small = resize(image, *fit(image.shape[1], image.shape[0], MAX_SIDE))
        written, jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if written:
            times.append(time_s)
            jpegs.append(np.asarray(jpeg))
    return Pictures(times, jpegs)


def _nearest(times: Sequence[float], time_s: float) -> int:
    after = min(bisect.bisect_left(times, time_s), len(times) - 1)
    return after - 1 if after and time_s - times[after - 1] < times[after] - time_s else after


def _decoded(jpeg: NDArray[np.uint8]) -> Image:
    bgr = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(bgr[..., ::-1])
