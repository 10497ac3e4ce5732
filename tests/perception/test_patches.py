"""Patches of a clip: which frames are looked at, where people are, and what a crop holds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat.perception.geometry import Image
from pvchat.perception.patches import (
    CROPS_PER_TRACK,
    FRAMES,
    TRACKS,
    FrameSource,
    PatchMaps,
    crop,
    patch_maps,
    person_box,
)
from pvchat.perception.record import PerceptionRecord, Sighting, Track, VideoInfo

CHANNELS = 3
HEIGHT, WIDTH = 90, 160


class MeanColour:
    """Says of every picture its mean colour, in each of 7 x 7 cells the same."""

    def feature_map(self, images: Sequence[Image]) -> np.ndarray:
        means = np.asarray([image.reshape(-1, 3).mean(0) for image in images], np.float32).reshape(-1, CHANNELS, 1, 1)
        return np.broadcast_to(means, (len(images), CHANNELS, 7, 7)).copy()


class Places:
    """Says of every cell of a picture which row and column it is."""

    def feature_map(self, images: Sequence[Image]) -> np.ndarray:
        rows, columns = np.mgrid[0:7, 0:7].astype(np.float32)
        return np.stack([np.stack([rows, columns, rows * 7 + columns])] * len(images))


def track(number: int, times: Sequence[float], box: tuple[float, float, float, float] = (0.5, 0.2, 0.7, 0.9)) -> Track:
    return Track(
        id=number,
        spans=((times[0], times[-1] + 0.1),),
        sightings=tuple(Sighting(time_s=t, body_box=box) for t in times),
        keyframe_s=times[0],
        keyframe_box=box,
    )


def record(tracks: Sequence[Track], sampled: Sequence[float], duration_s: float = 10.0) -> PerceptionRecord:
    video = VideoInfo(sha256="0", duration_s=duration_s, width=WIDTH, height=HEIGHT, fps=25.0, decoder="test")
    return PerceptionRecord(models={}, video=video, sampled_s=tuple(sampled), tracks=tuple(tracks))


def frames(times: Sequence[float]) -> list[Image]:
    """Red says when; the right half is green."""
    made = []
    for time_s in times:
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        image[..., 0] = round(time_s * 10)
        image[:, WIDTH // 2 :, 1] = 200
        made.append(image)
    return made


def look(seen: PerceptionRecord, network: Any, source: FrameSource = frames) -> PatchMaps:
    return patch_maps(seen, source, network)


def test_frames_are_spread_and_crops_are_of_the_person() -> None:
    sampled = [round(0.5 * n, 1) for n in range(20)]
    found = look(record([track(4, sampled)], sampled), MeanColour())
    assert found.track.tolist() == [-1] * FRAMES + [4] * CROPS_PER_TRACK
    assert found.maps.shape == (FRAMES + CROPS_PER_TRACK, 49, CHANNELS)
    assert found.maps.dtype == np.float16
    red, green = found.maps[:, 0, 0], found.maps[:, 0, 1]
    assert np.allclose(red, found.moment * 100, atol=0.1)
    assert np.allclose(green[:FRAMES], 100)
    assert np.allclose(green[FRAMES:], 200)
    assert np.all(np.diff(found.moment[:FRAMES]) > 0)
    assert found.moment[0] > 0.05
    assert found.moment[FRAMES - 1] < 0.95


def test_rows_and_columns_are_those_of_the_map() -> None:
    found = look(record([], [1.0]), Places())
    assert found.maps[0, :, 2].tolist() == list(range(49))
    assert found.maps[0, 8].tolist() == [1, 1, 8]


def test_the_frames_are_asked_for_once_in_order() -> None:
    asked: list[list[float]] = []

    def source(times: Sequence[float]) -> list[Image]:
        asked.append(list(times))
        return frames(times)

    look(record([track(0, [3.0, 1.0]), track(1, [1.0])], [1.0, 3.0]), MeanColour(), source)
    assert asked == [[1.0, 3.0]]


def test_only_those_seen_longest_have_crops() -> None:
    many = [track(n, [0.0, 1.0 + n / 10]) for n in range(TRACKS + 3)]
    found = look(record(many, [0.0]), MeanColour())
    assert set(found.track.tolist()) == {-1, *range(3, TRACKS + 3)}


def test_a_person_of_whom_hardly_anything_is_in_the_picture_has_no_crop() -> None:
    edge = track(0, [1.0], (0.99, 0.2, 1.4, 0.9))
    found = look(record([edge], [1.0]), MeanColour())
    assert found.track.tolist() == [-1]
    assert len(found.maps) == len(found.moment) == 1


def test_a_clip_that_was_never_sampled_is_looked_at_in_its_first_moment() -> None:
    found = look(record([], [], 0.0), MeanColour())
    assert found.moment.tolist() == [0.0]


def test_a_body_is_where_it_was_found_and_below_a_face_elsewhere() -> None:
    body, face = (0.1, 0.1, 0.5, 0.9), (0.4, 0.3, 0.5, 0.4)
    assert person_box(Sighting(time_s=0, face_box=face, body_box=body)) == body
    x0, y0, x1, y1 = person_box(Sighting(time_s=0, face_box=face))
    assert x0 < 0.4 < 0.5 < x1
    assert x0 + x1 == pytest.approx(0.9)
    assert y0 < 0.3
    assert y1 - 0.4 > 0.3 - y0


@given(
    box=st.tuples(*[st.floats(-1.0, 2.0, allow_nan=False)] * 4),
    height=st.integers(1, 60),
    width=st.integers(1, 60),
)
def test_a_crop_is_inside_the_picture_or_none(box: tuple[float, float, float, float], height: int, width: int) -> None:
    image = np.arange(height * width * 3, dtype=np.uint32).reshape(height, width, 3).astype(np.uint8)
    found = crop(image, box)
    if found is None:
        inside = [min(max(v, 0.0), 1.0) for v in box]
        assert (inside[2] - inside[0]) * width < 8 or (inside[3] - inside[1]) * height < 8
    else:
        assert 8 <= found.shape[0] <= height
        assert 8 <= found.shape[1] <= width
        assert found.flags.c_contiguous


def test_a_crop_of_everything_is_the_picture() -> None:
    image = frames([1.0])[0]
    found = crop(image, (0.0, 0.0, 1.0, 1.0))
    assert found is not None
    assert np.array_equal(found, image)
