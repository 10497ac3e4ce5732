"""Who can be recognised, and whose adapters there are, as the data folder says at this moment."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.tools import Tools
from pvchat.errors import ConsentError
from storage import adapters, feedback, people
from storage.feedback import FeedbackFaces
from storage.people import StoredSubject
from storage.schema import now
from storage.store import Store

if TYPE_CHECKING:
    from pvchat.identity.decision import IdentityDecision
    from pvchat.identity.feedback import Statement
    from pvchat.identity.gallery import GalleryEntry
    from pvchat.models.adapter import Adapter
    from pvchat.perception.record import PerceptionRecord, PerceptionVectors


@dataclass(frozen=True)
class SaidSoFar:
    """What people said, as one video needs it.

    Attributes:
        ids: of all statements there are, whatever the video. statements: about this video, oldest first.
        faces: what statements about any video left, by subject; of who was enrolled from this one, no negatives.
    """

    ids: tuple[str, ...]
    statements: "tuple[Statement, ...]"
    faces: Mapping[str, FeedbackFaces]


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

    def said(self, video_sha256: str, face_model: str) -> SaidSoFar:
        """What people said that matters for a video described by this engine."""
        with self._store.read() as session:
            faces = feedback.faces_of_people(session, face_model)
            own = people.enrolled_from(session, video_sha256)
            return SaidSoFar(
                feedback.ids(session),
                tuple(said.statement() for said in feedback.list_all(session, video_sha256=video_sha256)),
                # What somebody was enrolled from stays theirs, whatever is said of other videos.
                {one: replace(mine, negatives=None) if one in own else mine for one, mine in faces.items()},
            )

    def entries(
        self,
        subjects: Sequence[StoredSubject],
        face_model: str | None = None,
        faces: Mapping[str, FeedbackFaces] | None = None,
    ) -> "list[GalleryEntry]":
        """Entries of everybody whose consent holds and whose vectors are of this engine.

        Args:
            faces: of the same engine, by subject, that statements left; they go into the entries.
        """
        moment = now()
        return [
            _with(self._tools.entry(subject.name, subject.vectors, subject.coverage), (faces or {}).get(subject.id))
            for subject in subjects
            if subject.consent.valid(moment) and face_model in (None, subject.vectors.face_model)
        ]

    def decide(
        self,
        record: "PerceptionRecord",
        vectors: "PerceptionVectors",
        entries: "Sequence[GalleryEntry]",
        said: SaidSoFar,
    ) -> "list[IdentityDecision]":
        """Who of these entries is in a video, given what was said about it."""
        from pvchat.identity.feedback import rulings_of

        rulings, _idle = rulings_of(said.statements, record)
        return self._tools.decide(vectors, record, entries, rulings=rulings)

    def digest(self, subjects: Sequence[StoredSubject]) -> str:
        """Changes with whatever could change who is found in a video."""
        moment = now()
        with self._store.read() as session:
            told = hashlib.sha256(" ".join(feedback.ids(session)).encode())
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


def _with(entry: "GalleryEntry", faces: FeedbackFaces | None) -> "GalleryEntry":
    if faces is None:
        return entry
    for vector in faces.negatives if faces.negatives is not None else ():
        entry = entry.add_negative(vector)
    return entry if faces.confirmed is None else entry.add_confirmed(faces.confirmed)


def check_consent_holds(subject: StoredSubject) -> None:
    """Raise ConsentError when a person's consent is withdrawn or expired."""
    if not subject.consent.valid(now()):
        ended = "withdrawn" if subject.consent.withdrawn_at is not None else "expired"
        raise ConsentError(
            f'the consent for "{subject.name}" is {ended}; run: pvchat forget "{subject.name}", '
            "then enroll again with a new consent"
        )
