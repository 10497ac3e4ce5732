"""Open a file, find its video stream, and collect what the reader has to know. Runs where the file is decoded."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pvchat.errors import VideoError
from pvchat.video.geometry import Orientation, display_size, orientation
from pvchat.video.limits import Limits
from pvchat.video.recording_time import recording_time
from pvchat.video.timeline import Timeline, choose_decoder, read_timeline

if TYPE_CHECKING:
    from av.container.input import InputContainer
    from av.sidedata.sidedata import SideDataContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# Only containers that hold their own frames: playlists (hls, dash, concat, image sequences, sdp) name other files.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,ivf,mxf,nut,dv,rm,yuv4mpegpipe,"
    "mp3,wav,flac,aac,aiff,amr"
)
READABLE = "mp4, mov, mkv, webm, avi, mpeg, ts, flv, wmv"
_SEEKABLE = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
_UNTIMED = frozenset({"avi"})
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00")
_PICTURE_BRANDS = (b"avif", b"heic", b"heix", b"mif1", b"msf1")


@dataclass(frozen=True)
class Facts:
    """What one look at the packets and the first frame says about a file. Sizes are as displayed, in pixels.

    `recorded_at` is ISO 8601, empty where the file does not tell when the recording began.
    """

    duration_s: float
    frames: int
    width: int
    height: int
    fps: float
    rotation: int
    codec: str
    decoder: str
    reason: str
    recorded_at: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values, for the wire."""
        return asdict(self)


@dataclass(frozen=True)
class Source:
    """A video that was looked at.

    Attributes:
        path: what to open.
        name: how errors call it.
        facts: what was found.
        timeline: its displayed frames.
        turned: how stored frames are turned for display.
        seekable: jumping to a key frame can be relied on.
    """

    path: str
    name: str
    facts: Facts
    timeline: Timeline
    turned: Orientation
    seekable: bool


@contextmanager
def open_stream(path: str, name: str, threads: int) -> "Iterator[tuple[InputContainer, VideoStream]]":
    """Open a file with PyAV at its start and find its video stream.

    Args:
        path: what to open.
        name: how errors call the file.
        threads: decoder threads.

    Raises:
        VideoError: the file is no video or is damaged.
    """
    import av
    from av.error import FFmpegError

    try:
        container = av.open(path, "r", options={"format_whitelist": FORMATS, "protocol_whitelist": "file"})
    except (FFmpegError, OSError, ValueError) as error:
        _pass_on_lack_of_memory(error)
        raise VideoError(_why_unreadable(path, name)) from error
    with container:
        stream = _video_stream(container, name)
        stream.codec_context.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        try:
            yield container, stream
        except FFmpegError as error:
            _pass_on_lack_of_memory(error)
            raise VideoError(f"{name} is damaged ({_one_line(error)}): export or copy the video again") from error


def _video_stream(container: "InputContainer", name: str) -> "VideoStream":
    from av.stream import Disposition

    cover = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    for stream in container.streams.video:
        if not stream.disposition & cover:
            return stream
    if container.streams.audio:
        raise VideoError(f"{name} holds sound but no video: give a video file ({READABLE})")
    raise VideoError(f"{name} holds no video: give a video file ({READABLE})")


def look(path: str, name: str, limits: Limits, threads: int) -> Source:
    """Read the packets and the first frame of a video.

    Args:
        path: what to open.
        name: how errors call the file.
        limits: bounds.
        threads: decoder threads.

    Raises:
        VideoError: the file is no video, is damaged or cut off, or is outside the limits.
    """
    with open_stream(path, name, threads) as (container, stream):
        context = stream.codec_context
        _check_pixels(name, context.width, context.height, limits)
        layout = container.format.name
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        size = os.stat(path).st_size
        missing = _missing_from_index(stream, size) or _missing_from_riff(layout, path, size)
        # Packets of an AVI carry no display times; what stands there is a guess.
        timeline = read_timeline(
            container.demux(stream), stream.time_base or Fraction(1, 1000), rate, timed=layout not in _UNTIMED
        )
        if missing or (timeline is not None and _ends_early(stream, timeline)):
            raise VideoError(f"{name} is cut off: part of its frames is missing; copy or record it again")
        if timeline is None:
            raise VideoError(f"{name} holds no video frames: record or export it again")
        if timeline.duration_s > limits.max_duration_s:
            raise VideoError(
                f"{name} lasts {timeline.duration_s:.0f} s, more than {limits.max_duration_s:.0f} s: cut it into parts"
            )
        codec = context.codec.canonical_name
        aspect = stream.sample_aspect_ratio
        header_frames, video_streams = stream.frames, len(container.streams.video)
        began = recording_time({**stream.metadata, **container.metadata})
    with open_stream(path, name, threads) as (container, stream):
        first = next(decoded(container, stream), None)
        if first is None:
            raise VideoError(f"{name} holds no frame that can be decoded: record or export it again")
        _check_pixels(name, first.width, first.height, limits)
        turned = _turned(first)
        width, height = display_size(first.width, first.height, aspect, turned)
        pixels = first.format.name
    decoder, reason = choose_decoder(
        timeline,
        container=layout,
        codec=codec,
        pixels=pixels,
        header_frames=header_frames,
        video_streams=video_streams,
        square=not aspect or aspect == 1,
        upright=turned.upright,
    )
    facts = Facts(
        duration_s=timeline.duration_s,
        frames=len(timeline.pts),
        width=width,
        height=height,
        fps=timeline.fps,
        rotation=turned.degrees,
        codec=codec,
        decoder=decoder,
        reason=reason,
        recorded_at="" if began is None else began.isoformat(),
    )
    return Source(path, name, facts, timeline, turned, layout in _SEEKABLE and not timeline.by_count)


def decoded(container: "InputContainer", stream: "VideoStream") -> "Iterator[VideoFrame]":
    """Decode on from where the container stands, stepping over packets that are damaged."""
    from av.error import EOFError as EndOfFile
    from av.error import FFmpegError

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except EndOfFile:
            packet = None
        if packet is None:
            return
        try:
            frames = packet.decode()
        except EndOfFile:
            return
        except FFmpegError as error:
            _pass_on_lack_of_memory(error)
            continue
        yield from frames


def _turned(frame: "VideoFrame") -> Orientation:
    # The library's own stub takes the container of side data for a dictionary.
    sides = cast("SideDataContainer", frame.side_data)
    for side in (sides[number] for number in range(len(sides))):
        if side.type.name == "DISPLAYMATRIX":
            return orientation(memoryview(side).tobytes())
    return Orientation()


def _check_pixels(name: str, width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise VideoError(
            f"{name} has frames of {width}x{height} pixels, more than {limits.max_pixels} in all: scale it down"
        )


def _missing_from_index(stream: "VideoStream", size: int) -> bool:
    """The container's index points past the end of the file."""
    entries = stream.index_entries
    return any(entry.pos + entry.size > size for entry in entries)


def _missing_from_riff(layout: str, path: str, size: int) -> bool:
    """An AVI's first chunk claims more bytes than the file has."""
    if layout != "avi":
        return False
    head = _head(path, 8)
    return head[:4] == b"RIFF" and int.from_bytes(head[4:8], "little") + 8 > size


def _ends_early(stream: "VideoStream", timeline: Timeline) -> bool:
    """Matroska: the stream's own duration tag lies more than a second past the last frame."""
    tag = stream.metadata.get("DURATION", "")
    try:
        hours, minutes, seconds = tag.split(":")
        claimed = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return False
    return claimed > float(timeline.end * timeline.time_base) + 1.0


def _why_unreadable(path: str, name: str) -> str:
    head = _head(path, 4096)
    if head.startswith(_PICTURES) or head[8:12] in _PICTURE_BRANDS or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return f"{name} is a picture, not a video: give a video file ({READABLE})"
    if head and _is_text(head):
        return f"{name} is text, not a video: give a video file ({READABLE})"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide") or head[:4] == b"\x1aE\xdf\xa3":
        return f"{name} is cut off or damaged, its index is missing: copy or record it again"
    return f"{name} is not a video that can be read: give one of {READABLE}"


def _head(path: str, count: int) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(count)


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut in two where the sample ends.
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return all(c.isprintable() or c.isspace() for c in text)


def _pass_on_lack_of_memory(error: Exception) -> None:
    # A thread that cannot be started reads as "try again"; here it always means that no address space is left.
    if isinstance(error, MemoryError | BlockingIOError):
        raise MemoryError from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
