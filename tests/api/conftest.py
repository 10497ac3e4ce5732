"""A running service: real server, real database, real worker process; only perception and model are stand-ins."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from app.api.application import build
from app.api.supervisor import Supervisor
from app.auth.scopes import EVERYTHING
from app.settings import ServiceSettings
from storage import keys
from storage.store import Store

WORKER = Path(__file__).with_name("stand_in_worker.py")
CONSENT = {"given_by": "Maria Rossi", "purpose": "tests"}


@dataclass
class Running:
    """A service that runs.

    Attributes:
        url: its address. home: its data folder. key: one that may do everything. app: the application.
    """

    url: str
    home: Path
    key: str
    app: Any

    def client(self, key: str | None = None, **more: Any) -> httpx.Client:
        """A client that shows a key, by default the one that may do everything; "" shows none."""
        shown = self.key if key is None else key
        headers = {**more.pop("headers", {}), **({"Authorization": f"Bearer {shown}"} if shown else {})}
        return httpx.Client(base_url=self.url, headers=headers, **{"timeout": 30, **more})

    def make_key(self, *scopes: str, **more: Any) -> str:
        """A key with these scopes."""
        with Store.open(self.home) as store, store.write() as session:
            return keys.make(session, name="test", scopes=scopes, **more)[0]

    @property
    def supervisor(self) -> Supervisor:
        """Of the worker."""
        found: Supervisor = self.app.state.service.supervisor
        return found


def start(
    home: Path, around: Callable[[ASGIApp], ASGIApp] | None = None, **settings: Any
) -> tuple[Running, Callable[[], None]]:
    """Start a service, with `around` between server and application; the second value stops it."""
    with Store.open(home) as store, store.write() as session:
        key, _ = keys.make(session, name="all", scopes=EVERYTHING)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chosen = replace(ServiceSettings(home=home, port=port, requests_per_minute=100_000, pages=False), **settings)
    app = build(chosen, Supervisor(home, (str(WORKER),)))
    served = app if around is None else around(app)
    server = uvicorn.Server(uvicorn.Config(served, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    running = Running(f"http://127.0.0.1:{port}", home, key, app)
    wait_for(lambda: server.started)
    with running.client() as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)

    def stop() -> None:
        server.should_exit = True
        thread.join(timeout=30)

    return running, stop


def wait_for(check: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Until a check gives something true; what it gave."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := check():
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing came of {check} in {seconds} s")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests recorded as `figures`."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    for name, value in (pair for report in reports for pair in getattr(report, "user_properties", ())):
        if name == "figures":
            terminalreporter.write_line(str(value))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running service, one per file of tests."""
    running, stop = start(tmp_path_factory.mktemp("service") / "home")
    yield running
    stop()


@pytest.fixture
def client(service: Running) -> Iterator[httpx.Client]:
    """A client that may do everything."""
    with service.client() as opened:
        yield opened


def new_subject(client: httpx.Client, name: str) -> dict[str, Any]:
    """Create a person."""
    response = client.post("/v1/subjects", json={"name": name, "consent": CONSENT})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


def finished(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it has ended or asks who is meant."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/jobs/{job['id']}").json()
        return found if found["state"] in ("done", "failed", "cancelled", "needs_pick") else None

    done: dict[str, Any] = wait_for(look)
    return done


def enrolled(client: httpx.Client, name: str, video: bytes) -> dict[str, Any]:
    """Create and enroll a person; the subject."""
    subject = new_subject(client, name)
    response = client.post(f"/v1/subjects/{subject['id']}/enrollments", files={"video": ("a.mp4", video)})
    assert response.status_code == 202, response.text
    assert finished(client, response.json())["state"] == "done"
    return subject


def uploaded(client: httpx.Client, video: bytes, name: str = "clip.mp4") -> str:
    """Upload a video; its id."""
    response = client.post("/v1/videos", files={"video": (name, video)})
    assert response.status_code == 202, response.text
    return str(response.json()["video_id"])
