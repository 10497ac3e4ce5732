"""What the packets of a video say: which frames are displayed when, and which decoder can be trusted with them.

Reading the packets costs a few milliseconds per thousand frames, decodes nothing, and is the only source that is
right about frame counts: headers count frames that an edit list hides, or that are not in the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

DECORD_FORMATS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2"})
DECORD_CODECS = frozenset({"h264"})
DECORD_PIXELS = frozenset({"yuv420p", "yuvj420p"})

# Containers round times to their clock: a frame may start this much late, or half a tick if that is less.
SLACK_S = 0.001


@dataclass(frozen=True)
class Timeline:
    """The displayed frames of a stream, in ticks of `time_base` on the stream's own clock.

    Attributes:
        pts: (n,) int64, when each frame starts to be displayed, ascending.
        key_pts: (k,) int64, the frames at which decoding can start, ascending.
        end: when the last frame stops being displayed.
        time_base: seconds per tick.
        hidden: packets that an edit list or a missing first key frame hides.
        by_count: packets carry no display times; the nth decoded frame is the nth of `pts`.
    """

    pts: NDArray[np.int64]
    key_pts: NDArray[np.int64]
    end: int
    time_base: Fraction
    hidden: int = 0
    by_count: bool = False

    @property
    def duration_s(self) -> float:
        """Seconds from the first displayed frame to the end of the last."""
        return float((self.end - int(self.pts[0])) * self.time_base)

    @property
    def fps(self) -> float:
        """Displayed frames per second, on average."""
        return len(self.pts) / self.duration_s if self.duration_s > 0 else 0.0

    @property
    def uniform(self) -> bool:
        """All frames but the last are displayed equally long, up to the rounding of one tick."""
        if len(self.pts) < 3:
            return True
        steps = np.diff(self.pts)
        exact = float(self.pts[-1] - self.pts[0]) / (len(self.pts) - 1)
        grid = self.pts[0] + exact * np.arange(len(self.pts))
        return bool(np.abs(steps - exact).max() <= 1.0 and np.abs(self.pts - grid).max() <= 1.5)

    def index_at(self, times_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Number of the frame displayed at each time.

        That is the latest frame which starts no later than half a tick (at most 1 ms) after the time, clamped to the
        first and the last frame. The half tick makes 1/30 s find frame 1 also where the clock ticks in milliseconds.

        Args:
            times_s: (m,) seconds from the first displayed frame.
        """
        ticks = times_s / float(self.time_base) + min(0.5, SLACK_S / float(self.time_base))
        found = np.searchsorted(self.pts - self.pts[0], ticks, side="right") - 1
        return np.clip(found, 0, len(self.pts) - 1).astype(np.int64)


def read_timeline(
    packets: "Iterable[Packet[VideoStream]]", time_base: Fraction, frame_rate: float, *, timed: bool = True
) -> Timeline | None:
    """Collect the timeline from the packets of one stream, in file order.

    Args:
        packets: demultiplexed packets.
        time_base: seconds per tick.
        frame_rate: frames per second by the header, used where packets carry no duration or no time.
        timed: the container stores display times; False where they are only guessed.

    Returns:
        None when there is no frame to display.
    """
    rows: list[tuple[int, int, bool, bool]] = []
    step = max(1, round(1 / (frame_rate * time_base))) if frame_rate > 0 else 1
    key_seen = False
    hidden = 0
    for packet in packets:
        if packet.size == 0:
            continue
        if not key_seen and not packet.is_keyframe:
            hidden += 1
            continue
        key_seen = True
        pts = packet.pts
        if pts is None:
            timed = False
            pts = packet.dts if packet.dts is not None else (rows[-1][0] + step if rows else 0)
        rows.append((pts, packet.duration or 0, packet.is_keyframe, packet.is_discard))
    if not rows:
        return None
    first_key = rows[0][0]
    shown = [row for row in rows if not row[3] and row[0] >= first_key]
    if not shown:
        return None
    pts_shown = np.unique(np.array([row[0] for row in shown], dtype=np.int64))
    last_duration = max(row[1] for row in shown if row[0] == pts_shown[-1])
    if last_duration <= 0:
        last_duration = round((pts_shown[-1] - pts_shown[0]) / (len(pts_shown) - 1)) if len(pts_shown) > 1 else step
    return Timeline(
        pts=pts_shown,
        key_pts=np.unique(np.array([row[0] for row in rows if row[2]], dtype=np.int64)),
        end=int(pts_shown[-1]) + max(1, last_duration),
        time_base=time_base,
        hidden=hidden + len(rows) - len(shown),
        by_count=not timed,
    )


def choose_decoder(
    timeline: Timeline,
    *,
    container: str,
    codec: str,
    pixels: str,
    header_frames: int,
    video_streams: int,
    square: bool,
    upright: bool,
) -> tuple[str, str]:
    """Say which decoder reads this stream rightly, and why.

    decord indexes frames by what the header counts and knows no edit list, and its FFmpeg predates AV1 in most
    containers; it gets only streams in which number and time of a frame cannot differ.

    Returns:
        ("decord" or "pyav", reason).
    """
    count = len(timeline.pts)
    against = (
        (container not in DECORD_FORMATS, f"{container.split(',')[0]} container"),
        (codec not in DECORD_CODECS, f"{codec} codec"),
        (pixels not in DECORD_PIXELS, f"{pixels} pixels"),
        (timeline.hidden > 0, f"an edit list or a missing key frame hides {timeline.hidden} frames"),
        (timeline.by_count, "packets carry no display times"),
        (header_frames != count + timeline.hidden, f"the header counts {header_frames} frames, the file has {count}"),
        (not timeline.uniform, "variable frame rate"),
        (video_streams != 1, f"{video_streams} video streams"),
        (not square, "pixels are not square"),
        (not upright, "rotated for display"),
    )
    for applies, reason in against:
        if applies:
            return "pyav", reason
    return "decord", "constant frame rate, every frame displayed"
