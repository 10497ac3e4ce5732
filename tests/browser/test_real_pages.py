"""The whole of it: `pvchat serve` with its models, a browser, real clips. `make screenshots` keeps the pictures."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from pipelines.demo import CAR_MAN, Media
from tests.api.conftest import Running, wait_for
from tests.browser.conftest import fill_in, log_in, serious, tab, upload_for_chat, watched

ROOT = Path(__file__).resolve().parents[2]
# A long way to go on a busy machine: the models are loaded and a video is looked at meanwhile.
PATIENCE_MS = 60_000
# The pictures that the documents show.
SHOWN = ("chat-desktop", "chat-phone", "enroll-desktop", "forget-desktop")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`pvchat serve` as a user starts it."""
    home = tmp_path_factory.mktemp("real") / "home"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = home.parent / "told.txt"
    with told.open("w") as out:
        program = subprocess.Popen(
            [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "PVCHAT_HOME": str(home)},
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return httpx.get(f"{url}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_for(ready, seconds=120)
        key = next(line.strip() for line in told.read_text().splitlines() if line.strip().startswith("pvc_"))
        yield Running(url, home, key, None)
    finally:
        program.terminate()
        program.wait(timeout=30)


@pytest.fixture(scope="module")
def clips(demo_media: Media) -> dict[str, Path]:
    """The demo's: the first and the last part of the carphone clip, and a moving clip of the group photo."""
    ask = demo_media.ask
    return {"first": demo_media.enroll[CAR_MAN], "last": ask["car"], "group": ask["group"]}


def keep(page: Page, name: str) -> None:
    """Save a screenshot where `PVCHAT_SCREENSHOTS` says, nowhere by default."""
    folder = os.environ.get("PVCHAT_SCREENSHOTS")
    if folder and name in SHOWN:
        page.mouse.move(0, 0)
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_enroll_ask_look_and_forget(
    chromium: Browser, service: Running, clips: dict[str, Path], width: str, scheme: str
) -> None:
    with watched(chromium, service.url, width, color_scheme=scheme) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in(page, service)
        fill_in(page, clips["first"], "Daniel")
        page.get_by_role("button", name="Enroll", exact=True).click()
        page.get_by_role("progressbar", name="Progress of the enrollment").wait_for()
        page.get_by_role("heading", name="Daniel is enrolled").wait_for()
        assert serious(page) == []
        keep(page, f"enroll-{width}")

        upload_for_chat(page, clips["last"])
        page.get_by_label("Daniel").check()
        log = page.get_by_role("log")
        for hint, begins in (
            ("Here?", "Yes, Daniel is in this video"),
            ("Wearing?", re.compile(r"Daniel\b.*\bblack\b")),
            ("Doing?", re.compile(r"Daniel\b.*\btalking\b")),
            ("Where?", re.compile(r"Daniel\b.*\bin the middle\b")),
        ):
            page.get_by_role("button", name=hint, exact=True).click()
            log.get_by_text(begins).wait_for()
            page.get_by_role("button", name="Ask", exact=True).wait_for()
        page.get_by_role("button", name="jump there").first.click()
        expect(page.locator(".pv-frame img").first).to_be_visible()
        assert serious(page) == []
        keep(page, f"chat-{width}")

        tab(page, "People")
        page.get_by_role("button", name="Forget Daniel").click()
        expect(page.locator("#pv-what-goes")).to_contain_text("carphone_first.mp4")
        keep(page, f"forget-{width}")
        page.get_by_role("button", name="Forget for good").click()
        page.get_by_text("Nobody is enrolled").wait_for()
    with service.client() as client:
        assert client.get("/v1/subjects").json()["subjects"] == []
        for video in client.get("/v1/videos").json()["videos"]:
            client.delete(f"/v1/videos/{video['id']}")
    assert list((service.home / "media").iterdir()) == []


def test_one_of_a_group_is_picked(chromium: Browser, service: Running, clips: dict[str, Path]) -> None:
    with watched(chromium, service.url, "desktop") as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in(page, service)
        fill_in(page, clips["group"], "Otto")
        page.get_by_role("button", name="Enroll", exact=True).click()
        page.get_by_role("heading", name="Who is Otto?").wait_for()
        assert page.locator(".pv-face").count() >= 4
        assert serious(page) == []
        page.locator(".pv-face").first.click()
        page.get_by_role("heading", name="Otto is enrolled").wait_for()
