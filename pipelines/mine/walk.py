"""The pictures and videos of a folder, one after the other, however many there are and however its links lead."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from storage.schema import CorpusKind

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
VIDEOS = frozenset(
    {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".flv", ".wmv", ".3gp", ".mts"}
)


@dataclass(frozen=True)
class FoundFile:
    """A file that may be looked at; its size and the time of its last change tell whether it is as before."""

    path: Path
    size_bytes: int
    mtime_ns: int
    kind: CorpusKind


def kind_of(path: Path) -> CorpusKind | None:
    """By the name's ending; None for everything that is neither."""
    ending = path.suffix.lower()
    return "picture" if ending in PICTURES else "video" if ending in VIDEOS else None


def walk(root: Path, unreadable: Callable[[Path], None] = lambda _path: None) -> Iterator[FoundFile]:
    """The files of a folder and of those in it; of a file, the file itself.

    Nothing is kept of them but the folders that are open. Links are followed, but no folder is entered twice and no
    file is reached by two links, so that a circle ends. Names that begin with a dot are passed over.

    Args:
        root: folder or file. unreadable: called with folders that cannot be read.
    """
    status = root.stat()
    if not root.is_dir():
        yield FoundFile(root, status.st_size, status.st_mtime_ns, kind_of(root) or "video")
        return
    entered = {(status.st_dev, status.st_ino)}
    linked: set[tuple[int, int]] = set()
    with ExitStack() as opened:
        open_folders = [opened.enter_context(os.scandir(root))]
        while open_folders:
            entry = _next(open_folders[-1])
            if entry is None:
                open_folders.pop().close()
                continue
            if entry.name.startswith("."):
                continue
            try:
                status = entry.stat()
                place = (status.st_dev, status.st_ino)
                if entry.is_dir():
                    if place not in entered:
                        entered.add(place)
                        open_folders.append(opened.enter_context(os.scandir(entry.path)))
                    continue
                if not entry.is_file():
                    continue
            except OSError:
                # A link that leads nowhere or in a circle, or a folder that may not be read.
                unreadable(Path(entry.path))
                continue
            path = Path(entry.path)
            kind = kind_of(path)
            if kind is None or (entry.is_symlink() and place in linked):
                continue
            if entry.is_symlink():
                linked.add(place)
            yield FoundFile(path, status.st_size, status.st_mtime_ns, kind)


def _next(folder: Iterator[os.DirEntry[str]]) -> os.DirEntry[str] | None:
    try:
        return next(folder, None)
    except OSError:
        return None
