"""Jobs of one worker: handed over once, interrupted and gone on with, cancelled, failed, asked about."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from pipelines.enroll.workflows import FILE
from storage import jobs, trainings
from storage.jobs import Choice
from storage.store import Store
from tests.pipelines.enroll.tiny_work import STEPS, TinyWork, begun, new_job, now_of, steps_of, wait_for, wait_until

SECRET = "Ann Example"


class OddWork(TinyWork):
    """Tiny work with steps that end otherwise: by job and step, what they return or raise."""

    def __init__(self, store: Store, **more: Any) -> None:
        super().__init__(store, **more)
        self.odd: dict[tuple[str, str], Any] = {}

    def run_step(self, job_id: str, step: str) -> dict[str, Any]:
        odd = self.odd.pop((job_id, step), None)
        if isinstance(odd, Exception):
            raise odd
        if odd == "needs_pick":
            with self.store.write() as session:
                trainings.begin(session, job_id)
                jobs.ask_for_pick(session, job_id, [Choice(1, "left", b"")])
            return {"state": "needs_pick"}
        return super().run_step(job_id, step)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OddWork]:
    """A worker that has started."""
    with Store.open(tmp_path_factory.mktemp("durable") / "home") as store:
        odd = OddWork(store, step_s=0.05, url=None)
        odd.worker.start()
        yield odd
        odd.worker.stop()


def test_a_job_goes_through_its_steps(work: OddWork) -> None:
    since = len(begun(work.home))
    job_id = new_job(work.store)
    wait_for(work, job_id, "done")
    assert steps_of(work, since) == list(STEPS)


def test_a_job_whose_hand_over_was_cut_short_by_a_crash_is_run_once(work: OddWork) -> None:
    since = len(begun(work.home))
    with work.store.write() as session:
        job = jobs.add(session, kind="train", owner="me")
        assert job is not None
        # Here the process died: nobody has told the workflows.
        assert trainings.hand_over(session, job.id) == f"{job.id}.1"
    wait_for(work, job.id, "done")
    assert steps_of(work, since) == list(STEPS)
    assert now_of(work.store, job.id).runs == 1


def test_a_job_that_asks_who_is_meant_goes_on_after_the_answer(work: OddWork) -> None:
    since = len(begun(work.home))
    job_id = new_job(work.store)
    work.odd[job_id, "train"] = "needs_pick"
    wait_for(work, job_id, "needs_pick")
    assert steps_of(work, since) == ["ingest", "perceive"]
    with work.store.write() as session:
        assert jobs.choose(session, job_id, 1)
    wait_for(work, job_id, "done")
    assert steps_of(work, since) == list(STEPS)


def test_a_step_that_fails_unexpectedly_ends_its_job_which_can_be_resumed(work: OddWork) -> None:
    since = len(begun(work.home))
    job_id = new_job(work.store)
    work.odd[job_id, "perceive"] = RuntimeError(f"no face of {SECRET}")
    wait_for(work, job_id, "failed")
    error = now_of(work.store, job_id).error
    assert error is not None
    assert "log" in error["detail"]
    with work.store.write() as session:
        assert trainings.resume(session, job_id)
    wait_for(work, job_id, "done")
    assert steps_of(work, since) == list(STEPS)


def test_a_job_that_is_cancelled_and_resumed_at_once_is_not_run_twice_at_a_time(work: OddWork) -> None:
    since = len(begun(work.home))
    work.step_s = 0.5
    job_id = new_job(work.store)
    work.worker.wake()
    wait_until(lambda: "perceive" in steps_of(work, since), "the second step")
    with work.store.write() as session:
        jobs.cancel(session, job_id)
        assert trainings.resume(session, job_id)
    work.worker.cancel(f"{job_id}.1")
    work.step_s = 0.05
    wait_for(work, job_id, "done")
    assert steps_of(work, since) == ["ingest", "perceive", "perceive", "train", "publish"]
    assert now_of(work.store, job_id).runs == 2


def test_a_cancelled_job_runs_no_further_step(work: OddWork) -> None:
    since = len(begun(work.home))
    cancelled, next_one = new_job(work.store), new_job(work.store)
    work.worker.wake()
    wait_until(lambda: steps_of(work, since) != [], "the first step")
    with work.store.write() as session:
        jobs.cancel(session, cancelled)
    wait_for(work, next_one, "done")
    assert steps_of(work, since)[-4:] == list(STEPS)
    assert len(steps_of(work, since)) < 2 * len(STEPS)
    assert now_of(work.store, cancelled).state == "cancelled"


def test_a_workflow_that_the_library_dropped_goes_on(work: OddWork) -> None:
    since = len(begun(work.home))
    work.step_s = 0.3
    first, second = new_job(work.store), new_job(work.store)
    work.worker.wake()
    wait_until(lambda: steps_of(work, since) != [], "the first step")
    with closing(sqlite3.connect(work.home / FILE, timeout=10)) as connection:
        # It says that it runs here, while nobody is at it.
        dropped = connection.execute(
            "UPDATE workflow_status SET status = 'PENDING', executor_id = ?, owner_xid = 'nobody'"
            " WHERE workflow_uuid = ? AND status = 'ENQUEUED'",
            (work.worker.executor, f"{second}.1"),
        )
        connection.commit()
        assert dropped.rowcount == 1
    work.step_s = 0.05
    wait_for(work, first, "done")
    wait_for(work, second, "done")
    assert steps_of(work, since) == [*STEPS, *STEPS]


def test_the_workflows_know_ids_and_states_only(work: OddWork) -> None:
    job_id = new_job(work.store)
    work.odd[job_id, "ingest"] = RuntimeError(SECRET)
    wait_for(work, job_id, "failed")
    file = work.home / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert SECRET.encode() not in file.read_bytes()
    with closing(sqlite3.connect(file)) as connection:
        for table in ("workflow_status", "operation_outputs"):
            assert connection.execute(f"SELECT DISTINCT serialization FROM {table}").fetchall() == [("portable_json",)]
        inputs = connection.execute("SELECT inputs FROM workflow_input").fetchall()
    assert (f'{{"namedArgs":{{}},"positionalArgs":["{job_id}"]}}',) in inputs
