"""The demo: how it judges, what it prints and writes, and that a wrong answer fails it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import pipelines
from pipelines.demo import (
    CAR_MAN,
    GROUP_MAN,
    MIDDLE,
    NO,
    REFUSED,
    YES,
    Expected,
    Item,
    Media,
    judge,
    questions,
    run,
)
from pipelines.demo_sheet import CARD_WIDTH, MARGIN, PICTURE_HEIGHT, Card, contact_sheet
from pipelines.results import Answer, Evidence
from pvchat import weights
from pvchat.video import probe


def item(expected: Expected) -> Item:
    return Item("car", CAR_MAN, f"Is {CAR_MAN} in this video?", expected)


@pytest.mark.parametrize(
    ("expected", "text", "right"),
    [
        (YES, f"Yes, {CAR_MAN} is in this video.", True),
        (YES, f"No, {CAR_MAN} is not in this video.", False),
        (YES, f"I am not sure whether {CAR_MAN} is in this video.", False),
        (YES, "Yes, he is in this video.", False),
        (NO, f"No, {CAR_MAN} is not in this video.", True),
        (NO, f"No, {CAR_MAN} is elsewhere.", False),
        (REFUSED, f"{CAR_MAN} is not in this video.", True),
        (REFUSED, f"{CAR_MAN} is on the left.", False),
        (REFUSED, f"{GROUP_MAN} is not in this video.", False),
        (MIDDLE, f"{CAR_MAN} is in the middle.", True),
        (MIDDLE, f"{CAR_MAN} is in the middle, then on the right.", False),
        (MIDDLE, f"{CAR_MAN} is not in this video, so not in the middle.", False),
    ],
)
def test_an_answer_is_judged_by_what_is_expected(expected: Expected, text: str, right: bool) -> None:
    assert judge(item(expected), text) is right


def test_all_four_question_types_are_asked_of_present_and_absent_people() -> None:
    asked = questions()
    for refused in (False, True):
        heads = {q.question.split()[0] for q in asked if q.expected.refused is refused}
        assert {"Is", "What", "Where"} <= heads
    assert {q.name for q in asked} == {CAR_MAN, GROUP_MAN}
    assert {q.clip for q in asked} == {"car", "group", "bikes"}
    assert len({(q.clip, q.question) for q in asked}) == len(asked)


def test_enrollment_and_questions_use_different_parts(demo_media: Media) -> None:
    media = demo_media
    whole = probe(weights.path("demo-carphone")).duration_s
    first, last = probe(media.enroll[CAR_MAN]).duration_s, probe(media.ask["car"]).duration_s
    assert first + last < 0.85 * whole
    assert {q.clip for q in questions()} == set(media.ask)
    assert len({probe(p).sha256 for p in [*media.enroll.values(), *media.ask.values()]}) == 5
    person, group = probe(media.enroll[GROUP_MAN]), probe(media.ask["group"])
    assert person.width * person.height < group.width * group.height


class ScriptedSession:
    """Answers by a rule instead of a model."""

    def __init__(self, wrong: str | None) -> None:
        self.wrong = wrong
        self.enrolled: list[str] = []

    def __enter__(self) -> "ScriptedSession":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def enroll(self, name: str, video: Path, *, consent_by: str, purpose: str) -> Any:
        assert consent_by
        assert purpose
        self.enrolled.append(name)
        return type("Result", (), {"subject": name})

    def ask(self, video: Path, question: str, subjects: list[str]) -> Answer:
        by_file = {"carphone_last": "car", "group": "group"}.get(video.stem, "bikes")
        known = next(q for q in questions() if q.question == question and q.clip == by_file)
        name, expected = known.name, known.expected
        if question == self.wrong:
            text = f"Yes, {name} is in this video, 0:00."
        elif expected.refused:
            text = f"No, {name} is not in this video."
        else:
            text = f"Yes, {name} is {expected.accept[0] if expected.accept else 'here'}."
        there = not expected.refused
        seen = Evidence(name, "present" if there else "absent", 0.9, ((0.0, 1.0),), 0.5 if there else None, None)
        return Answer(text, (seen,), True, 0)


Scripted = Callable[[Path, str | None], tuple[int, str]]


@pytest.fixture
def scripted_run(monkeypatch: pytest.MonkeyPatch, demo_media: Media) -> Scripted:
    """Runs the demo with scripted answers; exit code and what it printed. The clips are made once for all runs."""

    def call(out: Path, wrong: str | None) -> tuple[int, str]:
        monkeypatch.setattr(pipelines, "open", lambda home, base: ScriptedSession(wrong))
        monkeypatch.setattr("pipelines.demo.build_media", lambda folder: demo_media)
        written = io.StringIO()
        code = run(out, Console(file=written, width=120, markup=False, highlight=False))
        return code, written.getvalue()

    return call


def test_all_right_ends_with_zero_and_a_contact_sheet(scripted_run: Scripted, tmp_path: Path) -> None:
    code, printed = scripted_run(tmp_path / "out", None)
    count = len(questions())
    assert code == 0, printed
    assert f"{count} of {count} right" in printed
    assert "WRONG" not in printed
    for asked in questions():
        assert asked.question in printed
        assert asked.expected.shown in printed
    with Image.open(tmp_path / "out" / "demo.png") as sheet:
        assert sheet.width > 3 * CARD_WIDTH
        assert sheet.height > 3 * PICTURE_HEIGHT


def test_one_wrong_answer_fails_the_demo(scripted_run: Scripted, tmp_path: Path) -> None:
    wrong = next(q.question for q in questions() if q.expected is REFUSED)
    code, printed = scripted_run(tmp_path, wrong)
    assert code == 1
    assert "WRONG" in printed
    assert (tmp_path / "demo.png").is_file()


def test_a_card_shows_the_box_of_the_person() -> None:
    frame = np.zeros((225, 400, 3), np.uint8)
    card = Card(frame, (0.25, 0.2, 0.5, 0.8), "clip", "Is Maria here?", "Yes.", "Yes", True)
    sheet = np.asarray(contact_sheet([card], "title")).astype(int)
    left = MARGIN + CARD_WIDTH // 4
    column = sheet[:, left : left + 4]
    yellow = (column[..., 0] > 200) & (column[..., 1] > 150) & (column[..., 2] < 90)
    assert yellow.any(axis=1).sum() > 100
    plain = contact_sheet([Card(frame, None, "clip", "Is Maria here?", "No.", "No", True)], "title")
    assert not np.array_equal(np.asarray(plain), sheet)


def test_long_texts_stay_on_their_card() -> None:
    frame = np.zeros((100, 100, 3), np.uint8)
    card = Card(frame, None, "clip", "why " * 60, "because " * 60, "so", False)
    assert contact_sheet([card], "title").width == CARD_WIDTH + 2 * MARGIN
