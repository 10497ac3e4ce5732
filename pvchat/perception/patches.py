"""Patch features of a clip: what EfficientNet-Lite0 sees in whole frames and in crops of people, 7 x 7 cells each.

They are made only for subjects whose fine-tuned model looks at pixels, and are kept in memory alone: a crop of a person
is as personal as a face.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pvchat.perception.appearance import AppearanceNet
from pvchat.perception.geometry import Image, clip_box
from pvchat.perception.record import Box, PerceptionRecord, Sighting, Track
from pvchat.video import read_frames

FRAMES = 3
CROPS_PER_TRACK = 3
TRACKS = 6
MAX_SIDE = 640
# A person of whom only a face was found: so many face widths to each side, face heights up and down.
_ASIDE, _ABOVE, _BELOW = 1.0, 0.5, 2.6
_LEAST_PX = 8

FrameSource = Callable[[Sequence[float]], Sequence[Image]]


@dataclass(frozen=True)
class PatchMaps:
    """Feature maps of a clip, n pictures.

    Attributes:
        maps: (n, 49, 1280) float16, zero or positive. track: (n,) id of the track a crop shows, -1 for a whole frame.
        moment: (n,) when, as a share of the clip's length.
    """

    maps: NDArray[np.float16]
    track: NDArray[np.int64]
    moment: NDArray[np.float32]


def frames_of(video: str | Path, *, untrusted: bool = True) -> FrameSource:
    """Frames of a file by time, at most `MAX_SIDE` pixels long; reading raises VideoError.

    Args:
        untrusted: decode in a child process.
    """
    return lambda times: read_frames(video, times, max_side=MAX_SIDE, untrusted=untrusted).images


def patch_maps(record: PerceptionRecord, frames: FrameSource, network: AppearanceNet) -> PatchMaps:
    """Look at a few frames of a clip and at the people in them.

    Args:
        record: of the clip. frames: see `frames_of`. network: see `AppearanceNet`.
    """
    wanted = _wanted(record)
    times = sorted({time_s for time_s, _ in wanted})
    pictures = dict(zip(times, frames(times), strict=True))
    crops, tracks, moments = [], [], []
    for time_s, track in wanted:
        image = pictures[time_s]
        if track is not None:
            sighting = min(track.sightings, key=lambda s: abs(s.time_s - time_s))
            cropped = crop(image, person_box(sighting))
            if cropped is None:
                continue
            image = cropped
        crops.append(image)
        tracks.append(-1 if track is None else track.id)
        moments.append(time_s / max(record.video.duration_s, 1e-3))
    features = network.feature_map(crops)
    cells = features.reshape(len(crops), features.shape[1], -1).transpose(0, 2, 1)
    return PatchMaps(cells.astype(np.float16), np.asarray(tracks, np.int64), np.asarray(moments, np.float32))


def person_box(sighting: Sighting) -> Box:
    """Where a person is, as fractions: the body if it was found, else what a face tells of it."""
    if sighting.body_box is not None:
        return sighting.body_box
    x0, y0, x1, y1 = sighting.box
    width, height = x1 - x0, y1 - y0
    return (x0 - _ASIDE * width, y0 - _ABOVE * height, x1 + _ASIDE * width, y1 + _BELOW * height)


def crop(image: Image, box: Box) -> Image | None:
    """The part of a picture inside a box given as fractions; None when hardly anything is."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = clip_box((box[0] * width, box[1] * height, box[2] * width, box[3] * height), width, height)
    if x1 - x0 < _LEAST_PX or y1 - y0 < _LEAST_PX:
        return None
    return np.ascontiguousarray(image[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))])


def _wanted(record: PerceptionRecord) -> list[tuple[float, Track | None]]:
    sampled: Sequence[float] = record.sampled_s or (0.0,)
    wanted: list[tuple[float, Track | None]] = [(t, None) for t in _spread(sampled, FRAMES)]
    longest = sorted(record.tracks, key=lambda t: -sum(end - start for start, end in t.spans))[:TRACKS]
    for track in longest:
        wanted += [(t, track) for t in _spread([s.time_s for s in track.sightings], CROPS_PER_TRACK)]
    return wanted


def _spread(times: Sequence[float], count: int) -> list[float]:
    """At most `count` of the times, from the middles of equal parts."""
    if len(times) <= count:
        return list(times)
    return [times[int((index + 0.5) * len(times) / count)] for index in range(count)]
