"""Uploaded files: rows in the database, bytes under `media/` in the data folder, named by id."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from pvchat.errors import VideoError
from storage.engine import StorageError
from storage.schema import JobRow, MediaRow

FOLDER = "media"
_LEFT_OVER = ".part"


@dataclass(frozen=True)
class Media:
    """One uploaded file. Times in seconds, sizes as displayed in pixels."""

    id: str
    sha256: str
    name: str
    size_bytes: int
    duration_s: float
    width: int
    height: int
    fps: float
    created_at: datetime


class MediaFolder:
    """The folder of uploaded files of one data folder.

    Args:
        home: the data folder.

    Raises:
        StorageError: the folder cannot be made.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make {self._folder}: {error.strerror}; set PVCHAT_HOME elsewhere") from error

    def begin(self) -> Path:
        """A new, empty file of our own to write an upload to; `keep` or `drop` it."""
        path = self._folder / f"{uuid4()}{_LEFT_OVER}"
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    def keep(self, written: Path, media_id: str) -> Path:
        """Give a complete upload its place, after its bytes are safely on the disk."""
        with written.open("rb") as file:
            os.fsync(file.fileno())
        place = self.path(media_id)
        os.replace(written, place)
        return place

    def path(self, media_id: str) -> Path:
        """Where the file with this id lies. Ids come from the database, never from a client."""
        return self._folder / media_id

    def drop(self, path: Path) -> None:
        """Delete a file, wherever its upload had got to."""
        path.unlink(missing_ok=True)

    def tidy(self, known: set[str]) -> int:
        """Delete what no row knows: uploads that were cut off, files whose row is gone.

        Returns:
            How many files went.
        """
        gone = 0
        for path in self._folder.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def free_bytes(self) -> int:
        """Free space of the disk the folder is on."""
        return shutil.disk_usage(self._folder).free


def add(
    session: Session,
    *,
    media_id: str,
    sha256: str,
    name: str,
    size_bytes: int,
    duration_s: float,
    width: int,
    height: int,
    fps: float,
) -> None:
    """Note an uploaded file whose bytes are in place."""
    session.add(
        MediaRow(
            id=media_id,
            sha256=sha256,
            name=display_name(name),
            size_bytes=size_bytes,
            duration_s=duration_s,
            width=width,
            height=height,
            fps=fps,
        )
    )
    session.flush()


def display_name(name: str) -> str:
    """A client's file name as text to show: no folders, nothing unprintable, at most 255 characters."""
    base = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c if c.isprintable() else " " for c in base.encode("utf-8", "replace").decode("utf-8")).strip()
    return (shown or "video")[:255]


def get(session: Session, media_id: str) -> Media | None:
    """The uploaded file with this id."""
    row = session.get(MediaRow, media_id)
    return None if row is None else _media(row)


def by_content(session: Session, sha256: str) -> str | None:
    """Id of an upload with this content, the oldest one."""
    return session.scalar(
        select(MediaRow.id).where(MediaRow.sha256 == sha256).order_by(MediaRow.created_at, MediaRow.id).limit(1)
    )


def list_all(session: Session) -> list[Media]:
    """All uploaded files, newest first."""
    rows = session.scalars(select(MediaRow).order_by(MediaRow.created_at.desc(), MediaRow.id)).all()
    return [_media(row) for row in rows]


def remove(session: Session, media_id: str) -> str | None:
    """Forget an uploaded file that nothing running needs.

    Returns:
        Its SHA-256 when no other upload has the same content, else None.

    Raises:
        VideoError: there is no such file, or a job is at work with it.
    """
    row = session.get(MediaRow, media_id)
    if row is None:
        raise VideoError("there is no such video; it may have been deleted already")
    at_work = select(JobRow.id).where(JobRow.media_id == media_id, JobRow.state.in_(("running", "needs_pick")))
    if session.scalar(at_work.limit(1)) is not None:
        raise VideoError("a job is at work with this video; cancel it or wait until it has finished")
    session.delete(row)
    session.flush()
    other = session.scalar(select(MediaRow.id).where(MediaRow.sha256 == row.sha256).limit(1))
    return row.sha256 if other is None else None


def _media(row: MediaRow) -> Media:
    return Media(
        id=row.id,
        sha256=row.sha256,
        name=row.name,
        size_bytes=row.size_bytes,
        duration_s=row.duration_s,
        width=row.width,
        height=row.height,
        fps=row.fps,
        created_at=row.created_at,
    )
