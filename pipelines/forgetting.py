"""Which videos may hold a person: what has to go when the person is forgotten."""

from collections.abc import Sequence

from pipelines.tools import Tools
from storage import perceptions
from storage.people import StoredSubject
from storage.store import Store


def videos_with(subject: StoredSubject, enrolled: Sequence[StoredSubject], store: Store, tools: Tools) -> set[int]:
    """Ids of the videos whose cached records may hold this person: found there, perhaps there, or not comparable.

    Args:
        subject: who is to be forgotten. enrolled: everybody, the subject among them.
        store: the data folder. tools: identity.
    """
    alone = [tools.entry(subject.name, subject.vectors, subject.coverage)]
    everybody = [tools.entry(other.name, other.vectors, other.coverage) for other in enrolled]
    found: set[int] = set()
    with store.read() as session:
        for cached in perceptions.load_all(session):
            if cached.vectors.face_model != subject.vectors.face_model:
                found.add(cached.video_id)
                continue
            comparable = [e for e in everybody if e.model_id == cached.vectors.face_model]
            for gallery in (alone, comparable):
                decisions = tools.decide(cached.vectors, cached.record, gallery)
                if any(d.name == subject.name and d.state != "absent" for d in decisions):
                    found.add(cached.video_id)
    return found
