"""Somebody is there, but nobody can tell who: a video without any track is looked at once more for silhouettes.

A strongly blurred or wholly covered person is found neither by face nor by joints. Without a word about it such a video
would read as one without people, and an enrolled person would be surely absent. One track without a face says instead
that somebody was seen who could not be judged.
"""

from collections.abc import Iterable

import numpy as np

from pvchat.perception.geometry import Image
from pvchat.perception.record import Sighting, Track
from pvchat.perception.segmentation import PersonSegmenter

LOOKS = 6
_SURE = 0.7
_LEAST_AREA = 0.04
# Of the pixels that are taken for a person at all, how many are so surely; a texture gives a pale, ragged mask.
_LEAST_CLEAR = 0.6


def look_times(duration_s: float) -> list[float]:
    """When to look again: the midpoints of a few equal parts."""
    return [(index + 0.5) * duration_s / LOOKS for index in range(LOOKS)]


def silhouette_track(
    frames: Iterable[tuple[float, Image]], segmenter: PersonSegmenter, duration_s: float
) -> Track | None:
    """A track without a face, if most frames show a person's shape; else None.

    Args:
        frames: (time, (H, W, 3) uint8) of `look_times`.
        segmenter: masks people.
        duration_s: length of the video.
    """
    sightings: list[Sighting] = []
    looks = 0
    for time_s, rgb in frames:
        looks += 1
        sighting = _sighting(time_s, segmenter.mask(rgb))
        if sighting is not None:
            sightings.append(sighting)
    if not looks or 2 * len(sightings) <= looks:
        return None
    middle = sightings[len(sightings) // 2]
    half = duration_s / looks / 2
    return Track(
        id=1,
        spans=((max(0.0, sightings[0].time_s - half), min(duration_s, sightings[-1].time_s + half)),),
        sightings=tuple(sightings),
        keyframe_s=middle.time_s,
        keyframe_box=middle.box,
    )


def _sighting(time_s: float, mask: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Sighting | None:
    sure = mask >= _SURE
    some = mask >= 0.3
    if sure.mean() < _LEAST_AREA or sure.sum() < _LEAST_CLEAR * some.sum():
        return None
    height, width = mask.shape
    rows, columns = np.flatnonzero(sure.any(1)), np.flatnonzero(sure.any(0))
    box = (
        round(float(columns[0]) / width, 4),
        round(float(rows[0]) / height, 4),
        round(float(columns[-1] + 1) / width, 4),
        round(float(rows[-1] + 1) / height, 4),
    )
    return Sighting(time_s=round(time_s, 3), body_box=box)
