"""Enrollment jobs from the first step to the last, over stand-in perception and a tiny nano."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.enroll import worker
from pipelines.enroll.files import REPORT
from pipelines.enroll.worker import job_folder
from pvchat.evaluation.assessment import Assessment, Counts
from storage import jobs, people, trainings
from storage.schema import ConsentRow, now
from tests.pipelines.enroll.job_tools import MARIA, STEPS, STRANGER, Desk, add, get, wait
from tests.training_bases import tiny_training

pytestmark = pytest.mark.usefixtures("one_thread")

Video = Callable[..., Path]


def settled(found: Callable[[], bool]) -> None:
    """It becomes so within a few seconds."""
    ends = time.monotonic() + 20
    while not found():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_job_goes_through_all_steps_and_leaves_an_adapter_and_a_report(desk: Desk, video: Video, home: Path) -> None:
    desk.session.perceive(video("street.mp4", STRANGER))
    subject = desk.subject()
    job = desk.ended(add(desk.store, subject, video("first.mp4", MARIA)))
    assert (job.state, job.error) == ("done", None)
    assert desk.ran == list(STEPS)
    result = job.result
    assert (result["clips"], result["questions"]) == (6, 14)
    assert result["asked"] > 0
    assert result["published"] == (result["trained_errors"] <= result["instant_errors"])
    assert desk.adapters(subject) == ([1] if result["published"] else [])
    folder = job_folder(desk.store, job)
    settled(lambda: [path.name for path in folder.iterdir()] == [REPORT])
    assert "Maria" in (folder / REPORT).read_text()
    assert desk.session.find("maria") == "Maria"


def test_a_synthesizer_that_cannot_work_is_made_up_for_and_the_report_says_why(desk: Desk, video: Video) -> None:
    job = desk.ended(
        add(desk.store, desk.subject(), video("first.mp4", MARIA), synthesizer="subject-diffusion", generated=2)
    )
    assert (job.state, job.error) == ("done", None)
    assert "subject-diffusion: 0 of 0 samples kept; subject-diffusion needs facial landmarks" in (
        job_folder(desk.store, job) / REPORT
    ).read_text("utf-8")


def test_questions_are_answered_from_the_fourth_step_on(desk: Desk, video: Video) -> None:
    clip = video("c.mp4", MARIA)
    asked: list[str] = []

    def ask(_job_id: str, step: str) -> None:
        if step == "synthesize":
            asked.append(desk.session.ask(clip, "Is Maria here?").answer)

    desk.on_step = ask
    assert desk.ended(add(desk.store, desk.subject(), video("first.mp4", MARIA))).state == "done"
    assert asked == ["Yes, Maria."]


def test_a_job_asks_who_is_meant_and_goes_on_with_the_answer(
    desk: Desk, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "jpegs_of", lambda _file, places: [b"jpeg"] * len(places))
    subject = desk.subject()
    file = video("two.mp4", {**MARIA, "x": 0.2}, {**STRANGER, "x": 0.8})
    job_id = add(desk.store, subject, file)
    job = wait(desk.store, job_id, lambda job: job.state == "needs_pick" or job.ended)
    assert (job.state, [number for number, _ in job.choices]) == ("needs_pick", [1, 2])
    with desk.store.write() as session:
        assert jobs.choose(session, job_id, 2)
    assert desk.ended(job_id).state == "done"
    assert desk.ran.count("perceive") == 1
    with desk.store.read() as session:
        (enrolled,) = people.list_all(session)
    assert enrolled.id == subject
    assert desk.session.ask(video("c.mp4", STRANGER), "Is Maria here?").answer == "Yes, Maria."


def test_a_cancelled_job_goes_on_from_what_is_finished_when_it_is_resumed(desk: Desk, video: Video) -> None:
    job_id = add(desk.store, desk.subject(), video("first.mp4", MARIA))

    def cancel(_job_id: str, step: str) -> None:
        if step == "stills":
            with desk.store.write() as session:
                jobs.cancel(session, job_id)

    desk.on_step = cancel
    assert desk.ended(job_id).state == "cancelled"
    desk.on_step = lambda _job_id, _step: None
    with desk.store.write() as session:
        assert trainings.resume(session, job_id)
    assert desk.ended(job_id).state == "done"
    assert desk.ran == [*STEPS[: STEPS.index("stills") + 1], *STEPS[STEPS.index("stills") :]]


def test_a_stopped_worker_leaves_its_job_to_the_next_one(desk: Desk, video: Video) -> None:
    job_id = add(desk.store, desk.subject(), video("first.mp4", MARIA))
    wait(desk.store, job_id, lambda job: "questions" in desk.ran)
    desk.worker.stop()
    assert get(desk.store, job_id).state == "running"
    desk.worker.start()
    assert desk.ended(job_id).state == "done"
    assert [step for step in STEPS if desk.ran.count(step) > 1 and step in STEPS[: STEPS.index("questions")]] == []


@pytest.mark.parametrize("step", ["synthesize", "clips"])
def test_a_consent_withdrawn_meanwhile_ends_the_job_and_erases_what_it_made(
    desk: Desk, video: Video, step: str, home: Path
) -> None:
    subject = desk.subject()

    def withdraw(_job_id: str, running: str) -> None:
        if running == step:
            with desk.store.write() as session:
                for row in session.query(ConsentRow):
                    row.withdrawn_at = now()

    desk.on_step = withdraw
    job = desk.ended(add(desk.store, subject, video("first.mp4", MARIA)))
    assert (job.state, job.error["title"]) == ("failed", "The consent does not hold")
    assert not (home / "training").exists()
    assert desk.adapters(subject) == []


def test_a_person_forgotten_meanwhile_leaves_nothing(desk: Desk, video: Video, home: Path) -> None:
    subject = desk.subject()
    job_id = add(desk.store, subject, video("first.mp4", MARIA))

    def forget(_job_id: str, step: str) -> None:
        if step == "features":
            desk.session.forget_subject(subject)

    desk.on_step = forget
    settled(lambda: "features" in desk.ran and not (home / "training").exists())
    desk.worker.stop()
    assert not (home / "training").exists()
    with desk.store.read() as session:
        assert jobs.get(session, job_id) is None


def test_a_worse_adapter_is_not_published_and_the_earlier_one_stays(desk: Desk, video: Video) -> None:
    subject, file = desk.subject(), video("first.mp4", MARIA)
    better = Assessment({"existence": Counts(4, 2, 1)})
    worse = Assessment({"existence": Counts(4, 1, 2)})
    trained = tiny_training()
    desk.tools.trainer = lambda: trained
    for assessment in (better, worse):
        trained.compare = lambda *_, found=assessment, **__: found
        job = desk.ended(add(desk.store, subject, file))
        assert job.result["published"] == (not assessment.worse)
    assert desk.adapters(subject) == [1]


def test_three_faces_in_the_video_still_answer_at_once_and_the_job_says_what_is_missing(
    desk: Desk, video: Video
) -> None:
    file = video("short.mp4", {"face": 1, "every": 5.0}, duration=1.0)
    job = desk.ended(add(desk.store, desk.subject(), file))
    assert job.state == "failed"
    assert "usable frames" in job.error["detail"]
    assert desk.session.ask(video("c.mp4", MARIA), "Is Maria here?").answer == "Yes, Maria."


def test_a_file_that_is_no_video_ends_the_job(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video")
    job = desk.ended(add(desk.store, desk.subject(), tmp_path / "notes.mp4"))
    assert (job.state, desk.ran) == ("failed", ["ingest"])
    assert "not a video" in job.error["detail"]
