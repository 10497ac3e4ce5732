"""Files of arrays: the same bytes for the same content, and nothing damaged gets through."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from numpy.typing import NDArray

from pvchat.array_file import read_arrays, write_arrays
from pvchat.whole_file import whole_file

KIND = "test 1"
DTYPES = st.sampled_from([np.float16, np.float32, np.float64, np.int64, np.uint8, np.bool_])
ARRAYS = arrays_of.arrays(DTYPES, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
NAMES = st.text("abc.019", min_size=1, max_size=6)
NOTE: dict[str, Any] = {"name": "José", "of": [1, 2.5, None, True], "to": {"b": 1, "a": 0.1}}


def written(arrays: dict[str, NDArray[Any]], note: Any, kind: str = KIND) -> bytes:
    file = io.BytesIO()
    write_arrays(file, kind, arrays, note)
    return file.getvalue()


def some() -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(0)
    return {"b": rng.normal(size=(3, 4)).astype(np.float16), "a": np.arange(6), "none": np.zeros((0, 5), np.float32)}


def same(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> bool:
    return one.keys() == other.keys() and all(
        one[n].dtype == other[n].dtype and one[n].shape == other[n].shape and one[n].tobytes() == other[n].tobytes()
        for n in one
    )


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_arrays_and_note_come_back_and_give_the_same_bytes_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, NDArray[Any]]
) -> None:
    data = written(arrays, NOTE)
    path = tmp_path_factory.mktemp("arrays") / "some"
    path.write_bytes(data)
    found, note = read_arrays(path, KIND)
    assert same(found, arrays)
    assert note == NOTE
    assert written(dict(reversed(found.items())), dict(reversed(note.items()))) == data
    assert written({name: np.asfortranarray(array) for name, array in arrays.items() if array.ndim}, NOTE) == written(
        {name: array for name, array in arrays.items() if array.ndim}, NOTE
    )


def test_the_bytes_do_not_depend_on_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(some(), NOTE)
    later = time.localtime(time.time() + 90_000)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    assert written(some(), NOTE) == before


def test_arrays_that_were_read_can_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "some").write_bytes(written(some(), None))
    found, _ = read_arrays(tmp_path / "some", KIND)
    found["a"][0] = 7


def test_numpy_itself_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    path.write_bytes(written(some(), NOTE))
    with np.load(path, allow_pickle=False) as found:
        assert np.array_equal(found["b"], some()["b"])


def test_python_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        written({"a": np.asarray([{}])}, None)


def test_files_of_another_kind_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "some").write_bytes(written(some(), NOTE, "other 1"))
    with pytest.raises(ValueError, match="holds other 1, not test 1"):
        read_arrays(tmp_path / "some", KIND)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("note", [None, "[]", "{}", "no json"])
def test_foreign_archives_are_refused(compression: int, note: str | None, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some", "w", compression) as archive:
        archive.writestr("a.npy", b"nothing")
        if note is not None:
            archive.writestr("note.json", note)
    with pytest.raises(ValueError):  # noqa: PT011 - the texts are of several libraries
        read_arrays(tmp_path / "some", KIND)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damage_changes_what_is_read(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = written(some(), NOTE)
    changed = bytearray(whole)
    if data.draw(st.booleans()):
        changed[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del changed[data.draw(st.integers(0, len(whole) - 1)) :]
    path = tmp_path_factory.mktemp("damaged") / "some"
    path.write_bytes(changed)
    try:
        found, note = read_arrays(path, KIND)
    except (ValueError, OSError):
        return
    # What is left are bits that say nothing, such as the date.
    assert same(found, some())
    assert note == NOTE


def test_a_file_that_is_not_finished_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "new" / "some"
    with whole_file(path) as file:
        file.write(b"first")

    def interrupted() -> None:
        with whole_file(path) as file:
            file.write(b"sec")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"first"
    assert [found.name for found in path.parent.iterdir()] == ["some"]
    with whole_file(path) as file:
        file.write(b"second")
        assert path.read_bytes() == b"first"
    assert path.read_bytes() == b"second"
