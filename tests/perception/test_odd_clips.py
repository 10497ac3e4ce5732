"""Clips nobody plans for: one frame, upside down, dark, drawn, a crowd, two hours. They end, and nothing is made up."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat import weights
from pvchat.evaluation.clips import write_clip
from pvchat.perception import PerceptionConfig, PerceptionModels, load_models, perceive
from pvchat.perception.config import sample_times
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.perceive_video import planned_times
from pvchat.perception.record import RICH_WORDS, PerceptionRecord
from pvchat.video import iter_frames

Image = NDArray[np.uint8]
QUICK = PerceptionConfig(crops_per_track=1, min_crops=1, torsos_per_track=1)
ACTING = {"head", "gesture", "posture", "motion"}


@pytest.fixture(scope="module")
def models() -> PerceptionModels:
    return load_models(threads=1)


def carphone_frames(count: int) -> Iterator[Image]:
    times = [index / 12.5 for index in range(count)]
    for _, rgb in iter_frames(weights.path("demo-carphone"), times, untrusted=False):
        yield rgb


def said(record: PerceptionRecord, names: set[str]) -> list[str]:
    return [a.value for track in record.tracks for a in track.attributes if a.name in names]


def test_one_frame_tells_of_no_movement(models: PerceptionModels, tmp_path: Path, carphone: Image) -> None:
    clip = write_clip(tmp_path / "one.mp4", [carphone], 25.0)
    record, _ = perceive(clip.path, models=models, config=QUICK, untrusted=False)
    assert len(record.tracks) == 1
    assert not said(record, {*ACTING, "eyes", "picture"})


def test_an_upside_down_clip_has_no_posture_and_no_gesture(models: PerceptionModels, tmp_path: Path) -> None:
    turned = [np.asarray(cv2.rotate(rgb, cv2.ROTATE_180), np.uint8) for rgb in carphone_frames(25)]
    clip = write_clip(tmp_path / "down.mp4", turned, 12.5)
    record, _ = perceive(clip.path, models=models, config=QUICK, untrusted=False)
    assert not said(record, {"posture", "gesture", "motion"})


def test_in_the_dark_nothing_is_made_up(models: PerceptionModels, tmp_path: Path) -> None:
    dark = [(rgb // 24).astype(np.uint8) for rgb in carphone_frames(20)]
    clip = write_clip(tmp_path / "dark.mp4", dark, 12.5)
    record, _ = perceive(clip.path, models=models, config=QUICK, untrusted=False)
    assert not said(record, set(RICH_WORDS) - {"head", "eyes"})
    assert not record.scene


def test_a_drawing_of_a_face_is_at_most_a_picture(models: PerceptionModels, tmp_path: Path) -> None:
    page = np.full((360, 480, 3), 235, np.uint8)
    cv2.circle(page, (240, 180), 110, (250, 214, 170), -1)
    for x in (200, 280):
        cv2.circle(page, (x, 150), 18, (255, 255, 255), -1)
        cv2.circle(page, (x, 152), 8, (20, 20, 20), -1)
    cv2.ellipse(page, (240, 225), (45, 18), 0, 0, 180, (170, 40, 40), 5)
    clip = write_clip(tmp_path / "drawn.mp4", [page] * 15, 5.0)
    record, _ = perceive(clip.path, models=models, config=QUICK, untrusted=False)
    assert not said(record, {*ACTING, "eyes", "hair_length"})


def test_a_crowd_is_looked_at_within_bounds(
    models: PerceptionModels, tmp_path: Path, group: Image, face_detector: FaceDetector
) -> None:
    face = max(face_detector.detect(group), key=lambda found: found.score).box
    x0, y0, x1, y1 = (round(v) for v in face)
    tall = y1 - y0
    head = cv2.resize(group[max(0, y0 - tall // 2) : y1 + tall // 3, x0 - tall // 4 : x1 + tall // 4], (120, 150))
    page = np.tile(head, (4, 8, 1)).astype(np.uint8)
    clip = write_clip(tmp_path / "crowd.mp4", [page] * 5, 5.0)
    config = PerceptionConfig(crops_per_track=1, min_crops=1, torsos_per_track=1, samples_per_second=2.0)
    record, _ = perceive(clip.path, models=models, config=config, untrusted=False)
    assert 10 <= len(record.tracks) <= 2 * config.max_people
    assert len({r.subject for r in record.relations}) <= 8


def test_a_long_video_costs_no_more_than_its_bound_and_is_not_looked_at_in_between() -> None:
    config = PerceptionConfig()
    times = sample_times(7200, config.samples_per_second, config.max_samples)
    planned = planned_times(times, 7200 / len(times), config, 180_000)
    assert len(planned) == config.max_samples


def test_short_clips_are_looked_at_between_the_samples_too() -> None:
    config = PerceptionConfig()
    times = sample_times(10, config.samples_per_second, config.max_samples)
    planned = planned_times(times, 10 / len(times), config, 250)
    assert [time for time, sample in planned if sample] == times
    assert len(planned) == 2 * len(times) - 1
    # Few frames a second: what is between the samples are the samples themselves.
    assert planned_times(times, 10 / len(times), config, 50) == [(time, True) for time in times]
