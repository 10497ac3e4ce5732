"""Workers of one process that start and stop."""

import pytest

from pipelines.enroll.durable import DurableWorker
from pipelines.enroll.workflows import WorkflowError
from storage import workers
from storage.store import Store
from tests.pipelines.enroll.tiny_work import BEAT_S, STEPS, TinyWork, new_job, now_of, steps_of, wait_for, wait_until


def test_a_stopped_worker_leaves_its_job_to_the_next_which_finds_damage(
    store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    work = TinyWork(store, url=None)
    work.worker.stop()
    work.worker.start()
    work.worker.start()
    with pytest.raises(WorkflowError, match="has a worker already"):
        TinyWork(store, url=None).worker.start()
    first = work.worker.executor
    job_id = new_job(store)
    work.worker.wake()
    wait_until(lambda: "perceive" in steps_of(work), "the second step")
    work.worker.stop()
    with store.read() as session:
        assert workers.all_workers(session) == []
    assert now_of(store, job_id).state == "running"
    (work.artifacts(job_id).root / "ingest" / "out").write_text("spoiled")
    work.worker.start()
    assert work.worker.executor != first
    wait_for(work, job_id, "done")
    work.worker.stop()
    assert steps_of(work) == ["ingest", "perceive", "ingest", "perceive", "train", "publish"]
    assert now_of(store, job_id).runs == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "url", ["nothing", "mysql://me:secret@host/jobs", "postgresql://me:secret@host", "sqlite:///secret.db"]
)
def test_a_url_that_cannot_be_used_is_refused_without_being_shown(store: Store, url: str) -> None:
    with pytest.raises(WorkflowError, match="like postgresql://") as raised:
        TinyWork(store, url=url)
    assert "secret" not in str(raised.value)


def test_a_database_that_is_away_is_told_and_leaves_nothing(store: Store) -> None:
    worker = DurableWorker(
        store, url="postgresql://me:secret@127.0.0.1:1/jobs", steps=STEPS, run_step=lambda *_: {}, beat_s=BEAT_S
    )
    with pytest.raises(WorkflowError, match=r"me:\*\*\*@127.0.0.1:1/jobs cannot be used: .*refused"):
        worker.start()
    with store.read() as session:
        assert workers.all_workers(session) == []
    worker.stop()


def test_trouble_of_the_library_is_told_in_lines_of_our_log(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(WorkflowError):
        TinyWork(store, url="postgresql://me:secret@127.0.0.1:1/jobs").worker.start()
    (told,) = [record.getMessage() for record in caplog.records if record.name == "dbos"]
    assert "failed to launch" in told
    assert "refused" in told
    assert "\n" not in caplog.text.strip()
