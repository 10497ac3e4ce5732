"""Trainings over HTTP: submitted, followed, stopped, resumed, rolled back; only the training itself is a stand-in."""

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import Running, enrolled, finished, new_subject, wait_for
from tests.api.scene_videos import scene_mp4


def submit(client: httpx.Client, subject: dict[str, Any], video: bytes, **how: Any) -> httpx.Response:
    """Enroll somebody, with training."""
    path = f"/v1/subjects/{subject['id']}/enrollments"
    return client.post(path, files={"video": ("a.mp4", video)}, data={"train": "true", **how.pop("data", {})}, **how)


def reached(client: httpx.Client, job: dict[str, Any], step: str) -> dict[str, Any]:
    """The job when it is at a step."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/jobs/{job['id']}").json()
        return found if found["step"] == step else None

    at: dict[str, Any] = wait_for(look)
    return at


def forget(client: httpx.Client, subject: dict[str, Any]) -> None:
    assert client.delete(f"/v1/subjects/{subject['id']}").status_code == 200


def test_enroll_and_train_then_read_the_report(client: httpx.Client, service: Running) -> None:
    subject = new_subject(client, "Maria")
    video = scene_mp4("m", {"face": 1}, step_s={"questions": 1.5})
    response = submit(client, subject, video)
    assert response.status_code == 202
    job = response.json()
    assert response.headers["location"] == f"/v1/jobs/{job['id']}"
    assert job["kind"] == "train"
    at = reached(client, job, "questions")
    assert at["what"].endswith("of 15")
    assert 100 < at["eta_s"] < 300
    # The person can be asked about while the training goes on, and there is no report yet.
    assert client.get(f"/v1/subjects/{subject['id']}").json()["state"] == "enrolled"
    assert client.get(f"/v1/jobs/{job['id']}/report").status_code == 404
    done = finished(client, job)
    assert done["state"] == "done", done
    assert (done["result"]["published"], done["result"]["adapter_version"], done["eta_s"]) == (True, 1, None)
    report = client.get(f"/v1/jobs/{job['id']}/report")
    assert report.headers["content-type"].startswith("text/html")
    assert report.headers["content-security-policy"] == ("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert "What came of it" in report.text
    forget(client, subject)
    assert client.get(f"/v1/jobs/{job['id']}/report").status_code == 404
    assert not list((service.home / "media").iterdir())
    assert not (service.home / "training").exists()


def test_events_carry_detail_and_time_left(client: httpx.Client) -> None:
    subject = new_subject(client, "Nina")
    job = submit(client, subject, scene_mp4("n", {"face": 1}, step_s={"questions": 1.0})).json()
    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as response:
        lines = [line for line in response.iter_lines() if line.startswith("data: ")]
    told = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert any(item["step"] == "questions" and item["what"] and item["eta_s"] for item in told)
    assert told[-1]["state"] == "done"
    forget(client, subject)


def test_one_training_of_a_person_at_a_time(client: httpx.Client, service: Running) -> None:
    subject = new_subject(client, "Olga")
    video = scene_mp4("o", {"face": 1}, step_s={"mine": 30})
    job = submit(client, subject, video).json()
    kept = len(list((service.home / "media").iterdir()))
    again = submit(client, subject, video)
    assert (again.status_code, again.json()["id"]) == (202, job["id"])
    assert len(list((service.home / "media").iterdir())) == kept
    reached(client, job, "mine")
    same = client.post(f"/v1/subjects/{subject['id']}/trainings", json={})
    assert (same.status_code, same.json()["id"]) == (202, job["id"])
    other = submit(client, subject, scene_mp4("other", {"face": 1}))
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert job["id"] in other.json()["detail"]
    assert len(list((service.home / "media").iterdir())) == kept
    # Forgetting ends what is under way.
    forget(client, subject)
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404
    quick = new_subject(client, "Quick")
    assert finished(client, submit(client, quick, scene_mp4("q", {"face": 2})).json())["state"] == "done"
    forget(client, quick)


def test_a_cancelled_training_goes_on(client: httpx.Client) -> None:
    subject = new_subject(client, "Pia")
    job = submit(client, subject, scene_mp4("p", {"face": 1}, step_s={"mine": 0.8})).json()
    assert client.post(f"/v1/jobs/{job['id']}/resume").status_code == 200
    reached(client, job, "mine")
    assert client.delete(f"/v1/jobs/{job['id']}").json()["state"] == "cancelled"
    # What was enrolled stays, and so does the way back.
    assert client.get(f"/v1/subjects/{subject['id']}").json()["state"] == "enrolled"
    response = client.post(f"/v1/jobs/{job['id']}/resume")
    assert (response.status_code, response.json()["state"]) == (200, "queued")
    assert finished(client, job)["state"] == "done"
    response = client.post(f"/v1/jobs/{job['id']}/resume")
    assert (response.status_code, response.json()["title"]) == (409, "The job cannot do this")
    forget(client, subject)


def test_a_failed_training_says_why_and_can_be_tried_again(client: httpx.Client) -> None:
    subject = new_subject(client, "Rosa")
    job = finished(client, submit(client, subject, scene_mp4("r", {"face": 1}, fail_at="stills")).json())
    assert (job["state"], job["error"]["detail"]) == ("failed", "there is too little to train on")
    assert client.post(f"/v1/jobs/{job['id']}/resume").json()["state"] == "queued"
    assert finished(client, job)["state"] == "failed"
    forget(client, subject)


def test_several_people_are_offered_and_the_training_goes_on_with_one(client: httpx.Client) -> None:
    subject = new_subject(client, "Sara")
    video = scene_mp4("two", {"face": 3, "x": 0.2}, {"face": 4, "x": 0.8})
    job = finished(client, submit(client, subject, video).json())
    assert job["state"] == "needs_pick"
    assert client.get(job["choices"][1]["crop"]).headers["content-type"] == "image/jpeg"
    assert client.post(f"/v1/jobs/{job['id']}/resume").status_code == 409
    assert client.post(f"/v1/jobs/{job['id']}/pick", json={"number": 2}).status_code == 200
    assert wait_for(lambda: finished(client, job)["state"] == "done")
    forget(client, subject)


def test_somebody_enrolled_is_trained_again_and_rolled_back(client: httpx.Client) -> None:
    subject = enrolled(client, "Tess", scene_mp4("t", {"face": 5}))
    path = f"/v1/subjects/{subject['id']}"
    assert client.get(f"{path}/adapters").json() == {"adapters": []}
    for questions in (None, 60):
        response = client.post(f"{path}/trainings", json={"questions": questions})
        assert response.status_code == 202
        assert response.headers["location"] == f"/v1/jobs/{response.json()['id']}"
        assert finished(client, response.json())["state"] == "done"
    found = client.get(f"{path}/adapters").json()["adapters"]
    assert [(row["version"], row["current"]) for row in found] == [(2, True), (1, False)]

    def current(body: dict[str, Any]) -> list[int]:
        response = client.post(f"{path}/adapters/rollback", json=body)
        assert response.status_code == 200
        return [row["version"] for row in response.json()["adapters"] if row["current"]]

    assert current({}) == [1]
    assert client.post(f"{path}/adapters/rollback", json={}).status_code == 409
    assert current({"version": 2}) == [2]
    assert current({"instant": True}) == []
    for wrong in ({"version": 9}, {"version": 1, "instant": True}):
        assert client.post(f"{path}/adapters/rollback", json=wrong).status_code == 409
    forget(client, subject)


def test_an_idempotency_key_stands_for_one_training(client: httpx.Client) -> None:
    subject = enrolled(client, "Uma", scene_mp4("u", {"face": 6}))
    path, headers = f"/v1/subjects/{subject['id']}/trainings", {"Idempotency-Key": "train once"}
    first = client.post(path, json={}, headers=headers).json()
    finished(client, first)
    assert client.post(path, json={}, headers=headers).json()["id"] == first["id"]
    assert client.post(path, json={"questions": 50}, headers=headers).status_code == 422
    forget(client, subject)


@pytest.mark.parametrize(("data", "status"), [({"train": "yes"}, 422), ({"train": ""}, 202), ({"train": "false"}, 202)])
def test_whether_to_train_is_said_by_true_or_false(client: httpx.Client, data: dict[str, str], status: int) -> None:
    subject = new_subject(client, "Vera")
    response = submit(client, subject, scene_mp4("v", {"face": 7}), data=data)
    assert response.status_code == status
    if status == 202:
        assert response.json()["kind"] == "enroll"
        finished(client, response.json())
    forget(client, subject)


def test_who_is_not_enrolled_cannot_be_trained(client: httpx.Client) -> None:
    subject = new_subject(client, "Wanda")
    response = client.post(f"/v1/subjects/{subject['id']}/trainings", json={})
    assert (response.status_code, "not enrolled yet" in response.json()["detail"]) == (409, True)
    assert client.post("/v1/subjects/none/trainings", json={}).status_code == 404
    assert client.post(f"/v1/subjects/{subject['id']}/trainings", json={"questions": 2}).status_code == 422
    forget(client, subject)


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("subjects:read", "post", "/v1/subjects/x/trainings"),
        ("subjects:read", "post", "/v1/subjects/x/adapters/rollback"),
        ("jobs:read", "get", "/v1/subjects/x/adapters"),
        ("jobs:read", "post", "/v1/jobs/x/resume"),
        ("subjects:read", "get", "/v1/jobs/x/report"),
    ],
)
def test_each_route_needs_its_scope(service: Running, scope: str, method: str, path: str) -> None:
    with service.client(service.make_key(scope)) as limited:
        body = {"json": {}} if method == "post" else {}
        assert limited.request(method, path, **body).status_code == 403
