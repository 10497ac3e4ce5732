"""The table is complete and pinned."""

import re
import subprocess
import sys

import pytest

from pvchat.weights import demo_photo
from pvchat.weights.table import TABLE, HubFile, RegistryFile, Weight

_SHA256 = re.compile(r"[0-9a-f]{64}")


def test_names_are_unique() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_row_is_pinned_and_says_its_licence(row: Weight) -> None:
    assert _SHA256.fullmatch(row.sha256)
    assert row.size > 0
    assert row.licence
    assert row.used_for
    assert bool(row.convert) == bool(row.derived_sha256)
    assert all(_SHA256.fullmatch(value) for value in row.derived_sha256.values())
    if isinstance(row.source, RegistryFile):
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", row.source.requirement)
        assert _SHA256.fullmatch(row.source.archive_sha256)
        assert row.source.archive_size > 0
    elif isinstance(row.source, HubFile):
        assert re.fullmatch(r"[0-9a-f]{40}", row.source.revision)


def test_rows_of_one_archive_agree_on_it() -> None:
    archives: dict[str, set[tuple[str, int]]] = {}
    for row in TABLE:
        if isinstance(row.source, RegistryFile):
            pin = (row.source.archive_sha256, row.source.archive_size)
            archives.setdefault(row.source.requirement, set()).add(pin)
    assert [name for name, pins in archives.items() if len(pins) != 1] == []


def test_no_row_is_the_68_point_predictor() -> None:
    assert not [row.name for row in TABLE if isinstance(row.source, RegistryFile) and "68" in row.source.member]


def test_the_demo_photo_is_found_without_importing_its_package() -> None:
    photo = demo_photo()
    assert photo.read_bytes()[:3] == b"\xff\xd8\xff"
    script = "import sys; from pvchat.weights import demo_photo; demo_photo(); sys.exit('insightface' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
