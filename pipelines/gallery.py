"""Who can be recognised, and whose adapters there are, as the data folder says at this moment."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.tools import Tools
from pvchat.errors import ConsentError
from storage import adapters, people
from storage.people import StoredSubject
from storage.schema import now
from storage.store import Store

if TYPE_CHECKING:
    from pvchat.identity.gallery import GalleryEntry
    from pvchat.models.adapter import Adapter


class Gallery:
    """The enrolled people of a data folder; read anew each time, as another process may have changed them.

    Args:
        store: the data folder. tools: identity, and the base that adapters are for.
    """

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store = store
        self._tools = tools

    def subjects(self) -> list[StoredSubject]:
        """Everybody enrolled, in the order of enrollment."""
        with self._store.read() as session:
            return people.list_all(session)

    def entries(self, subjects: Sequence[StoredSubject], face_model: str | None = None) -> "list[GalleryEntry]":
        """Entries of everybody whose consent holds and whose vectors are of this engine."""
        moment = now()
        return [
            self._tools.entry(subject.name, subject.vectors, subject.coverage)
            for subject in subjects
            if subject.consent.valid(moment) and face_model in (None, subject.vectors.face_model)
        ]

    def digest(self, subjects: Sequence[StoredSubject]) -> str:
        """Changes with whatever could change who is found in a video."""
        moment = now()
        told = hashlib.sha256()
        for subject in sorted(subjects, key=lambda one: one.id):
            vectors = subject.vectors
            told.update(f"{subject.id} {vectors.face_model} {subject.consent.valid(moment)} ".encode())
            told.update(vectors.templates.tobytes() + vectors.weights.tobytes())
        return told.hexdigest()

    def adapter_ids(self, subjects: Sequence[StoredSubject], entries: "Sequence[GalleryEntry]") -> dict[str, str]:
        """Ids of the adapters for the base, by name, of those who have an entry."""
        with self._store.read() as session:
            found = adapters.ids(session, self._tools.base)
        known = {entry.name for entry in entries}
        return {s.name: found[s.id] for s in subjects if s.id in found and s.name in known}

    def adapter(self, adapter_id: str) -> "Adapter | None":
        """An adapter by id; None when it is gone.

        Raises:
            ModelError: it cannot be read.
        """
        from pvchat.models.adapter import parse_adapter

        with self._store.read() as session:
            found = adapters.load(session, adapter_id)
        return None if found is None else parse_adapter(*found)


def check_consent_holds(subject: StoredSubject) -> None:
    """Raise ConsentError when a person's consent is withdrawn or expired."""
    if not subject.consent.valid(now()):
        ended = "withdrawn" if subject.consent.withdrawn_at is not None else "expired"
        raise ConsentError(
            f'the consent for "{subject.name}" is {ended}; run: pvchat forget "{subject.name}", '
            "then enroll again with a new consent"
        )
