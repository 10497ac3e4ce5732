"""The table on the screen, the file with the results and the JSON line at the end."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.people.config import BARS, CALIBRATED_PEOPLE
from benchmarks.people.metrics import Figure

PACKAGES = ("torch", "transformers", "ai-edge-litert", "dlib-bin", "av", "decord", "opencv-python", "numpy")
SHOWN_MISSES = 8


def passes(key: str, value: float | None) -> bool | None:
    """Whether a figure meets its bar; None when there is no figure or no bar."""
    if value is None or key not in BARS:
        return None
    comparison, bar = BARS[key]
    return value >= bar if comparison == ">=" else value <= bar


def table(measured: Mapping[str, Figure], unseen: Mapping[str, Figure]) -> Table:
    """Key, bar, figure, verdict, n, and the held-out figure with its n."""
    grid = Table(title="people")
    for column in ("key", "bar", "figure", "", "n", "held out", "n "):
        grid.add_column(column, justify="left" if column == "key" else "right")
    for key, figure in measured.items():
        comparison, bar = BARS.get(key, ("", 0.0))
        verdict = {True: "ok", False: "MISSED", None: "-"}[passes(key, figure.value)]
        other = unseen.get(key, Figure(None, 0))
        grid.add_row(
            key, f"{comparison} {bar:g}", _text(figure.value), verdict, str(figure.n), _text(other.value), str(other.n)
        )
    return grid


def show_misses(console: Console, measured: Mapping[str, Figure], *, everything: bool = False) -> None:
    """What counted against a figure, the missed ones first; at most a few lines per key unless asked for all."""
    ranked = sorted(measured.items(), key=lambda item: passes(item[0], item[1].value) is not False)
    for key, figure in ranked:
        if not figure.misses:
            continue
        console.print(f"{key}: {len(figure.misses)} of {figure.n}", style="bold", highlight=False, markup=False)
        shown = figure.misses if everything else figure.misses[:SHOWN_MISSES]
        for line in shown:
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        if len(shown) < len(figure.misses):
            console.print(f"  and {len(figure.misses) - len(shown)} more", highlight=False)


def to_json(
    measured: Mapping[str, Figure],
    unseen: Mapping[str, Figure],
    about: Mapping[str, Any],
    *,
    misses: bool = True,
) -> dict[str, Any]:
    """One object: every key, how many cases, the same for held-out people, and how it was measured.

    Args:
        measured, unseen: figures over all cases and over held-out ones.
        about: what was run.
        misses: whether failing cases are listed.
    """
    result: dict[str, Any] = {key: _rounded(figure.value) for key, figure in measured.items()}
    result["n"] = {key: figure.n for key, figure in measured.items()}
    result["held_out"] = {key: {"value": _rounded(f.value), "n": f.n} for key, f in unseen.items()}
    result["missed_bars"] = [key for key, figure in measured.items() if passes(key, figure.value) is False]
    result["calibrated_people"] = sorted(CALIBRATED_PEOPLE)
    if misses:
        result["misses"] = {key: list(figure.misses) for key, figure in measured.items() if figure.misses}
    return {**result, **about}


def machine() -> dict[str, Any]:
    """Cores, memory and versions: what a figure depends on, and nothing that names the machine."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "cpu": _cpu_model(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def commit() -> str:
    """The checked-out commit, with "+" when files differ from it; "unknown" outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    try:
        head = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+" if changed else head


def today() -> str:
    """The date, UTC."""
    return datetime.now(UTC).date().isoformat()


def write(path: Path, result: Mapping[str, Any]) -> None:
    """Write a result as readable JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if abs(value) >= 10 else f"{value:.3f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
