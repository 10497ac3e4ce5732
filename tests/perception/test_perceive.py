"""Whole videos: who is found, when, where and what is said."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat import weights
from pvchat.errors import VideoError
from pvchat.evaluation.clips import moving_clip, one_after_another, side_by_side, write_clip
from pvchat.evaluation.images import read_image
from pvchat.perception import PerceptionConfig, PerceptionModels, load_models, perceive
from pvchat.perception.config import sample_times
from pvchat.perception.faces import CropKeeper, FaceCrop, best_crops
from pvchat.perception.record import PerceptionRecord, PerceptionVectors

QUICK = PerceptionConfig(crops_per_track=3, torsos_per_track=1)


@pytest.fixture(scope="module")
def models() -> PerceptionModels:
    return load_models(threads=1)


@pytest.fixture(scope="module")
def carphone(models: PerceptionModels) -> tuple[PerceptionRecord, PerceptionVectors]:
    return perceive(weights.path("demo-carphone"), models=models, config=QUICK)


@given(st.floats(0.01, 20000), st.floats(0.5, 30), st.integers(1, 500))
def test_samples_cover_the_clip_evenly_within_the_bound(duration_s: float, rate: float, most: int) -> None:
    times = sample_times(duration_s, rate, most)
    assert 1 <= len(times) <= most
    assert all(0 < time < duration_s for time in times)
    gaps = np.diff([-times[0], *times, 2 * duration_s - times[-1]])
    assert np.allclose(gaps, gaps[0])


def test_a_man_in_a_car_is_one_person_throughout(carphone: tuple[PerceptionRecord, PerceptionVectors]) -> None:
    record, vectors = carphone
    (track,) = record.tracks
    assert track.id == 1
    assert np.allclose(track.spans, [(0.0, record.video.duration_s)], atol=0.01)
    said = {attribute.value for attribute in track.attributes}
    assert {"middle", "near", "black", "talking"} <= said
    assert vectors.faces[1].vectors.shape == (3, 128)
    assert vectors.faces[1].times_s.tolist() == sorted(vectors.faces[1].times_s.tolist())
    assert track.faces_described == 3
    assert np.linalg.norm(vectors.appearance[1]) == pytest.approx(1.0, abs=1e-4)


def test_a_record_holds_no_vectors_and_names_its_models(carphone: tuple[PerceptionRecord, PerceptionVectors]) -> None:
    record, vectors = carphone
    assert PerceptionRecord.from_json(record.model_dump_json()) == record
    assert record.models["face"] == vectors.face_model
    assert record.models["appearance"] == vectors.appearance_model
    assert len(record.model_dump_json()) < 20_000


def test_the_keyframe_is_one_of_the_sightings(carphone: tuple[PerceptionRecord, PerceptionVectors]) -> None:
    (track,) = carphone[0].tracks
    best = max(track.sightings, key=lambda sighting: sighting.face_quality)
    assert (track.keyframe_s, track.keyframe_box) == (best.time_s, best.box)


@pytest.fixture(scope="module")
def pair(models: PerceptionModels, tmp_path_factory: pytest.TempPathFactory) -> PerceptionRecord:
    """The same man twice, side by side."""
    clip = weights.path("demo-carphone")
    path = tmp_path_factory.mktemp("pair") / "pair.mp4"
    side_by_side([clip, clip], path, height=288, seconds=2)
    return perceive(path, models=models, config=QUICK)[0]


def test_two_people_at_once_are_two_tracks_even_with_one_face(pair: PerceptionRecord) -> None:
    assert [track.said("place")[0].value for track in pair.tracks] == ["left", "right"]
    for track in pair.tracks:
        assert np.allclose(track.spans, [(0.0, 2.0)], atol=0.05)


def test_a_cut_is_found_and_the_same_person_after_it_is_joined(models: PerceptionModels, tmp_path: Path) -> None:
    clip = weights.path("demo-carphone")
    other = tmp_path / "other.mp4"
    moving_clip(read_image(weights.demo_photo()), other, seconds=1.5, size=(320, 360), crop=(0.28, 0.1, 0.58, 0.7))
    path = tmp_path / "after.mp4"
    truth = one_after_another([clip, other, clip], path, seconds=1.5)
    record, _ = perceive(path, models=models, config=QUICK)
    assert np.allclose(record.cuts_s, [part.span[0] for part in truth.parts[1:]], atol=0.2)
    first, second, last = (part.span for part in truth.parts)
    assert np.allclose(record.tracks[0].spans, [first, last], atol=0.2)
    assert np.allclose(record.tracks[1].spans[0], second, atol=0.2)


def test_a_video_without_people_has_no_tracks(models: PerceptionModels, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    wall = rng.integers(90, 140, (144, 176, 3), dtype=np.uint8)
    write_clip(tmp_path / "wall.mp4", [wall] * 10, 10.0)
    record, vectors = perceive(tmp_path / "wall.mp4", models=models)
    assert (record.tracks, vectors.faces, vectors.appearance) == ((), {}, {})


def test_a_clip_of_one_frame_is_enough(models: PerceptionModels, tmp_path: Path) -> None:
    photo = read_image(weights.demo_photo())
    write_clip(tmp_path / "one.mp4", [photo[: photo.shape[0] // 2 * 2, : photo.shape[1] // 2 * 2]], 25.0)
    record, vectors = perceive(tmp_path / "one.mp4", models=models, config=QUICK)
    assert len(record.sampled_s) == 1
    assert len(record.tracks) == len(vectors.faces) == 6
    assert {track.said("place")[0].value for track in record.tracks} == {"left", "middle", "right"}


def test_progress_rises_to_one(models: PerceptionModels, tmp_path: Path) -> None:
    write_clip(tmp_path / "grey.mp4", [np.full((144, 176, 3), 90, np.uint8)] * 10, 10.0)
    told: list[float] = []
    perceive(tmp_path / "grey.mp4", models=models, progress=lambda fraction, text: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_file_that_is_no_video_is_refused(models: PerceptionModels, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("not a video")
    with pytest.raises(VideoError):
        perceive(tmp_path / "notes.mp4", models=models)


def crop(time_s: float, quality: float, yaw: float = 0.0) -> FaceCrop:
    return FaceCrop(time_s, np.zeros((4, 4, 3), np.uint8), (0, 0, 4, 4), None, quality, yaw, 0.0)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1), st.floats(-90, 90)), max_size=40), st.integers(1, 12))
def test_crops_kept_are_bounded_and_hold_the_best(rows: list[tuple[float, float, float]], count: int) -> None:
    keeper = CropKeeper(2 * count)
    for time_s, quality, yaw in sorted(rows):
        keeper.add(crop(time_s, quality, yaw))
        assert len(keeper.crops) <= 2 * count
    chosen = keeper.best(count)
    assert len(chosen) == min(count, len(rows))
    if chosen:
        assert max(one.quality for one in chosen) == max(one.quality for one in keeper.crops)


def test_chosen_crops_are_spread_over_time_and_pose() -> None:
    alike = [crop(0.1 * i, 0.9) for i in range(10)]
    turned = crop(0.5, 0.6, yaw=40.0)
    later = crop(9.0, 0.6)
    chosen = best_crops([*alike, turned, later], 3)
    assert turned in chosen
    assert later in chosen
