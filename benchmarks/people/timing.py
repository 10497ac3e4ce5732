"""Times and memory on ten-second clips of 1280x720 at 30 frames per second with one or two people.

`enroll_s`, `cold_s` and `peak_gb` are new processes of the command line; `warm_s` and `followup_s` a session whose
models are loaded; `perception_x_realtime` is perception alone. Every figure is the median of its runs but the peak.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import psutil

import pipelines
from benchmarks.people.asking import CONSENT_BY, PURPOSE
from benchmarks.people.build import Cut, Hd, Recipe, Workshop
from benchmarks.people.media import Media
from benchmarks.people.metrics import Figure
from pvchat.perception import load_models, perceive

NAME = "Maria"
SAMPLE_EVERY_S = 0.05


@dataclass(frozen=True)
class CommandRun:
    """A finished command: its wall time, the largest memory of it and its children, what it printed last."""

    seconds: float
    peak_gb: float
    last_line: str


def measure(
    workshop: Workshop, media: Media, work: Path, repeats: int, say: Callable[[str], None]
) -> dict[str, Figure]:
    """All times and the memory.

    Args:
        workshop: makes the clips. media: the sources. work: folder for data folders; a fresh one per run is made in it.
        repeats: runs per figure. say: for progress lines.
    """
    enroll_clip, *ask_clips = [workshop.make(recipe).path for recipe in _recipes(media)]
    enrolls: list[float] = []
    colds: list[float] = []
    peaks: list[float] = []
    for run in range(repeats):
        home = _fresh(work, f"cold{run}")
        clip = ask_clips[run % len(ask_clips)]
        say(f"enroll and first answer by new processes, {run + 1} of {repeats}")
        consent = ["--consent-by", CONSENT_BY, "--purpose", PURPOSE]
        enrolled = run_command(["enroll", NAME, str(enroll_clip), *consent], home)
        asked = run_command(["ask", str(clip), f"Is {NAME} in this video?", "--subject", NAME, "--json"], home)
        json.loads(asked.last_line)
        enrolls.append(enrolled.seconds)
        colds.append(asked.seconds)
        peaks += [enrolled.peak_gb, asked.peak_gb]
    warms, follows = _warm(enroll_clip, ask_clips, _fresh(work, "warm"), say)
    speeds = _perception(ask_clips, say)
    return {
        "enroll_s": Figure(median(enrolls), len(enrolls)),
        "cold_s": Figure(median(colds), len(colds)),
        "warm_s": Figure(median(warms), len(warms)),
        "followup_s": Figure(median(follows), len(follows)),
        "perception_x_realtime": Figure(median(speeds), len(speeds)),
        "peak_gb": Figure(max(peaks), len(peaks)),
    }


def run_command(arguments: list[str], home: Path) -> CommandRun:
    """Run `pvchat` in a new process on a data folder.

    Raises:
        RuntimeError: it failed; the message has its last line.
    """
    command = [sys.executable, "-c", "import sys; from app.cli import main; sys.exit(main())", *arguments]
    environment = {**os.environ, "PVCHAT_HOME": str(home)}
    started = perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watcher.start()
    output, _ = process.communicate()
    seconds = perf_counter() - started
    watcher.join()
    lines = output.strip().splitlines() or [""]
    if process.returncode != 0:
        raise RuntimeError(f"`pvchat {' '.join(arguments)}` ended with {process.returncode}: {lines[-1]}")
    return CommandRun(seconds, peak[0], lines[-1])


def demo_seconds(repository: Path, work: Path) -> float:
    """Wall time of `make demo` in a fresh clone with empty caches and a clean home folder.

    Raises:
        RuntimeError: the clone or the demo failed.
    """
    folder = _fresh(work, "demo")
    home, clone = folder / "home", folder / "clone"
    home.mkdir()
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PVCHAT_", "XDG_", "HF_", "VIRTUAL_ENV", "PYTHON"))
    }
    environment["HOME"] = str(home)
    started = perf_counter()
    for command, where in (
        (["git", "clone", "--quiet", str(repository), str(clone)], folder),
        (["make", "demo"], clone),
    ):
        done = subprocess.run(command, cwd=where, env=environment, stdout=sys.stderr, stderr=sys.stderr, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"`{' '.join(command[:2])}` ended with {done.returncode}")
    return perf_counter() - started


def _recipes(media: Media) -> list[Recipe]:
    """The clip to enroll from and three to ask about."""
    if "D10" in media.sources and "D3" in media.sources:
        d10, d3 = Cut("D10", 0.0, 1.0), Cut("D3", 0.0, 1.0)
        return [Hd((d10,)), Hd((d3, d10)), Hd((d3,)), Hd((d10, d3))]
    car = [Cut("CAR", start, 1.0) for start in (0.0, 0.05, 0.1, 0.15)]
    return [Hd((car[0],)), Hd((car[1], car[2])), Hd((car[3],)), Hd((car[2], car[1]))]


def _warm(
    enroll_clip: Path, clips: list[Path], home: Path, say: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    warms, follows = [], []
    with pipelines.open(home) as session:
        session.enroll(NAME, enroll_clip, consent_by=CONSENT_BY, purpose=PURPOSE)
        session.ask(enroll_clip, f"Is {NAME} in this video?", [NAME])
        for number, clip in enumerate(clips, start=1):
            say(f"warm answer and follow-ups, {number} of {len(clips)}")
            started = perf_counter()
            session.ask(clip, f"Is {NAME} in this video?", [NAME])
            warms.append(perf_counter() - started)
            for question in (f"What is {NAME} wearing?", f"Where is {NAME}?"):
                started = perf_counter()
                session.ask(clip, question, [NAME])
                follows.append(perf_counter() - started)
    return warms, follows


def _perception(clips: list[Path], say: Callable[[str], None]) -> list[float]:
    models = load_models()
    perceive(clips[0], models=models)
    speeds = []
    for number, clip in enumerate(clips, start=1):
        say(f"perception, {number} of {len(clips)}")
        started = perf_counter()
        record, _ = perceive(clip, models=models)
        speeds.append(record.video.duration_s / (perf_counter() - started))
    return speeds


def _watch(pid: int, peak: list[float]) -> None:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for one in [process, *process.children(recursive=True)]:
                with suppress(psutil.Error):
                    total += one.memory_info().rss
            peak[0] = max(peak[0], total / 1e9)
            sleep(SAMPLE_EVERY_S)


def _fresh(work: Path, stem: str) -> Path:
    number = 0
    while (folder := work / f"{stem}-{os.getpid()}-{number}").exists():
        number += 1
    folder.mkdir(parents=True)
    return folder
