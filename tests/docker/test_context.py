"""What reaches a build, and what a build makes of it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.docker.reading import ROOT, copied, is_sent

PACKAGES = ("app", "pipelines", "pvchat", "storage")


def _files() -> list[str]:
    """Files of the checkout that git tracks, or would."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("no git checkout")
    return sorted({name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()})


def _is_below(name: str, tops: set[str] | tuple[str, ...]) -> bool:
    return name.partition("/")[0] in tops


def test_everything_that_is_copied_exists_and_is_sent() -> None:
    assert copied() >= {*PACKAGES, "pyproject.toml", "requirements.lock"}
    assert [path for path in sorted(copied()) if not (ROOT / path).exists() or not is_sent(path)] == []
    assert [name for name in _files() if _is_below(name, copied()) and not is_sent(name)] == []


def test_nothing_else_is_sent() -> None:
    assert [name for name in _files() if is_sent(name) and not _is_below(name, copied())] == []
    assert [path.name for path in ROOT.iterdir() if is_sent(path.name) and path.name not in copied()] == []


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        "app/.env",
        "app/__pycache__/settings.cpython-311.pyc",
        "docker/.env",
        "pvchat/video/worker.pyc",
        "shared/data/labels.json",
        "tests/conftest.py",
    ],
)
def test_secrets_leftovers_and_test_data_are_not_sent(path: str) -> None:
    assert not is_sent(path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """Files of the packages, with some for web pages added; files of the wheel that is built from the context."""
    folder = tmp_path_factory.mktemp("build")
    source = folder / "src"
    names = [name for name in _files() if is_sent(name)]
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    pages = ["app/api/pages.html", "app/api/static/look.css", "app/api/static/script/act.js"]
    for name in pages:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-index",
    ]
    command += ["--no-cache-dir", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in [*names, *pages] if _is_below(name, PACKAGES)], archive.namelist()


def test_the_wheel_has_every_file_of_the_packages(built: tuple[list[str], list[str]]) -> None:
    ours, packed = built
    assert [Path(name).suffix for name in ours].count(".safetensors") >= 2
    assert sorted(set(ours) - set(packed)) == []


def test_the_wheel_has_nothing_but_the_packages(built: tuple[list[str], list[str]]) -> None:
    ours, packed = built
    assert [name for name in packed if name not in ours and ".dist-info/" not in name] == []
