"""Who is who, said with buttons beside the evidence; two people made one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.conftest import enrolled
from tests.api.scene_videos import scene_mp4, write
from tests.browser.conftest import ask, serious, tab, upload_for_chat


@pytest.fixture
def two(client: httpx.Client) -> Iterator[None]:
    """Maria and Mary are enrolled."""
    for number, name in enumerate(("Maria", "Mary"), start=1):
        enrolled(client, name, scene_mp4(name, {"face": number}))
    yield
    for subject in client.get("/v1/subjects").json()["subjects"]:
        client.delete(f"/v1/subjects/{subject['id']}")


@pytest.mark.usefixtures("two")
def test_not_maria_and_back_and_one_of_two(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    page.reload()
    upload_for_chat(page, write(tmp_path, "party.mp4", {"face": 1, "every": 0.25}))
    ask(page, "Is Maria in this video?", "Yes, Maria.")
    page.get_by_role("button", name="This is not Maria").click()
    said = page.locator("#pv-said")
    expect(said).to_contain_text("0:00.0 to 0:02.0 is not Maria")
    assert serious(page) == []
    ask(page, "Is Maria in this video?", "No, Maria is not in this video.")
    assert client.get("/v1/feedback").json()["feedback"][0]["verdict"] == "is_not"
    said.get_by_role("button", name="Undo").click()
    expect(said).not_to_contain_text("is not Maria")
    assert client.get("/v1/feedback").json()["feedback"] == []

    tab(page, "People")
    page.get_by_role("button", name="Merge Maria with somebody").click()
    page.get_by_label("Who is the same person as Maria?").click()
    page.get_by_role("option", name="Mary").click()
    expect(page.locator("#pv-what-merges")).to_contain_text("Maria has 2 face templates then")
    assert serious(page) == []
    page.get_by_role("button", name="Make one person of them").click()
    expect(page.get_by_role("heading", name="Mary")).to_have_count(0)
    assert [subject["name"] for subject in client.get("/v1/subjects").json()["subjects"]] == ["Maria"]
