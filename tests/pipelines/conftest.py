"""A session over stand-in tools, and a way to write "videos"."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines.session import Session
from storage.store import Store


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


scene_tools = _load(Path(__file__).with_name("scene_tools.py"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An unused data folder."""
    return tmp_path / "home"


@pytest.fixture
def tools() -> Any:
    """Stand-in tools that count their calls."""
    return scene_tools.SceneTools()


@pytest.fixture
def session(home: Path, tools: Any) -> Iterator[Session]:
    """An open session."""
    with Session(Store.open(home), tools) as opened:
        yield opened


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """video("a.mp4", {"face": 1}) writes a "video" with these people."""

    def write(name: str, *people: dict[str, Any], duration: float = 10.0) -> Path:
        return scene_tools.write_scene(tmp_path / name, *people, duration=duration)

    return write


@pytest.fixture
def mistaken(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of the model contradict their evidence."""
    right = tools.answer

    def wrong(*args: Any, **how: Any) -> Any:
        told = right(*args, **how)
        told.text, told.agrees_with_evidence = "I am not sure about Maria in this video.", False
        return told

    monkeypatch.setattr(tools, "answer", wrong)
