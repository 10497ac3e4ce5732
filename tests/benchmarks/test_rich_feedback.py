"""The benchmark of feedback counts what changes, what comes back and what it costs elsewhere; it sees a failure."""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.people.build import Beside, Damaged, Moving, Recipe
from benchmarks.people.media import Media, Source
from benchmarks.rich.feedback import Bench, Shown, cast_of
from pipelines.session import Session
from pvchat.identity.feedback import Rulings
from storage.store import Store

scenes = importlib.import_module("tests.pipelines.scene_tools")
FACES = {"A": 1, "B": 2}


class SceneShop:
    """Makes "videos" of recipes: who is damaged has no face."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, recipe: Recipe) -> Any:
        parts = recipe.parts if isinstance(recipe, Beside) else (recipe,)
        people = []
        for number, part in enumerate(parts):
            place = {"x": 0.2 + 0.6 * number, "every": 0.5}
            if isinstance(part, Damaged):
                people.append({"face": None, **place})
            else:
                assert isinstance(part, Moving)
                people.append({"face": FACES[part.source], **place})
        name = f"{abs(hash(recipe))}.mp4"
        return SimpleNamespace(path=scenes.write_scene(self._folder / name, *people))


def people() -> list[Shown]:
    return [Shown(key, name, Moving(key, 1), (Moving(key, 2),)) for key, name in (("A", "Ann"), ("B", "Ben"))]


@pytest.fixture
def tools() -> Any:
    return scenes.SceneTools()


@pytest.fixture
def bench(tmp_path: Path, tools: Any) -> Iterator[Bench]:
    with Session(Store.open(tmp_path / "home"), tools) as session:
        yield Bench(session, SceneShop(tmp_path), people(), lambda _line: None)  # type: ignore[arg-type]


def test_all_cases_are_right_where_feedback_works(bench: Bench) -> None:
    bench.run()
    report = bench.report()
    assert (report["said"], report["undone"], report["people"]) == (1.0, 1.0, 2)
    cases = report["cases"]
    assert [cases[kind]["of"] for kind in ("not", "is", "refused", "undone", "spoken")] == [3, 6, 1, 10, 0]
    assert report["elsewhere"]["after_true_not"]["of"] == 2
    assert report["elsewhere"]["after_true_not"]["share"] == 1.0


def test_feedback_without_effect_is_seen(bench: Bench, tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = tools.decide
    without = lambda vectors, record, gallery, rulings=None: decide(  # noqa: E731
        vectors, record, [replace(entry, negatives=None) for entry in gallery], rulings=Rulings()
    )
    monkeypatch.setattr(tools, "decide", without)
    bench.run()
    report = bench.report()
    assert [report["cases"][kind]["right"] for kind in ("not", "is")] == [0, 0]
    assert report["said"] is not None
    assert report["said"] < 0.2
    assert report["cases"]["not"]["wrong"][0].startswith("A in ")


def test_everybody_with_other_footage_is_asked_about(tmp_path: Path) -> None:
    def photo(key: str, person: str) -> Source:
        return Source(key, tmp_path / key, person, "photo")

    sources = [Source("C", tmp_path / "c.mp4", "C", "clip"), *(photo(f"P.{n}", "P") for n in range(3))]
    cast = {one.key: one for one in cast_of(Media("shared", {source.key: source for source in sources}))}
    assert set(cast) == {"C", "P"}
    assert len(cast["P"].ask) == 2
    assert cast["P"].enroll != cast["P"].ask[0]
    assert len({one.name for one in cast.values()}) == 2
