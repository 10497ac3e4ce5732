"""What a session hands back."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pvchat.chat.facts import State, SubjectFacts
from pvchat.chat.facts_from_record import merge_spans
from pvchat.perception.record import Box, Span, Track

_SECONDS_DIGITS = 3


@dataclass(frozen=True)
class Evidence:
    """What the answer rests on, for one asked person.

    Attributes:
        subject: the enrolled name.
        state: the identity decision.
        score: calibrated probability of being present, 0..1.
        spans: seconds in which the person is seen.
        keyframe_s: a moment that shows the person well, None when absent.
        box: where in that frame, as fractions of its width and height; None when absent.
        tracks: ids of the tracks that are the person, or for "unsure" the candidates; feedback can name them.
        video: number from 0 of the video, in a conversation about several; else None.
    """

    subject: str
    state: State
    score: float
    spans: tuple[Span, ...] = ()
    keyframe_s: float | None = None
    box: Box | None = None
    tracks: tuple[int, ...] = ()
    video: int | None = None

    @classmethod
    def of(cls, facts: SubjectFacts, tracks: Sequence[int] = (), video: int | None = None) -> "Evidence":
        """From the facts the answer was made with, and the tracks of the decision."""
        return cls(facts.name, facts.state, facts.score, facts.spans, facts.keyframe_s, facts.box, tuple(tracks), video)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the JSON of an answer."""
        return {
            "subject": self.subject,
            "state": self.state,
            "score": round(self.score, 4),
            "spans": [[round(start, 2), round(end, 2)] for start, end in self.spans],
            "keyframe_s": None if self.keyframe_s is None else round(self.keyframe_s, _SECONDS_DIGITS),
            "box": None if self.box is None else [round(edge, 4) for edge in self.box],
            "tracks": list(self.tracks),
            **({} if self.video is None else {"video": self.video}),
        }


@dataclass(frozen=True)
class Stranger:
    """Somebody in the video who is nobody enrolled and was grouped over all videos.

    Attributes:
        number: the same in every video. id: for programs and logs. spans: seconds in which the person is seen.
        keyframe_s: a moment that shows the person well. box: where in that frame, as fractions.
    """

    number: int
    id: str
    spans: tuple[Span, ...]
    keyframe_s: float
    box: Box

    @classmethod
    def of(cls, number: int, person_id: str, tracks: Sequence[Track]) -> "Stranger":
        """From the tracks of the person, at least one."""
        best = max(tracks, key=lambda track: (track.face_quality, track.face_px))
        spans = merge_spans([span for track in tracks for span in track.spans])
        return cls(number, person_id, spans, best.keyframe_s, best.keyframe_box)

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the JSON of an answer."""
        return {
            "number": self.number,
            "id": self.id,
            "spans": [[round(start, 2), round(end, 2)] for start, end in self.spans],
            "keyframe_s": round(self.keyframe_s, _SECONDS_DIGITS),
            "box": [round(edge, 4) for edge in self.box],
        }


@dataclass(frozen=True)
class Answer:
    """An answer and its evidence.

    Attributes:
        answer: the sentence.
        evidence: one per asked person, in the order asked; in a conversation about several videos, for each of those
            that were asked about.
        agrees_with_evidence: False when the model said something its evidence does not bear out.
        unknown_people: how many people in the video (the most in one, of several) are nobody enrolled.
        strangers: those of them who have a number; a face too poor to know again has none. Not told of several videos.
        model: which models answered.
        timing_s: seconds per step.
    """

    answer: str
    evidence: tuple[Evidence, ...]
    agrees_with_evidence: bool
    unknown_people: int
    strangers: tuple[Stranger, ...] = ()
    model: dict[str, str] = field(default_factory=dict)
    timing_s: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "answer": self.answer,
            "evidence": [item.to_dict() for item in self.evidence],
            "agrees_with_evidence": self.agrees_with_evidence,
            "unknown_people": self.unknown_people,
            "strangers": [stranger.to_dict() for stranger in self.strangers],
            "model": dict(self.model),
            "timing_s": {step: round(seconds, _SECONDS_DIGITS) for step, seconds in self.timing_s.items()},
        }

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


@dataclass(frozen=True)
class Candidate:
    """A person of an enrollment video who could be meant.

    Attributes:
        number: what to pick, from 1.
        description: where and when to find the person.
        keyframe_s: a moment that shows the person well.
        box: the person in that frame, as fractions of its width and height.
    """

    number: int
    description: str
    keyframe_s: float
    box: Box


@dataclass(frozen=True)
class EnrollResult:
    """What came of an enrollment.

    Attributes:
        subject: the name as kept.
        coverage: what the video showed of the person.
        warnings: one line each: another enrolled person looks alike, coverage is thin.
        timing_s: seconds per step.
    """

    subject: str
    coverage: dict[str, Any]
    warnings: tuple[str, ...] = ()
    timing_s: dict[str, float] = field(default_factory=dict)

    @property
    def advice(self) -> list[str]:
        """What a further video should show, one sentence each."""
        from pvchat.identity.advice import advice

        return advice(self.coverage)


@dataclass(frozen=True)
class Person:
    """An enrolled person, without any biometric data."""

    name: str
    enrolled_at: datetime
    consent_by: str
    purpose: str
    expires_at: datetime | None
    withdrawn_at: datetime | None
    face_model: str
    templates: int
    coverage: dict[str, Any]

    @property
    def consent_state(self) -> str:
        """The consent in one word or two: "given", "withdrawn", "expired", "until 2026-01-31"."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.expires_at is None:
            return "given"
        return "expired" if self.expires_at <= datetime.now(UTC) else f"until {self.expires_at:%Y-%m-%d}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        from pvchat.identity.advice import advice

        return {
            "name": self.name,
            "enrolled_at": self.enrolled_at.isoformat(timespec="seconds"),
            "consent_by": self.consent_by,
            "purpose": self.purpose,
            "consent": self.consent_state,
            "face_model": self.face_model,
            "templates": self.templates,
            "coverage": self.coverage,
            "advice": advice(self.coverage),
        }


@dataclass(frozen=True)
class TrainResult:
    """What came of a training.

    Attributes:
        subject: the name. base: model the adapter is for.
        published: whether the adapter answers from now on; it does not when it made more errors than the base alone.
        asked: questions about the held-out clips. instant_errors, trained_errors: of the base alone, with the adapter.
        by_kind: the same three numbers for each kind of question.
        adapter_bytes: size of the adapter. steps: optimizer steps. held_out_loss: at the best state.
        warnings: what was missing. notes: what happened on the way. report: files that were written.
        timing_s: seconds per step of the work.
    """

    subject: str
    base: str
    published: bool
    asked: int
    instant_errors: int
    trained_errors: int
    by_kind: dict[str, tuple[int, int, int]]
    adapter_bytes: int
    steps: int
    held_out_loss: float | None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    report: tuple[Path, ...] = ()
    timing_s: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "report": [str(path) for path in self.report]}


@dataclass(frozen=True)
class ForgetReport:
    """What went when a person was forgotten.

    Attributes:
        subject: the name.
        templates: face templates.
        appearance: appearance vectors.
        track_vectors: vectors of tracks in cached perception records.
        records: file names of the videos whose cached perception records went.
        videos: file names of the videos that are no longer known at all.
        uploads: how many videos that were uploaded to enroll the person were deleted.
        adapters: how many adapters that were trained for the person.
        corpus_faces: how many faces of the corpus.
        feedback: how many statements "this is X", "this is not X" about the person.
        feedback_faces: how many faces that statements about other people had left, and that could be the person's.
    """

    subject: str
    templates: int
    appearance: int
    track_vectors: int
    records: tuple[str, ...]
    videos: tuple[str, ...]
    uploads: int = 0
    adapters: int = 0
    corpus_faces: int = 0
    feedback: int = 0
    feedback_faces: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)
