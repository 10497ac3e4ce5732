"""What every test gets: a data folder of its own, no model hub, and the shared clips where there are any."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import tests.environment  # noqa: F401 - before anything that loads torch
from pipelines.demo import Media, build_media
from tests.group_faces import GroupFaces, find_group_faces

ROOT = Path(__file__).resolve().parent.parent

# The same cases in every run, so that a red run is red again; PVCHAT_EXPLORE=1 draws new ones.
# Without a deadline: a machine that is busy is no error of ours.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore")
settings.load_profile("explore" if os.environ.get("PVCHAT_EXPLORE") else "repeatable")


def shared_data_dir() -> Path | None:
    """Folder of the shared test clips: `PVCHAT_TEST_DATA`, else `../shared/data` beside the repository."""
    named = os.environ.get("PVCHAT_TEST_DATA")
    folder = Path(named).expanduser() if named else ROOT.parent / "shared" / "data"
    return folder if (folder / "labels.json").is_file() else None


@pytest.fixture(autouse=True)
def pvchat_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of this test's own, named by `PVCHAT_HOME`."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("PVCHAT_HOME", str(home))
    return home


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """For modules with tiny tensors: a second thread costs more than it does."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the shared test clips; a test that asks for it is skipped where there is none."""
    folder = shared_data_dir()
    if folder is None:
        pytest.skip("no shared test data (PVCHAT_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def demo_media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    """The demo's clips, which take seconds to make."""
    return build_media(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def group_faces() -> GroupFaces:
    """The six faces of the demo photo."""
    return find_group_faces()
