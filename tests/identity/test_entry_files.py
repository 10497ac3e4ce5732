"""Gallery entries in files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import ModelError
from pvchat.identity.entry_files import read_entry, write_entry
from pvchat.identity.gallery import GalleryEntry


@pytest.fixture
def entry() -> GalleryEntry:
    rng = np.random.default_rng(3)
    templates = rng.normal(size=(3, 128)).astype(np.float32)
    return GalleryEntry("Zoë", "dlib-resnet-v1", templates, np.full(3, 1 / 3, np.float32), coverage={"faces": 7})


def test_an_entry_comes_back_as_it_was_and_the_same_entry_gives_the_same_bytes(
    entry: GalleryEntry, tmp_path: Path
) -> None:
    whole = replace(entry, appearance=np.arange(8, dtype=np.float32)).add_negative(np.ones(128))
    for one in (entry, whole):
        write_entry(tmp_path / "a.npz", one)
        write_entry(tmp_path / "b.npz", one)
        assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
        again = read_entry(tmp_path / "a.npz")
        assert (again.name, again.model_id, again.coverage) == (one.name, one.model_id, one.coverage)
        assert again.to_arrays().keys() == one.to_arrays().keys()
        for name, value in one.to_arrays().items():
            np.testing.assert_array_equal(again.to_arrays()[name], value)


@pytest.mark.parametrize("content", [b"", b"no entry", b"PK\x03\x04 broken"])
def test_a_damaged_file_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "entry.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"entry\.npz is no gallery entry"):
        read_entry(tmp_path / "entry.npz")
