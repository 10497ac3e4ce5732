"""What is refused is refused with a status and a problem, whatever was sent."""

import json

import httpx
import pytest

from tests.api.conftest import CONSENT, Running

HALF = "\ud800"
BODIES: list[tuple[str, object]] = [
    ("/v1/subjects", {"name": HALF, "consent": CONSENT}),
    ("/v1/subjects", {"name": "Maria", "consent": {**CONSENT, "purpose": HALF}}),
    ("/v1/subjects", {"name": "Maria", "consent": CONSENT, HALF: 1}),
    ("/v1/keys", {"name": HALF, "scopes": ["chat"]}),
    ("/v1/keys", {"name": "door", "scopes": [HALF]}),
    ("/v1/chat", {"video": HALF, "messages": [{"role": "user", "content": "Who?"}]}),
    ("/v1/chat", {"video": "1", "messages": [{"role": HALF, "content": "Who?"}]}),
    ("/v1/chat", {"video": "1", "messages": [{"role": "user", "content": HALF}]}),
    ("/v1/chat/completions", {"model": HALF, "messages": [{"role": "user", "content": "Who?"}]}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": HALF}]}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": [{"type": HALF, "text": "Who?"}]}]}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": [{"type": "text", "text": HALF}]}]}),
]


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_half_a_surrogate_pair_is_refused(client: httpx.Client, path: str, body: object) -> None:
    response = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


@pytest.mark.parametrize("name", ["%00", "%ff%fe", "%ed%a0%80", "a" * 9000, "..%2f..%2fetc", "%0a", "%20"])
def test_an_id_that_is_none_is_not_found(client: httpx.Client, name: str) -> None:
    for path in ("/v1/subjects/{}", "/v1/videos/{}", "/v1/videos/{}/content", "/v1/jobs/{}", "/v1/jobs/{}/crops/1"):
        assert client.get(path.format(name)).status_code == 404, path
    assert client.delete(f"/v1/keys/{name}").status_code == 404


def test_events_of_no_job_are_not_found(client: httpx.Client) -> None:
    response = client.get("/v1/jobs/nothing/events")
    assert response.status_code == 404
    assert response.json()["title"] == "Not found"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/v1/subjects", "GET, POST"), ("/v1/subjects/1", "DELETE, GET, PATCH"), ("/v1/jobs/1/pick", "POST")],
)
def test_a_refused_method_names_all_that_are_allowed(client: httpx.Client, path: str, allowed: str) -> None:
    response = client.put(path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("ended", ["2001-02-03T04:05:06Z", "0001-01-01T00:00:00+23:59"])
def test_what_has_ended_already_is_a_conflict(client: httpx.Client, ended: str) -> None:
    consent = {**CONSENT, "expires_at": ended}
    assert client.post("/v1/subjects", json={"name": "Maria", "consent": consent}).status_code == 409
    assert client.post("/v1/keys", json={"name": "a", "scopes": ["chat"], "expires_at": ended}).status_code == 409


@pytest.mark.parametrize("moment", [99999999999, "99999999999", "2999-01-01", "2999-01-01T00:00:00", True])
def test_only_a_moment_with_its_zone_is_a_moment(client: httpx.Client, moment: object) -> None:
    body = {"name": "a", "scopes": ["chat"], "expires_at": moment}
    assert client.post("/v1/keys", json=body).status_code == 422


def test_the_end_of_time_is_a_moment(client: httpx.Client) -> None:
    body = {"name": "a", "scopes": ["chat"], "expires_at": "9999-12-31T23:59:59-23:59"}
    made = client.post("/v1/keys", json=body)
    assert made.status_code == 201, made.text
    client.delete(f"/v1/keys/{made.json()['id']}")


def test_types_are_not_guessed(client: httpx.Client) -> None:
    message = {"role": "user", "content": "Who is here?"}
    assert client.post("/v1/chat", json={"video": "1", "messages": [message], "stream": "yes"}).status_code == 422
    assert client.post("/v1/jobs/1/pick", json={"number": "1"}).status_code == 422
    assert client.post("/v1/jobs/1/pick", json={"number": True}).status_code == 422
    assert client.post("/v1/jobs/1/pick", json={"number": 1.0}).status_code == 404


def test_no_problem_tells_where_files_lie(client: httpx.Client, service: Running) -> None:
    response = client.post("/v1/videos", files={"video": ("x.mp4", b"no video at all", "video/mp4")})
    assert response.status_code == 422
    assert str(service.home) not in response.text
    assert response.json()["detail"].startswith("x.mp4 is text")
