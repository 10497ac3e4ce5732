"""Faces are only searched for anew where somebody can have come in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat import weights
from pvchat.evaluation.clips import write_clip
from pvchat.evaluation.images import read_image
from pvchat.perception import PerceptionConfig, PerceptionModels, load_models, perceive
from pvchat.perception.background import Backgrounds
from pvchat.perception.carrying import room_of
from pvchat.perception.geometry import resize

Image = NDArray[np.uint8]
QUICK = PerceptionConfig(crops_per_track=1, min_crops=1, torsos_per_track=1)


@pytest.fixture(scope="module")
def models() -> PerceptionModels:
    return load_models(threads=1)


def faces_of_photo() -> tuple[Image, Image]:
    """Two people of the demo photo, 360 x 360 each."""
    photo = read_image(weights.demo_photo())
    return resize(photo[40:340, 780:1080], 360, 360), resize(photo[100:400, 160:460], 360, 360)


def clip_of(path: Path, shown: Callable[[float], Image], seconds: float) -> Path:
    return write_clip(path, (shown(index / 25) for index in range(round(seconds * 25))), 25.0).path


def test_nothing_new_is_seen_around_people_and_something_is(carphone: Image) -> None:
    seen = Backgrounds()
    wall = np.full((360, 640, 3), 120, np.uint8)
    entered = wall.copy()
    entered[100:180, 500:560] = carphone[40:120, 60:120]
    noisy = (wall + np.random.default_rng(0).integers(-4, 5, wall.shape)).astype(np.uint8)
    for time, rgb in ((0.0, wall), (1.0, noisy), (2.0, entered)):
        seen.add(time, rgb)
    rooms = room_of((200, 60, 260, 140), 640, 360)
    assert seen.same_around(0.0, 1.0, rooms)
    assert not seen.same_around(0.0, 2.0, rooms)
    assert seen.same_around(0.0, 2.0, [(0.0, 0.0, 1.0, 1.0)])  # no room for anybody
    assert not seen.same_around(0.0, 9.0, rooms)  # never seen


def test_a_calm_face_is_found_in_every_sample_by_half_the_searches(
    models: PerceptionModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    face, _ = faces_of_photo()
    searches: list[int | str] = []
    detect = models.faces.detect
    monkeypatch.setattr(models.faces, "detect", lambda rgb, tiles=0: searches.append(tiles) or detect(rgb, tiles=tiles))
    record, _ = perceive(clip_of(tmp_path / "calm.mp4", lambda _: face, 3.0), models=models, config=QUICK)
    (track,) = record.tracks
    assert len(track.sightings) == len(record.sampled_s) == 12
    assert len(searches) <= 7
    boxes = np.array([sighting.face_box for sighting in track.sightings])
    assert np.ptp(boxes, axis=0).max() < 0.02


def test_who_comes_in_beside_a_calm_face_is_seen_at_once(models: PerceptionModels, tmp_path: Path) -> None:
    one, other = faces_of_photo()
    alone = np.concatenate([one, np.full_like(other, 128)], axis=1)
    both = np.concatenate([one, other], axis=1)
    path = clip_of(tmp_path / "in.mp4", lambda time: both if 1.2 <= time < 2.2 else alone, 3.2)
    record, _ = perceive(path, models=models, config=PerceptionConfig(crops_per_track=1, cut_threshold=0.95))
    first, second = sorted(record.tracks, key=lambda track: track.keyframe_box[0])
    assert np.allclose(first.spans, [(0.0, 3.2)], atol=0.05)
    assert np.allclose(second.spans, [(1.2, 2.2)], atol=0.2)
