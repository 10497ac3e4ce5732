"""Crops, letterboxes and suppression map there and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pvchat.perception.geometry import Roi, decode_ssd, letterbox, overlaps, ssd_anchors, weighted_suppression

Floats = NDArray[np.float32]

rois = st.builds(
    Roi,
    st.floats(-50, 400),
    st.floats(-50, 400),
    st.floats(8, 900),
    st.floats(-math.pi, math.pi),
)
boxes = hnp.arrays(np.float32, st.tuples(st.integers(0, 12), st.just(4)), elements=st.floats(0, 100, width=32)).map(
    lambda a: np.concatenate([np.minimum(a[:, :2], a[:, 2:]), np.maximum(a[:, :2], a[:, 2:]) + 1], axis=1)
)


@given(roi=rois)
def test_points_survive_the_way_into_a_crop_and_back(roi: Roi) -> None:
    points = np.array([[0, 0], [10, 250], [128, 128]], dtype=np.float32)
    back = roi.from_image(roi.to_image(points, 256), 256)
    assert np.allclose(back, points, atol=0.05)


@given(roi=rois)
def test_the_middle_of_a_crop_is_the_centre_of_its_region(roi: Roi) -> None:
    assert np.allclose(roi.to_image(np.array([128, 128], np.float32), 256), [roi.cx, roi.cy], atol=0.05)


@given(width=st.integers(1, 700), height=st.integers(1, 700))
def test_letterboxed_corners_map_back_to_the_images_corners(width: int, height: int) -> None:
    square, fit = letterbox(np.full((height, width, 3), 255, np.uint8), 64)
    rows, columns = np.flatnonzero(square.any(axis=(1, 2))), np.flatnonzero(square.any(axis=(0, 2)))
    low = fit.to_image(np.array([columns[0], rows[0]], np.float32))
    high = fit.to_image(np.array([columns[-1] + 1, rows[-1] + 1], np.float32))
    tolerance = 1.01 / fit.scale
    assert np.allclose(low, 0, atol=tolerance)
    assert np.allclose(high, [width, height], atol=tolerance)


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2])
@pytest.mark.parametrize("size", [60.0, 150.0, 400.0])
def test_a_dot_is_where_the_map_says(angle: float, size: float) -> None:
    image = np.zeros((300, 300, 3), np.uint8)
    image[138:143, 168:173] = 255
    roi = Roi(150, 150, size, angle)
    crop = roi.crop(image, 100)[:, :, 0].astype(np.float64)
    ys, xs = np.mgrid[0:100, 0:100] + 0.5
    found = np.array([(crop * xs).sum(), (crop * ys).sum()]) / crop.sum()
    expected = roi.from_image(np.array([[170.5, 140.5]], np.float32), 100)[0]
    assert np.allclose(found, expected, atol=0.5 * max(1.0, 100 / size))


@given(
    roi=st.builds(Roi, st.floats(0, 301), st.floats(0, 203), st.floats(390, 900), st.floats(-math.pi, math.pi)),
)
def test_a_crop_of_a_large_region_shows_it_smaller(roi: Roi) -> None:
    ys, xs = np.mgrid[0:203, 0:301].astype(np.float32)
    picture = np.stack([xs * 0.8, ys * 1.2, np.full_like(xs, 200)], axis=2).astype(np.uint8)
    crop = roi.crop(picture, 128).astype(np.float32)
    rows, columns = np.mgrid[0:128, 0:128].astype(np.float32)
    there = roi.to_image(np.stack([columns + 0.5, rows + 0.5], axis=2), 128) - 0.5
    deep = (there[..., 0] > 20) & (there[..., 0] < 280) & (there[..., 1] > 20) & (there[..., 1] < 183)
    assert np.abs(crop[deep][:, :2] - there[deep] * (0.8, 1.2)).max(initial=0) < 3


def test_a_pasted_mask_covers_what_was_cropped() -> None:
    roi = Roi(120, 90, 80, 0.5)
    pasted = roi.paste(np.ones((64, 64), np.float32), 240, 200)
    assert pasted.sum() == pytest.approx(80 * 80, rel=0.03)
    ys, xs = np.mgrid[0:200, 0:240] + 0.5
    assert (pasted * xs).sum() / pasted.sum() == pytest.approx(120, abs=0.7)
    assert (pasted * ys).sum() / pasted.sum() == pytest.approx(90, abs=0.7)


@given(boxes=boxes, seed=st.integers(0, 99))
def test_suppression_leaves_separate_boxes_in_falling_order(boxes: Floats, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random(len(boxes)).astype(np.float32)
    points = rng.random((len(boxes), 2, 2)).astype(np.float32)
    kept, kept_scores, kept_points = weighted_suppression(boxes, scores, points, iou=0.3)
    assert len(kept) == len(kept_scores) == len(kept_points) <= len(boxes)
    assert list(kept_scores) == sorted(kept_scores, reverse=True)
    if len(boxes):
        assert kept_scores[0] == scores.max()
        assert kept.min() >= boxes.min() - 1e-3
        assert kept.max() <= boxes.max() + 1e-3


def test_suppression_averages_by_score_and_drops_what_lies_inside() -> None:
    boxes = np.array([[0, 0, 10, 10], [2, 0, 12, 10], [4, 4, 6, 6], [50, 50, 60, 60]], np.float32)
    scores = np.array([0.9, 0.3, 0.5, 0.4], np.float32)
    kept, kept_scores, _ = weighted_suppression(boxes, scores, np.zeros((4, 1, 2), np.float32), inside=0.6)
    assert np.allclose(kept, [[0.5, 0, 10.5, 10], [50, 50, 60, 60]])
    assert np.allclose(kept_scores, [0.9, 0.4])


def test_overlaps_of_known_boxes() -> None:
    union, smaller = overlaps(np.array([[0, 0, 4, 4]], np.float32), np.array([[2, 0, 6, 4], [1, 1, 2, 2]], np.float32))
    assert np.allclose(union, [[8 / 24, 1 / 16]])
    assert np.allclose(smaller, [[0.5, 1.0]])


def test_anchors_and_offsets_give_boxes_in_input_pixels() -> None:
    anchors = ssd_anchors(64, [(16, 2), (32, 1)])
    assert anchors.shape == (4 * 4 * 2 + 2 * 2, 2)
    assert np.allclose(anchors[[0, 1, 2, -1]], [[0.125, 0.125], [0.125, 0.125], [0.375, 0.125], [0.75, 0.75]])
    raw = np.array([[1, 2, 10, 20, 3, 4]], np.float32)
    box, points = decode_ssd(raw, anchors[:1], 64)
    assert np.allclose(box, [[4, 0, 14, 20]])
    assert np.allclose(points, [[[11, 12]]])
