"""Perceived videos in files: record and vectors together, the same bytes for the same content."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pvchat.array_file import read_arrays, write_arrays
from pvchat.errors import PerceptionError
from pvchat.perception.record import FaceSamples, PerceptionRecord, PerceptionVectors

KIND = "perception 1"


def write_perception(file: BinaryIO, record: PerceptionRecord, vectors: PerceptionVectors) -> None:
    """Write what was perceived in one video."""
    write_arrays(file, KIND, *pack(record, vectors))


def read_perception(path: Path) -> tuple[PerceptionRecord, PerceptionVectors]:
    """The reverse of `write_perception`.

    Raises:
        PerceptionError: the file is missing, damaged, or of another version.
    """
    try:
        return unpack(*read_arrays(path, KIND))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PerceptionError(
            f"{path} is no readable perception of a video for this version; remove it and perceive the video again"
        ) from error


def pack(record: PerceptionRecord, vectors: PerceptionVectors) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """As arrays by name (`faces.TRACK.FIELD`, `appearance.TRACK`) and a note in plain JSON."""
    arrays: dict[str, NDArray[Any]] = {f"appearance.{track}": vector for track, vector in vectors.appearance.items()}
    for track, samples in vectors.faces.items():
        arrays |= {f"faces.{track}.{field}": value for field, value in vars(samples).items()}
    models = {"face_model": vectors.face_model, "appearance_model": vectors.appearance_model}
    return arrays, {"record": record.model_dump(mode="json"), **models}


def unpack(arrays: Mapping[str, NDArray[Any]], note: Mapping[str, Any]) -> tuple[PerceptionRecord, PerceptionVectors]:
    """The reverse of `pack`; arrays of other names are left alone.

    Raises:
        ValueError, KeyError, TypeError: these are not what `pack` gives.
    """
    faces: dict[int, dict[str, NDArray[np.float32]]] = {}
    appearance: dict[int, NDArray[np.float32]] = {}
    for name, value in arrays.items():
        part, _, rest = name.partition(".")
        if part == "appearance":
            appearance[int(rest)] = value
        elif part == "faces":
            track, _, field = rest.partition(".")
            faces.setdefault(int(track), {})[field] = value
    samples = {track: FaceSamples(**fields) for track, fields in sorted(faces.items())}
    vectors = PerceptionVectors(note["face_model"], samples, note["appearance_model"], dict(sorted(appearance.items())))
    return PerceptionRecord.from_json(note["record"]), vectors
