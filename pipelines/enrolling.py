"""Enrolling: people noted with their consent, and the entries that videos give them."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import enroll_instant, names
from pipelines.results import Candidate, EnrollResult
from pipelines.tools import Progress, Tools
from pipelines.videos import PerceivedVideos
from pvchat.errors import ConsentError, SubjectError
from storage import people, perceptions
from storage.people import Consent, SubjectVectors
from storage.schema import now
from storage.store import Store
from storage.training_folder import TrainingFolder

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DatabaseSession

    from pvchat.identity.gallery import GalleryEntry

    Finish = Callable[[DatabaseSession, EnrollResult], None]


class Enroller:
    """The enrolling half of a session.

    Args:
        store: the data folder. tools: perception and identity. videos: perceived videos.
        lock: held while the gallery is compared and changed.
        others: entries of everybody who can be recognised, by face model.
    """

    def __init__(
        self,
        store: Store,
        tools: Tools,
        videos: PerceivedVideos,
        lock: threading.RLock,
        others: "Callable[[str], Sequence[GalleryEntry]]",
    ) -> None:
        self._store = store
        self._tools = tools
        self._videos = videos
        self._lock = lock
        self._others = others

    def create(self, name: str, consent_by: str, purpose: str, expires_at: datetime | None) -> str:
        """Note a person and their consent; see `Session.create_subject`."""
        consent = consent_of(consent_by, purpose, expires_at)
        name = names.clean_name(name)
        with self._store.write() as session:
            return people.create(session, name=name, name_key=names.name_key(name), consent=consent)

    def enroll_new(
        self,
        name: str,
        file: Path,
        consent: Consent,
        *,
        pick: int | None,
        progress: Progress | None,
    ) -> EnrollResult:
        """Enroll somebody who was not noted before; the name is clean and free. See `Session.enroll`."""

        def subject(session: "DatabaseSession") -> str:
            return people.create(session, name=name, name_key=names.name_key(name), consent=consent)

        return self._enroll(name, file, pick, progress, subject)

    def enroll_known(
        self,
        subject_id: str,
        file: Path,
        *,
        pick: int | None,
        progress: Progress | None,
        finish: "Finish | None",
        keep_training: str | None,
    ) -> EnrollResult:
        """Enroll somebody who was noted before; see `Session.enroll_subject`."""
        with self._store.read() as session:
            info = people.get(session, subject_id)
        if info is None:
            raise SubjectError("this person was forgotten meanwhile; create the person anew")
        if not info.consent.valid(now()):
            raise ConsentError(f'the consent for "{info.name}" has ended; forget the person and ask for a new consent')
        return self._enroll(info.name, file, pick, progress, lambda _session: subject_id, finish, keep_training)

    def candidates(self, file: Path) -> list[Candidate]:
        """The people of a video among whom an enrollment has to pick."""
        perceived = self._videos.get(file, None, store=False)
        found = enroll_instant.candidates_of(perceived, self._tools)
        return [
            Candidate(number, candidate.describe(), candidate.tracks[0].keyframe_s, candidate.tracks[0].keyframe_box)
            for number, candidate in enumerate(found, start=1)
        ]

    def _enroll(
        self,
        name: str,
        file: Path,
        pick: int | None,
        progress: Progress | None,
        subject: "Callable[[DatabaseSession], str]",
        finish: "Finish | None" = None,
        keep_training: str | None = None,
    ) -> EnrollResult:
        started = time.perf_counter()
        self._tools.prepare(answering=False)
        perceived = self._videos.get(file, progress, store=False)
        perceive_s = time.perf_counter() - started
        record, vectors = perceived.record, perceived.vectors
        with self._lock:
            others = [entry for entry in self._others(vectors.face_model) if entry.name != name]
            new = enroll_instant.build(name, perceived, pick, file, self._tools, others)
            total_s = time.perf_counter() - started
            result = EnrollResult(
                subject=name,
                coverage=new.coverage,
                warnings=new.warnings,
                timing_s={"perceive": perceive_s, "gallery": total_s - perceive_s, "total": total_s},
            )
            with self._store.write() as session:
                subject_id = subject(session)
                video_id = perceptions.save(session, record, vectors, file, perceived.size_bytes)
                changed = people.enroll(
                    session,
                    subject_id,
                    video_id=video_id,
                    coverage=new.coverage,
                    vectors=vectors_of(new.entry, vectors.appearance_model),
                )
                if finish is not None:
                    finish(session, result)
            if changed:
                # What was trained on the earlier enrollment is of no use for this one.
                TrainingFolder(self._store.database.parent).drop(subject_id, keep=keep_training)
        return result


def consent_of(consent_by: str, purpose: str, expires_at: datetime | None) -> Consent:
    """A consent that holds now.

    Raises:
        ConsentError: a text is missing or too long, or the end lies in the past.
    """
    consent_by, purpose = enroll_instant.check_consent(consent_by, purpose)
    consent = Consent(given_by=consent_by, purpose=purpose, expires_at=expires_at)
    if not consent.valid(now()):
        raise ConsentError("the consent has expired already; ask for a new one")
    return consent


def vectors_of(entry: "GalleryEntry", appearance_model: str) -> SubjectVectors:
    """A gallery entry as it is stored.

    Args:
        entry: of the person. appearance_model: what described the clothes.
    """
    return SubjectVectors(
        face_model=entry.model_id,
        templates=entry.templates,
        weights=entry.weights,
        appearance_model=appearance_model if entry.appearance is not None else "",
        appearance=entry.appearance,
    )
