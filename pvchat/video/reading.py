"""Read a video by time: probe it, read some of its frames, or walk through it in bounded memory."""

import math
import os
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pvchat.digest import sha256_of_open
from pvchat.errors import VideoError
from pvchat.video.child import Child, ChildDiedError, ChildTimeoutError
from pvchat.video.limits import Limits
from pvchat.video.recording_time import recording_time

_MAX_TIMES = 1_000_000
# A decoder's own words end up in an error message; a hostile file may have a say in them.
_MAX_TEXT = 300


@dataclass(frozen=True)
class Probe:
    """What a video is, as displayed.

    Attributes:
        sha256: of the file, hexadecimal.
        duration_s: from the first displayed frame to the end of the last.
        width: pixels, after rotation, in square pixels.
        height: pixels.
        fps: displayed frames per second, on average.
        rotation: counter-clockwise turn applied for display, 0, 90, 180 or 270 degrees.
        codec: FFmpeg's name of it.
        decoder: "decord" or "pyav", whichever reads this file rightly.
        reason: why that one.
        frames: number of displayed frames.
        recorded_at: when the recording began, ISO 8601 with the time zone if the file has one; empty if it is not told.
    """

    sha256: str
    duration_s: float
    width: int
    height: int
    fps: float
    rotation: int
    codec: str
    decoder: str
    reason: str
    frames: int = 0
    recorded_at: str = ""


@dataclass
class _Asked:
    """Which frames are wanted: known from the start, `later` once the facts are known, or none at all."""

    times_s: list[float] | None = None
    max_side: int | None = None
    later: bool = False


@dataclass(frozen=True)
class Frames:
    """Frames in the order of the times asked for.

    Attributes:
        images: (H, W, 3) uint8 RGB each; times within one displayed frame share one array.
        times_s: the times asked for, in seconds.
        decoder: the one that decoded them (the last one where decord had to be given up midway).
    """

    images: list[NDArray[np.uint8]] = field(repr=False)
    times_s: list[float]
    decoder: str


def probe(path: str | Path, limits: Limits | None = None, *, untrusted: bool = True) -> Probe:
    """Look at a video's packets and first frame, in a child process unless the file is trusted.

    Args:
        path: the file; "/dev/fd/N" of an open descriptor works too.
        limits: bounds, default `Limits()`.
        untrusted: False decodes in this process, which a damaged file may then hang.

    Raises:
        VideoError: no readable video, or outside the limits.
    """
    limits = limits or Limits()
    with _opened(path, limits) as descriptor:
        with closing(_answers(descriptor, str(path), limits, _Asked(), untrusted)) as answers:
            facts = next(answers)["facts"]
        return Probe(sha256=sha256_of_open(descriptor), **facts)


class OpenVideo:
    """A video whose frames can be walked through once, see `opened`.

    Attributes:
        info: what the video is.
    """

    def __init__(self, info: Probe, path: str, answers: Iterator[dict[str, Any]], asked: _Asked) -> None:
        self.info = info
        self._path = path
        self._answers = answers
        self._asked = asked

    def frames(
        self, times_s: Sequence[float], *, max_side: int | None = None
    ) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """Walk through the frames displayed at some times as `iter_frames` does; may be called once.

        Raises:
            VideoError: see `iter_frames`, or frames were asked for before.
        """
        if self._asked.times_s is not None:
            raise VideoError(f"the frames of {self._path} were asked for before: open it again")
        self._asked.times_s, self._asked.max_side = sorted(_checked(times_s)), _checked_side(max_side)
        for time_s, rgb, _ in _told_by(self._answers, self._asked.times_s, self._path):
            yield time_s, rgb


@contextmanager
def opened(path: str | Path, limits: Limits | None = None, *, untrusted: bool = True) -> Iterator[OpenVideo]:
    """Look at a video, then read frames that are chosen by what was seen, in one process instead of two.

    PyAV decodes, whatever the probe would choose: decord keeps a processor busy while whoever walks through the frames
    works on one, PyAV waits.

    Args:
        path, limits, untrusted: as in `probe`.

    Raises:
        VideoError: no readable video, or outside the limits.
    """
    limits = limits or Limits()
    asked = _Asked(later=True)
    with (
        _opened(path, limits) as descriptor,
        closing(_answers(descriptor, str(path), limits, asked, untrusted, "pyav")) as answers,
    ):
        info = Probe(sha256=sha256_of_open(descriptor), **next(answers)["facts"])
        yield OpenVideo(replace(info, decoder="pyav", reason="walked through"), str(path), answers, asked)


def read_frames(
    path: str | Path,
    times_s: Sequence[float],
    *,
    max_side: int | None = None,
    limits: Limits | None = None,
    untrusted: bool = True,
) -> Frames:
    """Read the frames displayed at some times, all into memory; `iter_frames` holds one at a time.

    The frame displayed at time t is the latest one that starts no later than half a clock tick (at most 1 ms) after
    t; times before the start or after the end give the first or the last frame.

    Args:
        path: the file.
        times_s: seconds from the first displayed frame, in any order.
        max_side: shrink so that the longer side has at most this many pixels.
        limits: bounds, default `Limits()`.
        untrusted: False decodes in this process.

    Raises:
        VideoError: no readable video, outside the limits, or a time that is no number.
    """
    times = _checked(times_s)
    order = sorted(range(len(times)), key=times.__getitem__)
    found = list(_walk(path, [times[i] for i in order], max_side, limits, untrusted))
    images = [found[place][1] for place in np.argsort(order)]
    return Frames(images, times, found[-1][2] if found else "")


def iter_frames(
    path: str | Path,
    times_s: Sequence[float],
    *,
    max_side: int | None = None,
    limits: Limits | None = None,
    untrusted: bool = True,
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Walk through the frames displayed at some times, in ascending time, holding a few frames at most.

    Decoding runs ahead by up to three frames while the caller works. Arguments and errors as in `read_frames`.

    Yields:
        (time as asked for, (H, W, 3) uint8 RGB). Times within one displayed frame share one array.
    """
    for time_s, rgb, _ in _walk(path, sorted(_checked(times_s)), max_side, limits, untrusted):
        yield time_s, rgb


def _checked(times_s: Sequence[float]) -> list[float]:
    times = [float(t) for t in times_s]
    if len(times) > _MAX_TIMES:
        raise VideoError(f"{len(times)} frames asked for, at most {_MAX_TIMES} at once: ask for fewer")
    for time_s in times:
        if not math.isfinite(time_s):
            raise VideoError(f"time {time_s} is no number of seconds: ask for finite times")
    return times


def _walk(
    path: str | Path, times: list[float], max_side: int | None, limits: Limits | None, untrusted: bool
) -> Iterator[tuple[float, NDArray[np.uint8], str]]:
    asked = _Asked(times, _checked_side(max_side))
    limits = limits or Limits()
    if not times:
        return
    with (
        _opened(path, limits) as descriptor,
        closing(_answers(descriptor, str(path), limits, asked, untrusted)) as answers,
    ):
        yield from _told_by(answers, times, str(path))


def _checked_side(max_side: int | None) -> int | None:
    if max_side is not None and max_side < 1:
        raise VideoError(f"max_side is {max_side}: give at least 1 pixel")
    return max_side


def _told_by(
    answers: Iterator[dict[str, Any]], times: Sequence[float], path: str
) -> Iterator[tuple[float, NDArray[np.uint8], str]]:
    """(time, picture, decoder) of the frames among the answers."""
    answered = 0
    for message in answers:
        if message["kind"] != "frame":
            continue
        for time_s in times[answered : answered + message["count"]]:
            yield time_s, message["rgb"], message["decoder"]
        answered += message["count"]
    if answered != len(times):
        raise VideoError(f"{path} gave {answered} of {len(times)} frames: export or copy the video again")


@contextmanager
def _opened(path: str | Path, limits: Limits) -> Iterator[int]:
    """A descriptor of a regular file within the size limit. The decoder gets this, not the name: what was checked
    is what is read."""
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise VideoError(f"{path} does not exist: check the name of the video") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VideoError(f"{path} cannot be opened ({reason}): check the name and the rights") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise VideoError(f"{path} is not a file: give a video file")
        if found.st_size == 0:
            raise VideoError(f"{path} is empty: copy or record the video again")
        if found.st_size > limits.max_bytes:
            raise VideoError(
                f"{path} has {found.st_size / 1e6:.1f} MB, more than {limits.max_bytes / 1e6:.1f}: compress or cut it"
            )
        yield descriptor
    finally:
        os.close(descriptor)


def _answers(
    descriptor: int,
    name: str,
    limits: Limits,
    asked: _Asked,
    untrusted: bool,
    decoder: str | None = None,
) -> Generator[dict[str, Any], None, None]:
    """The facts, then a message per frame with its picture under "rgb"; errors raised as VideoError."""
    if not untrusted:
        yield from _answers_here(descriptor, name, limits, asked, decoder)
        return
    answered = 0
    told = False
    while True:
        chosen = ""
        rest = None if asked.times_s is None else asked.times_s[answered:]
        waits = rest is None and asked.later
        try:
            with Child(
                descriptor, name, limits, times_s=rest, max_side=asked.max_side, decoder=decoder, asks_later=waits
            ) as child:
                for message, payload in child.messages():
                    kind = message.get("kind")
                    if kind == "facts":
                        facts = _facts(message)
                        chosen = decoder or facts["decoder"]
                        child.allow(min(facts["duration_s"], limits.max_duration_s))
                        if not told:
                            told = True
                            yield {"kind": "facts", "facts": facts}
                        if waits:
                            child.ask(asked.times_s or [], asked.max_side)
                    elif kind == "frame":
                        frame = _frame(message, payload, len(asked.times_s or ()) - answered)
                        answered += frame["count"]
                        yield frame
                    elif kind == "done":
                        return
                    else:
                        raise VideoError(_told(name, limits, kind, message))
        except (ChildTimeoutError, ChildDiedError, KeyError, TypeError, ValueError, OverflowError) as error:
            if chosen == "decord":
                # decord can hang or crash on files that PyAV reads.
                decoder = "pyav"
                continue
            if isinstance(error, ChildTimeoutError):
                raise VideoError(
                    f"{name} took longer than {limits.timeout_s:g} s to read: cut it into parts or export it again"
                ) from error
            raise VideoError(f"{name} made the decoder fail: export the video again as h264 mp4") from error


def _facts(message: dict[str, Any]) -> dict[str, Any]:
    """What the process said about the file, as the types that `Probe` has."""
    facts: dict[str, Any] = {name: int(message[name]) for name in ("width", "height", "rotation", "frames")}
    for name in ("duration_s", "fps"):
        facts[name] = float(message[name])
        if not math.isfinite(facts[name]):
            raise ValueError(f"{name} is not finite")
    # Read once more: the process may have been taken over by the file.
    began = recording_time({"creation_time": str(message.get("recorded_at", ""))})
    facts["recorded_at"] = "" if began is None else began.isoformat()
    return facts | {name: _printable(message[name]) for name in ("codec", "decoder", "reason")}


def _printable(text: object) -> str:
    return "".join(c if c.isprintable() else " " for c in str(text))[:_MAX_TEXT]


def _frame(message: dict[str, Any], payload: bytearray, left: int) -> dict[str, Any]:
    height, width, count = int(message["height"]), int(message["width"]), int(message["count"])
    if not 0 < count <= left:
        raise ValueError("more frames than were asked for")
    rgb = np.frombuffer(payload, dtype=np.uint8).reshape(height, width, 3)
    return {"kind": "frame", "count": count, "decoder": str(message["decoder"]), "rgb": rgb}


def _told(name: str, limits: Limits, kind: object, message: dict[str, Any]) -> str:
    if kind == "memory":
        return f"{name} needs more than {limits.memory_bytes / 2**20:.0f} MiB to decode: scale it down"
    text = _printable(message.get("text", ""))
    if kind == "error" and text:
        return text
    return f"{name} made the decoder fail ({text}): export the video again as h264 mp4"


def _answers_here(
    descriptor: int, name: str, limits: Limits, asked: _Asked, decoder: str | None
) -> Generator[dict[str, Any], None, None]:
    from pvchat.video.decoders import pictures
    from pvchat.video.source import look
    from pvchat.video.worker import threads

    source = look(f"/dev/fd/{descriptor}", name, limits, threads())
    yield {"kind": "facts", "facts": _facts(source.facts.as_json())}
    for picture in pictures(
        source,
        asked.times_s or (),
        max_side=asked.max_side,
        limits=limits,
        decoder=decoder or source.facts.decoder,
        threads=threads(),
    ):
        yield {"kind": "frame", "count": picture.count, "decoder": picture.decoder, "rgb": picture.rgb}
