"""What people are told about a job: the steps of an enrollment that trains, by their titles, and the time left."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from storage.jobs import Job

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ingest": "reading the video",
        "perceive": "looking at the video",
        "pick": "finding the person",
        "entry": "enrolling",
        "synthesize": "making more pictures",
        "mine": "finding other people",
        "questions": "questions",
        "features": "what the model sees",
        "stills": "training on stills",
        "clips": "training on clips",
        "evaluate": "comparing",
        "publish": "publishing",
    }
)
"""Titles of the steps of a training by their short names, in order."""

# With this step done the person can be asked about.
ANSWERS_FROM: Final = "entry"


def number_of(step: str) -> int | None:
    """The place of a step, from 1; None of what is no step, such as waiting."""
    return list(TITLES).index(step) + 1 if step in TITLES else None


def answers(job: Job) -> bool:
    """Whether a running training has come so far that the person can be asked about."""
    return job.kind == "train" and job.step in TITLES and (number_of(job.step) or 0) > (number_of(ANSWERS_FROM) or 0)


def place(job: Job) -> str:
    """Where a job is: "step 7 of 12, questions: 430 of 1455"."""
    number = number_of(job.step) if job.kind == "train" else None
    if number is None:
        return f"{job.step}: {job.what}" if job.what else job.step
    title = TITLES[job.step]
    detail = f": {job.what}" if job.what not in ("", title) else ""
    return f"step {number} of {len(TITLES)}, {title}{detail}"


def line(job: Job) -> str:
    """Where a job is and how long it takes: "step 7 of 12, questions: 430 of 1455, about 6 min left"."""
    return place(job) if job.eta_s is None else f"{place(job)}, {left(job.eta_s)}"


def left(seconds: float) -> str:
    """A time that is only roughly known: "about 6 min left"."""
    if seconds < 90:
        return f"about {max(5 * round(seconds / 5), 5)} s left"
    minutes = round(seconds / 60)
    return f"about {minutes} min left" if minutes < 90 else f"about {minutes / 60:.1f} h left"
