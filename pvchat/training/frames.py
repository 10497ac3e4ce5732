"""Frames of the videos a training looks at again and again: each video is read once and kept as small pictures."""

import bisect
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.geometry import Image
from pvchat.perception.patches import FrameSource
from pvchat.video import iter_frames

MAX_SIDE = 480
# Above this, compression does not show in what the networks make of a picture.
_QUALITY = 95


class FrameStore:
    """Sampled frames of some videos, in memory alone, compressed: an hour of four frames a second is about 400 MB.

    Args:
        check: called now and then while a video is read; ends the work by what it raises.
    """

    def __init__(self, check: Callable[[], None] | None = None) -> None:
        self._check = check or (lambda: None)
        self._kept: dict[str, tuple[list[float], list[NDArray[np.uint8]]]] = {}

    def source(self, key: str, video: Path, times_s: Sequence[float]) -> FrameSource:
        """Frames of a video by time, each the one sampled nearest.

        Args:
            key: tells videos apart. video: the file, not trusted; read when the first frame is asked for, which raises
                VideoError. times_s: of the frames that are kept, at least one.

        Raises:
            ValueError: there is no time.
        """
        if not times_s:
            raise ValueError(f"no frame of {key} is to be kept; give the times at which it was looked at")

        def frames(wanted: Sequence[float]) -> list[Image]:
            if key not in self._kept:
                self._kept[key] = self._read(video, sorted(set(times_s)))
            times, pictures = self._kept[key]
            return [_decoded(pictures[_nearest(times, time_s)]) for time_s in wanted]

        return frames

    def _read(self, video: Path, times_s: list[float]) -> tuple[list[float], list[NDArray[np.uint8]]]:
        times, pictures = [], []
        for time_s, image in iter_frames(video, times_s, max_side=MAX_SIDE, untrusted=True):
            self._check()
            written, jpeg = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            if written:
                times.append(time_s)
                pictures.append(np.asarray(jpeg))
        return times, pictures


def _nearest(times: Sequence[float], time_s: float) -> int:
    after = min(bisect.bisect_left(times, time_s), len(times) - 1)
    return after - 1 if after and time_s - times[after - 1] < times[after] - time_s else after


def _decoded(jpeg: NDArray[np.uint8]) -> Image:
    bgr = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(bgr[..., ::-1])
