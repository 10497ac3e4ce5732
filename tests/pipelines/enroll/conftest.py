"""A data folder's store, and a real PostgreSQL server."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store in a data folder of its own."""
    with Store.open(tmp_path / "home") as opened:
        yield opened


def _programs() -> Path | None:
    """Folder of the server's programs, which distributions keep off the path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


def _someone() -> dict[str, Any]:
    """The server refuses to run as root: arguments of `subprocess` to run as somebody else where that is needed."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """Folder of the socket of a server of this run's own. Its user is `pvchat`, without a password."""
    programs = _programs()
    if programs is None:
        if os.environ.get("PVCHAT_NEEDS_POSTGRES"):
            pytest.fail("PVCHAT_NEEDS_POSTGRES is set, but there is no initdb")
        pytest.skip("PostgreSQL is not installed")
    someone = _someone()
    folder = Path(tempfile.mkdtemp(prefix="pvchat-postgres-"))
    try:
        if someone:
            os.chown(folder, someone["user"], someone["group"])
        data = str(folder / "data")
        initdb = [str(programs / "initdb"), "-D", data, "-U", "pvchat", "--auth=trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **someone)
        server = [
            str(programs / "postgres"),
            "-D",
            data,
            "-k",
            str(folder),
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
        ]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(server, stdout=log, stderr=log, cwd=folder, **someone) as process,
        ):
            try:
                _wait_for(folder, process)
                yield folder
            finally:
                process.terminate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(folder: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(folder), user="pvchat", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text()}")
            time.sleep(0.05)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    """URL of a fresh database for workflows, on either kind of server; None for a file of the data folder."""
    if request.param == "sqlite":
        return None
    folder: Path = request.getfixturevalue("postgres_server")
    return f"postgresql://pvchat@/jobs_{uuid4().hex}?host={folder}"
