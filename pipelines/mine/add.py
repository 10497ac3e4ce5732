"""Adding to the corpus: look at every picture and video of a folder once, and note the faces in it.

Files are looked up by path, size and time of change, then by content, so that a second run looks at what is new. What
was found is stored every few seconds and when the run ends, also by Ctrl-C: an index that was begun is whole.
"""

import getpass
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from pipelines.mine.config import IndexConfig
from pipelines.mine.faces import faces_of_still, faces_of_video
from pipelines.mine.walk import FoundFile, walk
from pipelines.tools import Tools
from pipelines.videos import PerceivedVideos
from pvchat.digest import sha256_of_open
from pvchat.errors import CorpusError, PictureError, VideoError
from pvchat.pictures import read_pictures
from pvchat.pictures.reading import open_picture
from storage import corpus
from storage.corpus import NewItem
from storage.store import Store


@dataclass
class Added:
    """How far adding is, or what came of it.

    Attributes:
        source_id: of the source. files: pictures and videos met. indexed: looked at, with faces. no_face: without.
        broken: that could not be read. duplicates: of which the same content is in the corpus. known: as before.
        unreadable: folders and links that could not be followed. faces: found. seconds: since it began.
        now: what is being looked at.
    """

    source_id: str
    files: int = 0
    indexed: int = 0
    no_face: int = 0
    broken: int = 0
    duplicates: int = 0
    known: int = 0
    unreadable: int = 0
    faces: int = 0
    seconds: float = 0.0
    now: str = ""


Tell = Callable[[Added], None]


@dataclass(frozen=True)
class _Opened:
    """A file that is to be looked at."""

    file: FoundFile
    place: str
    sha256: str
    descriptor: int = -1


class CorpusIndexer:
    """Adds folders and files to the corpus of a data folder.

    Args:
        store: the data folder. tools: perception. videos: videos as perceived; none of these is stored as such.
        config: see `IndexConfig`.
    """

    def __init__(self, store: Store, tools: Tools, videos: PerceivedVideos, config: IndexConfig | None = None) -> None:
        self._store = store
        self._tools = tools
        self._videos = videos
        self._config = config or IndexConfig()
        self._model_id = ""
        self._found: list[NewItem] = []
        self._stored_s = 0.0

    def add(self, path: Path, *, name: str = "", licence: str = "", tell: Tell = lambda _added: None) -> Added:
        """Look at a file, or at all files of a folder.

        Args:
            path: of it. name: what it is called in lists, by default its own.
            licence: on what terms it may be used; noted with everything that is mined from it.
            tell: called often with how far it is. What it raises ends the work; what was found until then is kept.

        Raises:
            CorpusError: there is no such file or folder, or it is of the data folder itself.
            WeightsError: a model is missing.
        """
        root = self._checked(path)
        self._model_id = self._tools.perception_models()["face"]
        with self._store.write() as session:
            source_id = corpus.add_source(session, name=name, path=_text(root), licence=licence, added_by=_user())
        added = Added(source_id)
        began_s = self._stored_s = time.monotonic()

        def skipped(_path: Path) -> None:
            added.unreadable += 1

        try:
            for batch in _batches(walk(root, skipped), self._config.batch):
                for item in self._look(batch, added):
                    self._found.append(item)
                    _count(added, item)
                    added.seconds = time.monotonic() - began_s
                    if time.monotonic() - self._stored_s > self._config.commit_s:
                        self._save(source_id)
                    tell(added)
                added.seconds = time.monotonic() - began_s
                tell(added)
        finally:
            self._save(source_id)
        return added

    def _checked(self, path: Path) -> Path:
        root = Path(os.path.abspath(path))
        try:
            real = root.resolve(strict=True)
        except OSError as error:
            raise CorpusError(f"{path} cannot be added: {error.strerror}; check the path") from error
        home = self._store.database.parent.resolve()
        if real == home or home in real.parents:
            raise CorpusError(f"{path} is in the data folder itself; give a folder of your own pictures or videos")
        if not real.is_dir() and not real.is_file():
            raise CorpusError(f"{path} is neither a folder nor a file; give one with pictures or videos")
        return root

    def _save(self, source_id: str) -> None:
        found, self._found = self._found, []
        self._stored_s = time.monotonic()
        if found:
            with self._store.write() as session:
                corpus.save_items(session, source_id, found)

    def _look(self, batch: Sequence[FoundFile], added: Added) -> Iterator[NewItem]:
        """Look at those of some files that are new."""
        added.files += len(batch)
        places = {_text(file.path): file for file in batch}
        with self._store.read() as session:
            known = corpus.known_by_path(session, places)
        fresh = []
        for place, file in places.items():
            before = known.get(place)
            same = before is not None and (before.size_bytes, before.mtime_ns) == (file.size_bytes, file.mtime_ns)
            if before is not None and same and before.sha256 is not None and before.model_id == self._model_id:
                added.known += 1
            else:
                fresh.append((place, file))
        yield from self._look_at_pictures([one for one in fresh if one[1].kind == "picture"], added)
        for place, file in fresh:
            if file.kind == "video":
                yield from self._look_at_video(place, file, added)

    # -- pictures ----------------------------------------------------------------------------------------------------

    def _look_at_pictures(self, fresh: Sequence[tuple[str, FoundFile]], added: Added) -> Iterator[NewItem]:
        opened: list[_Opened] = []
        try:
            for place, file in fresh:
                try:
                    descriptor = open_picture(file.path)
                except PictureError as error:
                    yield self._broken(place, file, None, _without_name(error, file.path))
                    continue
                # Noted at once, so that it is closed whatever reading it brings.
                opened.append(_Opened(file, place, "", descriptor))
                try:
                    opened[-1] = replace(opened[-1], sha256=sha256_of_open(descriptor))
                except OSError as error:
                    yield self._broken(place, file, None, f"cannot be read: {error.strerror}")
            new = self._new([one for one in opened if one.sha256], added)
            pictures = read_pictures(
                [one.descriptor for one in new], ["the picture"] * len(new), max_side=self._config.max_side
            )
            for one, picture in zip(new, pictures, strict=True):
                added.now = one.file.path.name
                if isinstance(picture, PictureError):
                    yield self._broken(one.place, one.file, one.sha256, str(picture))
                    continue
                faces = faces_of_still(self._tools.faces_of_picture(picture), self._model_id)
                state = self._item(one.place, one.file, one.sha256)
                yield replace(state, state="indexed" if faces else "no_face", faces=faces)
        finally:
            for one in opened:
                with suppress(OSError):
                    os.close(one.descriptor)

    def _new(self, opened: Sequence[_Opened], added: Added) -> list[_Opened]:
        """Those whose content is not in the corpus."""
        seen = {item.sha256 for item in self._found}
        with self._store.read() as session:
            known = corpus.known_by_content(session, {one.sha256 for one in opened})
        new, moved = [], {}
        for one in opened:
            before = known.get(one.sha256)
            if before is not None and before.model_id == self._model_id:
                added.duplicates += 1
                # The same file, copied or touched; one that has moved is noted where it lies now.
                if before.path is not None and (before.path == one.place or not os.path.exists(before.path)):
                    moved[before.id] = (one.place, one.file.size_bytes, one.file.mtime_ns)
            elif one.sha256 in seen:
                added.duplicates += 1
            else:
                seen.add(one.sha256)
                new.append(one)
        if moved:
            with self._store.write() as session:
                corpus.note_places(session, moved)
        return new

    # -- videos ------------------------------------------------------------------------------------------------------

    def _look_at_video(self, place: str, file: FoundFile, added: Added) -> Iterator[NewItem]:
        added.now = file.path.name
        try:
            sha256 = self._videos.identify(file.path)[1]
        except VideoError as error:
            yield self._broken(place, file, None, _without_name(error, file.path))
            return
        if not self._new([_Opened(file, place, sha256)], added):
            return
        try:
            perceived = self._videos.get(file.path, None, store=False)
        except VideoError as error:
            yield self._broken(place, file, sha256, _without_name(error, file.path))
            return
        faces = faces_of_video(perceived.record, perceived.vectors)
        yield replace(self._item(place, file, sha256), state="indexed" if faces else "no_face", faces=faces)

    def _item(self, place: str, file: FoundFile, sha256: str | None) -> NewItem:
        return NewItem(
            path=place,
            sha256=sha256,
            size_bytes=file.size_bytes,
            mtime_ns=file.mtime_ns,
            kind=file.kind,
            state="no_face",
            model_id=self._model_id,
        )

    def _broken(self, place: str, file: FoundFile, sha256: str | None, reason: str) -> NewItem:
        return replace(self._item(place, file, sha256), state="broken", reason=reason)


def _count(added: Added, item: NewItem) -> None:
    if item.state == "indexed":
        added.indexed += 1
    elif item.state == "no_face":
        added.no_face += 1
    else:
        added.broken += 1
    added.faces += len(item.faces)


def _batches(files: Iterable[FoundFile], size: int) -> Iterator[list[FoundFile]]:
    remaining = iter(files)
    while batch := list(islice(remaining, size)):
        yield batch


def _text(path: Path) -> str:
    # A file name may hold bytes that are not text; the database keeps text only.
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _without_name(error: Exception, path: Path) -> str:
    """What is wrong, without the path: it may hold somebody's name."""
    return str(error).replace(str(path), "the file").replace(path.name, "the file")


def _user() -> str:
    try:
        return getpass.getuser()[:200]
    except (OSError, KeyError):
        return "unknown"
