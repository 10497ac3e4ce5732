"""What finished steps leave: a folder per step that is whole or not there.

A step writes into a hidden folder beside it, which gets a manifest of all files' hashes, goes to the disk, and takes
the artifact's place by a rename. Who finds an artifact verifies every byte of it, so that a file which was cut short or
changed makes its step run again instead of spoiling what stands on it.
"""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipelines.enroll.processes import Process, is_gone
from pvchat.weights.files import sha256_of, sync
from storage.engine import StorageError

MANIFEST = "manifest.json"
VERSION = 1

_STEP = re.compile(r"[a-z][a-z0-9_-]*")
_DRAFT = re.compile(r"\.(?:draft|old)~(?P<token>[^~]+)~.+")
_FULL = (errno.ENOSPC, errno.EDQUOT)

log = logging.getLogger(__name__)


class DiskFullError(StorageError):
    """The disk is full; what was being written is gone, what was finished before is kept."""


@dataclass(frozen=True)
class Artifact:
    """What a finished step left, verified.

    Attributes:
        inputs: hash of what it was made from. content: hash of what it is, for the inputs of later steps.
        notes: small facts. timings: small facts that are no part of what it is.
        files: names of its files, relative to `folder`.
    """

    step: str
    folder: Path
    inputs: str
    content: str
    notes: Mapping[str, Any]
    timings: Mapping[str, float]
    files: tuple[str, ...]


@dataclass
class Draft:
    """An artifact in the making.

    Attributes:
        folder: where the step writes. timings: what may differ when the step runs again, such as seconds.
        workplace: a folder that outlives a crash, for what a long step can go on from; it goes when the artifact is
            made, or when the step is to be made from something else.
    """

    folder: Path
    workplace: Path
    timings: dict[str, float] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def note(self, key: str, value: Any) -> None:
        """Keep a small fact in the manifest.

        Args:
            value: anything JSON can hold.
        """
        self.notes[key] = json.loads(json.dumps(value, allow_nan=False))

    def digest(self, name: str, sha256: str) -> None:
        """Say what a file is, where its bytes say more: a checkpoint that holds wall-clock times, for example.

        Args:
            name: the file, relative to the folder. sha256: hash of the part of it that later steps depend on.
        """
        self.digests[name] = sha256


class ArtifactStore:
    """The artifacts of one job.

    Args:
        root: the job's own folder, made when it is first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process = Process.this()

    def find(self, step: str, input_sha256: str) -> Artifact | None:
        """The whole artifact a step left when it was run on these inputs. Anything else of that step is dropped."""
        folder = self._folder(step)
        if not os.path.lexists(folder):
            return None
        artifact = _read(folder, step, input_sha256)
        if artifact is None:
            log.warning("the artifact of step %s is damaged or of something else; it is made again", step)
            self._drop(folder)
        return artifact

    @contextmanager
    def making(self, step: str, input_sha256: str) -> Iterator[Draft]:
        """Make a step's artifact: what is in the draft's folder at the end, unless an exception ends it.

        Raises:
            DiskFullError: the disk is full; nothing of the draft is left.
        """
        target = self._folder(step)
        folder = self._hidden("draft", step)
        workplace = self.root / f".work~{step}~{input_sha256[:16]}"
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for old in self.root.glob(f".work~{step}~*"):
                if old != workplace:
                    shutil.rmtree(old, ignore_errors=True)
            folder.mkdir(mode=0o700)
            workplace.mkdir(mode=0o700, exist_ok=True)
            draft = Draft(folder, workplace)
            yield draft
            _seal(draft, step, input_sha256)
            if os.path.lexists(target):
                self._drop(target)
            folder.rename(target)
            sync(self.root)
            shutil.rmtree(workplace, ignore_errors=True)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if _is_full(error):
                raise self._full() from error
            raise

    def sweep(self, live: Collection[str] = ()) -> None:
        """Drop what processes that have ended were writing, and workplaces that are not needed any more.

        A process of this host is looked up. What those of other hosts write is kept, unless `live` is given.

        Args:
            live: tokens of the processes that still work on artifacts, on whatever host; see `Process.token`.
        """
        if not self.root.is_dir():
            return
        for path in self.root.glob(".work~*"):
            if (self._folder(path.name.split("~")[1]) / MANIFEST).exists():
                shutil.rmtree(path, ignore_errors=True)
        for path in self.root.iterdir():
            found = _DRAFT.fullmatch(path.name)
            if found is None:
                continue
            token = found["token"]
            here = token.partition(".")[0] == self._process.token.partition(".")[0]
            if is_gone(token, self._process.host) if here else (live and token not in live):
                shutil.rmtree(path, ignore_errors=True)

    def _folder(self, step: str) -> Path:
        if not _STEP.fullmatch(step):
            raise ValueError(f"{step!r} cannot name a step; use small letters, digits, - and _")
        return self.root / step

    def _hidden(self, what: str, step: str) -> Path:
        return self.root / f".{what}~{self._process.token}~{step}~{uuid4().hex[:8]}"

    def _drop(self, folder: Path) -> None:
        # Renamed first: a folder that is half deleted when the process dies must not look like an artifact.
        old = self._hidden("old", folder.name)
        try:
            folder.rename(old)
        except FileNotFoundError:
            return
        if old.is_symlink() or not old.is_dir():
            old.unlink()
        else:
            shutil.rmtree(old, ignore_errors=True)

    def _full(self) -> DiskFullError:
        free = shutil.disk_usage(next(path for path in (self.root, *self.root.parents) if path.is_dir())).free
        return DiskFullError(
            f"the disk of {self.root} is full ({free / 1e6:.0f} MB free); make room or set PVCHAT_HOME to another "
            "disk, then resume the job: its finished steps are kept"
        )


def _seal(draft: Draft, step: str, input_sha256: str) -> None:
    """Write the manifest and force everything to the disk."""
    folders = [draft.folder]
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(draft.folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            folders.append(path)
        elif stat.S_ISREG(mode):
            files[path.relative_to(draft.folder).as_posix()] = {"sha256": sha256_of(path), "bytes": path.stat().st_size}
            sync(path)
        else:
            raise ValueError(f"step {step} left {path.name}, which is no plain file")
    if MANIFEST in files:
        raise ValueError(f"step {step} left a file {MANIFEST}; give it another name")
    for name, digest in draft.digests.items():
        if name not in files:
            raise ValueError(f"step {step} gives a digest of {name}, which is not there")
        files[name]["digest"] = digest
    body = {
        "step": step,
        "version": VERSION,
        "inputs": input_sha256,
        "files": files,
        "notes": draft.notes,
        "timings": draft.timings,
        "content": _content(files, draft.notes),
    }
    manifest = draft.folder / MANIFEST
    manifest.write_bytes(_canonical(body | {"seal": _hash(body)}))
    sync(manifest)
    for folder in reversed(folders):
        sync(folder)


def _read(folder: Path, step: str, input_sha256: str) -> Artifact | None:
    """The artifact in a folder, or None when it is not the wanted one in every byte."""
    try:
        text = (folder / MANIFEST).read_bytes()
        body = json.loads(text)
        seal = body.pop("seal")
        # The text itself is compared, too: a changed byte that means the same is still not what was written.
        if text != _canonical(body | {"seal": seal}) or seal != _hash(body):
            return None
        if (body["step"], body["version"], body["inputs"]) != (step, VERSION, input_sha256):
            return None
        left = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
        there = {name: path for name, path in left.items() if not stat.S_ISDIR(path.lstat().st_mode)}
        if there.keys() != body["files"].keys() | {MANIFEST}:
            return None
        for name, entry in body["files"].items():
            if not stat.S_ISREG(there[name].lstat().st_mode) or sha256_of(there[name]) != entry["sha256"]:
                return None
        return Artifact(
            step, folder, input_sha256, body["content"], body["notes"], body["timings"], tuple(body["files"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _content(files: Mapping[str, Mapping[str, Any]], notes: Mapping[str, Any]) -> str:
    digests = {name: entry.get("digest", entry["sha256"]) for name, entry in files.items()}
    return _hash({"files": digests, "notes": notes})


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _hash(value: Any) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()


def _is_full(error: BaseException | None) -> bool:
    """Whether a full disk is behind an error. Some libraries hand on the system's words only."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if any(os.strerror(code) in str(error) for code in _FULL):
            return True
        error = error.__cause__ or error.__context__
    return False
