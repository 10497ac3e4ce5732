"""Every route with every kind of key, taken from the OpenAPI document."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.auth.scopes import EVERYTHING
from storage.schema import now
from tests.api.conftest import Running, start, wait_for

OPEN = {("GET", "/healthz"), ("GET", "/readyz")}


@pytest.fixture(scope="module")
def operations(service: Running) -> list[tuple[str, str, list[str]]]:
    """(method, path, scopes) of every operation."""
    with service.client() as client:
        document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            # Each item is another way to show a key; the scopes are the same.
            needed = {scope for item in operation["security"] for scopes in item.values() for scope in scopes}
            found.append((method.upper(), path, sorted(needed)))
    return found


def call(client: httpx.Client, method: str, path: str) -> httpx.Response:
    filled = re.sub(r"{[^}]*number}", "1", path)
    return client.request(method, re.sub(r"{[^}]*}", "00000000", filled))


def test_every_operation_but_health_names_one_scope(operations: list[tuple[str, str, list[str]]]) -> None:
    assert {(method, path) for method, path, needed in operations if not needed} == OPEN
    assert all(len(needed) == 1 and needed[0] in EVERYTHING for _, path, needed in operations if needed)
    assert {needed[0] for _, _, needed in operations if needed} == set(EVERYTHING)


def test_every_operation_with_every_kind_of_key(service: Running, operations: list[tuple[str, str, list[str]]]) -> None:
    expired = service.make_key(*EVERYTHING, expires_at=now() - timedelta(seconds=1))
    wrong: list[Any] = []
    for method, path, needed in operations:
        for kind, key in _keys(service, expired, needed):
            with service.client(key) as client:
                status = call(client, method, path).status_code
            expected = {"none": 401, "unknown": 401, "expired": 401, "wrong scope": 403}.get(kind)
            open_to_all = (method, path) in OPEN
            fits = status not in (401, 403) if expected is None or open_to_all else status == expected
            if not fits or (status >= 500 and path != "/readyz"):
                wrong.append((kind, method, path, status))
    assert wrong == []


def _keys(service: Running, expired: str, needed: list[str]) -> Iterator[tuple[str, str]]:
    yield "none", ""
    yield "unknown", "pvc_" + "x" * 43
    yield "expired", expired
    yield "wrong scope", service.make_key(*(scope for scope in EVERYTHING if scope not in needed))
    yield "right", service.make_key(*needed)


def test_refusals_are_problems_with_security_headers(service: Running) -> None:
    with service.client("") as client:
        response = client.get("/v1/subjects")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.headers["content-type"] == "application/problem+json"
    for name in ("x-content-type-options", "x-frame-options", "referrer-policy", "cache-control"):
        assert response.headers[name]
    assert "access-control-allow-origin" not in response.headers


def test_a_key_shows_in_either_header(service: Running) -> None:
    with service.client("") as client:
        assert client.get("/v1/subjects", headers={"X-API-Key": service.key}).status_code == 200
        assert client.get("/v1/subjects", headers={"Authorization": f"bearer {service.key}"}).status_code == 200
        assert client.get("/v1/subjects", headers={"Authorization": f"Basic {service.key}"}).status_code == 401


def test_keys_are_made_shown_once_listed_and_revoked(service: Running) -> None:
    with service.client() as client:
        made = client.post("/v1/keys", json={"name": "door", "scopes": ["chat"]}).json()
        listed = client.get("/v1/keys").text
        assert made["key"] not in listed
        assert made["prefix"] in listed
        assert client.post("/v1/keys", json={"name": "x", "scopes": ["everything"]}).status_code == 422
        with service.client(made["key"]) as other:
            assert other.get("/v1/models").status_code == 200
            assert client.delete(f"/v1/keys/{made['id']}").status_code == 204
            wait_for(lambda: other.get("/v1/models").status_code == 401, seconds=10)
        assert client.delete("/v1/keys/nothing").status_code == 404


def test_a_key_cannot_make_a_stronger_one(service: Running) -> None:
    with service.client(service.make_key("keys:write")) as client:
        response = client.post("/v1/keys", json={"name": "more", "scopes": ["keys:write", "chat"]})
    assert response.status_code == 403


def test_the_database_and_its_files_hold_no_key(service: Running) -> None:
    for path in service.home.rglob("*"):
        if path.is_file():
            assert service.key.encode() not in path.read_bytes()


def test_too_many_requests_are_refused(tmp_path: Path) -> None:
    running, stop = start(tmp_path / "home", requests_per_minute=30)
    try:
        with running.client() as client:
            statuses = [client.get("/v1/subjects").status_code for _ in range(60)]
        assert statuses[0] == 200
        assert 429 in statuses
    finally:
        stop()
