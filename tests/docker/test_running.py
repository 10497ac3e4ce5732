"""The images' commands, run without an engine: the health check, and the service from its start to its end."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.docker.reading import ROOT, compose, last, seconds

ENDED_WELL = {0, -signal.SIGTERM}


def _check(port: int, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the image's health check with this Python."""
    check = last("cpu", "HEALTHCHECK")
    program, *words = check.words
    assert program == "python"
    return subprocess.run(
        [sys.executable, *words],
        env={"PVCHAT_PORT": str(port), **more},
        capture_output=True,
        text=True,
        timeout=seconds(check.flags["timeout"]),
        check=False,
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextlib.contextmanager
def _answering(status: int) -> Iterator[int]:
    """A server that answers /healthz with this status, and all else with 404; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_the_health_check_passes_when_the_service_answers() -> None:
    with _answering(200) as port:
        done = _check(port)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("status", [302, 404, 500, 503])
def test_the_health_check_fails_when_the_service_answers_with_something_else(status: int) -> None:
    with _answering(status) as port:
        assert _check(port).returncode == 1


def test_the_health_check_fails_when_nobody_listens() -> None:
    assert _check(_free_port()).returncode == 1


def test_the_health_check_fails_in_time_when_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert _check(silent.getsockname()[1]).returncode == 1


def test_the_health_check_asks_no_proxy() -> None:
    nowhere = f"http://127.0.0.1:{_free_port()}"
    with _answering(200) as port:
        assert _check(port, http_proxy=nowhere, HTTP_PROXY=nowhere).returncode == 0


def _group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_service_starts_answers_its_health_check_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    port = _free_port()
    command = last("cpu", "CMD").words
    command[command.index("--host") + 1] = "127.0.0.1"
    # As in the image: the home is the scratch folder, and nothing is fetched.
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    folders = {"HOME": str(scratch), "TMPDIR": str(scratch), "PVCHAT_HOME": str(tmp_path / "data")}
    settings = {
        "PVCHAT_OFFLINE": "1",
        "PVCHAT_PORT": str(port),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    log = tmp_path / "log.txt"
    with log.open("wb") as output:
        service = subprocess.Popen(
            [sys.executable, "-c", "from app.cli import main; main()", *command],
            cwd=ROOT,
            env={**os.environ, **folders, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            until = time.monotonic() + 120
            while _check(port).returncode != 0:
                assert service.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            service.send_signal(signal.SIGTERM)
            # tini makes 0 of this signal's exit code.
            code = service.wait(timeout=seconds(compose()["services"]["pvchat"]["stop_grace_period"]))
            assert code in ENDED_WELL, log.read_text()
            assert _group_is_gone(service.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(service.pid, signal.SIGKILL)
            service.wait()
    lines = log.read_text().splitlines()
    assert [line.split()[0][:4] for line in lines if "pvc_" in line] == ["pvc_"]
    assert not [line for line in lines if "Traceback" in line]
    # torch leaves an empty folder.
    assert [path for path in scratch.rglob("*") if not path.is_dir() or path.name.startswith("pvchat")] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "log.txt", "tmp"]
