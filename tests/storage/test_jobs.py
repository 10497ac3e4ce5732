"""Jobs go through their states, once, and never backwards."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import jobs, media, people
from storage.jobs import ENDED, Choice, Job
from storage.people import Consent
from storage.store import Store


def new_job(store: Store, **more: Any) -> Job:
    with store.write() as session:
        job = jobs.add(session, kind="enroll", owner="me", **more)
    assert job is not None
    return job


def now_of(store: Store, job: Job) -> Job:
    with store.read() as session:
        found = jobs.get(session, job.id)
    assert found is not None
    return found


def do(store: Store, work: Callable[..., Any], *arguments: Any) -> Any:
    with store.write() as session:
        return work(session, *arguments)


def test_the_oldest_job_is_taken_first_and_once(store: Store) -> None:
    first, second = new_job(store), new_job(store)
    assert do(store, jobs.take_next).id == first.id
    assert do(store, jobs.take_next).id == second.id
    assert do(store, jobs.take_next) is None


def test_a_job_asks_who_is_meant_and_goes_on(store: Store) -> None:
    job = new_job(store)
    do(store, jobs.take_next)
    assert do(store, jobs.ask_for_pick, job.id, [Choice(1, "left", b"a"), Choice(2, "right", b"b")])
    asking = now_of(store, job)
    assert (asking.state, asking.choices) == ("needs_pick", ((1, "left"), (2, "right")))
    with store.read() as session:
        assert jobs.crop(session, job.id, 2) == b"b"
    assert not do(store, jobs.choose, job.id, 3)
    assert do(store, jobs.choose, job.id, 2)
    assert do(store, jobs.take_next).pick == 2
    assert do(store, jobs.finish, job.id, {"done": 1})
    done = now_of(store, job)
    assert (done.state, done.result, done.choices, done.progress) == ("done", {"done": 1}, (), 1.0)


def test_what_was_cancelled_cannot_finish_fail_or_ask(store: Store) -> None:
    job = new_job(store)
    do(store, jobs.take_next)
    assert do(store, jobs.cancel, job.id)
    assert not do(store, jobs.tell, job.id, 0.5, "on")
    assert not do(store, jobs.finish, job.id, {})
    assert not do(store, jobs.fail, job.id, "a", "b")
    assert not do(store, jobs.ask_for_pick, job.id, [])
    assert not do(store, jobs.cancel, job.id)
    assert now_of(store, job).state == "cancelled"


def test_what_a_dead_worker_left_begins_again_three_times(store: Store) -> None:
    job = new_job(store)
    for _ in range(jobs.MOST_ATTEMPTS):
        assert do(store, jobs.take_next).id == job.id
        assert do(store, jobs.requeue_orphans) == 1
    failed = now_of(store, job)
    assert failed.state == "failed"
    assert failed.error is not None
    assert "3 times" in failed.error["detail"]
    assert do(store, jobs.requeue_orphans) == 0


def test_a_stopped_worker_puts_its_job_back_uncounted(store: Store) -> None:
    job = new_job(store)
    for _ in range(5):
        assert do(store, jobs.take_next).attempts == 1
        do(store, jobs.put_back, job.id)
    assert now_of(store, job).state == "queued"


def test_an_idempotency_key_is_one_owners(store: Store) -> None:
    job = new_job(store, idempotency_key="k", fingerprint="f")
    with store.write() as session:
        assert jobs.add(session, kind="enroll", owner="me", idempotency_key="k") is None
        assert jobs.add(session, kind="enroll", owner="you", idempotency_key="k") is not None
        found = jobs.by_idempotency_key(session, "me", "k")
    assert found is not None
    assert (found.id, found.fingerprint) == (job.id, "f")


def test_jobs_go_with_their_subject_and_outlive_their_video(store: Store) -> None:
    with store.write() as session:
        subject_id = people.create(session, name="Ann", name_key="ann", consent=Consent("Ann", "door"))
        for media_id in ("1", "2"):
            media.add(
                session,
                media_id=media_id,
                sha256=media_id,
                name="a",
                size_bytes=1,
                duration_s=1.0,
                width=1,
                height=1,
                fps=1.0,
            )
    of_subject, of_video = new_job(store, subject_id=subject_id, media_id="1"), new_job(store, media_id="2")
    do(store, media.remove, "2")
    assert now_of(store, of_video).media_id is None
    from storage.erase import erase_subject

    erased = do(store, erase_subject, subject_id, ())
    assert (erased.name, erased.media) == ("Ann", ("1",))
    with store.read() as session:
        assert jobs.get(session, of_subject.id) is None
        assert media.get(session, "1") is None


STEPS = st.lists(st.sampled_from(["take", "tell", "ask", "choose", "finish", "fail", "cancel", "requeue"]), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_an_ended_job_never_changes(store: Store, steps: list[str]) -> None:
    job = new_job(store)
    work: dict[str, Callable[[], Any]] = {
        "take": lambda: do(store, jobs.take_next),
        "tell": lambda: do(store, jobs.tell, job.id, 0.5, "x"),
        "ask": lambda: do(store, jobs.ask_for_pick, job.id, [Choice(1, "left", b"a")]),
        "choose": lambda: do(store, jobs.choose, job.id, 1),
        "finish": lambda: do(store, jobs.finish, job.id, {}),
        "fail": lambda: do(store, jobs.fail, job.id, "t", "d"),
        "cancel": lambda: do(store, jobs.cancel, job.id),
        "requeue": lambda: do(store, jobs.requeue_orphans),
    }
    before = now_of(store, job)
    for step in steps:
        work[step]()
        after = now_of(store, job)
        if before.state in ENDED:
            assert after == before
        else:
            assert after.version >= before.version
            assert after.version > before.version or after.state == before.state
        before = after
    # The next example begins without this job.
    do(store, jobs.cancel, job.id)


def test_progress_stays_between_nothing_and_all(store: Store) -> None:
    job = new_job(store)
    do(store, jobs.take_next)
    for told, kept in ((-1.0, 0.0), (0.25, 0.25), (7.0, 1.0)):
        do(store, jobs.tell, job.id, told, "x" * 500)
        assert now_of(store, job).progress == pytest.approx(kept)
        assert len(now_of(store, job).step) <= 100
