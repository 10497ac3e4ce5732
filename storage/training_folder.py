"""What a training leaves on the disk beside the database: checkpoints and reports, a folder per subject by id."""

import shutil
from pathlib import Path

from storage.engine import StorageError

FOLDER = "training"


class TrainingFolder:
    """The training folders of one data folder.

    Args:
        home: the data folder. Nothing is made in it before `make`.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def path(self, subject_id: str) -> Path:
        """Where a subject's training folder is or would be. Ids come from the database."""
        return self._folder / subject_id

    def make(self, subject_id: str) -> Path:
        """A subject's training folder, readable by its owner only.

        Raises:
            StorageError: it cannot be made.
        """
        path = self.path(subject_id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StorageError(f"cannot make {path}: {error.strerror}; set PVCHAT_HOME elsewhere") from error
        return path

    def free_bytes(self) -> int:
        """Free space of the disk the data folder is on."""
        return shutil.disk_usage(self._folder.parent).free

    def drop(self, subject_id: str, *, keep: str | None = None) -> None:
        """Delete a subject's training folder; the folder of all of them goes with the last.

        Args:
            keep: name of the one thing in it that stays, such as the folder of the job that is running.
        """
        path = self.path(subject_id)
        if keep is not None and (path / keep).exists():
            for left in path.iterdir():
                if left.name != keep:
                    shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
            return
        shutil.rmtree(path, ignore_errors=True)
        if self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.rmdir()
