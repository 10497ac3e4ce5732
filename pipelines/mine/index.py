"""The corpus' faces of one engine, to be searched: made from the rows of the database whenever these have changed."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from pvchat.identity.search import EXACT_MOST, Block, FaceSearch, Nearest, search_for
from storage import corpus_faces
from storage.corpus_folder import CorpusFolder
from storage.store import Store


class CorpusIndex:
    """Searches the faces that one engine described.

    Args:
        store: the data folder. model_id: the engine. exact_most: up to so many faces the search is in memory.
    """

    def __init__(self, store: Store, model_id: str, *, exact_most: int = EXACT_MOST) -> None:
        self._store = store
        self._folder = CorpusFolder(store.database.parent)
        self._model_id = model_id
        self._exact_most = exact_most
        self._search: FaceSearch | None = None

    def __len__(self) -> int:
        """How many faces there are now."""
        with self._store.read() as session:
            return corpus_faces.stamp(session, self._model_id)[0]

    def search(self, vectors: NDArray[np.float32], k: int) -> Nearest:
        """The k nearest faces of each vector, by their ids in the database.

        Args:
            vectors: (q, d) in the engine's whitened space. k: at least 1.
        """
        return self._fresh().search(vectors, k)

    def _fresh(self) -> FaceSearch:
        # One view of the database for the stamp and for the faces.
        with self._store.read() as session:
            count, newest = corpus_faces.stamp(session, self._model_id)
            stamp = f"{self._model_id} {count} {newest}"
            found = self._search
            if found is None or found.stamp != stamp:
                path = self._folder.index(self._model_id)
                found = search_for(count, path, exact_most=self._exact_most)
                if found.stamp != stamp:
                    found.rebuild(_blocks(session, self._model_id), stamp)
                self._search = found
        return found


def _blocks(session: Session, model_id: str) -> Iterator[Block]:
    for block in corpus_faces.all_faces(session, model_id):
        yield block.ids, block.vectors
