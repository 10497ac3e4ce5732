"""A browser's login over HTTP: cookies, other sites' requests, and how far it reaches into the pages."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer

from app.auth.cookies import COOKIE, Cookies, cookie_secret
from storage.engine import StorageError
from tests.api.conftest import Running, start
from tests.api.scene_videos import scene_mp4


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running service with its pages."""
    running, stop = start(tmp_path_factory.mktemp("service") / "home", pages=True)
    yield running
    stop()


@pytest.fixture
def browser(service: Running) -> Iterator[httpx.Client]:
    """A client that has logged in and holds the cookie."""
    with service.client("") as client:
        client.post("/login", data={"key": service.key})
        yield client


def test_a_key_is_exchanged_for_a_cookie_and_back(service: Running) -> None:
    with service.client("") as client:
        assert "<form" in client.get("/login").text
        assert client.post("/login", data={"key": "pvc_wrong"}).status_code == 401
        response = client.post("/login", data={"key": service.key})
        assert (response.status_code, response.headers["location"]) == (303, "/ui/")
        cookie = response.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert service.key.lower() not in cookie
        assert client.get("/v1/subjects").status_code == 200
        assert client.get("/ui/").status_code == 200
        client.post("/logout")
        assert client.get("/v1/subjects").status_code == 401


def test_pages_send_who_is_not_logged_in_to_the_login(service: Running) -> None:
    with service.client("", headers={"accept": "text/html"}) as client:
        for path in ("/", "/ui", "/ui/"):
            response = client.get(path)
            assert (response.status_code, response.headers["location"]) == (303, "/login"), path
    with service.client("") as client:
        assert client.get("/ui/config").status_code == 401
        assert client.post("/ui/gradio_api/queue/join", json={}).status_code == 401
        assert client.post("/ui/gradio_api/upload", files={"files": b"x"}).status_code == 401


def test_a_revoked_key_ends_its_logins(service: Running) -> None:
    key = service.make_key("subjects:read")
    with service.client() as admin, service.client("") as client:
        client.post("/login", data={"key": key})
        (made,) = [k for k in admin.get("/v1/keys").json()["keys"] if key.startswith(k["prefix"])]
        assert admin.delete(f"/v1/keys/{made['id']}").status_code == 204
        # Nothing was asked with it before, so nothing is remembered of it.
        assert client.get("/v1/subjects").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_sites_cannot_use_the_login(browser: httpx.Client, headers: dict[str, str]) -> None:
    body = {"name": "Eve", "consent": {"given_by": "Eve", "purpose": "none"}}
    assert browser.post("/v1/subjects", json=body, headers=headers).status_code == 403
    assert browser.post("/logout", headers=headers).status_code == 403
    assert browser.get("/v1/subjects", headers=headers).status_code == 200


def test_the_services_own_pages_can_use_the_login(browser: httpx.Client, service: Running) -> None:
    body = {"name": "Eva", "consent": {"given_by": "Eva", "purpose": "none"}}
    own = {"origin": service.url, "sec-fetch-site": "same-origin"}
    made = browser.post("/v1/subjects", json=body, headers=own)
    assert made.status_code == 201
    assert browser.delete(f"/v1/subjects/{made.json()['id']}", headers=own).status_code == 200


def test_a_key_is_no_matter_of_origin(service: Running) -> None:
    with service.client(headers={"origin": "https://elsewhere.example"}) as client:
        assert client.post("/v1/keys", json={"name": "k", "scopes": ["chat"]}).status_code == 201


def test_the_id_of_a_key_opens_nothing(service: Running) -> None:
    with service.client() as admin:
        key_id = admin.get("/v1/keys").json()["keys"][0]["id"]
    for shown in (key_id, f"id:{key_id}"):
        with service.client(shown) as client:
            assert client.get("/v1/subjects").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/ui/gradio_api/file=/etc/passwd",
        "/ui/gradio_api/file=../cookie.secret",
        "/ui/gradio_api/vibe-code/",
        "/ui/gradio_api/proxy=http://127.0.0.1/",
        "/ui/gradio_api/call/ask",
        "/ui/gradio_api/run/ask",
        "/ui/monitoring",
        "/ui/gradio_api/deep_link",
    ],
)
def test_the_pages_reach_no_further_than_they_need(browser: httpx.Client, path: str) -> None:
    assert browser.get(path).status_code in (403, 404)
    assert browser.post(path, json={}).status_code in (403, 404, 405)


def test_pages_take_videos_up_to_the_limit_and_nothing_else_that_is_large(tmp_path: Path) -> None:
    running, stop = start(tmp_path / "home", pages=True, max_upload_mb=1)
    with running.client() as client:
        for size, status in ((900_000, 200), (1_200_000, 413)):
            response = client.post("/ui/gradio_api/upload", files={"files": ("x.mp4", b"x" * size)})
            assert response.status_code == status
        assert client.post("/ui/gradio_api/queue/join", json={"data": ["x" * 300_000]}).status_code == 413
    stop()


def test_the_data_folder_is_not_served(browser: httpx.Client, service: Running) -> None:
    for name in ("pvchat.db", "cookie.secret"):
        assert browser.get(f"/ui/gradio_api/file={service.home / name}").status_code in (403, 404)


def press(browser: httpx.Client, button: str, file: dict[str, object], session: str) -> httpx.Response:
    """Do what the pages' own script does when a button with a file is pressed, with any file."""
    config = browser.get("/ui/config").json()
    (chosen,) = [c["id"] for c in config["components"] if c["props"].get("elem_id") == button]
    kind = "upload" if button == "pv-upload" else "click"
    (event,) = [found for found in config["dependencies"] if [chosen, kind] in found["targets"]]
    rest = ["Eve", "Eve", "none", None, True] if button == "pv-enroll" else [[]]
    body = {"data": [file, *rest], "fn_index": event["id"], "session_hash": session}
    joined = browser.post("/ui/gradio_api/queue/join", json=body)
    if joined.status_code == 200:
        with browser.stream("GET", "/ui/gradio_api/queue/data", params={"session_hash": session}) as told:
            assert any("process_completed" in line for line in told.iter_lines())
    return joined


@pytest.mark.parametrize("button", ["pv-upload", "pv-enroll"])
@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "gradio.FileData"}}])
@pytest.mark.parametrize("kind", ["elsewhere", "above", "address"])
def test_a_made_up_upload_takes_and_fetches_nothing(
    browser: httpx.Client, service: Running, tmp_path: Path, button: str, meta: dict[str, object], kind: str
) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(scene_mp4("secret", {"face": 1}))
    pages = service.home / "pages"
    path = {
        "elsewhere": str(secret),
        "above": f"{pages}/../cookie.secret",
        "address": f"{service.url}/healthz",
    }[kind]
    kept = {file.name for file in pages.rglob("*")}
    assert press(browser, button, {"path": path, "orig_name": "x.mp4", **meta}, "made up").status_code == 422
    assert secret.is_file()
    assert {file.name for file in pages.rglob("*")} == kept
    assert list((service.home / "media").iterdir()) == []
    assert browser.get("/v1/subjects").json()["subjects"] == []


def test_a_real_upload_is_taken(browser: httpx.Client, service: Running) -> None:
    sent = browser.post("/ui/gradio_api/upload", files={"files": ("party.mp4", scene_mp4("party", {"face": 1}))})
    meta = {"meta": {"_type": "gradio.FileData"}}
    press(browser, "pv-upload", {"path": sent.json()[0], "orig_name": "party.mp4", **meta}, "real")
    (video,) = browser.get("/v1/videos").json()["videos"]
    assert video["name"] == "party.mp4"
    assert browser.delete(f"/v1/videos/{video['id']}").status_code in (204, 409)


def test_pages_load_nothing_from_elsewhere(browser: httpx.Client) -> None:
    policy = browser.get("/ui/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


@pytest.mark.parametrize("change", ["id", "end", "signature", "none", "parts"])
def test_a_forged_or_ended_cookie_opens_nothing(change: str) -> None:
    cookies = Cookies(b"s" * 32, 60)
    good = cookies.value("key-1")
    assert cookies.read(f"{COOKIE}={good}") == "key-1"
    body, stamp, signature = good.split(".")
    other = URLSafeTimedSerializer(b"t" * 32, salt="pvchat login").dumps("key-1")
    forged = {
        "id": f"{cookies.value('key-2').split('.')[0]}.{stamp}.{signature}",
        "end": good,
        "signature": other,
        "none": "",
        "parts": f"{body}.{stamp}",
    }[change]
    assert Cookies(b"s" * 32, -1 if change == "end" else 60).read(f"{COOKIE}={forged}") is None


def test_the_cookie_secret_stays_and_is_private(tmp_path: Path) -> None:
    made = cookie_secret(tmp_path)
    assert len(made) == 32
    assert cookie_secret(tmp_path) == made
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(b"short")
    with pytest.raises(StorageError, match="damaged"):
        cookie_secret(tmp_path)
