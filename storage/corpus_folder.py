"""What is made from the corpus' rows on the disk: search indexes, which can be deleted at any time."""

import hashlib
import shutil
from pathlib import Path

FOLDER = "corpus"


class CorpusFolder:
    """The folder of the corpus' search indexes in one data folder.

    Args:
        home: the data folder. Nothing is made in it before an index is written.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def index(self, model_id: str) -> Path:
        """Where the index of an engine's faces is or would be; the folder it is in is made, for its owner only."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder / hashlib.sha256(model_id.encode()).hexdigest()[:16]

    def drop(self) -> None:
        """Delete all indexes. To be called whenever faces go: an index holds their vectors, too."""
        shutil.rmtree(self._folder, ignore_errors=True)
