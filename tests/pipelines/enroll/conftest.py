"""A data folder's store, a worker in it, and a real PostgreSQL server."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import postgres
from pipelines.session import Session
from storage.store import Store
from tests.pipelines.enroll.job_tools import Desk
from tests.training_bases import tiny_training


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store in a data folder of its own."""
    with Store.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def desk(home: Path, tools: Any) -> Iterator[Desk]:
    """A session with a worker that takes jobs, over stand-in perception and a tiny nano."""
    tools.sampled_s = ()
    tools.trainer = tiny_training
    with Store.open(home) as store, Session(Store.open(home), tools) as session:
        made = Desk(session, store, tools)
        made.worker.start()
        try:
            yield made
        finally:
            made.worker.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """Folder of the socket of a server of this run's own."""
    if postgres.installed() is None:
        if os.environ.get("PVCHAT_NEEDS_POSTGRES"):
            pytest.fail("PVCHAT_NEEDS_POSTGRES is set, but there is no initdb")
        pytest.skip("PostgreSQL is not installed")
    with postgres.server() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    """URL of a fresh database for workflows, on either kind of server; None for a file of the data folder."""
    if request.param == "sqlite":
        return None
    return postgres.fresh_url(request.getfixturevalue("postgres_server"))
