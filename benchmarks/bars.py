"""Figures against their bars: whether they meet them, and the table that says so."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

Bars = Mapping[str, tuple[str, float]]
"""Key -> how its figure is compared, ">=" or "<=", and the bar."""


def passes(bars: Bars, key: str, value: float | None) -> bool:
    """Whether a figure meets its bar; what could not be measured does not."""
    comparison, bar = bars[key]
    return value is not None and (value >= bar if comparison == ">=" else value <= bar)


def missed(bars: Bars, figures: Mapping[str, float | None]) -> list[str]:
    """Keys whose figure does not meet its bar."""
    return [key for key, value in figures.items() if not passes(bars, key, value)]


def table(title: str, bars: Bars, figures: Mapping[str, Any]) -> Table:
    """Key, bar, figure and verdict."""
    grid = Table(title=title)
    for column in ("key", "bar", "figure", ""):
        grid.add_column(column, justify="left" if column == "key" else "right")
    for key, value in figures.items():
        comparison, bar = bars[key]
        shown = "-" if value is None else f"{value:.4g}"
        grid.add_row(key, f"{comparison} {bar:g}", shown, "ok" if passes(bars, key, value) else "MISSED")
    return grid
