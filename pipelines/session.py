"""A session: enroll people, ask about them, list and forget them. Safe to share between threads."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pipelines import enroll_instant, names
from pipelines.results import Answer, EnrollResult, Evidence, ForgetReport, Person
from pipelines.tools import EmbeddedTools, Progress, Tools
from pipelines.videos import CLIPS_KEPT, PerceivedVideo, PerceivedVideos, remember
from pvchat.errors import ConsentError, QuestionError, SubjectError
from pvchat.paths import home_dir
from storage import people, perceptions
from storage.erase import erase_subject
from storage.people import Consent, StoredSubject, SubjectVectors
from storage.schema import now
from storage.store import Store

if TYPE_CHECKING:
    from pvchat.chat.answer import Clip
    from pvchat.identity.gallery import GalleryEntry

LONGEST_QUESTION = 2000


class Session:
    """Everything one data folder can do, from Python. Made by `pipelines.open`; a context manager.

    Args:
        store: the open data folder.
        tools: perception, identity and the model.
    """

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store = store
        self._tools = tools
        # One model and one cache of clips: questions are answered one after the other.
        self._lock = threading.RLock()
        self._videos = PerceivedVideos(store, tools)
        self._clips: OrderedDict[tuple[str, ...], Clip] = OrderedDict()
        self._known_ids: frozenset[str] = frozenset()

    def enroll(
        self,
        name: str,
        video: Path | str,
        *,
        consent_by: str,
        purpose: str,
        pick: int | None = None,
        expires_at: datetime | None = None,
        progress: Progress | None = None,
    ) -> EnrollResult:
        """Enroll the person of one video. Nothing is stored unless all of it succeeds.

        Args:
            name: 1 to 60 characters, unique whatever the case.
            video: the file; it is read, not copied.
            consent_by: who gave the consent.
            purpose: what the person consented to.
            pick: which person of the video is meant, from 1, where several are equally likely.
            expires_at: when the consent ends (aware), None for never.
            progress: called with the fraction done and what is being done.

        Raises:
            SubjectError: the name is not usable, or taken.
            ConsentError: consent is missing.
            VideoError: the file cannot be read as video.
            NoFaceError: it shows no face that can be described.
            AmbiguousSubjectError: several people are equally likely.
            WeightsError: a model is missing.
        """
        started = time.perf_counter()
        consent_by, purpose = enroll_instant.check_consent(consent_by, purpose)
        consent = Consent(given_by=consent_by, purpose=purpose, expires_at=expires_at)
        if not consent.valid(now()):
            raise ConsentError("the consent has expired already; ask for a new one")
        name = self.check_enrollment(name, video)
        file = Path(video)
        with self._lock:
            self._tools.prepare(answering=False)
            perceived = self._videos.get(file, progress, store=False)
            perceive_s = time.perf_counter() - started
            record, vectors = perceived.record, perceived.vectors
            candidates = enroll_instant.find_candidates(
                record, vectors, lambda a, b: self._tools.same_person(a, b, vectors.face_model)
            )
            candidate = enroll_instant.pick_subject(candidates, pick, file)
            samples = enroll_instant.samples_of(candidate, vectors)
            entry = self._tools.build_entry(
                name,
                samples,
                enroll_instant.appearance_of(candidate, vectors),
                vectors.face_model,
            )
            coverage = {**entry.coverage, **enroll_instant.coverage_of(candidate, candidates)}
            warnings = [
                *enroll_instant.thin_coverage(candidate, samples),
                *self._tools.look_alikes(entry, self._gallery(self._subjects(), entry.model_id)),
            ]
            with self._store.write() as session:
                video_id = perceptions.save(session, record, vectors, file, perceived.size_bytes)
                people.add(
                    session,
                    name=name,
                    name_key=names.name_key(name),
                    consent=consent,
                    video_id=video_id,
                    coverage=coverage,
                    vectors=_vectors_of(entry, vectors.appearance_model),
                )
        total_s = time.perf_counter() - started
        return EnrollResult(
            subject=name,
            coverage=coverage,
            warnings=tuple(warnings),
            timing_s={"perceive": perceive_s, "gallery": total_s - perceive_s, "total": total_s},
        )

    def ask(
        self,
        video: Path | str,
        question: str,
        subjects: Sequence[str] | None = None,
        *,
        use_evidence: bool = True,
        use_identity_bias: bool = True,
        progress: Progress | None = None,
    ) -> Answer:
        """Answer a question about a video.

        Args:
            video: the file.
            question: 1 to 2000 characters.
            subjects: who is asked about, in the order of the evidence; by default the enrolled people the question
                mentions, else everybody enrolled who is found in the video.
            use_evidence: whether evidence lines go into the prompt.
            use_identity_bias: whether the model's attention is biased toward the subjects' tracks.
            progress: called with the fraction done and what is being done.

        Raises:
            QuestionError: the question is empty or too long.
            SubjectError: an asked person is not enrolled.
            ConsentError: the consent of an asked person is withdrawn or expired.
            VideoError: the file cannot be read as video.
            WeightsError: a model is missing.
        """
        started = time.perf_counter()
        question = check_question(question)
        with self._lock:
            enrolled = self._subjects()
            self._drop_forgotten(enrolled)
            asked = self._asked(question, subjects, enrolled)
            self._tools.prepare(answering=True)
            perceived = self._videos.get(Path(video), progress)
            perceived_at = time.perf_counter()
            for subject in enrolled:
                if asked and subject.name in asked and subject.vectors.face_model != perceived.vectors.face_model:
                    raise SubjectError(
                        f'"{subject.name}" was enrolled with the face model {subject.vectors.face_model}, this session '
                        f"uses {perceived.vectors.face_model}; open it with the other engine or enroll again"
                    )
            clip = self._clip(perceived, enrolled)
            if asked is None:
                present = [d for d in clip.decisions if d.state == "present"]
                asked = [d.name for d in sorted(present, key=lambda d: min(d.spans, default=(0.0, 0.0)))]
            identified_at = time.perf_counter()
            if progress is not None:
                progress(1.0, "answering")
            result = self._tools.answer(
                clip, question, asked, use_evidence=use_evidence, use_identity_bias=use_identity_bias
            )
        finished = time.perf_counter()
        return Answer(
            answer=result.text,
            evidence=tuple(Evidence.of(facts) for facts in result.facts.subjects),
            agrees_with_evidence=result.agrees_with_evidence,
            unknown_people=result.facts.unknown_people,
            model={**perceived.record.models, **result.model},
            timing_s={
                "perceive": perceived_at - started,
                "identify": identified_at - perceived_at,
                **result.timing_s,
                "answer": finished - identified_at,
                "total": finished - started,
            },
        )

    def check_enrollment(self, name: str, video: Path | str) -> str:
        """What can be told about an enrollment before anything is loaded.

        Returns:
            The name as it will be kept.

        Raises:
            SubjectError: the name is not usable, or taken.
            VideoError: the file is missing or empty.
        """
        name = names.clean_name(name)
        with self._store.read() as session:
            if people.name_taken(session, names.name_key(name)):
                raise people.taken(name)
        self._videos.identify(Path(video))
        return name

    def check_question(self, video: Path | str, question: str, subjects: Sequence[str] | None = None) -> None:
        """What can be told about a question before anything is loaded.

        Raises:
            QuestionError: the question is empty or too long.
            SubjectError: an asked person is not enrolled.
            ConsentError: the consent of an asked person is withdrawn or expired.
            VideoError: the file is missing or empty.
        """
        self._asked(check_question(question), subjects, self._subjects())
        self._videos.identify(Path(video))

    def find(self, name: str) -> str:
        """The enrolled name meant by `name`, whatever its case. Raises SubjectError."""
        return names.find_subject(name, [subject.name for subject in self._subjects()])

    def people(self) -> list[Person]:
        """Everybody enrolled, in the order of enrollment."""
        return [
            Person(
                name=subject.name,
                enrolled_at=subject.created_at,
                consent_by=subject.consent.given_by,
                purpose=subject.consent.purpose,
                expires_at=subject.consent.expires_at,
                withdrawn_at=subject.consent.withdrawn_at,
                face_model=subject.vectors.face_model,
                templates=len(subject.vectors.templates),
                coverage=subject.coverage,
            )
            for subject in self._subjects()
        ]

    def forget(self, name: str) -> ForgetReport:
        """Remove everything about a person, from this session and from the disk.

        Raises:
            SubjectError: nobody is called so.
        """
        with self._lock:
            enrolled = self._subjects()
            wanted = names.find_subject(name, [subject.name for subject in enrolled])
            subject = next(subject for subject in enrolled if subject.name == wanted)
            seen_in = self._seen_in(subject, enrolled)
            with self._store.write() as session:
                erased = erase_subject(session, subject.id, seen_in)
            self._videos.clear()
            self._clips.clear()
            self._tools.release()
            self._store.scrub()
        return ForgetReport(
            subject=subject.name,
            templates=erased.templates,
            appearance=erased.appearance,
            track_vectors=erased.track_vectors,
            records=erased.records,
            videos=erased.videos,
        )

    def close(self) -> None:
        """Close the data folder. The session cannot be used any more."""
        with self._lock:
            self._videos.clear()
            self._clips.clear()
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _subjects(self) -> list[StoredSubject]:
        with self._store.read() as session:
            return people.list_all(session)

    def _gallery(self, subjects: Sequence[StoredSubject], face_model: str | None = None) -> "list[GalleryEntry]":
        """Entries of everybody whose consent holds and whose vectors are of this engine."""
        moment = now()
        return [
            self._tools.entry(subject.name, subject.vectors, subject.coverage)
            for subject in subjects
            if subject.consent.valid(moment) and face_model in (None, subject.vectors.face_model)
        ]

    def _asked(
        self, question: str, subjects: Sequence[str] | None, enrolled: Sequence[StoredSubject]
    ) -> list[str] | None:
        """Names asked about; None when the question is about nobody in particular."""
        known = [subject.name for subject in enrolled]
        if subjects:
            wanted = [subjects] if isinstance(subjects, str) else subjects
            asked = list(dict.fromkeys(names.find_subject(name, known) for name in wanted))
        else:
            asked = names.mentioned(question, known)
            stranger = None if asked else names.asked_stranger(question)
            if stranger is not None:
                raise names.unknown(stranger, known)
        moment = now()
        for subject in enrolled:
            if subject.name in asked and not subject.consent.valid(moment):
                ended = "withdrawn" if subject.consent.withdrawn_at is not None else "expired"
                raise ConsentError(
                    f'the consent for "{subject.name}" is {ended}; run: pvchat forget "{subject.name}", '
                    "then enroll again with a new consent"
                )
        return asked or None

    def _clip(self, perceived: PerceivedVideo, enrolled: Sequence[StoredSubject]) -> "Clip":
        """The clip the model answers from: the same object for every question while nothing changes."""
        entries = self._gallery(enrolled, perceived.vectors.face_model)
        key = (perceived.record.video.sha256, *(subject.id for subject in enrolled), *(e.name for e in entries))
        clip = self._clips.get(key)
        if clip is None:
            decisions = self._tools.decide(perceived.vectors, perceived.record, entries)
            clip = self._tools.clip(perceived.record, perceived.vectors, decisions, entries)
        remember(self._clips, key, clip, CLIPS_KEPT)
        return clip

    def _drop_forgotten(self, enrolled: Sequence[StoredSubject]) -> None:
        """Let go of what is in memory when somebody was forgotten meanwhile, perhaps by another process."""
        ids = frozenset(subject.id for subject in enrolled)
        if not self._known_ids <= ids:
            self._videos.clear()
            self._clips.clear()
            self._tools.release()
        self._known_ids = ids

    def _seen_in(self, subject: StoredSubject, enrolled: Sequence[StoredSubject]) -> set[int]:
        """Videos whose cached records may hold this person: found there, perhaps there, or not comparable."""
        alone = [self._tools.entry(subject.name, subject.vectors, subject.coverage)]
        everybody = [self._tools.entry(other.name, other.vectors, other.coverage) for other in enrolled]
        found: set[int] = set()
        with self._store.read() as session:
            for cached in perceptions.load_all(session):
                if cached.vectors.face_model != subject.vectors.face_model:
                    found.add(cached.video_id)
                    continue
                comparable = [e for e in everybody if e.model_id == cached.vectors.face_model]
                for gallery in (alone, comparable):
                    decisions = self._tools.decide(cached.vectors, cached.record, gallery)
                    if any(d.name == subject.name and d.state != "absent" for d in decisions):
                        found.add(cached.video_id)
        return found


def check_question(question: str) -> str:
    """The question on one line, without control characters.

    Raises:
        QuestionError: it is empty or longer than 2000 characters.
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in question).split())
    if not text:
        raise QuestionError('the question is empty; ask something like "Is Maria in this video?"')
    if len(question.strip()) > LONGEST_QUESTION:
        raise QuestionError(f"the question has {len(question.strip())} characters; use at most {LONGEST_QUESTION}")
    return text


def open(home: Path | str | None = None, *, engine: str = "dlib", base: str = "nano") -> Session:
    """Open a data folder.

    Args:
        home: the folder; by default `PVCHAT_HOME`, else `~/.pvchat`. It is made when missing.
        engine: face recognition engine, "dlib" or "insightface".
        base: base model that answers, "nano".

    Returns:
        A session; close it, or use it in a `with` block. Models are loaded when they are first needed.

    Raises:
        StorageError: the folder cannot be used.
        ModelError: there is no such base model.
    """
    tools = EmbeddedTools(engine, base)
    return Session(Store.open(home_dir() if home is None else Path(home)), tools)


def _vectors_of(entry: "GalleryEntry", appearance_model: str) -> SubjectVectors:
    return SubjectVectors(
        face_model=entry.model_id,
        templates=entry.templates,
        weights=entry.weights,
        appearance_model=appearance_model if entry.appearance is not None else "",
        appearance=entry.appearance,
    )
