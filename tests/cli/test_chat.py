"""`pvchat chat` from a pipe: questions on standard input, one answer after the other."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONSENT = ("--consent-by", "Ann", "--purpose", "door")


@pytest.fixture
def two(tools: Any, run: Callable[..., Any], video: Callable[..., Path]) -> tuple[str, str]:
    """Maria and Tom are enrolled; Maria is in the first video, both are in the second."""
    for number, name in enumerate(("Maria", "Tom"), start=1):
        assert run("enroll", name, str(video(f"{number}.mp4", {"face": number})), *CONSENT).code == 0
    party = video("party.mp4", {"face": 1})
    return str(party), str(video("garden.mp4", {"face": 1}, {"face": 2, "x": 0.8}))


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What stands on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_answers_and_their_evidence(two: tuple[str, str], run: Callable[..., Any], asks: Callable[[str], None]) -> None:
    asks("In which videos is Tom?\n\nAnd Maria?\n/videos\n/quit\nIs Tom here?\n")
    ran = run("chat", *two)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "Tom is in garden.mp4, but not in party.mp4.",
        "  Tom [party.mp4]: absent",
        "  Tom [garden.mp4]: present, 0:00-0:10",
        "Maria is in party.mp4 and garden.mp4.",
        "  Maria [party.mp4]: present, 0:00-0:10",
        "  Maria [garden.mp4]: present, 0:00-0:10",
        "1. party.mp4",
        "2. garden.mp4",
    ]


def test_json_has_one_line_for_each_question(
    two: tuple[str, str], run: Callable[..., Any], asks: Callable[[str], None]
) -> None:
    asks("Is Maria here?\nIs Carol here?\nWhere is she?\n")
    ran = run("chat", two[0], "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["question"] for line in lines] == ["Is Maria here?", "Is Carol here?", "Where is she?"]
    assert "Carol" in lines[1]["error"]
    assert lines[2]["evidence"][0]["subject"] == "Maria"
    assert "video" not in lines[2]["evidence"][0]


def test_a_new_conversation_forgets_the_old_one(
    two: tuple[str, str], run: Callable[..., Any], asks: Callable[[str], None]
) -> None:
    asks("Is Tom here?\n/new\nWhere is he?\n/people\n/evidence\n/what\n")
    out = run("chat", two[1]).out
    assert "Do you mean Maria or Tom?" in out
    assert "Maria\nTom\nThere is no evidence yet.\nAsk in plain words." in out


def test_what_is_no_video_is_said_before_the_first_question(
    two: tuple[str, str], run: Callable[..., Any], asks: Callable[[str], None]
) -> None:
    asks("Is Tom here?\n")
    ran = run("chat", two[0], "nowhere.mp4")
    assert ran.code == 2
    assert "nowhere.mp4" in ran.err
    assert run("chat", *[two[0]] * 9).code == 2
