"""`pvchat train` as a person meets it, over stand-in perception and a tiny nano."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.results import TrainResult
from pipelines.session import Session
from tests.training_bases import tiny_training

Run = Callable[..., Any]
Video = Callable[..., Path]
MARIA = {"face": 1, "every": 0.5}


@pytest.fixture
def maria(run: Run, video: Video, tools: Any) -> Path:
    """Maria is enrolled; her video."""
    tools.trainer = tiny_training
    file = video("m.mp4", MARIA)
    assert run("enroll", "Maria", file, "--consent-by", "Ann", "--purpose", "door").code == 0
    return file


def test_training_shows_how_far_it_is_and_what_came_of_it(run: Run, maria: Path, tmp_path: Path) -> None:
    ran = run("train", "maria", "--questions", "10", "--stages", "1", "--out", tmp_path / "report")
    assert ran.code == 0, ran.err
    assert "stage 1, step 1 of" in ran.err
    assert "held-out loss" in ran.err
    assert "warning: " in ran.err
    assert ran.out.startswith("Maria is trained and answers from now on")
    for words in ("held-out questions", "MB, stored", "time: perceive", "training.html"):
        assert words in ran.out
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"training.png", "training.html"}
    assert "1 trained adapter" in run("forget", "Maria", "--yes").out


def test_options_reach_the_training(run: Run, maria: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def train(_self: Session, name: str, **options: Any) -> TrainResult:
        given.update(options, name=name)
        return TrainResult("Maria", "nano", False, 4, 1, 2, {}, 10, 3, None, timing_s={"total": 1.0})

    monkeypatch.setattr(Session, "train", train)
    words = ["--routing", "moh", "--no-hae", "--no-spr", "--stages", "2", "--video", "v.mp4", "--questions", "7"]
    ran = run("train", "MARIA", *words, "--out", "o")
    assert ran.code == 0
    assert "is not changed" in ran.out
    assert "not stored" in ran.out
    wanted = {
        "name": "Maria",
        "routing": "moh",
        "hae": False,
        "spr": False,
        "stages": "2",
        "video": Path("v.mp4"),
        "questions": 7,
        "report_folder": Path("o"),
    }
    assert {key: given[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Bob"], "nobody called"),
        (["Maria", "--routing", "sparse"], "remoh"),
        (["Maria", "--stages", "3"], "both"),
        (["Maria", "--questions", "0"], "questions"),
        (["Maria", "--video", "missing.mp4"], "missing.mp4"),
        (["Maria", "--base", "no base"], "there is no base model"),
    ],
)
def test_mistakes_are_one_line(run: Run, maria: Path, words: list[str], told: str) -> None:
    ran = run("train", *words)
    assert ran.code == 2
    assert ran.out == ""
    assert told in ran.err
    assert ran.err.splitlines()[-1].startswith("error: ")


def test_control_c_stops_with_a_checkpoint_and_says_how_to_go_on(
    run: Run, maria: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.cli import train

    step = train._Teller.step

    def interrupted(self: Any, record: Any) -> None:
        step(self, record)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(train._Teller, "step", interrupted)
    ran = run("train", "Maria", "--questions", "10")
    assert ran.code == 130
    assert "start it again" in ran.err.splitlines()[-1]
    assert list(home.rglob("checkpoint-*.safetensors"))
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
