"""Expensive things are made once, and a failure to make one can be tried again."""

import threading
import time

import pytest

from pipelines.lazy import Lazy


def test_made_once_by_many_threads() -> None:
    made: list[int] = []

    def make() -> object:
        made.append(1)
        time.sleep(0.05)
        return object()

    lazy = Lazy(make)
    values: list[object] = []
    threads = [threading.Thread(target=lambda: values.append(lazy.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(made) == 1
    assert len(values) == 8
    assert len(set(map(id, values))) == 1


def test_nothing_is_made_before_it_is_wanted() -> None:
    made: list[int] = []
    lazy = Lazy(lambda: made.append(1) or "value")
    assert not lazy.ready
    assert made == []
    lazy.start()
    lazy.start()
    assert lazy.get() == "value"
    assert lazy.ready
    assert made == [1]


def test_a_failure_reaches_the_caller_and_can_be_tried_again() -> None:
    attempts: list[int] = []

    def make() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError("not yet")
        return "value"

    lazy = Lazy(make)
    lazy.start()
    with pytest.raises(ValueError, match="not yet"):
        lazy.get()
    assert lazy.get() == "value"
