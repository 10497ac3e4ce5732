"""Unknown people over the API: one number in all videos, a picture, a name with consent, an end."""

from typing import Any

import httpx
import pytest

from storage import jobs, perceptions
from storage.store import Store
from tests.api.conftest import Running, uploaded, wait_for
from tests.api.scene_videos import scene_mp4

CONSENT = {"given_by": "Maria Rossi", "purpose": "tests"}
ALL = "/v1/unknown-people"


def seen(client: httpx.Client, service: Running, name: str, *people: dict[str, Any]) -> str:
    """Upload a video and wait until it was looked at; its id."""
    video = uploaded(client, scene_mp4(name, *people), f"{name}.mp4")

    def looked_at() -> bool:
        with Store.open(service.home) as store, store.read() as session:
            return jobs.perceiving(session, video) is None

    wait_for(looked_at)
    return video


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    response = client.get(ALL)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["unknown_people"]
    return found


@pytest.fixture
def two(client: httpx.Client, service: Running) -> list[dict[str, Any]]:
    """Two videos: one person is in both, another in the second alone."""
    for person in listed(client):
        client.delete(f"{ALL}/{person['id']}")
    seen(client, service, "first", {"face": 21})
    seen(client, service, "second", {"face": 21}, {"face": 22, "x": 0.2})
    return listed(client)


def test_a_person_in_two_videos_is_one_and_is_named_with_consent(
    client: httpx.Client, two: list[dict[str, Any]]
) -> None:
    known, other = two
    assert [video["name"] for video in known["videos"]] == ["first.mp4", "second.mp4"]
    assert [video["name"] for video in other["videos"]] == ["second.mp4"]
    assert known["number"] < other["number"]
    picture = client.get(known["picture"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert client.get(known["videos"][0]["keyframe"]).status_code == 200
    assert client.get(f"{ALL}/{known['id']}").json() == known
    assert client.get(f"{ALL}/{known['number']}").status_code == 404

    video = known["videos"][1]["video_id"]
    asked = {"video": video, "messages": [{"role": "user", "content": "Who is here?"}]}
    answer = client.post("/v1/chat", json=asked).json()
    assert sorted(s["number"] for s in answer["strangers"]) == [known["number"], other["number"]]

    without = client.post(f"{ALL}/{known['id']}/name", json={"name": "Maria"})
    assert without.status_code == 422
    named = client.post(f"{ALL}/{known['id']}/name", json={"name": "Maria", "consent": CONSENT})
    assert named.status_code == 201, named.text
    subject = named.json()["subject"]
    assert subject["state"] == "enrolled"
    assert subject["consent"]["given_by"] == "Maria Rossi"
    assert named.headers["location"] == f"/v1/subjects/{subject['id']}"
    assert [person["id"] for person in listed(client)] == [other["id"]]
    answer = client.post("/v1/chat", json={**asked, "subjects": [subject["id"]]}).json()
    assert answer["evidence"][0]["state"] == "present"
    assert client.delete(f"/v1/subjects/{subject['id']}").status_code == 200


def test_forgetting_takes_the_person_and_no_upload(
    client: httpx.Client, service: Running, two: list[dict[str, Any]]
) -> None:
    known = two[0]
    gone = client.delete(f"{ALL}/{known['id']}")
    assert gone.status_code == 200
    assert sorted(gone.json()["records"]) == ["first.mp4", "second.mp4"]
    for path in (f"{ALL}/{known['id']}", known["picture"]):
        assert client.get(path).status_code == 404
    assert client.delete(f"{ALL}/{known['id']}").status_code == 404
    assert client.get(f"/v1/videos/{known['videos'][0]['video_id']}").status_code == 200
    with Store.open(service.home) as store, store.read() as session:
        assert list(perceptions.load_all(session)) == []


def test_each_verb_has_its_scope(client: httpx.Client, service: Running, two: list[dict[str, Any]]) -> None:
    place = f"{ALL}/{two[0]['id']}"
    body = {"name": "Ann", "consent": CONSENT}
    with service.client(service.make_key("unknown:read")) as reader:
        assert reader.get(ALL).status_code == 200
        assert reader.delete(place).status_code == 403
        assert reader.post(f"{place}/name", json=body).status_code == 403
    with service.client(service.make_key("subjects:read")) as other:
        assert other.get(ALL).status_code == 403
    assert len(listed(client)) == 2
