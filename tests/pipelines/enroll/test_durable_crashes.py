"""Workers that are killed, suspended, or have a mad clock: every job is finished, and no finished step runs again."""

import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from pipelines.enroll.workflows import FILE
from storage import workers
from storage.store import Store
from tests.pipelines.enroll.tiny_work import DEAD_AFTER_S, STEPS, begun, new_job, now_of, wait_until, work

# A server that has loaded everything forks the workers: they begin at once, and are processes like any other.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.pipelines.enroll.tiny_work"])

Start = Callable[..., int]


@pytest.fixture
def start(store: Store) -> Iterator[Start]:
    """start(url=, host=, jumping=) -> id of a new worker process, which is killed at the end of the test."""
    processes: list[ForkServerProcess] = []

    def begin(url: str | None = None, **more: Any) -> int:
        process = _CONTEXT.Process(target=work, args=(store.database.parent,), kwargs={"url": url, **more})
        process.start()
        processes.append(process)
        assert process.pid is not None
        return process.pid

    yield begin
    for process in processes:
        process.kill()
        process.join()


def registered(store: Store) -> list[int]:
    with store.read() as session:
        return [worker.pid for worker in workers.all_workers(session)]


def wait_for_step(store: Store, step: str) -> int:
    """Wait until a step has begun. Returns where."""
    wait_until(lambda: step in dict(begun(store.database.parent)), f"step {step}")
    return dict(begun(store.database.parent))[step]


def wait_for_end(store: Store, job_id: str) -> None:
    wait_until(lambda: now_of(store, job_id).ended, "the job's end")
    job = now_of(store, job_id)
    assert (job.state, job.result, job.runs) == ("done", {"steps": len(STEPS)}, 1)


def suspend(store: Store, pid: int) -> None:
    """Stop a process at a moment when it holds no lock of a database; one that does stops everybody."""
    files = (store.database, store.database.parent / FILE)
    while True:
        os.kill(pid, signal.SIGSTOP)
        if all(is_free(file) for file in files):
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)


def is_free(file: Path) -> bool:
    with closing(sqlite3.connect(file, timeout=0.3)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


def test_a_job_outlives_its_workers(store: Store, start: Start, url: str | None) -> None:
    pair = {start(url), start(url)}
    wait_until(lambda: set(registered(store)) == pair, "two workers")
    job_id = new_job(store)
    # The other worker takes over.
    first = wait_for_step(store, "perceive")
    os.kill(first, signal.SIGKILL)
    second = wait_for_step(store, "train")
    assert pair == {first, second}
    # Nobody is left; the next worker that starts takes over.
    os.kill(second, signal.SIGKILL)
    third = start(url)
    wait_for_end(store, job_id)
    assert begun(store.database.parent) == [
        ("ingest", first),
        ("perceive", first),
        ("perceive", second),
        ("train", second),
        ("train", third),
        ("publish", third),
    ]
    wait_until(lambda: registered(store) == [third], "the dead to be forgotten")
    assert not list((store.database.parent / "training" / job_id).glob(".*"))


def test_a_suspended_worker_loses_its_job_and_comes_back_as_another(store: Store, start: Start) -> None:
    pair = {start(), start()}
    wait_until(lambda: set(registered(store)) == pair, "two workers")
    job_id = new_job(store)
    first = wait_for_step(store, "perceive")
    suspend(store, first)
    suspended = time.monotonic()
    (second,) = pair - {first}
    wait_until(lambda: ("perceive", second) in begun(store.database.parent), "another worker")
    assert time.monotonic() - suspended > DEAD_AFTER_S / 2
    os.kill(first, signal.SIGCONT)
    wait_for_end(store, job_id)
    by_second = [(step, second) for step in STEPS[1:]]
    assert begun(store.database.parent) == [("ingest", first), ("perceive", first), *by_second]
    wait_until(lambda: set(registered(store)) == pair, "the worker to come back")
    os.kill(second, signal.SIGKILL)
    wait_for_end(store, new_job(store))
    assert begun(store.database.parent)[-4:] == [(step, first) for step in STEPS]


def test_clocks_that_are_set_do_not_matter(store: Store, start: Start) -> None:
    pair = {start(jumping=True), start(jumping=True, host="elsewhere")}
    wait_until(lambda: set(registered(store)) == pair, "two workers")
    with store.read() as session:
        before = [worker.id for worker in workers.all_workers(session)]
    ids = [new_job(store), new_job(store), new_job(store)]
    for job_id in ids:
        wait_for_end(store, job_id)
    assert sorted(step for step, _ in begun(store.database.parent)) == sorted(STEPS * len(ids))
    with store.read() as session:
        assert [worker.id for worker in workers.all_workers(session)] == before
