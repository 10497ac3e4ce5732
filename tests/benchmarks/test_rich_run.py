"""The benchmark of rich perception and conversation: its figures, its bars, and how it judges a refusal to tell."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bars import missed
from benchmarks.rich import run
from benchmarks.rich.cannot_tell import declines, questions
from benchmarks.rich.run import BARS, KEYS, PARTS, main, missed_attributes, scalars

DETAILS: dict[str, dict[str, Any]] = {
    "attributes": {
        "attributes": {"head:nodding": {"precision": 1.0, "recall": 0.5, "n": 4}},
        "relations": {"share": 1.0, "n": 3, "wrong": []},
        "temporal_order": {"share": 0.9, "n": 10, "wrong": ["a"]},
        "perception_x_realtime": {"median": 4.5, "least": 3.0, "n": 5},
    },
    "multi_turn": {"multi_turn": 0.97, "followup_s": 1.6},
    "cannot_tell": {"cannot_tell": {"share": 1.0, "n": 60}},
    "feedback": {"feedback_effective": {"said": 1.0, "undone": 0.99}},
    "unknown": {"unknown_grouping_purity": 1.0, "unknown_grouping_completeness": 0.9},
}


def test_figures_that_miss_their_bars_are_named() -> None:
    figures = scalars(DETAILS)
    assert set(figures) == set(BARS)
    assert missed(BARS, figures) == ["temporal_order", "feedback_effective", "followup_s"]
    assert missed_attributes(DETAILS["attributes"]["attributes"]) == ["attributes: head:nodding"]


def test_the_last_line_has_the_keys_of_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "_measure", lambda part, *_args, **_options: DETAILS[part])
    assert main(["--out", str(tmp_path / "rich.json")]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(KEYS) <= set(told)
    assert json.loads((tmp_path / "rich.json").read_text()) == told
    assert main(["--only", "unknown", "--quick"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(KEYS) & set(told) == {"unknown_grouping_purity"}
    assert main(["--only", "everything"]) == 2


def test_every_part_can_be_measured() -> None:
    assert set(DETAILS) == set(PARTS)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("I can't tell how old Maria is from this video.", True),
        ("Maria is 32.", False),
        ("I can't tell, but Maria is wearing a red top.", False),
        ("I am not sure whether Maria is in this video.", False),
        ("Maria is in this video.", False),
    ],
)
def test_a_refusal_says_nothing_else(answer: str, right: bool) -> None:
    assert declines(answer, "How old is Maria?", "Maria") is right


def test_there_are_sixty_questions_about_somebody() -> None:
    cannot, can = questions()
    assert len(set(cannot)) == len(set(can)) == 60
    assert all(question.count("{n}") == 1 for question in [*cannot, *can])
