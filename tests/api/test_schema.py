"""The service is what its OpenAPI document says: schemathesis tries every operation, with a key and without.

Two runs of schemathesis' command line against one running service, with all of its checks: one with its examples,
coverage, fuzzing and stateful phases, and one without a key, where two phases do, as nothing gets past the door;
`schemathesis.toml` and `schema_hooks.py` beside this file configure them. The requests are counted here, in front of
the application, so that nothing rests on schemathesis' own account.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.scopes import EVERYTHING
from storage import corpus, keys
from storage.store import Store
from tests.api.conftest import Running, enrolled, finished, new_subject, start, uploaded, wait_for
from tests.api.scene_videos import scene_mp4

HERE = Path(__file__).resolve().parent
PHASES = {"with a key": ("examples", "coverage", "fuzzing", "stateful"), "without a key": ("examples", "coverage")}
OPEN = {"/healthz", "/readyz"}
# Of one run; on two quiet cores it takes half a minute.
MOST_SECONDS = 600


@dataclass
class Tally:
    """ASGI middleware that notes method, path and status of every response."""

    app: ASGIApp
    seen: list[tuple[str, str, int]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.seen.append((scope["method"], scope["path"], message["status"]))
            await send(message)

        await self.app(scope, receive, sender if scope["type"] == "http" else send)


@dataclass(frozen=True)
class Run:
    """One run of schemathesis.

    Attributes:
        code: its exit status. output: what it printed. report: its JSON report. phases: requests by phase.
        seen: (method, path, status) of every response of the service.
    """

    code: int
    output: str
    report: dict[str, Any]
    phases: Counter[str]
    seen: list[tuple[str, str, int]]


@dataclass(frozen=True)
class Tried:
    """The service's document, and the runs by name."""

    document: dict[str, Any]
    runs: dict[str, Run]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    folder = tmp_path_factory.mktemp("schema")
    tallies: list[Tally] = []

    def around(app: ASGIApp) -> ASGIApp:
        tallies.append(Tally(app))
        return tallies[0]

    running, stop = start(folder / "home", around)
    try:
        with running.client() as client:
            document = client.get("/openapi.json").json()
            kept = _made(client)
        path = folder / "openapi.json"
        path.write_text(json.dumps(_strict(document)))
        with Store.open(running.home) as store, store.write() as session:
            secret, key = keys.make(session, name="schemathesis", scopes=EVERYTHING)
            sources = [
                corpus.add_source(session, name=name, path=f"/{name}", licence="", added_by="me") for name in ("a", "b")
            ]
        kept["ids"]["key_id"] = [key.id]
        kept["to remove"] = sources[0]
        runs = {}
        for name, shown in (("with a key", secret), ("without a key", "")):
            tallies[0].seen = []
            reports = folder / name.replace(" ", "-")
            reports.mkdir()
            runs[name] = _run(reports, path, running, (shown, PHASES[name]), kept, tallies[0])
        yield Tried(document, runs)
    finally:
        stop()


def _made(client: httpx.Client) -> dict[str, Any]:
    """What `schema_hooks.py` leads requests to."""
    maria = enrolled(client, "Maria", scene_mp4("maria", {"face": 7}))
    video = uploaded(client, scene_mp4("party", {"face": 7}, {"face": 8, "x": 0.2}))
    asking = []
    for name in ("Nina", "Olga", "Pia"):
        subject = new_subject(client, name)
        files = {"video": ("two.mp4", scene_mp4(name, {"face": 1, "x": 0.2}, {"face": 2, "x": 0.8}))}
        asking.append(finished(client, client.post(f"/v1/subjects/{subject['id']}/enrollments", files=files).json()))
    sara = enrolled(client, "Sara", scene_mp4("sara", {"face": 10}))
    trained = finished(client, client.post(f"/v1/subjects/{sara['id']}/trainings", json={}).json())
    rosa = new_subject(client, "Rosa")
    files = {"video": ("rosa.mp4", scene_mp4("rosa", {"face": 9}, fail_at="stills"))}
    path = f"/v1/subjects/{rosa['id']}/enrollments"
    failed = finished(client, client.post(path, files=files, data={"train": "true"}).json())
    strangers = _strangers(client)
    ids = {
        "subject_id": [maria["id"], rosa["id"], sara["id"], *(job["subject_id"] for job in asking)],
        "video_id": [video, *(job["video_id"] for job in asking), *(one["videos"][0]["video_id"] for one in strangers)],
        "person_id": [strangers[0]["id"]],
        "job_id": [trained["id"], failed["id"], *(job["id"] for job in asking[:2])],
    }
    twins = [enrolled(client, name, scene_mp4(name, {"face": 11}))["id"] for name in ("Una", "Uta")]
    about = {"video": video, "verdict": "is_not", "track": 2}
    said = [client.post("/v1/feedback", json={**about, "subject": name}).json()["id"] for name in ("Maria", "Sara")]
    ids["feedback_id"] = said[:1]
    more = {"to merge": twins, "to take back": said[1]}
    jobs = {name: job["id"] for name, job in zip(("asking", "to pick", "to cancel"), asking, strict=True)}
    unknown = {name: one["id"] for name, one in zip(("stranger", "to name", "to forget"), strangers, strict=True)}
    kept = {"ids": ids, "video": video, "trained": trained["id"], "to resume": failed["id"]}
    return {**kept, **more, **jobs, **unknown}


def _strangers(client: httpx.Client) -> list[dict[str, Any]]:
    """Three unknown people, each in a video of their own."""
    wanted = [uploaded(client, scene_mp4(f"stranger {face}", {"face": face})) for face in (41, 42, 43)]

    def seen() -> list[dict[str, Any]]:
        listed = client.get("/v1/unknown-people").json()["unknown_people"]
        found = [one for one in listed if one["videos"][0]["video_id"] in wanted]
        return found if len(found) == len(wanted) else []

    strangers: list[dict[str, Any]] = wait_for(seen)
    return strangers


def _strict(document: dict[str, Any]) -> dict[str, Any]:
    """Without the problems that any operation may answer with: a status has to be documented to be right."""
    strict: dict[str, Any] = json.loads(json.dumps(document))
    for methods in strict["paths"].values():
        for operation in methods.values():
            del operation["responses"]["default"]
    return strict


def _run(
    folder: Path,
    document: Path,
    running: Running,
    how: tuple[str, Sequence[str]],
    kept: dict[str, Any],
    tally: Tally,
) -> Run:
    key, chosen = how
    report, events = folder / "report.json", folder / "events.ndjson"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    command += ["run", str(document), "--url", running.url, "--no-color", "--report", "json,ndjson"]
    command += ["--report-json-path", str(report), "--report-ndjson-path", str(events)]
    command += ["--phases", ",".join(chosen)]
    command += ["--header", f"Authorization: Bearer {key}"] if key else []
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "schema_hooks.py"), "PVCHAT_TEST_KEPT": json.dumps(kept)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    phases: Counter[str] = Counter()
    with events.open() as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished")
            if scenario is not None:
                phases[scenario["phase"]] += len(scenario["recorder"].get("interactions", ()))
    return Run(done.returncode, done.stdout, json.loads(report.read_text()), phases, list(tally.seen))


@pytest.mark.parametrize("name", ["with a key", "without a key"])
def test_what_the_document_says_holds(tried: Tried, name: str) -> None:
    run = tried.runs[name]
    # First what was wrong, request and answer: a log that is cut keeps its end.
    assert run.code == 0, f"{run.output[-20_000:]}\n{json.dumps(run.report['failures'], indent=1)[:6000]}"
    assert (run.report["complete"], run.report["failures"], run.report["errors"]) == (True, [], [])
    operations = sum(len(methods) for methods in tried.document["paths"].values())
    assert run.report["operations"]["tested"] == operations
    assert all(run.phases[phase] > 0 for phase in PHASES[name]), run.phases


def test_three_thousand_requests_bring_no_server_error(
    tried: Tried, record_property: Callable[[str, object], None]
) -> None:
    seen = [row for run in tried.runs.values() for row in run.seen]
    errors = [row for row in seen if row[2] >= 500]
    for name, run in tried.runs.items():
        by_phase = ", ".join(f"{phase} {run.phases[phase]}" for phase in PHASES[name])
        failed = run.report["test_cases"]["unique_failures"]
        server = sum(status >= 500 for *_, status in run.seen)
        figures = f"{len(run.seen)} requests ({by_phase}), {failed} failures, {server} server errors"
        record_property("figures", f"schemathesis {name}: {figures}, {run.report['running_time']:.0f} s")
    assert errors == []
    assert len(seen) >= 3000


def test_without_a_key_everything_but_health_is_refused(tried: Tried) -> None:
    seen = tried.runs["without a key"].seen
    assert {status for _, path, status in seen if path not in OPEN} == {401}
    assert {status for method, path, status in seen if path in OPEN and method == "GET"} == {200}


def test_every_operation_succeeds_at_times(tried: Tried) -> None:
    """Else the run would say little about them."""
    succeeded = {(method, path) for method, path, status in tried.runs["with a key"].seen if status < 300}
    missing = []
    for path, methods in tried.document["paths"].items():
        pattern = re.compile(re.sub(r"{[^}]*}", "[^/]+", path))
        for method in methods:
            if not any(method.upper() == done and pattern.fullmatch(place) for done, place in succeeded):
                missing.append((method, path))
    assert missing == []
