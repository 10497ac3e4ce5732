"""A gallery entry in a file, for work that goes on in another process."""

import json
import zipfile
from pathlib import Path

import numpy as np

from pvchat.errors import ModelError
from pvchat.identity.gallery import GalleryEntry


def write_entry(path: Path, entry: GalleryEntry) -> None:
    """Write an entry; the same entry gives the same bytes.

    Args:
        path: of the file; its folder is there.
    """
    said = {"name": entry.name, "model_id": entry.model_id, "coverage": dict(entry.coverage)}
    arrays = {**entry.to_arrays(), "said": np.asarray(json.dumps(said, sort_keys=True))}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})


def read_entry(path: Path) -> GalleryEntry:
    """The reverse of `write_entry`.

    Raises:
        ModelError: the file is no gallery entry.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            said = json.loads(str(found["said"]))
            arrays = {name: found[name] for name in found.files if name != "said"}
            return GalleryEntry.from_arrays(said["name"], said["model_id"], arrays, said["coverage"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path.name} is no gallery entry ({error}); start the job again") from error
