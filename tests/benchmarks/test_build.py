"""Building clips from recipes: cached by content, and enroll and ask parts share no frame."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.people.build import (
    After,
    Beside,
    Cut,
    Damaged,
    Moving,
    Recipe,
    Workshop,
    ask_recipe,
    enroll_recipe,
)
from benchmarks.people.media import Media, Source
from pvchat.evaluation.clips import write_clip
from pvchat.video import iter_frames
from pvchat.weights import demo_photo

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


def test_small_faces_are_small(tmp_path: Path) -> None:
    region = (0.29, 0.22, 0.50, 0.66)
    media = Media("demo", {"G": Source("G", demo_photo(), "G", "photo", region)})
    made = Workshop(tmp_path / "work", media).make(Damaged(Moving("G", seed=2, seconds=0.4), "small"))
    x0, _, x1, _ = made.parts[0].box
    assert x1 - x0 < 0.35
