"""A video in which nobody can be told apart still says whether somebody is there."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from pvchat import weights
from pvchat.perception.geometry import Image
from pvchat.perception.segmentation import PersonSegmenter
from pvchat.perception.silhouettes import LOOKS, look_times, silhouette_track


@pytest.fixture(scope="module")
def segmenter() -> PersonSegmenter:
    return PersonSegmenter(weights.path("mp-segmentation"))


def frames(picture: Image) -> Iterator[tuple[float, Image]]:
    return ((time_s, picture) for time_s in look_times(6.0))


def test_a_blurred_person_is_somebody(segmenter: PersonSegmenter, carphone: Image) -> None:
    blurred = np.asarray(cv2.GaussianBlur(carphone, (0, 0), 3), dtype=np.uint8)
    track = silhouette_track(frames(blurred), segmenter, 6.0)
    assert track is not None
    assert track.faces_described == 0
    assert track.spans == ((0.0, 6.0),)
    assert len(track.sightings) == LOOKS


def test_noise_and_plain_colour_are_nobody(segmenter: PersonSegmenter) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (180, 320, 3), dtype=np.uint8)
    assert silhouette_track(frames(noise), segmenter, 6.0) is None
    assert silhouette_track(frames(np.full((180, 320, 3), 120, np.uint8)), segmenter, 6.0) is None


def test_a_shape_in_few_frames_is_nobody(segmenter: PersonSegmenter, carphone: Image) -> None:
    empty = np.full_like(carphone, 120)
    mixed = [(time_s, carphone if index < 2 else empty) for index, time_s in enumerate(look_times(6.0))]
    assert silhouette_track(mixed, segmenter, 6.0) is None
