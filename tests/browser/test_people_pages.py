"""People and jobs in a browser; the login before all of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.conftest import Running, enrolled, uploaded
from tests.api.scene_videos import scene_mp4, write
from tests.browser.conftest import WIDTHS, both_widths, fill_in, log_in, serious, tab, watched


@pytest.fixture
def maria(client: httpx.Client) -> Iterator[dict[str, Any]]:
    """Maria is enrolled."""
    subject = enrolled(client, "Maria", scene_mp4("m", {"face": 1}))
    yield subject
    client.delete(f"/v1/subjects/{subject['id']}")


@both_widths
def test_forgetting_says_first_what_will_go(page: Page, client: httpx.Client, maria: dict[str, Any]) -> None:
    tab(page, "People")
    page.get_by_role("button", name="Forget Maria").click()
    goes = page.locator("#pv-what-goes")
    expect(goes).to_contain_text("1 face template")
    expect(goes).to_contain_text("1 video uploaded")
    assert serious(page) == []
    page.get_by_role("button", name="Keep").click()
    expect(goes).not_to_be_visible()
    assert client.get(f"/v1/subjects/{maria['id']}").status_code == 200
    page.get_by_role("button", name="Forget Maria").click()
    page.get_by_role("button", name="Forget for good").click()
    expect(page.get_by_text("Nobody is enrolled")).to_be_visible()
    assert client.get(f"/v1/subjects/{maria['id']}").status_code == 404


@pytest.mark.usefixtures("maria")
def test_a_person_gets_another_name(page: Page, client: httpx.Client) -> None:
    tab(page, "People")
    page.get_by_role("button", name="Rename Maria").click()
    name = page.get_by_label("New name for Maria")
    expect(name).to_have_value("Maria")
    name.fill("María López")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="María López")).to_be_visible()
    assert serious(page) == []
    assert [s["name"] for s in client.get("/v1/subjects").json()["subjects"]] == ["María López"]


@pytest.mark.usefixtures("maria")
def test_a_name_that_cannot_be_used_is_refused(page: Page) -> None:
    tab(page, "People")
    page.get_by_role("button", name="Rename Maria").click()
    page.get_by_label("New name for Maria").fill(" ")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast-body, .toast-wrap").first).to_be_visible()
    expect(page.get_by_role("heading", name="Maria")).to_be_visible()


@both_widths
def test_jobs_are_listed_and_cancelled(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    fill_in(page, write(tmp_path, "slow.mp4", {"face": 5}, slow_s=30), "Otto")
    page.get_by_role("button", name="Enroll", exact=True).click()
    page.get_by_role("heading", name="Enrolling Otto").wait_for()
    tab(page, "Jobs")
    row = page.get_by_role("row", name=re.compile("Otto"))
    expect(row).to_contain_text("running")
    assert serious(page) == []
    row.get_by_role("button", name=re.compile("Cancel")).click()
    expect(page.locator(".pv-job-cancelled").first).to_be_visible()
    tab(page, "Enroll")
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    assert client.get("/v1/subjects").json()["subjects"] == []


@pytest.mark.parametrize("width", list(WIDTHS))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_reads_well_in_light_and_dark(
    chromium: Browser, service: Running, client: httpx.Client, width: str, scheme: str
) -> None:
    subject = enrolled(client, "Maria", scene_mp4("m", {"face": 1}))
    with watched(chromium, service.url, width, color_scheme=scheme) as page:
        page.goto(service.url)
        found = {"login": serious(page)}
        log_in(page, service)
        for name in ("Chat", "Enroll", "People", "Jobs"):
            tab(page, name)
            page.wait_for_timeout(700)
            found[name] = serious(page)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                found[name].append(f"{wide} pixels wider than the window")
    client.delete(f"/v1/subjects/{subject['id']}")
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_the_keyboard_reaches_everything_that_asks(page: Page) -> None:
    tab(page, "Chat")
    page.get_by_role("tab", name="Chat").focus()
    reached = set()
    spoken = "element => (element.innerText || element.getAttribute('aria-label') || element.placeholder || '').trim()"
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(f"({spoken})(document.activeElement)"))
    assert {"Upload", "Delete", "Here?", "Where?", "Ask"} <= reached
    assert any("Is Maria in this video?" in text for text in reached)


def test_nothing_is_shown_without_a_login(chromium: Browser, service: Running) -> None:
    with watched(chromium, service.url, "desktop") as page:
        page.goto(f"{service.url}/ui/")
        assert page.url.endswith("/login")
        page.get_by_label("API key").fill("pvc_wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("not known")
        log_in(page, service)
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("API key")).to_be_visible()
        page.goto(f"{service.url}/ui/")
        assert page.url.endswith("/login")


def test_a_key_that_may_only_ask_is_told_so_elsewhere(chromium: Browser, service: Running) -> None:
    key = service.make_key("chat", "videos:read", "subjects:read")
    with watched(chromium, service.url, "desktop") as page:
        log_in(page, service, key)
        tab(page, "Jobs")
        expect(page.get_by_text("needs the scope jobs:read").first).to_be_visible()


def test_an_unknown_person_is_named_with_consent_and_another_one_forgotten(page: Page, client: httpx.Client) -> None:
    video = uploaded(client, scene_mp4("street", {"face": 31}, {"face": 32, "x": 0.2}), "street.mp4")
    asked = {"video": video, "messages": [{"role": "user", "content": "Who is here?"}]}
    first, second = (s["number"] for s in client.post("/v1/chat", json=asked).json()["strangers"])
    tab(page, "People")
    card = page.locator(".pv-card", has_text=f"Unknown person {first}")
    expect(card).to_contain_text("in 1 video, first seen")
    expect(card.locator("img")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name=f"Name unknown person {first}").click()
    page.get_by_label(f"Name of unknown person {first}").fill("Nora")
    save = page.locator("#pv-save-unknown")
    save.click()
    # Without a consent nothing happens but a message.
    expect(page.locator(".toast-body, .toast-wrap").first).to_be_visible()
    page.get_by_label("Who consents").last.fill("Nora Berg")
    page.get_by_label("What for").last.fill("tests")
    save.click()
    expect(page.get_by_role("heading", name="Nora")).to_be_visible()
    expect(card).not_to_be_visible()
    page.get_by_role("button", name=f"Forget unknown person {second}").click()
    expect(page.locator("#pv-what-unknown")).to_contain_text("3 described faces")
    page.locator("#pv-forget-unknown").click()
    expect(page.get_by_text(f"Unknown person {second}", exact=True)).not_to_be_visible()
    assert client.get("/v1/unknown-people").json() == {"unknown_people": []}
    for subject in client.get("/v1/subjects").json()["subjects"]:
        client.delete(f"/v1/subjects/{subject['id']}")
