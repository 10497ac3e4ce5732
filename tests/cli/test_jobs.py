"""`pvchat jobs`: read and steered by another process than the one that works."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.enroll import jobs as following
from pipelines.enroll.processes import this_host
from storage import jobs, people, trainings, workers
from storage.jobs import Choice, Job
from storage.people import Consent
from storage.store import Store
from tests import stand_in_training
from tests.stand_in_training import TrainingWorker

Run = Callable[..., Any]
Make = Callable[..., Job]
Changing = Callable[[Callable[[Any], object]], None]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """The data folder, as another process has it open."""
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def make(store: Store) -> Make:
    """make("Maria", "running") -> a training of that person in that state."""

    def call(name: str = "Maria", state: str = "running") -> Job:
        with store.write() as session:
            person = people.create(session, name=name, name_key=name.lower(), consent=Consent("Ann", "door"))
            job = jobs.add(session, kind="train", owner="other", subject_id=person, options={})
            assert job is not None
            if state != "queued":
                trainings.hand_over(session, job.id)
                trainings.begin(session, job.id)
            if state == "running":
                jobs.tell(session, job.id, 0.5, "questions", what="430 of 1455", eta_s=371.0)
            elif state == "needs_pick":
                jobs.ask_for_pick(session, job.id, [Choice(1, "left", b"x"), Choice(2, "right", b"y")])
            elif state == "failed":
                jobs.fail(session, job.id, "Training failed", "too little")
            elif state == "done":
                jobs.finish(session, job.id, stand_in_training.result())
            elif state == "cancelled":
                jobs.cancel(session, job.id)
            found = jobs.get(session, job.id)
        assert found is not None
        return found

    return call


@pytest.fixture
def changing(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Changing]:
    """changing(change): another process changes something as soon as whoever watches a job has told how far it is."""
    told = threading.Event()
    changes = following.changes
    threads: list[threading.Thread] = []

    def watched(*args: Any) -> Iterator[Job]:
        for job in changes(*args):
            yield job
            told.set()

    def call(change: Callable[[Any], object]) -> None:
        def work() -> None:
            told.wait(60)
            with store.write() as session:
                change(session)

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    monkeypatch.setattr(following, "changes", watched)
    yield call
    for thread in threads:
        thread.join()


def test_the_list_says_who_what_and_how_far(run: Run, make: Make) -> None:
    job, done = make("Maria"), make("Nina", "done")
    ran = run("jobs", "list")
    assert ran.code == 0
    told = " ".join(ran.out.split())
    for words in (job.id[:8], done.id[:8], "Maria", "Nina", "interrupted", "step 7 of 12"):
        assert words in told
    assert "Nina" not in run("jobs", "list", "--state", "running").out
    (only,) = json.loads(run("jobs", "list", "--state", "done", "--json").out)
    assert (only["id"], only["kind"], only["result"]["adapter_version"]) == (done.id, "train", 1)


def test_a_job_without_any_worker_is_told_from_one_that_runs(run: Run, make: Make, store: Store) -> None:
    job, gone = make(), subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with store.write() as session:
        workers.register(session, "ended", this_host(), gone.pid, 1.0)
    assert "state: interrupted" in run("jobs", "show", job.id).out
    assert "interrupted" in run("jobs", "list").out
    with store.write() as session:
        workers.register(session, "elsewhere", "another host", gone.pid, 1.0)
    assert "state: running" in run("jobs", "show", job.id).out


def test_an_empty_list_says_how_to_begin(run: Run) -> None:
    assert "--train" in run("jobs", "list").out


def test_a_job_is_shown_by_the_beginning_of_its_id(run: Run, make: Make) -> None:
    job = make()
    ran = run("jobs", "show", job.id[:6].upper())
    assert ran.code == 0
    assert f"job: {job.id}" in ran.out
    assert "at: step 7 of 12, questions: 430 of 1455, about 6 min left (50%)" in ran.out
    plain = json.loads(run("jobs", "show", job.id, "--json").out)
    assert (plain["step"], plain["what"], plain["eta_s"], plain["progress"]) == ("questions", "430 of 1455", 371.0, 0.5)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("failed", "Training failed: too little"),
        ("needs_pick", "choice: 2: right"),
        ("done", "13 pictures kept"),
    ],
)
def test_how_a_job_ended_is_shown(run: Run, make: Make, state: str, told: str) -> None:
    assert told in run("jobs", "show", make(state=state).id).out


def test_an_id_has_to_be_of_one_job(run: Run, make: Make) -> None:
    make("Maria"), make("Nina")
    for beginning, told in (("zz", "no job"), ("", "more than one job"), ("%", "no job")):
        ran = run("jobs", "show", beginning)
        assert (ran.code, told in ran.err) == (2, True)


def test_watching_follows_another_process_to_the_end(run: Run, make: Make, changing: Changing) -> None:
    job = make()
    changing(lambda session: jobs.finish(session, job.id, stand_in_training.result()))
    ran = run("jobs", "watch", job.id[:8])
    assert ran.code == 0
    assert ran.err.startswith("step 7 of 12, questions: 430 of 1455, about 6 min left\n")
    assert ran.out.startswith("Maria is trained")


def test_watching_prints_a_line_of_json_for_each_change(run: Run, make: Make, changing: Changing) -> None:
    job = make()
    changing(lambda session: jobs.fail(session, job.id, "Training failed", "too little"))
    ran = run("jobs", "watch", job.id, "--json")
    assert ran.code == 2
    assert "too little" in ran.err
    assert [json.loads(line)["state"] for line in ran.out.splitlines()] == ["running", "failed"]


def test_a_job_that_is_forgotten_meanwhile_ends_the_watching(run: Run, make: Make, changing: Changing) -> None:
    job = make()
    from storage.schema import JobRow

    changing(lambda session: session.delete(session.get(JobRow, job.id)))
    ran = run("jobs", "watch", job.id)
    assert (ran.code, "no such job any more" in ran.err) == (2, True)


def test_cancelling_ends_a_job_once(run: Run, make: Make) -> None:
    job = make()
    ran = run("jobs", "cancel", job.id[:8])
    assert ran.code == 0
    assert f"pvchat jobs resume {job.id[:8]}" in ran.out
    ran = run("jobs", "cancel", job.id[:8])
    assert (ran.code, "it is cancelled" in ran.err) == (2, True)


@pytest.mark.parametrize("state", ["failed", "cancelled", "running", "queued"])
def test_resuming_without_running_leaves_it_to_a_worker(run: Run, make: Make, store: Store, state: str) -> None:
    job = make(state=state)
    ran = run("jobs", "resume", job.id[:8], "--no-run")
    assert ran.code == 0, ran.err
    with store.read() as session:
        found = jobs.get(session, job.id)
    assert found is not None
    assert found.state == ("running" if state == "running" else "queued")


@pytest.mark.parametrize(
    ("state", "words", "told"),
    [
        ("done", (), "is done already"),
        ("needs_pick", (), "--pick N"),
        ("needs_pick", ("--pick", "7"), "2: right"),
        ("failed", ("--pick", "1"), "does not ask"),
    ],
)
def test_what_cannot_go_on_says_why(run: Run, make: Make, state: str, words: tuple[str, ...], told: str) -> None:
    ran = run("jobs", "resume", make(state=state).id, *words, "--no-run")
    assert (ran.code, told in ran.err) == (2, True)


def test_two_trainings_of_one_person_do_not_go_on_at_once(run: Run, make: Make, store: Store) -> None:
    job = make(state="failed")
    with store.write() as session:
        jobs.add(session, kind="train", owner="other", subject_id=job.subject_id)
    ran = run("jobs", "resume", job.id, "--no-run")
    assert (ran.code, "another training" in ran.err) == (2, True)


def test_a_job_that_a_living_worker_has_is_only_watched(
    run: Run, make: Make, store: Store, changing: Changing, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make()
    ended = threading.Event()

    with store.write() as session:
        workers.register(session, "there", "host", 1, 0.0)

    def beat() -> None:
        while not ended.wait(0.05):
            with store.write() as session:
                workers.beat(session, "there")

    beating = threading.Thread(target=beat)
    beating.start()
    monkeypatch.setattr(TrainingWorker, "made", [])
    monkeypatch.setitem(sys.modules, "pipelines.enroll.worker", stand_in_training)
    changing(lambda session: jobs.cancel(session, job.id))
    ran = run("jobs", "resume", job.id)
    ended.set()
    beating.join()
    assert (ran.code, "was cancelled" in ran.err) == (2, True)
    assert TrainingWorker.made == []
