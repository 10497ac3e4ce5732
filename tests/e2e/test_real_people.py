"""The whole program on real media with the shipped model: enroll from one part of a clip, ask about others."""

import io
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipelines
from app.cli import main
from pipelines.demo import ASK_SHARE, ENROLL_SHARE
from pipelines.session import Session
from pvchat import weights
from pvchat.errors import SubjectError
from pvchat.evaluation.answers import fault_of_form, read_existence, refuses
from pvchat.evaluation.clips import cut
from pvchat.video import probe

NAME = "Daniel"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The first and the last part of the carphone clip, and the bikes clip."""
    folder = tmp_path_factory.mktemp("clips")
    carphone = weights.path("demo-carphone")
    length = probe(carphone).duration_s
    return {
        "first": cut(carphone, folder / "first.mp4", ENROLL_SHARE[0] * length, ENROLL_SHARE[1] * length).path,
        "last": cut(carphone, folder / "last.mp4", ASK_SHARE[0] * length, ASK_SHARE[1] * length).path,
        "bikes": weights.path("demo-bikes"),
    }


@pytest.fixture(scope="module")
def session(clips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session with the carphone man enrolled from the first part."""
    with pipelines.open(tmp_path_factory.mktemp("session") / "home") as opened:
        opened.enroll(NAME, clips["first"], consent_by="demo media", purpose="test")
        yield opened


def test_an_enrolled_person_is_found_in_another_part(session: Session, clips: dict[str, Path]) -> None:
    answer = session.ask(clips["last"], f"Is {NAME} in this video?")
    assert read_existence(answer.answer) == "present", answer.answer
    evidence = answer.evidence[0]
    assert evidence.subject == NAME
    assert evidence.state == "present"
    assert answer.agrees_with_evidence
    (start, end), *rest = evidence.spans
    assert not rest
    assert start <= 0.5
    assert end >= probe(clips["last"]).duration_s - 0.5
    assert evidence.box is not None
    assert 0.2 < (evidence.box[0] + evidence.box[2]) / 2 < 0.6


@pytest.mark.parametrize(
    "question", ["Is {n} in this video?", "What is {n} wearing?", "What is {n} doing?", "Where is {n}?"]
)
def test_questions_about_an_absent_person_are_refused(session: Session, clips: dict[str, Path], question: str) -> None:
    answer = session.ask(clips["bikes"], question.format(n=NAME))
    assert refuses(answer.answer, NAME), answer.answer
    assert answer.evidence[0].state == "absent"
    assert answer.evidence[0].box is None


@pytest.mark.parametrize(
    ("question", "words"),
    [("What colour is {n}'s jacket?", ("black", "dark", "blue")), ("Where is {n} in this video?", ("middle",))],
)
def test_what_is_seen_is_told(session: Session, clips: dict[str, Path], question: str, words: tuple[str, ...]) -> None:
    answer = session.ask(clips["last"], question.format(n=NAME))
    assert any(word in answer.answer for word in words), answer.answer
    assert fault_of_form(answer.answer, [NAME]) is None


def test_without_evidence_lines_the_model_still_sees_the_person(session: Session, clips: dict[str, Path]) -> None:
    seen = session.ask(clips["last"], f"Is {NAME} in this video?", use_evidence=False)
    assert read_existence(seen.answer) == "present", seen.answer
    not_seen = session.ask(clips["bikes"], f"Is {NAME} in this video?", use_evidence=False)
    assert read_existence(not_seen.answer) == "absent", not_seen.answer


def test_a_forgotten_person_cannot_be_asked_about(clips: dict[str, Path], tmp_path: Path) -> None:
    with pipelines.open(tmp_path / "home") as opened:
        opened.enroll(NAME, clips["first"], consent_by="demo media", purpose="test")
        opened.forget(NAME)
        with pytest.raises(SubjectError, match=NAME):
            opened.ask(clips["last"], f"Is {NAME} in this video?", [NAME])


def readme_commands() -> list[list[str]]:
    """The words of every `pvchat` line in the README's section on use."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Use it")[2].partition("\n## ")[0]
    return [shlex.split(line, comments=True) for line in section.splitlines() if line.startswith("pvchat ")]


def test_the_commands_of_the_readme_work_as_written(
    clips: dict[str, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"holiday.mp4": str(clips["first"]), "party.mp4": str(clips["last"]), "garden.mp4": str(clips["bikes"])}
    commands = readme_commands()
    assert {words[1] for words in commands} == {"enroll", "ask", "chat", "people", "forget"}
    for _, *words in commands:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO("In which of these is Maria?\n"))
        # In this process: each of its own would import torch again. The demo below has one.
        code = main([files.get(word, word) for word in words])
        out, err = capsys.readouterr()
        assert code == 0, err
        if "--json" in words:
            told = json.loads(out.strip().splitlines()[-1])
            assert set(told) == {
                "answer",
                "evidence",
                "agrees_with_evidence",
                "unknown_people",
                "strangers",
                "model",
                "timing_s",
            }
            assert told["evidence"][0]["subject"] == "Maria"
            assert told["evidence"][0]["state"] == "present"
        elif words[0] == "ask":
            assert "Yes" in out
        elif words[0] == "chat":
            assert "Maria is in last.mp4, but not in" in out
    assert main(["people"]) == 0
    assert "Nobody" in capsys.readouterr().out


def test_the_demo_is_all_right(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "demo", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert "WRONG" not in done.stdout
    assert (tmp_path / "out" / "demo.png").stat().st_size > 10_000
