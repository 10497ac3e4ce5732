"""Uploads and addresses that mean harm: a clear 4xx each, nothing fetched from inside, nothing left on the disk."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from app.api.fetch import fetch, is_public
from app.api.problems import Problem
from tests.api.conftest import Running, finished, new_subject, start
from tests.api.scene_videos import scene_mp4

GOOD = scene_mp4("good", {"face": 1})


def _broken() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "text", b"just words, no video\n" * 50
    yield "html", b"<html><script>alert(1)</script></html>"
    yield "zeros", bytes(5000)
    yield "png", b"\x89PNG\r\n\x1a\n" + bytes(200)
    yield "jpeg", b"\xff\xd8\xff\xe0" + bytes(200)
    yield "gif polyglot", b"GIF89a" + GOOD
    yield "zip", b"PK\x03\x04" + bytes(300)
    yield "elf", b"\x7fELF" + bytes(300)
    yield "playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    yield "concat", b"ffconcat version 1.0\nfile /etc/passwd\n"
    yield "sdp", b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 1 RTP/AVP 96\n"
    for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95):
        yield f"truncated {share}", GOOD[: int(share * (len(GOOD) - 80))]
    for offset in range(4, 40, 4):
        data = bytearray(GOOD)
        data[offset : offset + 4] = b"\xff\xff\xff\xff"
        yield f"box {offset}", bytes(data)
    huge = struct.pack(">I4s", 0xFFFFFFF0, b"moov") + bytes(100)
    yield "huge box", huge
    yield "wav", b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28)


BROKEN = dict(_broken())


@pytest.mark.parametrize("route", ["videos", "enrollments"])
@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_video_is_refused_and_leaves_nothing(
    client: httpx.Client, service: Running, kind: str, route: str
) -> None:
    subject = new_subject(client, "Maria")["id"]
    path = "/v1/videos" if route == "videos" else f"/v1/subjects/{subject}/enrollments"
    response = client.post(path, files={"video": ("x.mp4", BROKEN[kind], "video/mp4")})
    if kind.startswith("box") and response.status_code == 202:
        # Some boxes do not matter; then the file is a video still.
        finished(client, response.json())
        _remove(client, response.json()["video_id"])
    else:
        assert 400 <= response.status_code < 500, response.text
        assert response.json()["detail"]
        assert str(service.home) not in response.text
    client.delete(f"/v1/subjects/{subject}")
    assert list((service.home / "media").iterdir()) == []


NAMES = [
    "../../../etc/cron.d/x",
    "/etc/passwd",
    "..\\..\\win.ini",
    "a\x00b.mp4",
    "\u202egpm.exe",
    "",
    "x" * 5000,
    "con",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_only_shown(client: httpx.Client, service: Running, name: str) -> None:
    response = client.post("/v1/videos", files={"video": (name, GOOD, "video/mp4")})
    assert response.status_code in (202, 400, 422), response.text
    if response.status_code == 202:
        video = client.get(f"/v1/videos/{response.json()['video_id']}").json()
        assert "/" not in video["name"]
        assert 1 <= len(video["name"]) <= 255
        assert [path.name for path in (service.home / "media").iterdir()] == [video["id"]]
        _remove(client, video["id"])
    assert list((service.home / "media").iterdir()) == []


@pytest.mark.parametrize(
    ("files", "data"),
    [
        ({"file": ("a.mp4", GOOD)}, {}),
        ({"video": ("a.mp4", GOOD)}, {"surprise": "1"}),
        ({"video": ("a.mp4", GOOD)}, {f"f{i}": "1" for i in range(50)}),
        ({"video": ("a.mp4", GOOD)}, {"pick": "x" * 100_000}),
    ],
)
def test_forms_that_do_not_fit_are_refused(
    client: httpx.Client, service: Running, files: dict[str, Any], data: dict[str, str]
) -> None:
    assert client.post("/v1/videos", files=files, data=data).status_code in (400, 422)
    assert client.post("/v1/videos", files=[("video", ("a", GOOD)), ("video", ("b", GOOD))]).status_code == 400
    assert list((service.home / "media").iterdir()) == []


def test_other_bodies_are_refused(client: httpx.Client) -> None:
    assert client.post("/v1/videos", content=GOOD, headers={"Content-Type": "video/mp4"}).status_code == 415
    assert client.post("/v1/videos").status_code == 415
    multipart = {"Content-Type": "multipart/form-data"}
    assert client.post("/v1/videos", content=b"nothing", headers=multipart).status_code == 400


def test_too_much_is_refused_while_it_arrives(tmp_path: Path) -> None:
    running, stop = start(tmp_path / "home", max_upload_mb=1)
    try:
        sent = 0

        def endless() -> Iterator[bytes]:
            nonlocal sent
            yield b'--b\r\nContent-Disposition: form-data; name="video"; filename="x"\r\n\r\n'
            for _ in range(2000):
                sent += 1 << 20
                yield bytes(1 << 20)

        with running.client() as client:
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            # A write fails where the service had answered and closed before all was sent.
            with contextlib.suppress(httpx.WriteError):
                assert client.post("/v1/videos", content=endless(), headers=headers).status_code == 413
            assert sent < 100 << 20
            assert client.get("/healthz").status_code == 200
        with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2]))) as connection:
            connection.sendall(_head(running.key, 1 << 40).encode())
            assert b" 413 " in connection.recv(200)
        assert list((running.home / "media").iterdir()) == []
    finally:
        stop()


def _head(key: str, length: int) -> str:
    return (
        f"POST /v1/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
    )


def test_an_upload_that_is_cut_off_leaves_nothing(service: Running) -> None:
    port = int(service.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        part = '--b\r\nContent-Disposition: form-data; name="video"; filename="x"\r\n\r\nhalf a vid'
        connection.sendall((_head(service.key, 100_000) + part).encode())
    with service.client() as client:
        assert client.get("/v1/videos").json()["videos"] == []
    assert list((service.home / "media").iterdir()) == []


URLS = [
    "http://localhost/a.mp4",
    "http://127.0.0.1/a.mp4",
    "http://127.1/a.mp4",
    "http://0/a.mp4",
    "http://0.0.0.0/a.mp4",
    "http://2130706433/a.mp4",
    "http://0x7f000001/a.mp4",
    "http://017700000001/a.mp4",
    "http://[::1]/a.mp4",
    "http://[::]/a.mp4",
    "http://[::ffff:127.0.0.1]/a.mp4",
    "http://[::ffff:7f00:1]/a.mp4",
    "http://[64:ff9b::7f00:1]/a.mp4",
    "http://[2002:7f00:1::]/a.mp4",
    "http://[fe80::1%25eth0]/a.mp4",
    "http://[fd00::1]/a.mp4",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://10.0.0.1/a.mp4",
    "http://172.16.0.1/a.mp4",
    "http://192.168.1.1/a.mp4",
    "http://100.64.0.1/a.mp4",
    "http://example.org@127.0.0.1/a.mp4",
    "http://allowed.test@127.0.0.1/a.mp4",
    "http://allowed.test:22/a.mp4",
    "http://allowed.test.evil.test/a.mp4",
    "http://ALLOWED.test.:8080/a.mp4",
    "https://evil.test/a.mp4",
    "file:///etc/passwd",
    "ftp://allowed.test/a.mp4",
    "gopher://127.0.0.1:25/",
    "dict://127.0.0.1:11211/stat",
    "pvchat://video/../../etc/passwd",
    "pvchat://other/1",
    "//127.0.0.1/a.mp4",
    "http:///a.mp4",
    "http://",
    "javascript:alert(1)",
    "http://allowed.test\r\nX: y/a.mp4",
    "data:video/mp4;base64,!!!!",
    "data:text/html,<script>alert(1)</script>",
]


@pytest.mark.parametrize("url", URLS)
def test_addresses_inside_are_never_fetched(client: httpx.Client, service: Running, url: str) -> None:
    content = [{"type": "text", "text": "Who is here?"}, {"type": "video_url", "video_url": {"url": url}}]
    body = {"model": "pvchat-nano", "messages": [{"role": "user", "content": content}]}
    response = client.post("/v1/chat/completions", json=body)
    assert 400 <= response.status_code < 500, response.text
    assert response.json()["error"]["message"]
    assert list((service.home / "media").iterdir()) == []


class _Inside(BaseHTTPRequestHandler):
    """A server inside the network; nobody may reach it."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(302 if "redirect" in self.path else 200)
        self.send_header("Location", "http://127.0.0.1/inside")
        self.end_headers()
        self.wfile.write(GOOD)

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def inside() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Inside)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    _Inside.asked.clear()
    yield server
    server.shutdown()


def _fetch(url: str, path: Path, resolver: Callable[..., Any]) -> None:
    asyncio.run(fetch(url, path, hosts=("allowed.test",), most_bytes=1 << 20, timeout_s=2.0, resolver=resolver))


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::1"], []])
def test_a_name_that_leads_inside_is_refused(inside: HTTPServer, tmp_path: Path, addresses: list[str]) -> None:
    async def resolver(_host: str, _port: int) -> list[str]:
        return addresses

    with pytest.raises(Problem, match="no public address"):
        _fetch("http://allowed.test/a.mp4", tmp_path / "a", resolver)
    assert _Inside.asked == []


def test_a_name_is_resolved_once_so_it_cannot_change_its_mind(
    inside: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["198.18.0.1"], ["127.0.0.1"], ["127.0.0.1"]])
    calls = 0

    async def resolver(_host: str, _port: int) -> list[str]:
        nonlocal calls
        calls += 1
        return next(answers)

    monkeypatch.setattr("app.api.fetch.is_public", lambda address: address != "127.0.0.1")
    with pytest.raises(Problem):
        _fetch("http://allowed.test/a.mp4", tmp_path / "a", resolver)
    assert calls == 1
    assert _Inside.asked == []


def test_redirects_are_not_followed_and_bounds_hold(
    inside: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolver(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    # As if the loopback address were a public host's, so that something answers.
    monkeypatch.setattr("app.api.fetch.is_public", lambda _address: True)
    monkeypatch.setattr("app.api.fetch._PORTS", {"http": inside.server_port, "https": 443})
    with pytest.raises(Problem, match="redirects are not followed"):
        _fetch(f"http://allowed.test:{inside.server_port}/redirect", tmp_path / "a", resolver)
    assert _Inside.asked == ["/redirect"]
    _fetch(f"http://allowed.test:{inside.server_port}/video", tmp_path / "b", resolver)
    assert (tmp_path / "b").read_bytes() == GOOD


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::0a00:1", False),
        ("2002:0a00:1::", False),
        ("::7f00:1", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("240.0.0.1", False),
        ("fe80::1%eth0", False),
        ("nonsense", False),
    ],
)
def test_public_addresses_are_told_from_all_others(address: str, public: bool) -> None:
    assert is_public(address) is public


def _remove(client: httpx.Client, video_id: str) -> None:
    from tests.api.conftest import wait_for

    wait_for(lambda: client.delete(f"/v1/videos/{video_id}").status_code in (204, 404))
