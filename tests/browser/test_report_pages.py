"""Reports in a browser: nothing is wider than the screen, nothing is loaded, in light and in dark."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from pvchat.evaluation.assessment import Assessment, Counts
from pvchat.evaluation.enrollment_report import EnrollmentReport, render
from pvchat.evaluation.training_report import write_report
from tests.browser.conftest import serious
from tests.evaluation.enrollment_reports import bare, full, training


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
@pytest.mark.parametrize("made", [full, bare])
def test_an_enrollment_report_fits_and_can_be_read(
    chromium: Browser,
    tmp_path: Path,
    made: Callable[[], EnrollmentReport],
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(made()), "utf-8")
    look(chromium, file, width, scheme)


def test_a_training_report_fits_and_can_be_read(chromium: Browser, tmp_path: Path) -> None:
    comparison = Assessment({"existence": Counts(20, 3, 1), "unanswerable": Counts(4, 1, 1)})
    _, page = write_report(tmp_path, "id-7", {"base": "nano"}, training(), comparison)
    look(chromium, page, 360, "dark")


def look(chromium: Browser, file: Path, width: int, scheme: Literal["light", "dark"]) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("request", lambda request: wrong.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_load_state("networkidle")
        assert [text for text in wrong if not text.startswith((file.as_uri(), "data:"))] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        cut = "[...document.querySelectorAll('.table')].filter(t => t.scrollWidth > t.clientWidth).length"
        assert page.evaluate(cut) == 0
        assert page.evaluate("[...document.images].every(picture => picture.naturalWidth > 0)")
        assert serious(page) == []
    finally:
        context.close()
