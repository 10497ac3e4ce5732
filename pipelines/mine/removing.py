"""Taking away from the corpus: a source, or the faces of a person who is to be forgotten."""

from pipelines.mine.candidates import entry_logits, queries_of
from pvchat.errors import CorpusError
from pvchat.identity.calibration import SURE_LOGIT
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.similarity import cosines
from storage import corpus, corpus_faces
from storage.corpus_folder import CorpusFolder
from storage.store import Store

# No face this far from all templates is taken for the person; calibrated bounds lie above .4. Saves the slow judging.
_LEAST_COSINE = 0.15


def remove_source(store: Store, source_id: str) -> None:
    """Remove a source with its items, their faces, and what indexes hold of them. Files are left alone.

    Raises:
        CorpusError: there is no such source.
    """
    indexes = CorpusFolder(store.database.parent)
    with store.read() as session:
        if all(source.id != source_id for source in corpus.list_sources(session)):
            raise CorpusError(f"there is no source {source_id} in the corpus; run: pvchat corpus list")
    # Before, so that they are gone whatever comes; and after, as another process may have made them anew meanwhile.
    indexes.drop()
    with store.write() as session:
        corpus.remove_source(session, source_id)
    indexes.drop()


def faces_of(entry: GalleryEntry, store: Store) -> set[int]:
    """Ids of the faces of the corpus that surely are a person's. Every face is looked at."""
    found: set[int] = set()
    queries = queries_of(entry)
    with store.read() as session:
        for block in corpus_faces.all_faces(session, entry.model_id):
            near = cosines(block.vectors, queries).max(axis=1) >= _LEAST_COSINE
            if near.any():
                some = block.only(near)
                found |= {int(face) for face in some.ids[entry_logits(some, entry) >= SURE_LOGIT]}
    return found
