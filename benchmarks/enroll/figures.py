"""What is measured of an enrollment, and its bars: pure functions."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from benchmarks.remoh.figures import LITTLE_ERROR

KEYS = (
    "job_s",
    "clips",
    "questions",
    "instant_s",
    "published",
    "error_ratio_trained_instant",
    "questions_right",
    "foreign_names",
)
BARS: dict[str, tuple[str, float]] = {
    "job_s": ("<=", 900),
    "clips": (">=", 81),
    "questions": (">=", 1455),
    "instant_s": ("<=", 10),
    "error_ratio_trained_instant": ("<=", 0.7),
    "questions_right": (">=", 0.98),
    "foreign_names": ("<=", 0),
}
"""Key -> how it is compared with its bar, and the bar."""


def passes(key: str, value: float | None, *, instant_error: float | None = None) -> bool | None:
    """Whether a figure meets its bar; None when there is no bar. What could not be measured does not meet it.

    Args:
        instant_error: share of the instant answers that are wrong. Where it is little, training only has to make it no
            worse, and no ratio is needed where it is nothing.
    """
    if key not in BARS:
        return None
    comparison, bar = BARS[key]
    if key == "error_ratio_trained_instant" and instant_error is not None and instant_error < LITTLE_ERROR:
        bar = 1.0
    if value is None:
        return False
    return value >= bar if comparison == ">=" else value <= bar


def missed(figures: Mapping[str, Any], *, instant_error: float | None) -> list[str]:
    """Keys whose figure does not meet its bar."""
    return [key for key in KEYS if passes(key, figures[key], instant_error=instant_error) is False]


def table(figures: Mapping[str, Any], *, instant_error: float | None) -> Table:
    """Key, bar, figure and verdict."""
    grid = Table(title="enroll")
    for column in ("key", "bar", "figure", ""):
        grid.add_column(column, justify="left" if column == "key" else "right")
    for key in KEYS:
        comparison, bar = BARS.get(key, ("", 0.0))
        verdict = {True: "ok", False: "MISSED", None: "-"}[passes(key, figures[key], instant_error=instant_error)]
        grid.add_row(key, f"{comparison} {bar:g}" if comparison else "-", _text(figures[key]), verdict)
    return grid


def steps_table(seconds: Mapping[str, float]) -> Table:
    """Seconds of each step of the timed job, and their sum."""
    grid = Table(title="seconds of the timed job")
    grid.add_column("step")
    grid.add_column("s", justify="right")
    for step, taken in seconds.items():
        grid.add_row(step, f"{taken:.1f}")
    grid.add_row("all", f"{sum(seconds.values()):.1f}")
    return grid


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    return f"{value:g}" if isinstance(value, int) else f"{value:.3g}"
