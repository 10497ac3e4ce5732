"""A gallery entry in a file, for work that goes on in another process."""

from pathlib import Path

from pvchat.array_file import read_arrays, write_arrays
from pvchat.errors import ModelError
from pvchat.identity.gallery import GalleryEntry
from pvchat.whole_file import whole_file

_KIND = "gallery entry 1"


def write_entry(path: Path, entry: GalleryEntry) -> None:
    """Write an entry; the same entry gives the same bytes."""
    said = {"name": entry.name, "model_id": entry.model_id, "coverage": dict(entry.coverage)}
    with whole_file(path) as file:
        write_arrays(file, _KIND, entry.to_arrays(), said)


def read_entry(path: Path) -> GalleryEntry:
    """The reverse of `write_entry`.

    Raises:
        ModelError: the file is no gallery entry.
    """
    try:
        arrays, said = read_arrays(path, _KIND)
        return GalleryEntry.from_arrays(said["name"], said["model_id"], arrays, said["coverage"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path.name} is no gallery entry ({error}); start the job again") from error
