"""People over the wire, as pydantic models: consent, names, merging, forgetting."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.api.schemas import In
from app.api.wire import SPACES, Moment, new_name, text
from pipelines.merging import MergeReport
from pvchat.identity.advice import advice
from storage.people import SubjectInfo


class ConsentIn(In):
    """Who allowed what. Nobody is enrolled without it."""

    given_by: Annotated[str, text(200, "Maria Rossi", spaces=SPACES)]
    purpose: Annotated[str, text(500, "family archive", spaces=SPACES)]
    expires_at: Moment | None = None


class SubjectIn(In):
    """A person to create."""

    name: Annotated[str, new_name()]
    consent: ConsentIn


class SubjectChange(In):
    """A new name."""

    name: Annotated[str, new_name()]


class ConsentOut(BaseModel):
    """The consent of a person."""

    given_by: str
    purpose: str
    policy_version: str
    given_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None


class SubjectOut(BaseModel):
    """A person, without any biometric data."""

    id: str
    name: str
    created_at: datetime
    state: Literal["waiting", "enrolled"]
    consent: ConsentOut
    coverage: dict[str, Any]
    advice: list[str]
    enrolled_from: str | None
    face_model: str | None
    templates: int

    @classmethod
    def of(cls, info: SubjectInfo) -> "SubjectOut":
        """From the database."""
        return cls(
            id=info.id,
            name=info.name,
            created_at=info.created_at,
            state="waiting" if info.face_model is None else "enrolled",
            consent=ConsentOut(**vars(info.consent)),
            coverage=info.coverage,
            advice=advice(info.coverage),
            enrolled_from=info.enrolled_from,
            face_model=info.face_model,
            templates=info.templates,
        )


class SubjectsOut(BaseModel):
    """All people."""

    subjects: list[SubjectOut]


class MergeIn(In):
    """Who is the same person."""

    other: Annotated[str, Field(min_length=1, max_length=36, description="id of the person who is absorbed")]


class MergedOut(BaseModel):
    """What came, or would come, of making one person of two."""

    kept: str
    absorbed: str
    templates: int
    consent_ends: datetime | None
    adapters: int
    feedback: int
    feedback_dropped: int
    warnings: list[str]

    @classmethod
    def of(cls, report: MergeReport) -> "MergedOut":
        """From the pipeline."""
        return cls(**{**vars(report), "warnings": list(report.warnings)})


class ForgottenOut(BaseModel):
    """What went when a person was forgotten."""

    subject: str
    templates: int
    appearance: int
    track_vectors: int
    records: list[str]
    videos: list[str]
    uploads: int
    adapters: int
    corpus_faces: int
    feedback: int
    feedback_faces: int
