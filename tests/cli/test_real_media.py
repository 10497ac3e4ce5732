"""The command line over real perception and real files: bad media, several people, interruption, forgetting."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pvchat.evaluation.clips import cut, side_by_side, write_clip

Run = Callable[..., Any]
CONSENT = ("--consent-by", "Ann", "--purpose", "door")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def weights(real_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cache of weights."""
    monkeypatch.setenv("PVCHAT_CACHE", str(real_cache))


def refused(ran: Any, *words: str) -> None:
    assert ran.code == 2, ran
    assert ran.out == ""
    assert ran.err.count("\n") == 1, ran.err
    for word in ("error: ", *words):
        assert word in ran.err


def noise(path: Path, seconds: float = 1.0) -> Path:
    """A clip of coloured noise."""
    rng = np.random.default_rng(0)
    frames = (rng.integers(0, 255, (120, 160, 3), dtype=np.uint8) for _ in range(int(10 * seconds)))
    return write_clip(path, frames, 10.0).path


def sound(path: Path) -> Path:
    """An mp4 with nothing but sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_clip_without_a_face(run: Run, tmp_path: Path) -> None:
    refused(run("enroll", "Maria", noise(tmp_path / "noise.mp4"), *CONSENT), "noise.mp4", "no face")
    assert "Nobody" in run("people").out


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "sound", "folder"])
def test_media_that_cannot_be_read(run: Run, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "v.mp4"
    if kind == "folder":
        file.mkdir()
    elif kind == "sound":
        sound(file)
    elif kind == "truncated":
        whole = noise(tmp_path / "whole.mp4").read_bytes()
        file.write_bytes(whole[: len(whole) // 3])
    else:
        file.write_bytes(b"" if kind == "empty" else b"Dear diary,\n" * 50)
    refused(run("enroll", "Maria", file, *CONSENT), "v.mp4")
    assert "Nobody" in run("people").out


def test_two_people_side_by_side_are_listed_and_one_is_picked(run: Run, tmp_path: Path, shared_data: Path) -> None:
    clips = shared_data / "real_clips"
    parts = [
        cut(clips / f"driving_{name}.mp4", tmp_path / f"{name}.mp4", 0.0, 2.0, fps=12).path for name in ("d18", "d10")
    ]
    both = side_by_side(parts, tmp_path / "both.mp4", height=240, fps=12).path
    refused(run("enroll", "Ana María", both, *CONSENT), "1: left", "2: right", "--pick")
    assert run("enroll", "Ana María", both, *CONSENT, "--pick", "2").code == 0
    (person,) = json.loads(run("people", "--json").out)
    assert person["coverage"]["other_people"] == 1
    assert person["coverage"]["faces"] >= 3


def test_a_real_person_leaves_no_byte_behind(run: Run, tmp_path: Path, home: Path, shared_data: Path) -> None:
    from storage import people
    from storage.store import Store

    clip = cut(shared_data / "real_clips" / "driving_d18.mp4", tmp_path / "wilhelmina.mp4", 0.0, 2.0, fps=12).path
    assert run("enroll", "Wilhelmina", clip, *CONSENT).code == 0
    with Store.open(home) as store, store.read() as session:
        (subject,) = people.list_all(session)
    canaries = [row.astype("<f4").tobytes() for row in subject.vectors.templates]
    canaries += [b"ilhelmina", subject.id.encode()]

    def found() -> list[bool]:
        content = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
        return [canary in content for canary in canaries]

    assert all(found())
    assert run("forget", "wilhelmina", "--yes").code == 0
    assert not any(found())


def test_interrupt_of_the_whole_process_group(run: Run, tmp_path: Path, home: Path, shared_data: Path) -> None:
    assert "Nobody" in run("people").out
    clip = shared_data / "real_clips" / "driving_d10.mp4"
    process = subprocess.Popen(
        [sys.executable, "-c", "import app.cli; app.cli.main()", "enroll", "Bob", str(clip), *CONSENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    # Well into the work on a fast machine, still loading on a slow one: it has to be clean anywhere.
    time.sleep(2.0)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "error: interrupted"
    assert "Traceback" not in err
    assert "Nobody" in run("people").out
    assert sorted(file.name for file in home.iterdir()) == ["pvchat.db"]
