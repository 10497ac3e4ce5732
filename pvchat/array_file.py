"""Arrays and a note in one file, whose bytes follow from its content alone.

The file is an npz archive without compression, entries in the order of their names, with the note beside them as JSON.
It has no date in it and nothing is pickled, so the same content always has the same SHA-256.
"""

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_NOTE = "note.json"
# Zip has no entry without a date: this is the earliest.
_DATE = (1980, 1, 1, 0, 0, 0)


def write_arrays(file: BinaryIO, kind: str, arrays: Mapping[str, NDArray[Any]], note: Any) -> None:
    """Write arrays and a note.

    Args:
        kind: what the file holds, with the version of its form. arrays: by name, of numbers and booleans.
        note: plain JSON; the order of its keys does not count.

    Raises:
        ValueError: an array holds Python objects.
    """
    with zipfile.ZipFile(file, "w") as archive:
        # With the names: a damaged directory can lose entries, and the rest would still be right.
        text = json.dumps({"kind": kind, "names": sorted(arrays), "note": note}, sort_keys=True)
        archive.writestr(zipfile.ZipInfo(_NOTE, _DATE), text)
        for name in sorted(arrays):
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _DATE), "w", force_zip64=True) as entry:
                # A transposed view has the content of its copy, and would be written otherwise.
                np.lib.format.write_array(entry, np.asarray(arrays[name], order="C"), allow_pickle=False)


def read_arrays(path: Path, kind: str) -> tuple[dict[str, NDArray[Any]], Any]:
    """The reverse of `write_arrays`.

    Returns:
        The arrays by name, and the note.

    Raises:
        ValueError: the file is damaged, or of another kind. OSError: it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits for entry in archive.infolist()):
                raise ValueError(f"{path} was written by another program")
            # An entry is read as a whole before it is parsed: by then its checksum was right.
            head = json.loads(archive.read(_NOTE))
            if head["kind"] != kind:
                raise ValueError(f"{path} holds {head['kind']}, not {kind}")
            arrays = {
                name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name != _NOTE
            }
            if sorted(arrays) != head["names"]:
                raise ValueError(f"{path} is damaged: it has not all of its arrays")
    except (zipfile.BadZipFile, NotImplementedError, struct.error, EOFError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged or was written by another program") from error
    return arrays, head["note"]
