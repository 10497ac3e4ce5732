"""Walking through a folder: everything once, whatever links there are."""

import os
import tracemalloc
from pathlib import Path

import pytest

from pipelines.mine.walk import walk


def names(root: Path) -> list[str]:
    return sorted(os.path.relpath(found.path, root) for found in walk(root))


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_pictures_and_videos_of_all_folders_are_met_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.jpg", "sub/B.JPEG", "sub/deep/c.png", "sub/d.mp4", "notes.txt", ".hidden.jpg", ".git/e.jpg"):
        touch(tmp_path / name)
    assert names(tmp_path) == ["a.jpg", "sub/B.JPEG", "sub/d.mp4", "sub/deep/c.png"]
    assert {found.path.name: found.kind for found in walk(tmp_path)}["d.mp4"] == "video"


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    touch(tmp_path / "sub/a.jpg")
    (tmp_path / "sub/up").symlink_to(tmp_path)
    (tmp_path / "sub/self").symlink_to(tmp_path / "sub/self")
    (tmp_path / "sub/gone").symlink_to(tmp_path / "nothing")
    unreadable: list[Path] = []
    found = [found.path.name for found in walk(tmp_path, unreadable.append)]
    assert found == ["a.jpg"]
    assert sorted(path.name for path in unreadable) == ["gone", "self"]


def test_what_lies_outside_is_met_once_however_many_links_lead_there(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    touch(outside / "a.jpg")
    single = touch(tmp_path / "single.png")
    root = tmp_path / "root"
    root.mkdir()
    for number in range(3):
        (root / f"folder{number}").symlink_to(outside)
        (root / f"file{number}.png").symlink_to(single)
    assert len(names(root)) == 2


def test_a_file_is_given_itself(tmp_path: Path) -> None:
    assert [(found.path.name, found.kind) for found in walk(touch(tmp_path / "a.png"))] == [("a.png", "picture")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "shut/b.jpg").parent.chmod(0)
    assert names(tmp_path) == ["a.jpg"]
    (tmp_path / "shut").chmod(0o700)


def test_a_folder_of_very_many_files_is_walked_in_little_memory(tmp_path: Path) -> None:
    for number in range(20_000):
        (tmp_path / f"{number}.jpg").touch()
    tracemalloc.start()
    try:
        assert sum(1 for _ in walk(tmp_path)) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Their paths alone would take more than two.
    assert peak < 1_000_000
