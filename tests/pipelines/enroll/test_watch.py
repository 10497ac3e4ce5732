"""Who is dead is told by beats and processes, never by a date."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.enroll.processes import Process, is_gone
from pipelines.enroll.watch import Watch
from storage.workers import Worker

ME = Process.this()
OTHER = Worker("other", "elsewhere", 1, 1.0, 0, datetime(1970, 1, 1, tzinfo=UTC))


def watch() -> Watch:
    return Watch(ME, dead_after_s=12.0, look_every_s=2.0)


def test_a_worker_that_is_silent_for_a_while_is_dead() -> None:
    looking = watch()
    looks = [looking.look([OTHER], 100.0 + 2.0 * number) for number in range(8)]
    assert looks == [{}] * 6 + [{"other": 0}] * 2


def test_a_worker_that_beats_is_alive() -> None:
    looking = watch()
    assert [looking.look([replace(OTHER, beats=number)], 2.0 * number) for number in range(20)] == [{}] * 20


def test_a_worker_that_speaks_again_is_alive_again() -> None:
    looking = watch()
    looks = [looking.look([OTHER], 2.0 * number) for number in range(7)]
    assert looks[-1] == {"other": 0}
    assert looking.look([replace(OTHER, beats=1)], 14.0) == {}


@given(st.floats(13.0, 1e9))
def test_a_watcher_that_was_suspended_blames_nobody(away_s: float) -> None:
    looking = watch()
    looking.look([OTHER], 0.0)
    assert looking.look([OTHER], away_s) == {}


def test_a_worker_whose_process_is_gone_is_dead_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        started = Process(ME.host, other.pid, 0.0)
        assert started.is_gone_from(ME.host), "another process had this id"
        alive = replace(OTHER, host=ME.host, pid=os.getpid(), pid_started=ME.started)
        assert watch().look([alive], 0.0) == {}
        assert set(watch().look([replace(alive, pid_started=ME.started + 1)], 0.0)) == {"other"}
        other.kill()
        # Dead but not yet waited for is dead, too.
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert set(watch().look([replace(alive, pid=other.pid)], 0.0)) == {"other"}
    assert set(watch().look([replace(alive, pid=other.pid)], 0.0)) == {"other"}


def test_a_process_of_another_host_is_not_looked_up() -> None:
    gone = replace(OTHER, pid=2**22 + 1)
    assert watch().look([gone], 0.0) == {}


@pytest.mark.parametrize(
    ("process", "gone"),
    [(ME, False), (replace(ME, started=ME.started + 1), True), (replace(ME, host="elsewhere", started=1.0), False)],
)
def test_a_token_tells_a_process(process: Process, gone: bool) -> None:
    assert is_gone(process.token, ME.host) is gone
