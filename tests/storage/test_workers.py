"""Workers say that they live until somebody declares them dead."""

import pytest

from storage import workers
from storage.engine import StorageError
from storage.store import Store


def beats(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {worker.id: worker.beats for worker in workers.all_workers(session)}


def register(store: Store, worker_id: str) -> None:
    with store.write() as session:
        workers.register(session, worker_id, "here", 7, 1234.5)


def test_a_worker_is_known_with_its_process(store: Store) -> None:
    register(store, "one")
    with store.read() as session:
        (found,) = workers.all_workers(session)
    assert (found.id, found.host, found.pid, found.pid_started, found.beats) == ("one", "here", 7, 1234.5, 0)
    assert found.started_at.tzinfo is not None


def test_only_who_beats_is_seen_to_live(store: Store) -> None:
    for worker_id in ("one", "two"):
        register(store, worker_id)
    for _ in range(3):
        with store.write() as session:
            assert workers.beat(session, "two")
    assert beats(store) == {"one": 0, "two": 3}


def test_who_was_declared_dead_learns_it_at_the_next_beat(store: Store) -> None:
    register(store, "one")
    with store.write() as session:
        assert workers.remove(session, "one")
        assert not workers.remove(session, "one")
        assert not workers.beat(session, "one")
    assert beats(store) == {}


def test_an_id_is_one_workers(store: Store) -> None:
    register(store, "one")
    with pytest.raises(StorageError, match="UNIQUE"):
        register(store, "one")
