"""A PostgreSQL server of one's own: in a folder that goes again, behind a socket, without a password."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from pvchat.errors import PVChatError

USER = "pvchat"
_START_S = 30.0


class PostgresError(PVChatError):
    """PostgreSQL is not installed, or its server does not start."""


def installed() -> Path | None:
    """Folder of the server's programs, which distributions keep off the path; None where there are none."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


@contextmanager
def server() -> Iterator[Path]:
    """A server that runs as long as the context.

    Yields:
        Folder of its socket; see `fresh_url`.

    Raises:
        PostgresError: it is not installed, or does not start.
    """
    programs = installed()
    if programs is None:
        raise PostgresError("there is no initdb: install PostgreSQL (Debian: apt-get install postgresql)")
    someone = _someone()
    folder = Path(tempfile.mkdtemp(prefix="pvchat-postgres-"))
    try:
        if someone:
            os.chown(folder, someone["user"], someone["group"])
        data = str(folder / "data")
        initdb = [str(programs / "initdb"), "-D", data, "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **someone)
        options = ["-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                [str(programs / "postgres"), "-D", data, *options], stdout=log, stderr=log, cwd=folder, **someone
            ) as process,
        ):
            try:
                _wait_for(folder, process)
                yield folder
            finally:
                process.terminate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_url(folder: Path) -> str:
    """URL of a database that nobody has used, for workflows.

    Args:
        folder: of `server`.
    """
    return f"postgresql://{USER}@/jobs_{uuid4().hex}?host={folder}"


def _someone() -> dict[str, Any]:
    """The server refuses to run as root: arguments of `subprocess` to run as somebody else where that is needed."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _wait_for(folder: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(host=str(folder), user=USER, dbname="postgres").close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > until:
                log = (folder / "log").read_text(encoding="utf-8", errors="replace")
                raise PostgresError(f"PostgreSQL did not start: {log.strip().splitlines()[-1:]}") from error
            time.sleep(0.05)
