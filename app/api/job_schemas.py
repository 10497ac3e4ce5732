"""Jobs, trainings and their adapters over the wire, as pydantic models."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.api.schemas import In
from app.api.wire import WHOLE
from pipelines.enroll.jobs import LEAST_QUESTIONS
from storage.adapters import AdapterInfo
from storage.jobs import Job
from storage.schema import JobKind, JobState


class ChoiceOut(BaseModel):
    """A person to pick, with a picture."""

    number: int
    description: str
    crop: str


class JobOut(BaseModel):
    """A job. `choices` is filled while the state is `needs_pick`; `eta_s` is known at times, while it runs.

    `step` is what is being done and `what` a detail of it. Of a training, `step` is one of `ingest`, `perceive`,
    `pick`, `entry`, `synthesize`, `mine`, `questions`, `features`, `stills`, `clips`, `evaluate`, `publish`, in this
    order; after `entry` the person can be asked about.
    """

    id: str
    kind: JobKind
    state: JobState
    subject_id: str | None
    video_id: str | None
    progress: float
    step: str
    what: str
    eta_s: float | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    choices: list[ChoiceOut]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        """From the database."""
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            subject_id=job.subject_id,
            video_id=job.media_id,
            progress=round(job.progress, 3),
            step=job.step,
            what=job.what,
            eta_s=job.eta_s,
            result=job.result,
            error=job.error,
            choices=[
                ChoiceOut(number=number, description=text, crop=f"/v1/jobs/{job.id}/crops/{number}")
                for number, text in job.choices
            ],
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )


class TrainingIn(In):
    """How much is trained on; by default as much as usual."""

    questions: Annotated[int, Field(ge=LEAST_QUESTIONS, le=20_000), WHOLE] | None = None


class AdapterOut(BaseModel):
    """A version of a person's adapter. The current one answers."""

    version: int
    base: str
    current: bool
    size_bytes: int
    created_at: datetime

    @classmethod
    def of(cls, info: AdapterInfo) -> "AdapterOut":
        """From the database."""
        return cls(
            version=info.version,
            base=info.base,
            current=info.current,
            size_bytes=info.size,
            created_at=info.created_at,
        )


class AdaptersOut(BaseModel):
    """The versions that are kept, newest first."""

    adapters: list[AdapterOut]


class RollbackIn(In):
    """Which version is to answer: by default the one before; with `instant` none."""

    version: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = None
    instant: bool = False


class JobsOut(BaseModel):
    """The newest jobs, newest first."""

    jobs: list[JobOut]


class PickIn(In):
    """Which person of the video is meant."""

    number: Annotated[int, Field(ge=1, le=1000), WHOLE]
