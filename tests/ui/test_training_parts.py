"""What the pages show of trainings and of what they left, as HTML."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.api.job_schemas import JobOut
from app.ui.people_tab import Card
from app.ui.render import page_part
from storage import adapters, jobs, people
from storage.adapters import AdapterInfo
from storage.jobs import Job
from storage.people import Consent, SubjectInfo
from storage.schema import JobState
from storage.store import Store
from tests.stand_in_training import result


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store."""
    with Store.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def maria(store: Store) -> SubjectInfo:
    """Somebody who is enrolled, as far as the pages look."""
    with store.write() as session:
        made = people.create(session, name="Maria <b>", name_key="maria", consent=Consent("Ann", "door"))
        found = people.get(session, made)
    assert found is not None
    return replace(found, face_model="dlib", templates=3)


@pytest.fixture
def job(store: Store, maria: SubjectInfo) -> Job:
    """A training that runs."""
    with store.write() as session:
        made = jobs.add(session, kind="train", owner="me", subject_id=maria.id)
    assert made is not None
    return replace(made, state="running", step="questions", what="430 of 1455", eta_s=371.0, progress=0.5)


def panel(job: Job, subject: SubjectInfo | None) -> str:
    return page_part("enrolling", job=JobOut.of(job), subject=subject)


def row(job: Job) -> str:
    return page_part("jobs", rows=[{"job": job, "what": "Train", "whom": "Maria", "file": "m.mp4"}])


def test_the_panel_says_step_time_left_and_that_questions_are_answered(job: Job, maria: SubjectInfo) -> None:
    html = panel(job, maria)
    assert "step 7 of 12, questions: 430 of 1455, about 6 min left" in html
    assert "Training Maria &lt;b&gt;" in html
    assert "can be asked about already" in html
    assert 'data-act="cancel"' in html
    early = panel(replace(job, step="perceive", what="frame 3", eta_s=None), maria)
    assert "Enrolling Maria" in early
    assert "step 2 of 12, looking at the video: frame 3" in early
    assert "asked about already" not in early


@pytest.mark.parametrize(
    ("published", "version", "words"),
    [(True, 2, ("is trained", "answers from now on", "<dd>2</dd>")), (False, None, ("is enrolled", "it is not used"))],
)
def test_the_panel_ends_with_the_verdict_and_the_report(
    job: Job, maria: SubjectInfo, published: bool, version: int | None, words: tuple[str, ...]
) -> None:
    done = replace(job, state="done", step="done", result=result(published=published, version=version))
    html = panel(done, maria)
    for word in ("14 of 96", f'href="/v1/jobs/{job.id}/report"', "few faces were seen", *words):
        assert word in html


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_training_that_ended_badly_can_go_on_if_the_person_is_enrolled(
    job: Job, maria: SubjectInfo, state: Any
) -> None:
    ended = replace(job, state=state, step=state, error={"title": "No", "detail": "disk full"})
    assert 'data-act="resume"' in panel(ended, maria)
    assert "is enrolled and not trained" in panel(ended, maria)
    nobody = panel(ended, replace(maria, face_model=None))
    assert 'data-act="resume"' not in nobody
    assert "Nothing was kept" in nobody


def test_the_list_of_jobs_shows_progress_verdict_and_what_can_be_done(job: Job) -> None:
    html = row(job)
    assert "step 7 of 12, questions: 430 of 1455, about 6 min left" in html
    assert "can be asked about already" in html
    assert ('data-act="cancel"' in html, 'data-act="resume"' in html) == (True, False)
    done = row(replace(job, state="done", step="done", result=result(version=2)))
    assert "version 2, 14 wrong before, 8 trained, of 96" in done
    assert f'href="/v1/jobs/{job.id}/report"' in done
    assert "data-act" not in done
    ends: tuple[JobState, ...] = ("failed", "cancelled")
    for state in ends:
        ended = replace(job, state=state, step=state, error=None)
        assert 'data-act="resume"' in row(ended)
        assert 'data-act="resume"' not in row(replace(ended, kind="enroll"))


def versions(store: Store, subject_id: str, count: int) -> list[AdapterInfo]:
    with store.write() as session:
        for _ in range(count):
            adapters.save(session, subject_id, base="nano", base_sha256="0" * 64, card="{}", data=b"x")
        return adapters.versions(session, subject_id, "nano")


def test_a_card_says_which_version_answers_and_where_a_click_goes_back_to(store: Store, maria: SubjectInfo) -> None:
    assert "rollback" not in page_part("people", cards=[Card.of(maria, [])], enrolled=1)
    first = page_part("people", cards=[Card.of(maria, versions(store, maria.id, 1))], enrolled=1)
    assert "trained, version 1" in first
    assert "Roll back Maria &lt;b&gt; to the enrollment alone" in first
    second = page_part("people", cards=[Card.of(maria, versions(store, maria.id, 1))], enrolled=1)
    assert "trained, version 2" in second
    assert 'data-version="1"' in second
    with store.write() as session:
        adapters.retire(session, maria.id, "nano")
    none = page_part("people", cards=[Card.of(maria, versions(store, maria.id, 0))], enrolled=1)
    assert "trained, not used" in none
    assert "Use version 2" in none
