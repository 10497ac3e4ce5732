"""Feedback and merging over the API: a real service and worker; only perception and model are stand-ins."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Running, enrolled, new_subject, uploaded, wait_for
from tests.api.scene_videos import scene_mp4

LEFT = {"face": 41, "x": 0.2, "every": 0.25}
RIGHT = {"face": 42, "x": 0.8, "every": 0.25}


@pytest.fixture(scope="module")
def ana(service: Running) -> dict[str, Any]:
    with service.client() as client:
        return enrolled(client, "Ana", scene_mp4("ana", {"face": 41}))


@pytest.fixture(scope="module")
def video(service: Running, ana: dict[str, Any]) -> str:
    with service.client() as client:
        made = uploaded(client, scene_mp4("party", LEFT, RIGHT))
        wait_for(lambda: client.get(f"/v1/videos/{made}").json()["perceived"])
        return made


def evidence(client: httpx.Client, video: str, name: str = "Ana") -> dict[str, Any]:
    body = {"video": video, "messages": [{"role": "user", "content": "Who is here?"}], "subjects": [name]}
    response = client.post("/v1/chat", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["evidence"][0]
    return found


def test_not_ana_and_back(client: httpx.Client, service: Running, ana: dict[str, Any], video: str) -> None:
    before = evidence(client, video)
    assert (before["state"], before["tracks"]) == ("present", [1])
    said = {"video": video, "subject": "ana", "verdict": "is_not", "track": 1}
    response = client.post("/v1/feedback", json=said)
    assert response.status_code == 201, response.text
    made = response.json()
    assert response.headers["location"] == f"/v1/feedback/{made['id']}"
    keys = {key["name"]: key["id"] for key in client.get("/v1/keys").json()["keys"]}
    assert (made["author"], made["subject_id"], made["in_effect"]) == (keys["all"], ana["id"], True)
    assert (made["video_id"], made["track"], made["spans"]) == (video, 1, [[0.0, 2.0]])
    assert evidence(client, video)["state"] == "absent"
    again = client.post("/v1/feedback", json={**said, "track": None, "time_s": 1.0, "place": "left"})
    assert (again.status_code, again.json()["id"]) == (201, made["id"])
    for query in ({}, {"video": video}, {"subject": ana["id"]}):
        assert client.get("/v1/feedback", params=query).json()["feedback"] == [made]
    assert client.get("/v1/feedback", params={"video": "another"}).json()["feedback"] == []
    assert client.get(f"/v1/feedback/{made['id']}").json() == made
    assert client.delete(f"/v1/feedback/{made['id'][:8]}").status_code == 404
    assert client.delete(f"/v1/feedback/{made['id']}").status_code == 204
    assert client.delete(f"/v1/feedback/{made['id']}").status_code == 404
    assert evidence(client, video) == before


def test_is_ana_by_a_point_and_what_contradicts_it(client: httpx.Client, ana: dict[str, Any], video: str) -> None:
    right = {"video": video, "subject": ana["id"], "verdict": "is", "time_s": 1, "point": {"x": 0.8, "y": 0.3}}
    made = client.post("/v1/feedback", json=right).json()
    assert evidence(client, video)["tracks"] == [2] or evidence(client, video)["tracks"] == [1, 2]
    left = client.post("/v1/feedback", json={**right, "point": {"x": 0.2, "y": 0.3}})
    assert left.status_code == 409
    assert "cannot be in the picture twice" in left.json()["detail"]
    assert left.headers["content-type"] == "application/problem+json"
    assert client.post("/v1/feedback", json={**right, "verdict": "is_not"}).status_code == 409
    assert client.delete(f"/v1/feedback/{made['id']}").status_code == 204


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"track": None}, 409, "several people could be meant"),
        ({"track": 9}, 409, "no track 9"),
        ({"subject": "Zoe"}, 404, 'nobody called "Zoe"'),
        ({"video": "nothing"}, 404, "no such video"),
        ({"verdict": "maybe"}, 422, ""),
        ({"point": {"x": 2, "y": 0}}, 422, ""),
    ],
)
def test_what_cannot_be_said(
    client: httpx.Client, ana: dict[str, Any], video: str, change: dict[str, Any], status: int, told: str
) -> None:
    body = {"video": video, "subject": "Ana", "verdict": "is", "track": 1, **change}
    response = client.post("/v1/feedback", json=body)
    assert response.status_code == status, response.text
    assert told in response.json()["detail"]


def test_deleting_a_video_takes_what_was_said_about_it(client: httpx.Client, ana: dict[str, Any]) -> None:
    made = uploaded(client, scene_mp4("gone", LEFT))
    wait_for(lambda: client.get(f"/v1/videos/{made}").json()["perceived"])
    body = {"video": made, "subject": "Ana", "verdict": "is_not"}
    said = client.post("/v1/feedback", json=body).json()
    assert client.delete(f"/v1/videos/{made}").status_code == 204
    assert client.get(f"/v1/feedback/{said['id']}").status_code == 404


def test_two_become_one(client: httpx.Client, service: Running, ana: dict[str, Any], video: str) -> None:
    other = enrolled(client, "Ana Ruiz", scene_mp4("ana2", {"face": 42}))
    said = {"video": video, "subject": "Ana Ruiz", "verdict": "is", "track": 2}
    said = client.post("/v1/feedback", json=said).json()
    path = f"/v1/subjects/{ana['id']}/merge"
    with service.client(service.make_key("subjects:write", "subjects:read")) as reader:
        assert reader.post(path, json={"other": other["id"]}).status_code == 403
    would = client.get(path, params={"other": other["id"]}).json()
    assert (would["kept"], would["absorbed"], would["feedback"]) == ("Ana", "Ana Ruiz", 1)
    assert client.get(f"/v1/subjects/{other['id']}").status_code == 200
    assert client.get(path, params={"other": ana["id"]}).status_code == 409
    done = client.post(path, json={"other": other["id"]}).json()
    assert done == would
    assert client.get(f"/v1/subjects/{other['id']}").status_code == 404
    assert client.get(f"/v1/feedback/{said['id']}").json()["subject"] == "Ana"
    assert client.get(f"/v1/subjects/{ana['id']}").json()["templates"] == would["templates"]
    assert len(client.get(f"/v1/subjects/{ana['id']}/enrollments").json()["jobs"]) == 2
    assert evidence(client, video)["state"] == "present"
    waiting = new_subject(client, "Later")
    assert client.post(path, json={"other": waiting["id"]}).status_code == 409
    goes = client.get(f"/v1/subjects/{ana['id']}/erasure").json()
    assert (goes["feedback"], goes["uploads"]) == (1, 2)
