"""Enrolling in a browser: form, progress, a face to pick, what goes wrong."""

from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.api.conftest import Running, enrolled
from tests.api.scene_videos import scene_mp4, write
from tests.browser.conftest import both_widths, fill_in, serious, tab


def forget_everybody(client: httpx.Client) -> None:
    for subject in client.get("/v1/subjects").json()["subjects"]:
        client.delete(f"/v1/subjects/{subject['id']}")


@both_widths
def test_enrolling_shows_progress_then_what_the_video_covered(
    page: Page, client: httpx.Client, tmp_path: Path, service: Running
) -> None:
    fill_in(page, write(tmp_path, "slow.mp4", {"face": 1}, slow_s=3))
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.get_by_role("progressbar", name="Progress of the enrollment")).not_to_have_attribute(
        "aria-valuenow", "0"
    )
    assert serious(page) == []
    expect(page.get_by_role("heading", name="Maria is enrolled")).to_be_visible()
    expect(page.locator("#pv-enrolling")).to_contain_text("Faces used")
    assert serious(page) == []
    assert [s["state"] for s in client.get("/v1/subjects").json()["subjects"]] == ["enrolled"]
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    # The form's copy of the video went to its place; nothing of it is left with the pages.
    assert list((service.home / "pages").rglob("*.mp4")) == []
    forget_everybody(client)


def test_a_video_of_megabytes_is_taken(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    fill_in(page, write(tmp_path, "large.mp4", {"face": 1}, padding="x" * 3_000_000))
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.get_by_role("heading", name="Maria is enrolled")).to_be_visible()
    forget_everybody(client)


@both_widths
def test_a_face_is_clicked_when_there_are_several(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    fill_in(page, write(tmp_path, "two.mp4", {"face": 1, "x": 0.2}, {"face": 2, "x": 0.8}), "Nina")
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.get_by_role("heading", name="Who is Nina?")).to_be_visible()
    faces = page.locator(".pv-face")
    expect(faces).to_have_count(2)
    # Waits until the picture has come, and fails when it cannot be shown.
    faces.first.locator("img").evaluate("picture => picture.decode()")
    assert serious(page) == []
    faces.nth(1).click()
    expect(page.get_by_role("heading", name="Nina is enrolled")).to_be_visible()
    forget_everybody(client)


def test_none_of_the_faces_leaves_nothing(page: Page, client: httpx.Client, tmp_path: Path, service: Running) -> None:
    fill_in(page, write(tmp_path, "two.mp4", {"face": 1, "x": 0.2}, {"face": 2, "x": 0.8}), "Nina")
    page.get_by_role("button", name="Enroll", exact=True).click()
    page.get_by_role("button", name="None of them").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    assert client.get("/v1/subjects").json()["subjects"] == []
    assert list((service.home / "media").iterdir()) == []


def test_the_end_of_the_consent_is_kept(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    fill_in(page, write(tmp_path, "one.mp4", {"face": 1}))
    page.locator("#pv-consent-until input").fill("2031-05-06")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.get_by_role("heading", name="Maria is enrolled")).to_be_visible()
    (subject,) = client.get("/v1/subjects").json()["subjects"]
    assert subject["consent"]["expires_at"].startswith("2031-05-06T23:59:59")
    forget_everybody(client)


def test_two_people_are_enrolled_one_after_the_other(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    for name, face in (("Maria", 1), ("Nina", 2)):
        fill_in(page, write(tmp_path, f"{name}.mp4", {"face": face}), name)
        page.get_by_role("button", name="Enroll", exact=True).click()
        expect(page.get_by_role("heading", name=f"{name} is enrolled")).to_be_visible()
    assert len(client.get("/v1/subjects").json()["subjects"]) == 2
    forget_everybody(client)


def test_nobody_is_enrolled_without_consent(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    fill_in(page, write(tmp_path, "one.mp4", {"face": 1}), agreed=False)
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.get_by_text("nobody is enrolled without consent").first).to_be_visible()
    assert client.get("/v1/subjects").json()["subjects"] == []


def test_a_file_that_is_no_video_is_refused_and_the_name_stays_free(
    page: Page, client: httpx.Client, tmp_path: Path, service: Running
) -> None:
    wrong = tmp_path / "holiday.mp4"
    wrong.write_text("this is not a video")
    tab(page, "Enroll")
    page.locator("#pv-enroll-video input[type=file]").set_input_files(wrong)
    page.wait_for_timeout(1000)
    fill_in(page, None)
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.get_by_text("holiday.mp4 is text, not a video").first).to_be_visible()
    assert str(service.home) not in page.get_by_role("status").last.inner_text()
    assert client.get("/v1/subjects").json()["subjects"] == []
    assert list((service.home / "media").iterdir()) == []


def test_a_video_without_a_face_fails_with_the_reason(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    fill_in(page, write(tmp_path, "nobody.mp4"))
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.locator("#pv-enrolling .pv-bad")).to_contain_text("face")
    assert client.get("/v1/subjects").json()["subjects"] == []


def test_the_camera_can_be_used(page: Page, service: Running) -> None:
    tab(page, "Enroll")
    page.locator("#pv-enroll-video").get_by_role("button", name="Capture from camera").click()
    page.get_by_title("grant webcam access").click()
    expect(page.locator("#pv-enroll-video video")).to_be_visible()
    assert page.locator("#pv-enroll-video video").evaluate("video => video.srcObject.getAudioTracks().length") == 0


def test_somebody_known_is_enrolled_from_another_video_without_asking_again(
    page: Page, client: httpx.Client, tmp_path: Path
) -> None:
    subject = enrolled(client, "Maria", scene_mp4("m", {"face": 1}))
    tab(page, "Enroll")
    page.get_by_label("Person", exact=True).click()
    page.get_by_role("option", name="Maria").click()
    expect(page.get_by_label("Name", exact=True)).not_to_be_visible()
    expect(page.get_by_label("Consent given by")).not_to_be_visible()
    page.locator("#pv-enroll-video input[type=file]").set_input_files(write(tmp_path, "nobody.mp4"))
    page.locator("#pv-enroll-video video").wait_for()
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.locator("#pv-enrolling .pv-bad")).to_contain_text("face")
    # What failed takes nothing away from who was enrolled before.
    assert client.get(f"/v1/subjects/{subject['id']}").json()["state"] == "enrolled"
    page.locator("#pv-enroll-video").get_by_role("button", name="Clear").first.click()
    page.locator("#pv-enroll-video input[type=file]").set_input_files(write(tmp_path, "again.mp4", {"face": 1}))
    page.locator("#pv-enroll-video video").wait_for()
    page.get_by_role("button", name="Enroll", exact=True).click()
    expect(page.get_by_role("heading", name="Maria is enrolled")).to_be_visible()
    assert client.get(f"/v1/subjects/{subject['id']}").json()["enrolled_from"] == "again.mp4"
    forget_everybody(client)
