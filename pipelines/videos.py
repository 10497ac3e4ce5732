"""Perceived videos: from memory, from the data folder, or by looking at the file."""

import hashlib
import stat
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pipelines.tools import Progress, Tools
from pvchat.errors import VideoError
from pvchat.perception.record import PerceptionRecord, PerceptionVectors
from storage import perceptions
from storage.store import Store

CLIPS_KEPT = 8
_HASHES_KEPT = 256

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class PerceivedVideo:
    """A video as perceived; the same object as long as it stays in memory."""

    record: PerceptionRecord
    vectors: PerceptionVectors
    size_bytes: int
    stored: bool = True


class PerceivedVideos:
    """Looks at every video once per set of models, one video at a time. Safe to share between threads."""

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store = store
        self._tools = tools
        # One for the caches, held for moments; one for whoever looks at a video, held until it is seen.
        self._lock = threading.Lock()
        self._looking = threading.RLock()
        self._perceived: OrderedDict[str, PerceivedVideo] = OrderedDict()
        self._hashes: OrderedDict[tuple[str, int, int, int], str] = OrderedDict()
        self._noted: dict[str, Path] = {}
        self._began: OrderedDict[str, datetime | None] = OrderedDict()

    def get(self, file: Path, progress: Progress | None, *, store: bool = True) -> PerceivedVideo:
        """The perceived video.

        Args:
            file: the video.
            progress: called with the fraction done and the step, while the file is looked at.
            store: whether a new record goes into the data folder.

        Raises:
            VideoError: the file cannot be read as video.
            WeightsError: a model is missing.
        """
        size_bytes, sha256 = self.identify(file)
        known = self._remembered(sha256)
        if known is None or (store and not known.stored):
            with self._looking:
                known = self._remembered(sha256) or self._look(file, sha256, size_bytes, progress)
                if store and not known.stored:
                    with self._store.write() as session:
                        perceptions.save(session, known.record, known.vectors, file, size_bytes)
                    known = replace(known, stored=True)
                with self._lock:
                    remember(self._perceived, sha256, known, CLIPS_KEPT)
        if store:
            self._note(sha256, file)
        return known

    def know(self, perceived: PerceivedVideo) -> None:
        """Take over what was perceived before, elsewhere, so that the video is not looked at again."""
        with self._lock:
            remember(self._perceived, perceived.record.video.sha256, perceived, CLIPS_KEPT)

    def find(self, sha256: str) -> Path | None:
        """Where a video lies that was looked at before; None where it is no longer there, or is another one now."""
        with self._store.read() as session:
            place = perceptions.places(session).get(sha256)
        try:
            return Path(place) if place is not None and self.identify(Path(place))[1] == sha256 else None
        except VideoError:
            return None

    def recorded_at(self, file: Path) -> datetime | None:
        """When the recording of a video began, as far as the file tells; None where it cannot be read any more."""
        try:
            _, sha256 = self.identify(file)
            with self._lock:
                if sha256 in self._began:
                    return self._began[sha256]
            text = self._tools.probe(file)
        except VideoError:
            return None
        began = datetime.fromisoformat(text) if text else None
        with self._lock:
            remember(self._began, sha256, began, _HASHES_KEPT)
        return began

    def _note(self, sha256: str, file: Path) -> None:
        """Where the file lies is written down once for each place."""
        place = file.absolute()
        with self._lock:
            if self._noted.get(sha256) == place:
                return
            self._noted[sha256] = place
        with self._store.write() as session:
            perceptions.note_place(session, sha256, file)

    def _remembered(self, sha256: str) -> PerceivedVideo | None:
        with self._lock:
            known = self._perceived.get(sha256)
            if known is not None:
                self._perceived.move_to_end(sha256)
            return known

    def _look(self, file: Path, sha256: str, size_bytes: int, progress: Progress | None) -> PerceivedVideo:
        with self._store.read() as session:
            seen_before = perceptions.video_known(session, sha256)
        if not seen_before:
            # A file that is no video is refused at once, without waiting for the models that are loading meanwhile.
            self._tools.probe(file)
        models = self._tools.perception_models()
        with self._store.read() as session:
            cached = perceptions.load(session, sha256, models)
        if cached is not None:
            return PerceivedVideo(cached.record, cached.vectors, size_bytes)
        record, vectors = self._tools.perceive(file, progress)
        if record.video.sha256 != sha256:
            raise VideoError(f"{file.name} changed while it was being read; try again when it is complete")
        return PerceivedVideo(record, vectors, size_bytes, stored=False)

    def identify(self, file: Path) -> tuple[int, str]:
        """Size and SHA-256 of a file; the hash is remembered as long as the file does not change.

        Raises:
            VideoError: it is missing, empty, or no regular file.
        """
        try:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode):
                raise VideoError(f"{file} is not a file; give the path of a video")
            if status.st_size == 0:
                raise VideoError(f"{file} is empty; give the path of a video")
            key = (str(file.resolve()), status.st_size, status.st_mtime_ns, status.st_ino)
            with self._lock:
                sha256 = self._hashes.get(key)
            if sha256 is None:
                with file.open("rb") as stream:
                    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise VideoError(f"{file} cannot be read: {error.strerror}; check the path") from error
        except ValueError as error:
            raise VideoError(f"the path {str(file)!r} cannot be used: {error}; check the path") from error
        with self._lock:
            remember(self._hashes, key, sha256, _HASHES_KEPT)
        return status.st_size, sha256

    def drop_expired(self) -> bool:
        """Let go of the videos whose vectors expired in the data folder meanwhile; whether there were any."""
        with self._lock:
            held = set(self._perceived)
        if not held:
            return False
        with self._store.read() as session:
            gone = perceptions.expired(session, held)
        with self._lock:
            for sha256 in gone:
                self._perceived.pop(sha256, None)
        return bool(gone)

    def clear(self) -> None:
        """Let go of everything in memory."""
        with self._lock:
            self._perceived.clear()
            self._noted.clear()


def remember(cache: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Put a value at the fresh end of a cache of at most `most` values; the stalest goes."""
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > most:
        cache.popitem(last=False)
