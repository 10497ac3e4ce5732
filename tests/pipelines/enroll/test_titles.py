"""What people read about a job while it runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.enroll import titles
from storage import jobs
from storage.jobs import Job
from storage.store import Store


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A training that has just been accepted."""
    with Store.open(tmp_path / "home") as store, store.write() as session:
        made = jobs.add(session, kind="train", owner="me")
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("step", "what", "eta_s", "line"),
    [
        ("questions", "430 of 1455", 371.0, "step 7 of 12, questions: 430 of 1455, about 6 min left"),
        ("ingest", "", None, "step 1 of 12, reading the video"),
        ("stills", "training on stills", 3.0, "step 9 of 12, training on stills, about 5 s left"),
        ("clips", "loss 0.2", 62.0, "step 10 of 12, training on clips: loss 0.2, about 60 s left"),
        ("publish", "", 9000.0, "step 12 of 12, publishing, about 2.5 h left"),
        ("waiting", "", None, "waiting"),
    ],
)
def test_a_line_says_step_detail_and_time_left(job: Job, step: str, what: str, eta_s: float | None, line: str) -> None:
    assert titles.line(replace(job, step=step, what=what, eta_s=eta_s)) == line


def test_questions_are_answered_once_the_entry_is_stored(job: Job) -> None:
    steps = ["waiting", "starting", *titles.TITLES, "done"]
    assert [step for step in steps if titles.answers(replace(job, step=step))] == list(titles.TITLES)[4:]
    assert not titles.answers(replace(job, step="mine", kind="enroll"))
