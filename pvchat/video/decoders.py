"""The two decoders behind one shape: which frames are wanted goes in, RGB pictures in that order come out."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pvchat.errors import VideoError
from pvchat.video.geometry import fit
from pvchat.video.limits import Limits
from pvchat.video.source import Source, decoded, open_stream

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# A frame that cannot be decoded is replaced by the one before it, but not for longer than this.
MAX_STALE_S = 1.0
# Seeking empties the decoder; stepping over this many frames costs about as much.
_JUMP_FRAMES = 8
_ALONE_PX = 1280 * 720
# decord repeats the last good frame where one is damaged; past this many it has to give up.
_DECORD_DAMAGE = "2"


@dataclass(frozen=True)
class Picture:
    """One displayed frame and the wanted times it answers: `count` of them from number `first` on."""

    first: int
    count: int
    rgb: NDArray[np.uint8]
    decoder: str


def pictures(
    source: Source, times_s: Sequence[float], *, max_side: int | None, limits: Limits, decoder: str, threads: int
) -> Iterator[Picture]:
    """Decode the frames displayed at ascending times; what decord cannot finish, PyAV does.

    Args:
        source: an open video.
        times_s: seconds from the first displayed frame, ascending.
        max_side: longest side of the pictures in pixels; None keeps the displayed size.
        limits: bounds.
        decoder: "decord" or "pyav".
        threads: decoder threads.

    Raises:
        VideoError: frames are damaged for longer than a second, or a frame is too large.
    """
    numbers = source.timeline.index_at(np.asarray(times_s, dtype=np.float64))
    wanted: list[tuple[int, int, int]] = []
    position = 0
    for number, group in groupby(numbers.tolist()):
        count = len(list(group))
        wanted.append((number, position, count))
        position += count
    size = fit(source.facts.width, source.facts.height, max_side)
    answered = 0
    if decoder == "decord":
        try:
            for rgb in _with_decord(source, [number for number, _, _ in wanted], size, threads):
                _, first, count = wanted[answered]
                yield Picture(first, count, rgb, "decord")
                answered += 1
        except _DecordError:
            pass
    rest = wanted[answered:]
    if rest:
        for (_, first, count), rgb in zip(
            rest, _with_pyav(source, [number for number, _, _ in rest], size, limits, threads), strict=True
        ):
            yield Picture(first, count, rgb, "pyav")


class _DecordError(Exception):
    """decord refused the file or a frame of it."""


def _with_decord(
    source: Source, numbers: Sequence[int], size: tuple[int, int], threads: int
) -> Iterator[NDArray[np.uint8]]:
    decord: Any = importlib.import_module("decord")
    width, height = size
    try:
        reader = decord.VideoReader(
            source.path, width=width, height=height, num_threads=threads, fault_tol=_DECORD_DAMAGE
        )
        starts = reader.get_frame_timestamp(range(len(reader)))[:, 0].astype(np.float64)
    except Exception as error:
        raise _DecordError(str(error)) from error
    timeline = source.timeline
    ours = (timeline.pts - timeline.pts[0]) * float(timeline.time_base)
    # Its times are float32; half a frame is far above that error and below any real disagreement.
    if len(starts) != len(ours) or np.abs(starts - starts[0] - ours).max() > 0.5 / timeline.fps:
        raise _DecordError("decord counts other frames")
    for number in numbers:
        try:
            rgb: NDArray[np.uint8] = reader[number].asnumpy()
        except Exception as error:
            raise _DecordError(str(error)) from error
        if rgb.shape != (height, width, 3):
            raise _DecordError(f"decord returned shape {rgb.shape}")
        yield rgb


def _with_pyav(
    source: Source, numbers: Sequence[int], size: tuple[int, int], limits: Limits, threads: int
) -> Iterator[NDArray[np.uint8]]:
    timeline = source.timeline
    stale = MAX_STALE_S / float(timeline.time_base)
    # Threads that pass frames on to each other cost more than they save where one decodes many times as fast as shown.
    alone = source.facts.width * source.facts.height <= _ALONE_PX
    with closing(_Frames(source, 1 if alone else threads)) as frames:
        for number in numbers:
            target = int(timeline.pts[number])
            frame, pts = frames.at(target)
            if frame is None or abs(target - pts) > stale:
                when = (target - int(timeline.pts[0])) * float(timeline.time_base)
                raise VideoError(f"{source.name} is damaged at {when:.1f} s: export or copy the video again")
            yield _to_rgb(source, frame, size, limits)


class _Frames:
    """Walks through the decoded frames, forwards, and jumps to a key frame when that saves decoding."""

    def __init__(self, source: Source, threads: int) -> None:
        self._source = source
        self._threads = threads
        self._seekable = source.seekable
        self._open = ExitStack()
        self._decoding: Iterator[VideoFrame] | None = None
        self._held: tuple[VideoFrame, int] | None = None
        self._ahead: tuple[VideoFrame, int] | None = None
        self._count = 0

    def close(self) -> None:
        """Close the file."""
        self._open.close()

    def at(self, target: int) -> "tuple[VideoFrame | None, int]":
        """The latest frame that starts no later than `target`, and its start; the first one if there is none."""
        keys = self._source.timeline.key_pts
        key = int(keys[max(int(np.searchsorted(keys, target, side="right")) - 1, 0)])
        if self._decoding is None or self._jump_saves(key):
            self._start(key)
        while True:
            ahead = self._ahead or self._next()
            if ahead is None:
                break
            if ahead[1] > target and self._held is not None:
                self._ahead = ahead
                break
            self._held, self._ahead = ahead, None
            if ahead[1] >= target:
                break
        return self._held or (None, 0)

    def _jump_saves(self, key: int) -> bool:
        position = self._ahead or self._held
        if position is None or not self._seekable:
            return False
        pts = self._source.timeline.pts
        return int(np.searchsorted(pts, key)) - int(np.searchsorted(pts, position[1])) > _JUMP_FRAMES

    def _start(self, key: int) -> None:
        timeline = self._source.timeline
        first_key = int(timeline.key_pts[0])
        # A file opened anew stands at its start; seeking there is not reliable in every container.
        self._open.close()
        container, stream = self._open.enter_context(open_stream(self._source.path, self._source.name, self._threads))
        jump = self._seekable and key != first_key
        if jump:
            container.seek(key, stream=stream)
        self._decoding = decoded(container, stream)
        self._held = self._ahead = None
        self._count = 0
        if not jump:
            return
        self._ahead = self._next()
        if self._ahead is None or self._ahead[1] > max(key, int(timeline.pts[0])):
            # The seek went past the key frame it was to find.
            self._seekable = False
            self._start(first_key)

    def _next(self) -> "tuple[VideoFrame, int] | None":
        timeline = self._source.timeline
        first = int(timeline.pts[0])
        for frame in self._decoding or ():
            if timeline.by_count:
                self._count += 1
                return frame, int(timeline.pts[min(self._count, len(timeline.pts)) - 1])
            if frame.pts is not None and frame.pts >= first:
                return frame, frame.pts
        return None


def _to_rgb(source: Source, frame: "VideoFrame", size: tuple[int, int], limits: Limits) -> NDArray[np.uint8]:
    if frame.width * frame.height > limits.max_pixels:
        raise VideoError(
            f"{source.name} has frames of {frame.width}x{frame.height} pixels, more than {limits.max_pixels} in all: "
            "scale it down"
        )
    width, height = size
    if source.turned.quarter_turns % 2:
        width, height = height, width
    shrinks = width < frame.width or height < frame.height
    rgb = frame.to_ndarray(
        format="rgb24", width=width, height=height, interpolation="AREA" if shrinks else "BILINEAR"
    ).astype(np.uint8, copy=False)
    return source.turned.apply(rgb)
