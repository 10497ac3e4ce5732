"""Asking in a browser: a conversation, its evidence, and jumps in the player."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import Running, enrolled, wait_for
from tests.api.scene_videos import scene_mp4, write
from tests.browser.conftest import ask, both_widths, serious, tab, upload_for_chat


@pytest.fixture(scope="module", autouse=True)
def maria(service: Running) -> Iterator[dict[str, Any]]:
    """Maria is enrolled."""
    with service.client() as client:
        yield enrolled(client, "Maria", scene_mp4("m", {"face": 1}))


@pytest.fixture
def party(page: Page, client: httpx.Client, tmp_path: Path) -> Iterator[None]:
    """A video in which Maria is seen from 0.5 s on, chosen in the page; deleted afterwards."""
    upload_for_chat(page, write(tmp_path, "party.mp4", {"face": 1, "spans": [[0.5, 1.5]]}, {"face": 2, "x": 0.2}))
    yield
    for video in client.get("/v1/videos").json()["videos"]:
        if video["name"] != "a.mp4":
            client.delete(f"/v1/videos/{video['id']}")


@both_widths
@pytest.mark.usefixtures("party")
def test_the_four_kinds_of_questions_and_their_evidence(page: Page) -> None:
    page.get_by_label("Maria").check()
    for hint, question in (
        ("Here?", "Is Maria in this video?"),
        ("Wearing?", "What is Maria wearing?"),
        ("Doing?", "What is Maria doing?"),
        ("Where?", "Where is Maria?"),
    ):
        page.get_by_role("button", name=hint, exact=True).click()
        expect(page.get_by_role("log").get_by_text(question)).to_be_visible()
        expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    expect(page.get_by_role("log").get_by_text("Yes, Maria.")).to_have_count(4)
    expect(page.locator(".pv-evidence")).to_contain_text("1 other person")
    assert serious(page) == []


@both_widths
@pytest.mark.usefixtures("party")
def test_evidence_jumps_in_the_player(page: Page) -> None:
    ask(page, "Is Maria in this video?", "Yes, Maria.")
    span = page.get_by_role("button", name="Maria, from 0:00.5 to 0:01.5: jump there")
    span.click()
    expect_at(page, 0.5)
    page.locator("#pv-player video").evaluate("video => { video.currentTime = 1.8 }")
    frame = page.locator(".pv-frame")
    assert frame.locator("img").evaluate("picture => picture.decode().then(() => picture.naturalWidth > 0)")
    frame.focus()
    page.keyboard.press("Enter")
    expect_at(page, 0.5)
    # The mark follows the player's own report of its time, which comes a moment after a jump.
    page.wait_for_function("() => document.querySelector('.pv-playhead').style.left === '25%'")


def expect_at(page: Page, seconds: float) -> None:
    page.wait_for_function(
        "at => Math.abs(document.querySelector('#pv-player video').currentTime - at) < 0.05", arg=seconds
    )


@pytest.mark.usefixtures("party")
def test_an_answer_is_shown_while_it_is_written_and_can_be_stopped(page: Page) -> None:
    page.get_by_label("Question").fill("Is Maria here? take your time")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_text("....", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("log").get_by_text("Stopped.")).to_be_visible()
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    ask(page, "Is Maria in this video?", "Yes, Maria.")


@pytest.mark.usefixtures("party")
def test_a_follow_up_means_whom_the_conversation_is_about(page: Page) -> None:
    ask(page, "Is Maria in this video?", "Yes, Maria.")
    page.get_by_label("Question").fill("What is she wearing?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_text("Yes, Maria.")).to_have_count(2)


@pytest.mark.usefixtures("party")
def test_what_somebody_types_stays_text(page: Page) -> None:
    hostile = "<img src=x onerror=\"document.title='taken'\"> **bold** Is Maria here?"
    page.get_by_label("Question").fill(hostile)
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_text("Yes, Maria.")).to_be_visible()
    expect(page.get_by_role("log").get_by_text("**bold**")).to_be_visible()
    assert page.title() == "PVChat"


def test_a_question_without_a_video_says_what_to_do(page: Page, client: httpx.Client) -> None:
    for video in client.get("/v1/videos").json()["videos"]:
        client.delete(f"/v1/videos/{video['id']}")
    page.reload()
    tab(page, "Chat")
    ask(page, "Is Maria in this video?", "Choose or upload a video first.")


@pytest.mark.usefixtures("party")
def test_a_worker_that_dies_is_said_and_the_next_question_is_answered(page: Page, client: httpx.Client) -> None:
    ask(page, "Is Maria here? kill yourself", "being started again")
    wait_for(lambda: client.get("/readyz").status_code == 200)
    ask(page, "Is Maria in this video?", "Yes, Maria.")


@pytest.mark.usefixtures("party")
def test_another_video_begins_another_conversation(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    ask(page, "Is Maria in this video?", "Yes, Maria.")
    upload_for_chat(page, write(tmp_path, "beach.mp4", {"face": 2}))
    expect(page.get_by_role("log").get_by_text("Yes, Maria.")).to_have_count(0)
    expect(page.locator(".pv-evidence")).to_have_count(0)
    ask(page, "Is Maria in this video?", "No")


@pytest.mark.usefixtures("party")
def test_a_video_is_deleted(page: Page, client: httpx.Client) -> None:
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#pv-player")).not_to_contain_text("party.mp4")
    assert "party.mp4" not in [video["name"] for video in client.get("/v1/videos").json()["videos"]]


@pytest.mark.usefixtures("party")
def test_closing_the_page_ends_the_work(page: Page, client: httpx.Client, service: Running) -> None:
    page.get_by_label("Question").fill("Is Maria here? take your time")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_text("....", exact=False).first).to_be_visible()
    page.goto("about:blank")
    wait_for(lambda: not service.app.state.service.turns.busy, seconds=1.5)


@pytest.mark.usefixtures("party")
def test_several_videos_are_one_conversation_and_the_player_follows_the_evidence(page: Page, tmp_path: Path) -> None:
    upload_for_chat(page, write(tmp_path, "garden.mp4", {"face": 3}))
    expect(page.locator("#pv-player video")).to_have_attribute("aria-label", "garden.mp4")
    page.locator("#pv-further input").click()
    page.get_by_role("option", name="party.mp4").click()
    page.keyboard.press("Escape")
    ask(page, "In which of these is Maria?", "Maria is in party.mp4, but not in garden.mp4.")
    expect(page.locator("#pv-player video")).to_have_attribute("aria-label", "party.mp4")
    expect(page.locator(".pv-evidence")).to_contain_text("also about 1 other video")
    assert serious(page) == []
