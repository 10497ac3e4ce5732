"""Bad input: one clear line on stderr, exit code 2, nothing on stdout, nothing half-written."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from storage.schema import Base
from storage.store import Store

Run = Callable[..., Any]
Video = Callable[..., Path]
CONSENT = ("--consent-by", "Ann", "--purpose", "door")
ROOT = Path(__file__).parents[2]


def rows(home: Path) -> dict[str, int]:
    """Rows per table."""
    with Store.open(home) as store, store.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def refused(ran: Any, *words: str) -> None:
    """The command failed as it should, and its line has these words."""
    assert ran.code == 2, ran
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


@pytest.fixture
def maria(run: Run, video: Video, tools: Any) -> Path:
    """Maria is enrolled; the path of a clip with her."""
    assert run("enroll", "Maria", video("m.mp4", {"face": 1}), *CONSENT).code == 0
    return video("c.mp4", {"face": 1})


def test_unknown_subject(run: Run, maria: Path) -> None:
    refused(run("ask", maria, "Is she here?", "--subject", "Nadia"), "Nadia", "Maria")
    refused(run("ask", maria, "Is Nadia here?"), "Nadia", "Maria")
    refused(run("forget", "Nadia", "--yes"), "Nadia", "Maria")


def test_nobody_enrolled(run: Run, video: Video, tools: Any) -> None:
    refused(run("ask", video("c.mp4", {"face": 1}), "Is Nadia here?"), "pvchat enroll")


def test_name_taken(run: Run, maria: Path, video: Video, home: Path) -> None:
    before = rows(home)
    refused(run("enroll", "MARIA", video("b.mp4", {"face": 2}), *CONSENT), "MARIA", "pvchat forget")
    assert rows(home) == before


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "Is this a name?", "a\nb", "\x1b[31mred", "\udcff"])
def test_name_not_usable(run: Run, video: Video, tools: Any, home: Path, name: str) -> None:
    refused(run("enroll", name, video("b.mp4", {"face": 2}), *CONSENT), "name")
    assert set(rows(home).values()) == {0}


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ((), "--consent-by"),
        (("--purpose", "door"), "--consent-by"),
        (("--consent-by", "Ann"), "--purpose"),
        (("--consent-by", " ", "--purpose", "door"), "--consent-by"),
    ],
)
def test_no_consent(run: Run, video: Video, tools: Any, home: Path, options: tuple[str, ...], missing: str) -> None:
    refused(run("enroll", "Maria", video("a.mp4", {"face": 1}), *options), missing, "consent")
    assert not home.exists()
    assert tools.calls == []


@pytest.mark.parametrize("question", ["", "  ", "x" * 10_000])
def test_empty_or_endless_question(run: Run, maria: Path, question: str) -> None:
    ran = run("ask", maria, question, "--json")
    refused(ran, "question")
    assert len(ran.err) < 200


def test_no_face(run: Run, video: Video, tools: Any, home: Path) -> None:
    refused(run("enroll", "Maria", video("bikes.mp4", {"face": None}), *CONSENT), "bikes.mp4", "no face")
    assert set(rows(home).values()) == {0}


def test_several_faces_are_listed_and_pick_works(run: Run, video: Video, tools: Any) -> None:
    party = video("p.mp4", {"face": 1, "x": 0.1}, {"face": 2, "x": 0.9})
    refused(run("enroll", "Maria", party, *CONSENT), "1: left", "2: right", "--pick")
    refused(run("enroll", "Maria", party, *CONSENT, "--pick", "5"), "no person 5", "1: left")
    assert run("enroll", "Maria", party, *CONSENT, "--pick", "2").code == 0


@pytest.mark.parametrize("content", [b"", b"plain text, called a video", b"\x00\x00\x00\x18ftypmp42 truncated"])
@pytest.mark.parametrize("verb", ["enroll", "ask"])
def test_not_a_video(run: Run, maria: Path, tmp_path: Path, home: Path, verb: str, content: bytes) -> None:
    before = rows(home)
    file = tmp_path / "v.mp4"
    file.write_bytes(content)
    words = ("enroll", "Bob", file, *CONSENT) if verb == "enroll" else ("ask", file, "Is Maria here?", "--json")
    refused(run(*words), "v.mp4")
    assert rows(home) == before


def test_no_file(run: Run, maria: Path, tmp_path: Path) -> None:
    refused(run("ask", tmp_path / "none.mp4", "Is Maria here?"), "none.mp4")
    refused(run("ask", tmp_path, "Is Maria here?"), "not a file")


def test_unknown_words_and_options(run: Run) -> None:
    refused(run("enrol", "Maria"), "enrol")
    refused(run("ask", "--what"), "--what")
    refused(run("ask"), "VIDEO")
    refused(run("enroll", "Maria", "v.mp4", "--pick", "two"), "--pick")


def test_weights_that_are_not_there(run: Run, video: Video) -> None:
    refused(run("enroll", "Maria", video("a.mp4", {"face": 1}), *CONSENT), "pvchat weights pull")


def test_weights_that_are_corrupt(run: Run, video: Video, tmp_path: Path, home: Path) -> None:
    ran = run("weights", "verify", "mp-face-mesh")
    assert ran.code == 2
    assert "missing" in ran.out
    folder = tmp_path / "cache" / "weights" / "mp-face-mesh"
    folder.mkdir(parents=True)
    (folder / "face_landmark.tflite").write_bytes(b"broken")
    ran = run("weights", "verify", "mp-face-mesh")
    assert ran.code == 2
    assert "corrupt" in ran.out
    assert "pvchat weights pull" in ran.err
    refused(run("enroll", "Maria", video("a.mp4", {"face": 1}), *CONSENT), "pvchat weights pull")
    assert set(rows(home).values()) == {0}
    refused(run("weights", "pull", "no-such-weight"), "no-such-weight")


def test_a_data_folder_that_cannot_be_used(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PVCHAT_HOME", str(tmp_path / "file"))
    refused(run("people"), "PVCHAT_HOME")


def test_the_unexpected_is_one_line_with_a_hint(run: Run, maria: Path, tools: Any) -> None:
    def fail() -> None:
        raise RuntimeError("first line\nsecond line")

    tools.on_perceive = fail
    ran = run("ask", maria, "Is Maria here?")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "--debug" in ran.err
    ran = run("--debug", "ask", maria, "Is Maria here?")
    assert ran.code == 1
    assert "Traceback" in ran.err


PROGRAM = """
import sys
sys.path[:0] = [{root!r}, {tools!r}]
import app.cli.needs, pipelines.session
from scene_tools import SceneTools
def tell():
    print("perceiving", file=sys.stderr, flush=True)
pipelines.session.EmbeddedTools = lambda *a: SceneTools(slow_s={slow_s}, on_perceive=tell)
app.cli.needs.fetch_missing_weights = lambda *a: None
import app.cli
app.cli.main()
"""


def start(*words: object, slow_s: float) -> subprocess.Popen[str]:
    """Start the command line in a process of its own; returns when it begins to perceive."""
    program = PROGRAM.format(root=str(ROOT), tools=str(ROOT / "tests" / "pipelines"), slow_s=slow_s)
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "perceiving\n"
    return process


@pytest.mark.parametrize("wait_s", [0.0, 0.3])
def test_interrupt_during_enroll_changes_nothing(
    run: Run, maria: Path, video: Video, home: Path, wait_s: float
) -> None:
    before = rows(home)
    process = start("enroll", "Bob", video("b.mp4", {"face": 2}), *CONSENT, slow_s=30)
    time.sleep(wait_s)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert err == "error: interrupted\n"
    assert rows(home) == before
    assert [file.name for file in home.iterdir() if "wal" in file.name or "journal" in file.name] == []
    assert run("enroll", "Bob", video("b.mp4", {"face": 2}), *CONSENT).code == 0


def test_kill_during_enroll_changes_nothing(run: Run, maria: Path, video: Video, home: Path) -> None:
    before = rows(home)
    process = start("enroll", "Bob", video("b.mp4", {"face": 2}), *CONSENT, slow_s=30)
    process.kill()
    process.communicate(timeout=20)
    assert rows(home) == before
    assert run("enroll", "Bob", video("b.mp4", {"face": 2}), *CONSENT).code == 0
