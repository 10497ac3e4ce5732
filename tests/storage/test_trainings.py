"""Trainings are handed over to workflows, once each time, and go on after they have ended badly."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import jobs, media, people, trainings
from storage.erase import erase_subject
from storage.jobs import Choice, Job
from storage.people import Consent
from storage.store import Store


def do(store: Store, work: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    with store.write() as session:
        return work(session, *arguments, **more)


def new_training(store: Store, **more: Any) -> Job:
    job: Job = do(store, jobs.add, kind="train", owner="me", **more)
    return job


def now_of(store: Store, job: Job) -> Job:
    found: Job = do(store, jobs.get, job.id)
    return found


@pytest.fixture
def ann(store: Store) -> str:
    """Ann's id."""
    subject_id: str = do(store, people.create, name="Ann", name_key="ann", consent=Consent("Ann", "door"))
    return subject_id


def test_options_come_back_as_they_were_given(store: Store) -> None:
    assert now_of(store, new_training(store, options={"steps": 20, "base": "nano"})).options == {
        "steps": 20,
        "base": "nano",
    }
    assert now_of(store, new_training(store)).options is None


def test_a_training_is_handed_over_once_oldest_first(store: Store) -> None:
    first, second = new_training(store), new_training(store)
    do(store, jobs.add, kind="enroll", owner="me")
    assert [job.id for job in do(store, trainings.to_hand_over)] == [first.id, second.id]
    assert do(store, trainings.hand_over, first.id) == f"{first.id}.1"
    assert do(store, trainings.hand_over, first.id) is None
    assert [job.id for job in do(store, trainings.to_hand_over)] == [second.id]
    assert do(store, trainings.by_workflow, f"{first.id}.1").id == first.id
    assert do(store, trainings.hand_over, "no such job") is None


def test_other_jobs_are_no_trainings(store: Store) -> None:
    job = do(store, jobs.add, kind="enroll", owner="me")
    assert do(store, trainings.hand_over, job.id) is None
    assert do(store, trainings.begin, job.id) is None
    do(store, jobs.cancel, job.id)
    assert not do(store, trainings.resume, job.id)


def test_only_workflows_take_trainings(store: Store) -> None:
    job = new_training(store)
    assert do(store, jobs.take_next) is None
    begun = do(store, trainings.begin, job.id)
    assert (begun.state, begun.attempts) == ("running", 1)
    assert do(store, jobs.requeue_orphans) == 0
    do(store, jobs.put_back, job.id)
    assert now_of(store, job) == begun


def test_another_worker_goes_on_where_the_dead_one_was(store: Store) -> None:
    job = new_training(store)
    workflow = do(store, trainings.hand_over, job.id)
    first = do(store, trainings.begin, job.id)
    do(store, jobs.tell, job.id, 0.6, "training", what="stage 2", eta_s=90.0)
    again = do(store, trainings.begin, job.id)
    assert (again.state, again.attempts, again.progress, again.workflow) == ("running", 2, 0.6, workflow)
    assert again.started_at == first.started_at
    assert (again.what, again.eta_s) == ("", None)


def test_details_are_told_and_go_when_the_job_ends(store: Store) -> None:
    job = new_training(store)
    do(store, trainings.begin, job.id)
    do(store, jobs.tell, job.id, 0.5, "training", what="x" * 300, eta_s=12.5)
    told = now_of(store, job)
    assert (told.step, len(told.what), told.eta_s) == ("training", 200, 12.5)
    do(store, jobs.tell, job.id, 0.6, "comparing")
    assert (now_of(store, job).what, now_of(store, job).eta_s) == ("", None)
    do(store, jobs.tell, job.id, 0.6, "comparing", what="4 of 9", eta_s=3.0)
    do(store, jobs.finish, job.id, {})
    assert (now_of(store, job).what, now_of(store, job).eta_s) == ("", None)


def test_a_picked_training_is_handed_over_anew(store: Store) -> None:
    job = new_training(store)
    before = do(store, trainings.hand_over, job.id)
    do(store, trainings.begin, job.id)
    do(store, jobs.ask_for_pick, job.id, [Choice(1, "left", b"a"), Choice(2, "right", b"b")])
    assert do(store, trainings.begin, job.id) is None
    assert do(store, trainings.to_hand_over) == []
    assert do(store, jobs.choose, job.id, 2)
    assert do(store, trainings.by_workflow, before) is None
    after = do(store, trainings.hand_over, job.id)
    assert (before, after) == (f"{job.id}.1", f"{job.id}.2")
    assert do(store, trainings.begin, job.id).pick == 2


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_what_ended_badly_goes_on(store: Store, end: str) -> None:
    job = new_training(store)
    workflow = do(store, trainings.hand_over, job.id)
    do(store, trainings.begin, job.id)
    do(store, jobs.tell, job.id, 0.4, "training")
    assert not do(store, trainings.resume, job.id)
    do(store, getattr(jobs, end), job.id, *(("title", "detail") if end == "fail" else ()))
    assert do(store, trainings.begin, job.id) is None
    assert do(store, trainings.to_hand_over) == []
    assert do(store, trainings.resume, job.id)
    resumed = now_of(store, job)
    assert (resumed.state, resumed.error, resumed.finished_at, resumed.progress) == ("queued", None, None, 0.4)
    assert do(store, trainings.by_workflow, workflow) is None
    assert do(store, trainings.hand_over, job.id) == f"{job.id}.2"


def test_what_ended_well_or_is_gone_cannot_go_on(store: Store) -> None:
    job = new_training(store)
    do(store, trainings.begin, job.id)
    do(store, jobs.finish, job.id, {})
    assert not do(store, trainings.resume, job.id)
    assert not do(store, trainings.resume, "no such job")


def test_a_person_has_one_training_at_a_time(store: Store, ann: str) -> None:
    assert do(store, trainings.live, ann) is None
    do(store, jobs.add, kind="enroll", owner="me", subject_id=ann)
    first = new_training(store, subject_id=ann)
    assert do(store, trainings.live, ann).id == first.id
    do(store, jobs.cancel, first.id)
    assert do(store, trainings.live, ann) is None
    second = new_training(store, subject_id=ann)
    assert not do(store, trainings.resume, first.id)
    do(store, jobs.cancel, second.id)
    assert do(store, trainings.resume, first.id)
    assert do(store, trainings.live, ann).id == first.id


def test_a_training_goes_with_its_person_and_their_upload(store: Store, ann: str) -> None:
    facts = {"size_bytes": 1, "duration_s": 1.0, "width": 1, "height": 1, "fps": 1.0}
    do(store, media.add, media_id="1", sha256="1", name="a", **facts)
    job = new_training(store, subject_id=ann, media_id="1", options={"steps": 1})
    workflow = do(store, trainings.hand_over, job.id)
    assert do(store, erase_subject, ann, ()).media == ("1",)
    assert do(store, jobs.get, job.id) is None
    assert do(store, trainings.by_workflow, workflow) is None
    assert do(store, trainings.begin, job.id) is None


STEPS = st.lists(
    st.sampled_from(["hand", "begin", "tell", "ask", "choose", "finish", "fail", "cancel", "resume"]), max_size=14
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_no_workflow_id_is_given_twice_and_every_change_is_counted(store: Store, steps: list[str]) -> None:
    job = new_training(store)
    given_ids: list[str] = []
    work: dict[str, Callable[[], Any]] = {
        "hand": lambda: do(store, trainings.hand_over, job.id),
        "begin": lambda: do(store, trainings.begin, job.id),
        "tell": lambda: do(store, jobs.tell, job.id, 0.5, "x", what="y", eta_s=1.0),
        "ask": lambda: do(store, jobs.ask_for_pick, job.id, [Choice(1, "left", b"a")]),
        "choose": lambda: do(store, jobs.choose, job.id, 1),
        "finish": lambda: do(store, jobs.finish, job.id, {}),
        "fail": lambda: do(store, jobs.fail, job.id, "t", "d"),
        "cancel": lambda: do(store, jobs.cancel, job.id),
        "resume": lambda: do(store, trainings.resume, job.id),
    }
    before = now_of(store, job)
    for step in steps:
        found = work[step]()
        after = now_of(store, job)
        if step == "hand" and found is not None:
            given_ids.append(found)
        assert after == before or after.version > before.version
        if before.ended and step != "resume":
            assert after == before
        if after.state == "done":
            assert after.result is not None
        waiting_for_workflow = job.id in {waiting.id for waiting in do(store, trainings.to_hand_over)}
        assert waiting_for_workflow == (after.state == "queued" and after.workflow is None)
        before = after
    assert len(set(given_ids)) == len(given_ids) == before.runs
