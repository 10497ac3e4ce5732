"""Building clips from recipes: cached by content, and enroll and ask parts share no frame."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.people.build import (
    After,
    Beside,
    Cut,
    Damaged,
    Moving,
    Recipe,
    Workshop,
    ask_recipe,
    bar,
    enroll_recipe,
)
from benchmarks.people.media import Media, Source
from pvchat.evaluation.clips import write_clip
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.record import Box
from pvchat.video import iter_frames
from pvchat.weights import demo_photo
from pvchat.weights import path as weights_path

FPS = 10.0


def numbered(path: Path, count: int, height: int = 64) -> Path:
    """A clip whose frame i has the grey level 5 i."""
    write_clip(path, (np.full((height, 64, 3), 5 * i, dtype=np.uint8) for i in range(count)), FPS, crf=0)
    return path


@pytest.fixture
def media(tmp_path: Path) -> Media:
    clips = [Source(key, numbered(tmp_path / f"{key}.mp4", 50), key, "clip") for key in ("A", "B")]
    return Media("shared", {s.key: s for s in clips})


def levels(path: Path, count: int) -> list[int]:
    times = [i / FPS for i in range(count)]
    return [round(float(rgb.mean()) / 5) for _, rgb in iter_frames(path, times, untrusted=False)]


def test_enroll_and_ask_parts_share_no_frame(media: Media, tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "work", media)
    first = workshop.make(enroll_recipe(media.sources["A"]))
    last = workshop.make(ask_recipe(media.sources["A"]))
    early, late = set(levels(first.path, 20)), set(levels(last.path, 20))
    assert max(early) <= 20
    assert min(late) >= 30
    assert not early & late


def test_a_clip_is_built_once(media: Media, tmp_path: Path) -> None:
    built: list[str] = []
    recipe = Cut("A", 0.0, 0.4)
    made = Workshop(tmp_path / "work", media, built.append).make(recipe)
    again = Workshop(tmp_path / "work", media, built.append).make(recipe)
    assert again == made
    assert len(built) == 1
    assert sorted(p.suffix for p in (tmp_path / "work").iterdir()) == [".json", ".mp4"]


def test_another_source_of_the_same_name_is_built_anew(media: Media, tmp_path: Path) -> None:
    made = Workshop(tmp_path / "work", media).make(Cut("A", 0.0, 0.4))
    numbered(media.sources["A"].path, 40)
    again = Workshop(tmp_path / "work", media).make(Cut("A", 0.0, 0.4))
    assert again.path != made.path


def test_composites_know_where_and_when_each_part_is(media: Media, tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "work", media)
    a, b = Cut("A", 0.6, 1.0), Cut("B", 0.6, 1.0)
    beside = workshop.make(Beside((a, b), seconds=1.0, height=64))
    assert [p.box[0] for p in beside.parts] == [0.0, 0.5]
    after = workshop.make(After((a, b), seconds=1.0))
    assert [p.span for p in after.parts] == [(0.0, 1.0), (1.0, 2.0)]


def test_recipes_that_differ_in_any_way_are_different_clips(media: Media, tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "work", media)
    a, b = Cut("A", 0.6, 1.0), Cut("B", 0.6, 1.0)
    recipes: list[Recipe] = [
        a,
        b,
        Cut("A", 0.5, 1.0),
        Beside((a, b), seconds=0.5, height=64),
        Beside((b, a), seconds=0.5, height=64),
        After((a, b), seconds=0.5),
    ]
    # B has other bytes than A only if its pictures differ.
    numbered(media.sources["B"].path, 50, height=48)
    assert len({workshop.make(r).path for r in recipes}) == len(recipes)


def test_a_bar_covers_the_eyes_and_the_mouth_stays(tmp_path: Path) -> None:
    region = (0.29, 0.22, 0.50, 0.66)
    media = Media("demo", {"G": Source("G", demo_photo(), "G", "photo", region)})
    workshop = Workshop(tmp_path / "work", media)
    clean = workshop.make(Moving("G", seed=2, seconds=0.4))
    covered = workshop.make(Damaged(Moving("G", seed=2, seconds=0.4), "eyes"))
    before, after = (next(iter(iter_frames(c.path, [0.2], untrusted=False)))[1].astype(int) for c in (clean, covered))
    changed = np.abs(before - after).mean(axis=2) > 40
    assert 0.01 < changed.mean() < 0.4
    rows = np.flatnonzero(changed.any(axis=1)) / changed.shape[0]
    assert rows.max() < 0.75


SHARES = st.floats(0.0, 1.0)
FACES = st.tuples(SHARES, SHARES, st.floats(0.02, 0.5), st.floats(0.02, 0.5)).map(
    lambda f: (f[0] * (1 - f[2]), f[1] * (1 - f[3]), f[0] * (1 - f[2]) + f[2], f[1] * (1 - f[3]) + f[3])
)


@given(first=FACES, then=FACES, share=SHARES)
def test_the_bar_over_a_face_covers_it_on_its_way_between_two_looks(first: Box, then: Box, share: float) -> None:
    times = [0.0, 0.1, 0.2, 0.3]
    x0, y0, x1, y1 = ((1 - share) * a + share * b for a, b in zip(first, then, strict=True))
    left, high, right, low = bar("covered", times, [then, first, then, first], 0.1 + 0.1 * share)
    assert left <= x0
    assert right >= x1
    assert high <= max(0.0, y0 - 0.15 * (y1 - y0))
    assert low >= min(1.0, y1 + 0.15 * (y1 - y0))


@given(face=FACES, time_s=st.floats(0.0, 1.0))
def test_of_a_face_that_keeps_still_the_bar_leaves_hair_and_clothes_in_sight(face: Box, time_s: float) -> None:
    left, high, right, low = bar("covered", [0.0, 0.1, 0.2], [face] * 3, time_s)
    width, height = face[2] - face[0], face[3] - face[1]
    assert right - left <= 1.31 * width
    assert low - high <= 1.41 * height
    assert 0 <= left < right <= 1
    assert 0 <= high < low <= 1


def test_nothing_of_a_covered_face_is_in_sight_at_any_time(tmp_path: Path) -> None:
    media = Media("demo", {"G": Source("G", demo_photo(), "G", "photo", (0.29, 0.22, 0.50, 0.66))})
    workshop = Workshop(tmp_path / "work", media)
    moving = Moving("G", seed=2, seconds=0.6)
    clean, covered = workshop.make(moving), workshop.make(Damaged(moving, "covered"))
    detector = FaceDetector(weights_path("mp-face-detection-full"))
    times = [0.05, 0.25, 0.35, 0.45]
    shown = (iter_frames(clip.path, times, untrusted=False) for clip in (clean, covered))
    for (_, before), (_, after) in zip(*shown, strict=True):
        x0, y0, x1, y1 = (int(edge) for edge in max(detector.detect(before), key=lambda face: face.height).box)
        assert after[y0:y1, x0:x1].std() < 5 < before[y0:y1, x0:x1].std()
        assert np.abs(after.astype(int) - before).mean(axis=2).min() < 5


def test_small_faces_are_small(tmp_path: Path) -> None:
    region = (0.29, 0.22, 0.50, 0.66)
    media = Media("demo", {"G": Source("G", demo_photo(), "G", "photo", region)})
    made = Workshop(tmp_path / "work", media).make(Damaged(Moving("G", seed=2, seconds=0.4), "small"))
    x0, _, x1, _ = made.parts[0].box
    assert x1 - x0 < 0.35
