"""Two ways to get a reply: the whole program through its session, or perception and identity alone."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Protocol, Self

import pipelines
from benchmarks.people.metrics import Reply
from pipelines import enroll_instant
from pipelines.session import Session
from pvchat.chat.facts_from_record import facts_from_record
from pvchat.identity.decision import decide
from pvchat.identity.gallery import GalleryEntry, build_entry
from pvchat.perception import PerceptionModels, load_models, perceive
from pvchat.perception.record import PerceptionRecord, PerceptionVectors

CONSENT_BY = "benchmark"
PURPOSE = "measurement"


class Asker(Protocol):
    """Enrolls people and answers questions."""

    def enroll(self, name: str, video: Path) -> None:
        """Enroll the person of a clip."""

    def forget(self, name: str) -> None:
        """Take a person out of the gallery."""

    def ask(self, video: Path, question: str, names: Sequence[str], *, use_evidence: bool) -> Reply:
        """Answer a question about enrolled people."""


class SessionAsker:
    """The whole program: `pipelines.open` on a data folder of its own.

    Args:
        home: an empty folder.
    """

    def __init__(self, home: Path) -> None:
        self._session: Session = pipelines.open(home)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def enroll(self, name: str, video: Path) -> None:
        """Enroll the person of a clip."""
        self._session.enroll(name, video, consent_by=CONSENT_BY, purpose=PURPOSE)

    def forget(self, name: str) -> None:
        """Erase a person."""
        self._session.forget(name)

    def ask(self, video: Path, question: str, names: Sequence[str], *, use_evidence: bool) -> Reply:
        """Answer through the language model."""
        started = perf_counter()
        answer = self._session.ask(video, question, subjects=list(names), use_evidence=use_evidence)
        return Reply(
            text=answer.answer,
            states={e.subject: e.state for e in answer.evidence},
            spans={e.subject: e.spans for e in answer.evidence},
            agrees=answer.agrees_with_evidence,
            seconds=perf_counter() - started,
        )


class DecisionAsker:
    """Perception and identity without a language model: replies have facts and no text."""

    def __init__(self) -> None:
        self._models: PerceptionModels = load_models()
        self._seen: dict[Path, tuple[PerceptionRecord, PerceptionVectors]] = {}
        self._gallery: dict[str, GalleryEntry] = {}

    def enroll(self, name: str, video: Path) -> None:
        """Build the gallery entry of the clip's person."""
        record, vectors = self._perceive(video)
        candidates = enroll_instant.find_candidates(record, vectors)
        subject = enroll_instant.pick_subject(candidates, None, video)
        samples = enroll_instant.samples_of(subject, vectors)
        appearance = enroll_instant.appearance_of(subject, vectors)
        self._gallery[name] = build_entry(name, samples, appearance, vectors.face_model)

    def forget(self, name: str) -> None:
        """Drop the gallery entry."""
        del self._gallery[name]

    def ask(self, video: Path, question: str, names: Sequence[str], *, use_evidence: bool) -> Reply:
        """The decisions about the named people and the facts that an answer would rest on."""
        started = perf_counter()
        record, vectors = self._perceive(video)
        decisions = decide(vectors, record, list(self._gallery.values()))
        facts = facts_from_record(record, decisions, names)
        return Reply(
            text=None,
            states={s.name: s.state for s in facts.subjects},
            spans={s.name: s.spans for s in facts.subjects},
            facts=facts,
            seconds=perf_counter() - started,
        )

    def _perceive(self, video: Path) -> tuple[PerceptionRecord, PerceptionVectors]:
        if video not in self._seen:
            self._seen[video] = perceive(video, models=self._models)
        return self._seen[video]
