"""Build test clips with known truth: moving photos, composites, cuts, and clips made worse on purpose.

Everything is deterministic: the same arguments give the same pictures (seeds are explicit, the encoder's threads
are fixed in number). Inputs are trusted files of ours; nothing here reads an upload.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from pvchat.errors import VideoError
from pvchat.evaluation.pictures import NEUTRAL, Rgb, blurred, crop_box, letterbox, letterbox_box, masked, resize
from pvchat.perception.record import Box, Span
from pvchat.video import Probe, iter_frames, probe
from pvchat.video.encoding import encode

Regions = Sequence[Box] | Callable[[float], Sequence[Box]]
Damage = Literal["small", "blur", "masked", "dark", "noise"]

_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class ClipPart:
    """Where and when one source is shown in a clip.

    Attributes:
        source: number of the source among the paths given.
        span: seconds from the start of the clip.
        box: (x0, y0, x1, y1) as fractions of the frame.
    """

    source: int
    span: Span
    box: Box


@dataclass(frozen=True)
class ClipTruth:
    """A clip that was written, and what is known about it.

    Attributes:
        path: the file.
        duration_s: its length.
        size: (width, height) in pixels.
        parts: what is shown; left to right, then in order of time.
    """

    path: Path
    duration_s: float
    size: tuple[int, int]
    parts: tuple[ClipPart, ...]


def write_clip(
    path: str | Path,
    frames: Iterable[Rgb],
    fps: float,
    *,
    codec: str = "libx264",
    crf: int = 18,
    key_every: int = 48,
    rotation: int = 0,
) -> ClipTruth:
    """Encode pictures as a silent mp4 (yuv420p).

    Args:
        path: the file to write; its folder has to exist.
        frames: (H, W, 3) uint8 RGB, all of one size. Odd sizes lose their last row or column.
        fps: frames per second.
        codec: FFmpeg's name of an encoder.
        crf: quality of x264, 0 (lossless) to 51.
        key_every: longest distance between key frames.
        rotation: display rotation to write into the file, counter-clockwise degrees, a multiple of 90.

    Raises:
        VideoError: there is no frame, or frames differ in size.
    """
    path = Path(path)
    written = encode(path, frames, fps, codec=codec, crf=crf, key_every=key_every, rotation=rotation)
    return ClipTruth(path, written.duration_s, written.size, (ClipPart(0, (0.0, written.duration_s), _WHOLE),))


def moving_clip(
    image: Rgb,
    path: str | Path,
    *,
    seconds: float = 4.0,
    fps: float = 25.0,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    motion: float = 1.0,
    crop: Box | None = None,
) -> ClipTruth:
    """Make a moving clip of one photo: it pans, zooms, tilts a little, and its light and grain change.

    The view never leaves the photo by more than the margins that a different aspect ratio needs (neutral grey), and
    at least four fifths of the photo stay in view.

    Args:
        image: (H, W, 3) uint8 RGB.
        path: the file to write.
        seconds: length.
        fps: frames per second.
        size: (width, height); by default that of the (cropped) photo, at most 720 pixels on the longer side.
        seed: of all that is random.
        motion: how much moves, 0 (nothing but grain) to 1.
        crop: part of the photo to keep, as fractions; everything else is gone, also from the margins.
    """
    if crop is not None:
        image = crop_box(image, crop)
    height, width = image.shape[:2]
    if size is None:
        scale = min(1.0, 720 / max(width, height))
        size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    count = max(1, round(seconds * fps))
    return write_clip(path, _moving_frames(image, size, count, fps, np.random.default_rng(seed), motion), fps)


def _moving_frames(
    image: Rgb, size: tuple[int, int], count: int, fps: float, random: np.random.Generator, motion: float
) -> Iterator[Rgb]:
    height, width = image.shape[:2]
    base = min(size[0] / width, size[1] / height)
    # Shrinking first with area averages keeps the warp below from aliasing.
    if base < 1:
        image = resize(image, (max(1, round(width * base * 1.25)), max(1, round(height * base * 1.25))))
        height, width = image.shape[:2]
        base = min(size[0] / width, size[1] / height)
    start, end = random.uniform(-1, 1, 4), random.uniform(-1, 1, 4)
    phase = random.uniform(0, 2 * np.pi, 4)
    speed = random.uniform(0.5, 1.1, 4)
    grain = random.uniform(1.5, 4.0)
    for number in range(count):
        seconds = number / fps
        along = number / max(1, count - 1)
        ease = along * along * (3 - 2 * along)
        drift = start + (end - start) * ease
        sway = np.sin(speed * seconds * 2 * np.pi * 0.6 + phase)
        zoom = base * (1 + motion * (0.05 + 0.04 * drift[0] + 0.01 * sway[0]))
        angle = np.deg2rad(motion * (1.5 * drift[3] + 1.5 * sway[3]))
        shift = motion * np.array([0.04 * drift[1] + 0.01 * sway[1], 0.04 * drift[2] + 0.01 * sway[2]])
        cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
        matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
        centre = np.array([width / 2, height / 2])
        matrix[:, 2] = np.array(size) / 2 + shift * np.array(size) - matrix[:, :2] @ centre
        moved = cv2.warpAffine(
            image,
            matrix,
            size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(NEUTRAL, NEUTRAL, NEUTRAL),
        )
        gain = 1 + motion * 0.08 * float(np.sin(0.9 * seconds + phase[0]))
        noisy = moved.astype(np.float32) * gain + random.normal(0, grain, (*moved.shape[:2], 1)).astype(np.float32)
        yield np.clip(noisy + 0.5, 0, 255).astype(np.uint8)


def side_by_side(
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    height: int = 360,
    seconds: float | None = None,
    fps: float = 25.0,
) -> ClipTruth:
    """Show clips next to each other, left to right, each scaled to one height.

    Args:
        paths: 1 to 5 clips.
        out: the file to write.
        height: in pixels.
        seconds: length; shorter clips start over. By default the length of the shortest.
        fps: frames per second.

    Raises:
        VideoError: no clips or too many, or one cannot be read.
    """
    if not 1 <= len(paths) <= 5:
        raise VideoError(f"{len(paths)} clips to place side by side: give 1 to 5")
    probes = [probe(path, untrusted=False) for path in paths]
    widths = [max(2, round(p.width * height / p.height / 2) * 2) for p in probes]
    length = min(p.duration_s for p in probes) if seconds is None else seconds
    count = max(1, round(length * fps))
    streams = [
        _looped(path, p, count, fps, (width, height)) for path, p, width in zip(paths, probes, widths, strict=True)
    ]
    written = write_clip(out, (np.concatenate(row, axis=1) for row in zip(*streams, strict=True)), fps)
    edges = np.concatenate([[0], np.cumsum(widths)]) / sum(widths)
    parts = tuple(
        ClipPart(i, (0.0, written.duration_s), (float(edges[i]), 0.0, float(edges[i + 1]), 1.0))
        for i in range(len(paths))
    )
    return ClipTruth(written.path, written.duration_s, written.size, parts)


def one_after_another(
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    size: tuple[int, int] = (640, 360),
    fps: float = 25.0,
    seconds: float | None = None,
) -> ClipTruth:
    """Show clips one after another with hard cuts, each letterboxed on neutral grey.

    Args:
        paths: the clips.
        out: the file to write.
        size: (width, height).
        fps: frames per second.
        seconds: longest time each clip is shown; by default all of it.

    Raises:
        VideoError: no clips, or one cannot be read.
    """
    probes = [probe(path, untrusted=False) for path in paths]
    counts = [max(1, round(min(p.duration_s, seconds or p.duration_s) * fps)) for p in probes]

    def frames() -> Iterator[Rgb]:
        for path, count in zip(paths, counts, strict=True):
            for _, rgb in iter_frames(path, [i / fps for i in range(count)], untrusted=False):
                yield letterbox(rgb, size)

    written = write_clip(out, frames(), fps)
    parts = []
    begun = 0
    for number, (p, count) in enumerate(zip(probes, counts, strict=True)):
        box = letterbox_box(p.width, p.height, size)
        parts.append(ClipPart(number, (begun / fps, (begun + count) / fps), box))
        begun += count
    return ClipTruth(written.path, written.duration_s, written.size, tuple(parts))


def cut(path: str | Path, out: str | Path, start_s: float, end_s: float, *, fps: float | None = None) -> ClipTruth:
    """Encode a part of a clip anew, so that nothing of the rest is in the file.

    Args:
        path: the clip.
        out: the file to write.
        start_s: first second of the part.
        end_s: end of the part; past the end of the clip means up to its end.
        fps: frames per second, by default that of the clip.

    Raises:
        VideoError: the part is empty.
    """
    found = probe(path, untrusted=False)
    end_s = min(end_s, found.duration_s)
    if not 0 <= start_s < end_s:
        raise VideoError(f"the part {start_s:g}-{end_s:g} s of {path} is empty: it lasts {found.duration_s:.1f} s")
    rate = fps or found.fps
    count = max(1, round((end_s - start_s) * rate))
    times = [start_s + i / rate for i in range(count)]
    return write_clip(out, (rgb for _, rgb in iter_frames(path, times, untrusted=False)), rate)


def degrade(
    path: str | Path,
    out: str | Path,
    kind: Damage,
    strength: float,
    *,
    regions: Regions = (_WHOLE,),
    seed: int = 0,
    fps: float | None = None,
) -> ClipTruth:
    """Make a clip worse in one way.

    | kind | strength |
    |---|---|
    | small | how many times the picture shrinks; it lies on a neutral canvas of the old size, at a seeded place |
    | blur | standard deviation of a Gaussian, in percent of the frame's height |
    | masked | 0..1 of each region's height, from its top down, that a dark bar covers |
    | dark | 0..1 of the light that is taken away |
    | noise | standard deviation of Gaussian noise, in grey levels |

    Args:
        path: the clip.
        out: the file to write.
        kind: which way.
        strength: how much, see above.
        regions: for "masked": boxes as fractions of the frame, or a function of the time in seconds.
        seed: for "small" and "noise".
        fps: frames per second, by default that of the clip.

    Raises:
        VideoError: the kind is unknown or the strength out of range.
    """
    ranges: dict[str, tuple[float, float]] = {
        "small": (1, 64),
        "blur": (0, 50),
        "masked": (0, 1),
        "dark": (0, 1),
        "noise": (0, 255),
    }
    if kind not in ranges:
        raise VideoError(f"damage {kind!r} is unknown: choose one of {', '.join(ranges)}")
    low, high = ranges[kind]
    if not low <= strength <= high:
        raise VideoError(f"strength {strength:g} of {kind} is outside {low:g}..{high:g}")
    found = probe(path, untrusted=False)
    rate = fps or found.fps
    times = [i / rate for i in range(max(1, round(found.duration_s * rate)))]
    random = np.random.default_rng(seed)
    place = random.uniform(0, 1, 2)
    size = (
        (max(1, round(found.width / strength)), max(1, round(found.height / strength))) if kind == "small" else (0, 0)
    )
    corner = (round(place[0] * (found.width - size[0])), round(place[1] * (found.height - size[1])))

    def frames() -> Iterator[Rgb]:
        for time_s, rgb in iter_frames(path, times, untrusted=False):
            if kind == "small":
                canvas = np.full_like(rgb, NEUTRAL)
                canvas[corner[1] : corner[1] + size[1], corner[0] : corner[0] + size[0]] = resize(rgb, size)
                yield canvas
            elif kind == "blur":
                yield blurred(rgb, strength / 100 * rgb.shape[0])
            elif kind == "masked":
                yield masked(rgb, regions(time_s) if callable(regions) else regions, strength)
            elif kind == "dark":
                yield (rgb * (1 - strength) + 0.5).astype(np.uint8)
            else:
                noise = random.normal(0, strength, rgb.shape).astype(np.float32)
                yield np.clip(rgb + noise + 0.5, 0, 255).astype(np.uint8)

    written = write_clip(out, frames(), rate)
    if kind != "small":
        return written
    x, y = corner
    width, height = written.size
    box = (x / width, y / height, (x + size[0]) / width, (y + size[1]) / height)
    return ClipTruth(written.path, written.duration_s, written.size, (ClipPart(0, (0.0, written.duration_s), box),))


def _looped(path: str | Path, found: Probe, count: int, fps: float, size: tuple[int, int]) -> Iterator[Rgb]:
    per_round = max(1, round(found.duration_s * fps))
    left = count
    while left > 0:
        times = [i / fps for i in range(min(left, per_round))]
        for _, rgb in iter_frames(path, times, untrusted=False):
            yield resize(rgb, size)
        left -= per_round
