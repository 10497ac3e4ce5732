"""`pvchat corpus`: adding, listing and removing, and what goes wrong with it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, tools: Any) -> Path:
    """Two people in two pictures, and a file that is none."""
    from scene_tools import picture_of

    folder = tmp_path / "faces"
    folder.mkdir()
    for number in (1, 2):
        Image.fromarray(picture_of(number)).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_bytes(b"nothing")
    return folder


def test_what_was_added_is_listed_and_removed(run: Run, folder: Path) -> None:
    ran = run("corpus", "add", folder, "--licence", "CC BY 4.0 [x]", "--name", "friends")
    assert ran.code == 0
    assert ran.out.startswith("3 files, 2 new ones with 2 faces")
    assert "1 could not be read" in ran.out
    again = json.loads(run("corpus", "add", folder, "--json").out)
    assert (again["known"], again["indexed"]) == (3, 0)
    listed = run("corpus", "list").out
    assert "friends" in listed
    assert "CC BY 4.0 [x]" in listed
    (source,) = json.loads(run("corpus", "list", "--json").out)
    assert (source["name"], source["faces"], source["items"], source["broken"]) == ("friends", 2, 3, 1)
    removed = run("corpus", "remove", source["id"][:8])
    assert removed.out.startswith("friends is removed: 2 faces of 3 files.")
    assert (folder / "1.png").exists()
    assert run("corpus", "list").out.startswith("The corpus is empty")


def test_a_folder_without_pictures_says_so(run: Run, tools: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("corpus", "add", tmp_path / "empty")
    assert (ran.code, ran.out.startswith("There is no picture and no video")) == (0, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "no such folder"], "does not exist"),
        (["add", ".", "--licence", "x" * 201], "at most 200"),
        (["remove", "nothing"], "there is no source nothing"),
    ],
)
def test_mistakes_are_one_line(run: Run, tools: Any, words: list[str], told: str) -> None:
    ran = run("corpus", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1
