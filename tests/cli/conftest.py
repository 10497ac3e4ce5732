"""The command line over stand-in tools: `run(...)` gives exit code, stdout and stderr."""

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from app.cli import main


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


def load(path: Path) -> ModuleType:
    """Import a file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


# Taken before any test points the cache elsewhere.
REAL_CACHE = Path(os.environ.get("PVCHAT_CACHE") or Path.home() / ".cache" / "pvchat")
SCENE_TOOLS = Path(__file__).parents[1] / "pipelines" / "scene_tools.py"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An unused data folder, and a cache nothing may be fetched into."""
    monkeypatch.setenv("PVCHAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PVCHAT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PVCHAT_OFFLINE", "1")
    return tmp_path / "home"


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand-in tools in place of the real ones, and no weights to fetch."""
    made = load(SCENE_TOOLS).SceneTools()
    monkeypatch.setattr("pipelines.session.EmbeddedTools", lambda *_args: made)
    monkeypatch.setattr("app.cli.needs.fetch_missing_weights", lambda *_args: None)
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs one command in this process."""

    def call(*words: str) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        streams = capsys.readouterr()
        return Ran(code, streams.out, streams.err)

    return call


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """video("a.mp4", {"face": 1}) writes a "video" with these people."""
    module = load(SCENE_TOOLS)

    def write(name: str, *people: dict[str, Any], duration: float = 10.0) -> Path:
        written: Path = module.write_scene(tmp_path / name, *people, duration=duration)
        return written

    return write


@pytest.fixture
def real_cache() -> Path:
    """The cache of weights this machine has."""
    return REAL_CACHE
