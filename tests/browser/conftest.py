"""A real Chromium before a running service. `PVCHAT_BROWSER` names another; without any, these tests are skipped."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.api.conftest import Running, start

WIDTHS = {"desktop": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}
# What Gradio's own parts say in the console without harm.
_HARMLESS = (
    "Method not implemented.",
    "Password forms should have",
    "status of 4",
    # A page that is left ends its connections.
    "signal is aborted",
    "Connection errored out",
)


# Ends with these tests: as long as it lives, an event loop runs in this process.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("PVCHAT_BROWSER") or next((p for n in names if (p := shutil.which(n))), None)
    if program is None:
        told = "no Chromium here; install one (Debian: apt-get install chromium) or name one in PVCHAT_BROWSER"
        if os.environ.get("PVCHAT_NEEDS_BROWSER"):
            pytest.fail(told)
        pytest.skip(told)
    # Chromium's own sandbox does not start for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*arguments, *camera])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running service with pages, one per file of tests."""
    running, stop = start(tmp_path_factory.mktemp("service") / "home", pages=True)
    yield running
    stop()


@pytest.fixture
def client(service: Running) -> Iterator[httpx.Client]:
    """A client that may do everything."""
    with service.client() as opened:
        yield opened


# What has to work at every width.
both_widths = pytest.mark.parametrize("page", list(WIDTHS), indirect=True)


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser, service: Running) -> Iterator[Page]:
    """A logged-in page, on a desktop unless `both_widths`; fails when it reached elsewhere, broke, or complained."""
    with watched(chromium, service.url, getattr(request, "param", "desktop")) as opened:
        log_in(opened, service)
        yield opened


class watched:  # noqa: N801 - reads as a verb: with watched(...) as page
    """A page whose complaints are collected, to be judged when it is closed.

    Args:
        browser: opens it. url: of the service. width: a key of `WIDTHS`. context: for a new browser context.
    """

    def __init__(self, browser: Browser, url: str, width: str, **context: Any) -> None:
        self._context = browser.new_context(viewport=WIDTHS[width], **context)  # type: ignore[arg-type]
        self._url = url
        self._wrong: list[str] = []

    def __enter__(self) -> Page:
        page = self._context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self._wrong.append(f"broke: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)
        return page

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._context.close()
        if kind is None:
            assert self._wrong == []

    def _console(self, message: Any) -> None:
        expected = any(text in message.text for text in _HARMLESS)
        if message.type in ("error", "warning") and not expected:
            self._wrong.append(f"{message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self._url, "data:", "blob:")):
            self._wrong.append(f"asked elsewhere: {request.url}")


def log_in(page: Page, service: Running, key: str | None = None) -> None:
    """Through the form, to the pages."""
    page.goto(service.url)
    page.get_by_label("API key").fill(key or service.key)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("tab", name="Chat").wait_for()


def tab(page: Page, name: str) -> None:
    """Open one of the tabs."""
    page.get_by_role("tab", name=name).click()


def fill_in(page: Page, video: Path | None, name: str = "Maria", *, agreed: bool = True) -> None:
    """Fill the enrollment form, not sent yet."""
    tab(page, "Enroll")
    if video is not None:
        page.locator("#pv-enroll-video input[type=file]").set_input_files(video)
        page.locator("#pv-enroll-video video").wait_for()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Consent given by").fill("Maria Rossi")
    page.get_by_label("Purpose").fill("family archive")
    if agreed:
        page.get_by_label("This person knows").check()


def upload_for_chat(page: Page, video: Path) -> None:
    """Upload a video under Chat and wait until it can be watched."""
    tab(page, "Chat")
    page.locator(".pv-choose input[type=file]").set_input_files(video)
    page.locator("#pv-player video").wait_for()
    page.get_by_text(video.name).first.wait_for()


def ask(page: Page, question: str, answer: str) -> None:
    """Put a question and wait for the answer."""
    page.get_by_label("Question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("log").get_by_text(answer).last.wait_for()


# While a colour or an opacity is on its way, contrast is what neither state has.
_AT_REST = """() => Promise.allSettled(
    document.getAnimations().filter(one => one instanceof CSSTransition).map(one => one.finished))"""


def serious(page: Page) -> list[str]:
    """What axe finds on the page, once its transitions are over, that is serious or critical."""
    page.evaluate(_AT_REST)
    found = Axe().run(page).response["violations"]
    return [
        f"{item['id']}: {[node['html'][:200] for node in item['nodes']][:3]}"
        for item in found
        if item["impact"] in ("serious", "critical")
    ]
