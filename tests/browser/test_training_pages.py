"""Enrolling with training in a browser, and going back to before it."""

from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.api.conftest import enrolled, finished
from tests.api.scene_videos import scene_mp4, write
from tests.browser.conftest import fill_in, serious, tab


def test_a_training_shows_how_far_it_is_while_the_form_is_free_again(
    page: Page, client: httpx.Client, tmp_path: Path
) -> None:
    fill_in(page, write(tmp_path, "m.mp4", {"face": 1}, step_s={"questions": 4}))
    page.get_by_label("Also train").check()
    page.get_by_role("button", name="Enroll", exact=True).click()
    panel = page.locator("#pv-enrolling")
    expect(panel).to_contain_text("step 7 of 12, questions: ")
    expect(panel).to_contain_text("Maria can be asked about already")
    expect(page.get_by_role("button", name="Enroll", exact=True)).to_be_enabled()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    page.get_by_label("Name", exact=True).fill("Nina")
    assert serious(page) == []
    expect(panel.get_by_role("heading", name="Maria is trained")).to_be_visible(timeout=60_000)
    # What was typed meanwhile is still there.
    expect(page.get_by_label("Name", exact=True)).to_have_value("Nina")
    with page.context.expect_page() as opened:
        panel.get_by_role("link", name="Report of the training").click()
    expect(opened.value.get_by_text("What came of it")).to_be_visible()
    tab(page, "Jobs")
    expect(page.locator("#pv-jobs")).to_contain_text("version 1, 14 wrong before, 8 trained, of 96")
    assert serious(page) == []
    (subject,) = client.get("/v1/subjects").json()["subjects"]
    client.delete(f"/v1/subjects/{subject['id']}")


def test_a_training_is_resumed_and_its_version_rolled_back(page: Page, client: httpx.Client) -> None:
    subject = enrolled(client, "Olga", scene_mp4("o", {"face": 2}, step_s={"mine": 1}))
    job = client.post(f"/v1/subjects/{subject['id']}/trainings", json={}).json()
    client.delete(f"/v1/jobs/{job['id']}")
    tab(page, "Jobs")
    page.get_by_role("button", name="Resume: Train Olga").click()
    expect(page.get_by_role("button", name="Cancel: Train Olga")).to_be_visible()
    assert finished(client, job)["state"] == "done"
    tab(page, "People")
    expect(page.locator("#pv-cards")).to_contain_text("trained, version 1")
    page.get_by_role("button", name="Roll back Olga to the enrollment alone").click()
    expect(page.locator("#pv-cards")).to_contain_text("trained, not used")
    page.get_by_role("button", name="Use version 1 of Olga").click()
    expect(page.locator("#pv-cards")).to_contain_text("trained, version 1")
    assert serious(page) == []
    client.delete(f"/v1/subjects/{subject['id']}")
