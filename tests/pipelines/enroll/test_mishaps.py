"""A full disk, damaged files and a clock that is set, in each of the twelve steps."""

import builtins
import errno
import io
import itertools
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.enroll.artifacts import MANIFEST
from pipelines.enroll.worker import job_folder
from storage import trainings
from storage.jobs import Job
from storage.schema import base
from tests.pipelines.enroll.job_tools import MARIA, STEPS, STRANGER, Desk, add, get

pytestmark = pytest.mark.usefixtures("one_thread")

Video = Callable[..., Path]


def begin(desk: Desk, video: Video) -> Path:
    """A stranger was seen before; the video to enroll from."""
    desk.session.perceive(video("street.mp4", STRANGER))
    return video("first.mp4", MARIA)


def resumed(desk: Desk, job_id: str) -> Job:
    """A job that goes on, once it has ended again."""
    with desk.store.write() as session:
        assert trainings.resume(session, job_id)
    desk.worker.wake()
    return ended(desk, job_id)


def ended(desk: Desk, job_id: str) -> Job:
    job: Job = desk.ended(job_id)
    return job


def folder_of(desk: Desk, job_id: str) -> Path:
    return job_folder(desk.store, get(desk.store, job_id))


@dataclass
class Disk:
    """The disk a folder is on."""

    folder: Path
    full: bool = False


@contextmanager
def no_room_to_write(disk: Disk) -> Iterator[None]:
    """While the disk is full, files that are opened for writing take nothing."""
    opened = io.open

    def choose(file: Any, mode: str = "r", *more: Any, **others: Any) -> Any:
        writes = any(letter in mode for letter in "wxa+")
        if disk.full and writes and isinstance(file, str | Path) and Path(file).is_relative_to(disk.folder):
            file = "/dev/full"
        return opened(file, mode, *more, **others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(io, "open", choose)
        patch.setattr(builtins, "open", choose)
        yield


@contextmanager
def no_room_to_sync(disk: Disk) -> Iterator[None]:
    """While the disk is full, what was written turns out not to fit when it is forced to it."""
    sync = os.fsync

    def choose(file: int) -> None:
        if disk.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", choose)
        yield


@pytest.mark.parametrize(
    ("no_room", "steps"), [(no_room_to_write, STEPS), (no_room_to_sync, ("ingest", "clips", "publish"))]
)
def test_a_disk_that_is_full_in_any_step_ends_the_job_which_goes_on_when_there_is_room(
    desk: Desk, video: Video, no_room: Callable[[Disk], AbstractContextManager[None]], steps: Sequence[str]
) -> None:
    file = begin(desk, video)
    disk = Disk(desk.store.database.parent / "training")

    def fill(_job_id: str, step: str) -> None:
        disk.full = step in steps and desk.ran.count(step) == 1

    desk.on_step = fill
    with no_room(disk):
        job_id = add(desk.store, desk.subject(), file, keep=True)
        job = ended(desk, job_id)
        for step in steps:
            disk.full = False
            assert (job.state, desk.ran[-1]) == ("failed", step)
            assert re.search("disk of .* is full .*; make room", str(job.error))
            folder = folder_of(desk, job_id)
            # What a training can go on from is whole, or not there.
            left = {path.name for path in folder.iterdir() if not path.name.startswith(f".work~{step}~")}
            assert left == set(STEPS[: STEPS.index(step)])
            assert list(folder.rglob("*.part")) == []
            job = resumed(desk, job_id)
    assert (job.state, job.error) == ("done", None)
    assert desk.ran == [step for step in STEPS for _ in range(1 + (step in steps))]
    assert desk.adapters(job.subject_id or "") == [1]


def test_damaged_artifacts_of_any_steps_are_found_and_made_again(desk: Desk, video: Video) -> None:
    job_id = add(desk.store, desk.subject(), begin(desk, video), keep=True)

    def fail_at_the_end(_job_id: str, step: str) -> None:
        if step == STEPS[-1]:
            raise OSError("not yet")

    desk.on_step = fail_at_the_end
    assert ended(desk, job_id).state == "failed"
    before = contents(desk, job_id)
    for damaged in (STEPS[:-1:3], STEPS[1:-1:3], STEPS[2:-1:3]):
        desk.ran.clear()
        for step in damaged:
            damage(folder_of(desk, job_id) / step)
        assert resumed(desk, job_id).state == "failed"
        assert desk.ran == [*damaged, STEPS[-1]]
    assert contents(desk, job_id) == before
    desk.on_step = lambda _job_id, _step: None
    assert resumed(desk, job_id).state == "done"


def damage(folder: Path) -> None:
    """Change one bit of the largest file."""
    file = max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def contents(desk: Desk, job_id: str) -> dict[str, str]:
    """What every step left, by its hash."""
    folder = folder_of(desk, job_id)
    return {step: json.loads((folder / step / MANIFEST).read_text())["content"] for step in STEPS[:-1]}


def test_a_clock_that_is_set_forth_and_back_changes_nothing(
    desk: Desk, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = itertools.cycle((-1, 1))

    class Set(datetime):
        """A clock that is a day off, now this way, now that."""

        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=next(turns))

    job_id = add(desk.store, desk.subject(), begin(desk, video))
    monkeypatch.setattr(base, "datetime", Set)
    assert abs(base.now() - datetime.now(UTC)) > timedelta(hours=23)
    job = ended(desk, job_id)
    assert (job.state, job.error) == ("done", None)
    assert desk.ran == list(STEPS)
