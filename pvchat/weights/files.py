"""Checked files in the cache: checksums, stamps, and placing a finished folder in one step.

Every row of the table owns one folder. Beside its files lies a stamp with the size, modification time and SHA-256 of
each; a file whose size and time still match is taken as verified, so that a start does not hash 100 MB again.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STAMP = ".verified.json"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Stamp:
    """What was verified, and for which source.

    Attributes:
        origin: `Weight.origin` of the row.
        files: (size, modification time in ns, SHA-256) by file name.
    """

    origin: str
    files: Mapping[str, tuple[int, int, str]]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def make_stamp(folder: Path, origin: str) -> Stamp:
    """Hash every file of `folder` (flat) into a stamp."""
    files: dict[str, tuple[int, int, str]] = {}
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name != STAMP:
            stat = file.stat()
            files[file.name] = (stat.st_size, stat.st_mtime_ns, sha256_of(file))
    return Stamp(origin, files)


def write_stamp(folder: Path, stamp: Stamp) -> None:
    """Write `stamp` into `folder`; a reader sees the old one or the new one, never half of one."""
    body = {"origin": stamp.origin, "files": {name: list(entry) for name, entry in stamp.files.items()}}
    temporary = folder / f"{STAMP}.{os.getpid()}"
    temporary.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    sync(temporary)
    temporary.replace(folder / STAMP)


def read_stamp(folder: Path) -> Stamp | None:
    """The stamp of `folder`, or `None` when there is none that can be read."""
    try:
        body = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        files = {str(name): (int(size), int(time), str(sha)) for name, (size, time, sha) in body["files"].items()}
        return Stamp(str(body["origin"]), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def unchanged(folder: Path, stamp: Stamp) -> bool:
    """True when every stamped file is there with its stamped size and modification time."""
    for name, (size, time_ns, _) in stamp.files.items():
        try:
            stat = (folder / name).stat()
        except OSError:
            return False
        if (stat.st_size, stat.st_mtime_ns) != (size, time_ns):
            return False
    return bool(stamp.files)


def content_matches(folder: Path, stamp: Stamp) -> bool:
    """True when every stamped file is there and hashes to its stamped checksum."""
    try:
        return bool(stamp.files) and all(sha256_of(folder / name) == sha for name, (_, _, sha) in stamp.files.items())
    except OSError:
        return False


def sync(path: Path) -> None:
    """Force a file or a folder's entries to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def place(folder: Path, target: Path, scratch: Path) -> None:
    """Move the finished `folder` to `target`, which it replaces as a whole.

    Args:
        folder: complete new folder, on the same file system as `target`.
        target: where it goes; an older folder there is removed.
        scratch: folder on the same file system that takes the older one on its way out.
    """
    for file in folder.iterdir():
        file.chmod(0o644)
        sync(file)
    sync(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        old = scratch / f"{target.name}.old"
        target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        folder.rename(target)
    sync(target.parent)
