"""People are told from the background."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat import weights
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.segmentation import PersonSegmenter

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def segmenter() -> PersonSegmenter:
    return PersonSegmenter(weights.path("mp-segmentation"))


def test_the_man_is_masked_and_the_window_is_not(
    segmenter: PersonSegmenter, face_detector: FaceDetector, carphone: Image
) -> None:
    mask = segmenter.mask(carphone)
    assert mask.shape == carphone.shape[:2]
    assert mask.dtype == np.float32
    assert float(mask.min()) >= 0.0
    assert float(mask.max()) <= 1.0
    x0, y0, x1, y1 = (round(v) for v in face_detector.detect(carphone)[0].box)
    assert mask[y0:y1, x0:x1].mean() > 0.9
    assert mask[130:, 70:150].mean() > 0.9
    assert mask[5:40, 150:].mean() < 0.2


def test_an_empty_street_has_next_to_no_person(segmenter: PersonSegmenter, street: list[Image]) -> None:
    assert np.mean([segmenter.mask(rgb).mean() for rgb in street]) < 0.1


def test_the_mask_follows_a_mirrored_picture(segmenter: PersonSegmenter, carphone: Image) -> None:
    mask = segmenter.mask(carphone) > 0.5
    mirrored = segmenter.mask(np.ascontiguousarray(carphone[:, ::-1]))[:, ::-1] > 0.5
    assert (mask & mirrored).sum() / (mask | mirrored).sum() > 0.9


def test_a_standing_woman_is_masked_down_to_her_feet(
    segmenter: PersonSegmenter, shared_frame: Callable[[str, float], Image]
) -> None:
    rgb = shared_frame("source_s13.mp4", 2.0)
    rows = np.flatnonzero((segmenter.mask(rgb) > 0.5).any(axis=1))
    assert rows[0] < 0.1 * rgb.shape[0]
    assert rows[-1] > 0.85 * rgb.shape[0]
