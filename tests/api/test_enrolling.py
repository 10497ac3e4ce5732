"""A person is created, enrolled, listed, renamed and forgotten over HTTP."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import CONSENT, Running, enrolled, finished, new_subject, uploaded, wait_for
from tests.api.scene_videos import scene_mp4


def test_create_enroll_ask_forget(client: httpx.Client, service: Running) -> None:
    subject = new_subject(client, "Maria")
    assert subject["state"] == "waiting"
    response = client.post(
        f"/v1/subjects/{subject['id']}/enrollments", files={"video": ("m.mp4", scene_mp4("m", {"face": 1}))}
    )
    assert response.status_code == 202
    assert response.headers["location"] == f"/v1/jobs/{response.json()['id']}"
    assert response.headers["retry-after"]
    job = finished(client, response.json())
    assert job["state"] == "done"
    assert job["result"]["coverage"]["faces"] == 3
    found = client.get(f"/v1/subjects/{subject['id']}").json()
    assert (found["state"], found["templates"]) == ("enrolled", 1)
    assert client.get(f"/v1/subjects/{subject['id']}/enrollments").json()["jobs"][0]["id"] == job["id"]

    video = uploaded(client, scene_mp4("ask", {"face": 1}, {"face": 2, "x": 0.2}))
    answer = client.post(
        "/v1/chat", json={"video": video, "messages": [{"role": "user", "content": "Is Maria here?"}]}
    ).json()
    assert answer["answer"] == "Yes, Maria."
    assert answer["evidence"][0]["state"] == "present"

    report = client.delete(f"/v1/subjects/{subject['id']}").json()
    assert (report["subject"], report["templates"], report["uploads"]) == ("Maria", 1, 1)
    assert client.get(f"/v1/subjects/{subject['id']}").status_code == 404
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404
    kept = {path.name for path in (service.home / "media").iterdir()}
    assert kept == {video}
    client.delete(f"/v1/videos/{video}")


def test_several_people_are_offered_with_pictures(client: httpx.Client) -> None:
    subject = new_subject(client, "Nina")
    video = scene_mp4("two", {"face": 3, "x": 0.2}, {"face": 4, "x": 0.8})
    job = finished(
        client, client.post(f"/v1/subjects/{subject['id']}/enrollments", files={"video": ("t.mp4", video)}).json()
    )
    assert job["state"] == "needs_pick"
    assert [choice["number"] for choice in job["choices"]] == [1, 2]
    assert "left" in job["choices"][0]["description"]
    crop = client.get(job["choices"][1]["crop"])
    assert crop.headers["content-type"] == "image/jpeg"
    assert crop.content.startswith(b"\xff\xd8")
    assert client.post(f"/v1/jobs/{job['id']}/pick", json={"number": 7}).status_code == 409
    assert client.post(f"/v1/jobs/{job['id']}/pick", json={"number": 2}).status_code == 200
    assert wait_for(lambda: finished(client, job)["state"] == "done")
    assert client.get(job["choices"][1]["crop"]).status_code == 404
    client.delete(f"/v1/subjects/{subject['id']}")


def test_a_pick_can_come_with_the_video(client: httpx.Client) -> None:
    subject = new_subject(client, "Olga")
    video = scene_mp4("two", {"face": 3, "x": 0.2}, {"face": 4, "x": 0.8})
    job = client.post(
        f"/v1/subjects/{subject['id']}/enrollments", files={"video": ("t.mp4", video)}, data={"pick": "1"}
    ).json()
    assert finished(client, job)["state"] == "done"
    client.delete(f"/v1/subjects/{subject['id']}")


def test_an_idempotency_key_stands_for_one_job(client: httpx.Client) -> None:
    subject = new_subject(client, "Pia")
    path = f"/v1/subjects/{subject['id']}/enrollments"
    video, other = scene_mp4("p", {"face": 5}), scene_mp4("q", {"face": 5})
    headers = {"Idempotency-Key": "once"}
    first = client.post(path, files={"video": ("p.mp4", video)}, headers=headers)
    again = client.post(path, files={"video": ("p.mp4", video)}, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert client.post(path, files={"video": ("q.mp4", other)}, headers=headers).status_code == 422
    finished(client, first.json())
    client.delete(f"/v1/subjects/{subject['id']}")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Ann"}, 422),
        ({"name": "Ann", "consent": {"given_by": "", "purpose": "x"}}, 422),
        ({"name": "Ann", "consent": {**CONSENT, "expires_at": "2001-01-01T00:00:00Z"}}, 409),
        ({"name": "", "consent": CONSENT}, 422),
        ({"name": "?!", "consent": CONSENT}, 422),
        ({"name": "Ann", "consent": CONSENT, "more": 1}, 422),
    ],
)
def test_without_consent_or_name_there_is_no_subject(client: httpx.Client, body: dict[str, Any], status: int) -> None:
    response = client.post("/v1/subjects", json=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert client.get("/v1/subjects").json()["subjects"] == []


def test_names_are_taken_once_and_can_change(client: httpx.Client) -> None:
    first, second = new_subject(client, "Rosa"), new_subject(client, "Sara")
    assert client.post("/v1/subjects", json={"name": "ROSA", "consent": CONSENT}).status_code == 409
    assert client.patch(f"/v1/subjects/{second['id']}", json={"name": "rosa"}).status_code == 409
    assert client.patch(f"/v1/subjects/{second['id']}", json={"name": "Sarah"}).json()["name"] == "Sarah"
    for subject in (first, second):
        assert client.delete(f"/v1/subjects/{subject['id']}").status_code == 200
    assert client.delete(f"/v1/subjects/{first['id']}").status_code == 404


def test_a_video_without_faces_fails_with_the_reason(client: httpx.Client) -> None:
    subject = new_subject(client, "Tess")
    response = client.post(
        f"/v1/subjects/{subject['id']}/enrollments", files={"video": ("n.mp4", scene_mp4("n", {"face": None}))}
    )
    job = finished(client, response.json())
    assert job["state"] == "failed"
    assert "no face" in job["error"]["detail"]
    assert client.get(f"/v1/subjects/{subject['id']}").json()["state"] == "waiting"
    client.delete(f"/v1/subjects/{subject['id']}")


def test_a_cancelled_enrollment_leaves_nothing(client: httpx.Client) -> None:
    subject = new_subject(client, "Uma")
    video = scene_mp4("slow", {"face": 6}, slow_s=20)
    job = client.post(f"/v1/subjects/{subject['id']}/enrollments", files={"video": ("s.mp4", video)}).json()
    wait_for(lambda: client.get(f"/v1/jobs/{job['id']}").json()["state"] == "running")
    assert client.delete(f"/v1/jobs/{job['id']}").json()["state"] == "cancelled"
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 409
    # The worker is free again at once.
    quick = enrolled(client, "Vera", scene_mp4("v", {"face": 7}))
    assert client.get(f"/v1/subjects/{subject['id']}").json()["state"] == "waiting"
    for one in (subject, quick):
        client.delete(f"/v1/subjects/{one['id']}")


def test_progress_is_told_by_events(client: httpx.Client) -> None:
    subject = new_subject(client, "Wanda")
    video = scene_mp4("w", {"face": 8}, slow_s=1.5)
    job = client.post(f"/v1/subjects/{subject['id']}/enrollments", files={"video": ("w.mp4", video)}).json()
    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line.startswith("data: ")]
    assert '"state":"done"' in lines[-1].replace(" ", "")
    assert len(lines) >= 3
    client.delete(f"/v1/subjects/{subject['id']}")
