"""Enrollment jobs whose worker is killed come to the same end, with another worker and nothing finished run again.

All steps with both databases, over real perception, are `make bench-crash`.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import postgres
from benchmarks.enroll import crash_case
from benchmarks.enroll.crash_case import Moment, Prepared, Reference
from pipelines.session import Session
from storage.store import Store
from tests.pipelines.enroll.job_tools import MARIA, STRANGER, TINY
from tests.pipelines.enroll.tiny_worker import tiny
from tests.pipelines.scene_tools import SceneTools, write_scene

# Also what other tests of this folder fork: there is one server for all of them.
crash_case.load_ahead("tests.pipelines.enroll.tiny_work", "tests.pipelines.enroll.tiny_worker")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A data folder that has seen a stranger and knows of Maria."""
    folder = tmp_path_factory.mktemp("crash")
    home = folder / "prepared"
    tools: Any = SceneTools(sampled_s=())
    with Session(Store.open(home), tools) as session:
        session.perceive(write_scene(folder / "street.mp4", STRANGER))
        subject_id = session.create_subject("Maria", consent_by="Maria", purpose="door")
    options = replace(TINY, file=str(write_scene(folder / "first.mp4", MARIA)), keep=True)
    return Prepared(home, subject_id, options, tiny, patience_s=60.0)


@pytest.fixture(scope="module")
def reference(prepared: Prepared) -> Reference:
    """The job that nobody disturbs."""
    return crash_case.undisturbed(prepared, prepared.home.parent / "reference")


def until_a_checkpoint(folder: Path) -> None:
    """The training has kept something, and goes on."""
    while not list(folder.glob(".work~stills~*/run.safetensors")):
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("step", "database", "moment"),
    [
        ("entry", "sqlite", None),
        ("stills", "sqlite", until_a_checkpoint),
        ("publish", "sqlite", None),
        ("clips", "postgres", None),
    ],
)
def test_a_killed_worker_s_job_ends_as_if_nothing_had_been(
    prepared: Prepared,
    reference: Reference,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    step: str,
    database: str,
    moment: Moment | None,
) -> None:
    url = postgres.fresh_url(request.getfixturevalue("postgres_server")) if database == "postgres" else None
    outcome = crash_case.killed(prepared, tmp_path / "home", url, reference, step, moment)
    assert outcome is not None, "the step was over before its worker was killed"
    assert (outcome.wrong, outcome.rerun) == ((), ())
    assert outcome.takeover_s < 30
