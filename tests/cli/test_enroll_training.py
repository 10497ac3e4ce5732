"""`pvchat enroll --train` as a person meets it, over a stand-in for the worker that trains."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import jobs, people, trainings
from storage.store import Store
from tests import stand_in_training
from tests.stand_in_training import TrainingWorker

Run = Callable[..., Any]
Video = Callable[..., Path]
CONSENT = ("--consent-by", "Ann", "--purpose", "door")


@pytest.fixture(autouse=True)
def workers(monkeypatch: pytest.MonkeyPatch, tools: Any) -> list[TrainingWorker]:
    """The workers a test made."""
    monkeypatch.setitem(sys.modules, "pipelines.enroll.worker", stand_in_training)
    monkeypatch.setattr(TrainingWorker, "made", [])
    return TrainingWorker.made


def scene(path: Path, *everybody: dict[str, Any], **how: Any) -> Path:
    """A "video" that also says how training on it goes."""
    path.write_text(json.dumps({"file": path.name, "duration": 10.0, "people": list(everybody), **how}))
    return path


def all_jobs(home: Path) -> list[jobs.Job]:
    with Store.open(home) as store, store.read() as session:
        return jobs.list_all(session)


def test_it_tells_how_far_it_is_when_questions_work_and_what_came_of_it(
    run: Run, tmp_path: Path, home: Path, workers: list[TrainingWorker]
) -> None:
    ran = run(
        "enroll",
        "Maria",
        scene(tmp_path / "m.mp4", {"face": 1}, step_s={"entry": 0.6, "questions": 0.6}),
        *CONSENT,
        "--train",
    )
    assert ran.code == 0, ran.err
    told = ran.err.splitlines()
    at = told.index("Maria can be asked about now; training goes on")
    assert any(line.startswith("step 4 of 12, enrolling, about") for line in told[:at])
    assert any(line.startswith("step 7 of 12, questions: ") for line in told[at:])
    assert "warning: few faces were seen" in told
    assert ran.out.startswith("Maria is trained and answers from now on (version 1).")
    for words in (
        "96 held-out questions",
        "14 before, 8 trained",
        "13 pictures kept of 16",
        "stills 60 s",
        "report.html",
    ):
        assert words in ran.out
    (job,) = all_jobs(home)
    assert job.options is not None
    assert (job.owner, job.options["file"], job.options["questions"]) == ("cli", str(tmp_path / "m.mp4"), 1455)
    assert all(worker.stopped.is_set() for worker in workers)
    assert "present" in run("ask", tmp_path / "m.mp4", "Is Maria here?").out


def test_a_synthesizer_is_chosen_by_options(run: Run, tmp_path: Path, home: Path) -> None:
    (tmp_path / "wan").mkdir()
    ran = run(
        "enroll",
        "Maria",
        scene(tmp_path / "m.mp4", {"face": 1}),
        *CONSENT,
        *("--train", "--synthesizer", "image-to-video", "--synthesizer-model", tmp_path / "wan", "--offload", "model"),
    )
    assert ran.code == 0, ran.err
    (job,) = all_jobs(home)
    assert job.options is not None
    chosen = {name: value for name, value in job.options.items() if name.startswith("synthesizer")}
    assert chosen == {
        "synthesizer": "image-to-video",
        "synthesizer_model": str(tmp_path / "wan"),
        "synthesizer_adapter": "",
        "synthesizer_device": "auto",
        "synthesizer_offload": "model",
    }


def test_an_unknown_synthesizer_is_refused_before_anything_is_done(run: Run, tmp_path: Path, home: Path) -> None:
    ran = run("enroll", "Maria", scene(tmp_path / "m.mp4", {"face": 1}), *CONSENT, "--train", "--synthesizer", "magic")
    assert (ran.code, ran.out) == (2, "")
    assert 'synthesizer is "magic"; give augment, subject-diffusion' in ran.err
    assert not home.exists() or all_jobs(home) == []


def test_an_adapter_that_is_no_better_is_said_to_be_left_out(run: Run, tmp_path: Path) -> None:
    ran = run("enroll", "Maria", scene(tmp_path / "m.mp4", {"face": 1}, worse=True), *CONSENT, "--train")
    assert ran.code == 0
    assert ran.out.startswith("Maria is enrolled and not trained")


def test_somebody_enrolled_from_the_same_video_is_trained_without_a_new_consent(
    run: Run, video: Video, home: Path
) -> None:
    file = video("m.mp4", {"face": 1})
    assert run("enroll", "Maria", file, *CONSENT).code == 0
    ran = run("enroll", "maria", file, "--train", "--questions", "60")
    assert ran.code == 0, ran.err
    options = all_jobs(home)[0].options
    assert options is not None
    assert (options["questions"], options["stills"], options["clips"]) == (60, 4, 8)
    ran = run("enroll", "Maria", video("other.mp4", {"face": 1}), "--train", *CONSENT)
    assert ran.code == 2
    assert "is enrolled already" in ran.err


def test_several_people_are_listed_and_the_job_goes_on_with_one_of_them(run: Run, video: Video, home: Path) -> None:
    file = video("two.mp4", {"face": 1, "x": 0.2}, {"face": 2, "x": 0.8})
    ran = run("enroll", "Maria", file, *CONSENT, "--train")
    (job,) = all_jobs(home)
    assert ran.code == 2
    assert f"pvchat jobs resume {job.id[:8]} --pick N: 1: left, first at 0:00; 2: right" in ran.err
    ran = run("jobs", "resume", job.id[:8])
    assert (ran.code, "--pick N" in ran.err) == (2, True)
    ran = run("jobs", "resume", job.id[:8], "--pick", "2")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Maria is trained")
    # The same command once more would have done it as well.
    assert run("enroll", "Nina", file, *CONSENT, "--train").code == 2
    assert run("enroll", "Nina", file, "--train", "--pick", "1").code == 0


def test_a_person_whose_enrollment_fails_is_not_kept(run: Run, video: Video, tmp_path: Path, home: Path) -> None:
    ran = run("enroll", "Maria", scene(tmp_path / "m.mp4", {"face": 1}, fail_at="perceive"), *CONSENT, "--train")
    assert ran.code == 2
    assert "too little to train on" in ran.err
    assert all_jobs(home) == []
    assert run("enroll", "Maria", video("n.mp4", {"face": 1}), *CONSENT, "--train").code == 0


def test_a_training_that_fails_leaves_the_person_enrolled(run: Run, tmp_path: Path) -> None:
    file = scene(tmp_path / "m.mp4", {"face": 1}, fail_at="stills")
    ran = run("enroll", "Maria", file, *CONSENT, "--train")
    assert ran.code == 2
    assert "go on with: pvchat jobs resume" in ran.err
    assert "Maria" in run("people").out


def test_control_c_says_how_to_go_on_and_the_job_does(
    run: Run, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, workers: list[TrainingWorker]
) -> None:
    end = TrainingWorker._enroll

    def interrupted(self: TrainingWorker, *arguments: Any) -> bool:
        done = end(self, *arguments)
        os.kill(os.getpid(), signal.SIGINT)
        return done

    monkeypatch.setattr(TrainingWorker, "_enroll", interrupted)
    ran = run("enroll", "Maria", scene(tmp_path / "m.mp4", {"face": 1}, step_s={"mine": 1.0}), *CONSENT, "--train")
    (job,) = all_jobs(home)
    assert ran.code == 130
    assert f"pvchat jobs resume {job.id[:8]}" in ran.err.splitlines()[-1]
    assert not job.ended
    assert workers[0].stopped.is_set()
    monkeypatch.setattr(TrainingWorker, "_enroll", end)
    ran = run("jobs", "resume", job.id[:8])
    assert ran.code == 0, ran.err
    assert "is trained" in ran.out


def test_nothing_is_kept_without_consent(run: Run, video: Video, home: Path) -> None:
    ran = run("enroll", "Maria", video("m.mp4", {"face": 1}), "--train")
    assert ran.code == 2
    assert "consent" in ran.err
    with Store.open(home) as store, store.read() as session:
        assert people.list_info(session) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["missing.mp4", "--train"], "missing.mp4"),
        (["m.mp4", "--train", "--questions", "1"], "questions"),
        (["m.mp4", "--questions", "50"], "--train"),
    ],
)
def test_mistakes_are_one_line(run: Run, video: Video, words: list[str], told: str) -> None:
    file = video("m.mp4", {"face": 1})
    ran = run("enroll", "Maria", file.with_name(words[0]), *words[1:], *CONSENT)
    assert ran.code == 2
    assert ran.out == ""
    assert told in ran.err.splitlines()[-1]


def test_somebody_who_is_only_noted_can_be_forgotten(run: Run, video: Video, home: Path) -> None:
    file = video("two.mp4", {"face": 1, "x": 0.2}, {"face": 2, "x": 0.8})
    assert run("enroll", "Maria", file, *CONSENT, "--train").code == 2
    ran = run("forget", "maria", "--yes")
    assert ran.code == 0, ran.err
    assert all_jobs(home) == []


def test_the_same_video_is_not_trained_twice_at_once(run: Run, video: Video, home: Path) -> None:
    file = video("m.mp4", {"face": 1})
    assert run("enroll", "Maria", file, *CONSENT, "--train").code == 0
    with Store.open(home) as store:
        with store.write() as session:
            first = jobs.list_all(session)[0]
            again = jobs.add(
                session,
                kind="train",
                owner="cli",
                subject_id=first.subject_id,
                options=first.options,
                fingerprint=first.fingerprint,
            )
        assert again is not None
        assert run("enroll", "Maria", file, "--train").code == 0
        with store.read() as session:
            assert len(jobs.list_all(session)) == 2
            assert trainings.live(session, first.subject_id or "") is None
