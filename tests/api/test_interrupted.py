"""Whatever dies in the middle, what was accepted is finished, and nothing is half-written."""

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Running, finished, new_subject, start, uploaded, wait_for
from tests.api.scene_videos import scene_mp4

RECOVERS_S = 20


def enroll(client: httpx.Client, subject_id: str, video: bytes) -> str:
    response = client.post(f"/v1/subjects/{subject_id}/enrollments", files={"video": ("a.mp4", video)})
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


def files_are_known(running: Running, client: httpx.Client) -> bool:
    """Whether the folder holds the uploads that the service knows, and nothing else."""
    known = {video["id"] for video in client.get("/v1/videos").json()["videos"]}
    return {path.name for path in (running.home / "media").iterdir()} == known


def test_a_worker_killed_mid_enrollment_is_replaced_and_finishes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    died = tmp_path / "died"
    monkeypatch.setenv("PVCHAT_TEST_DIED", str(died))
    running, stop = start(tmp_path / "home")
    with running.client() as client:
        subject = new_subject(client, "Maria")
        began = time.monotonic()
        job = enroll(client, subject["id"], scene_mp4("deadly", {"face": 1}, die=True))
        ended = finished(client, {"id": job})
        assert died.exists()
        assert (ended["state"], time.monotonic() - began < RECOVERS_S) == ("done", True)
        found = client.get(f"/v1/subjects/{subject['id']}").json()
        assert (found["state"], found["templates"]) == ("enrolled", 1)
        assert running.supervisor.restarts == 1
        assert files_are_known(running, client)
    stop()


def test_a_worker_killed_from_outside_while_it_enrolls_leaves_nothing_half_written(tmp_path: Path) -> None:
    running, stop = start(tmp_path / "home")
    with running.client() as client:
        subject = new_subject(client, "Nina")
        job = enroll(client, subject["id"], scene_mp4("slow", {"face": 2}, slow_s=2))
        wait_for(lambda: client.get(f"/v1/jobs/{job}").json()["progress"] > 0.2)
        pid = running.supervisor.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert client.get(f"/v1/subjects/{subject['id']}").json()["state"] == "waiting"
        wait_for(lambda: client.get("/readyz").status_code == 200, seconds=RECOVERS_S)
        assert finished(client, {"id": job})["state"] == "done"
        assert files_are_known(running, client)
    stop()


def test_a_job_that_kills_every_worker_fails_in_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PVCHAT_TEST_DIED", str(tmp_path / "nowhere" / "died"))
    # Pauses double with every worker that ends at once; nothing here depends on their length.
    monkeypatch.setattr("app.api.supervisor._FIRST_PAUSE_S", 0.1)
    running, stop = start(tmp_path / "home")
    with running.client() as client:
        subject = new_subject(client, "Otto")
        job = enroll(client, subject["id"], scene_mp4("deadly", {"face": 3}, die=True))
        ended = finished(client, {"id": job})
        assert ended["state"] == "failed"
        assert ended["error"]["title"]
        assert client.get(f"/v1/subjects/{subject['id']}").json()["state"] == "waiting"
        wait_for(lambda: client.get("/readyz").status_code == 200, seconds=RECOVERS_S)
    stop()


def test_a_service_that_ends_takes_up_its_jobs_when_it_starts_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    running, stop = start(home)
    with running.client() as client:
        subject = new_subject(client, "Ida")
        slow = enroll(client, subject["id"], scene_mp4("slow", {"face": 4}, slow_s=2))
        video = uploaded(client, scene_mp4("later", {"face": 4}))
        wait_for(lambda: client.get(f"/v1/jobs/{slow}").json()["state"] == "running")
    stop()
    (home / "media" / "cut-off.part").write_bytes(b"what a crash leaves")
    running, stop = start(home)
    with running.client() as client:
        assert finished(client, {"id": slow})["state"] == "done"
        wait_for(lambda: client.get(f"/v1/videos/{video}").json()["perceived"])
        assert files_are_known(running, client)
    stop()
