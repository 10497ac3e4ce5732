"""What is measured, its bars, and the arithmetic behind the figures: pure functions."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from rich.table import Table

KEYS = (
    "base_preserving_max_diff",
    "activation_error_max",
    "packed_speedup_vlm",
    "packed_speedup_nano",
    "nano_train_s",
    "nano_train_gb",
    "adapter_mb_nano",
    "adapter_mb_7b",
    "swap_ms",
    "ten_subjects_ratio",
    "masked_face_acc",
    "error_ratio_trained_instant",
    "not_about_subject",
)
BARS: dict[str, tuple[str, float]] = {
    "base_preserving_max_diff": ("<=", 1e-5),
    "activation_error_max": ("<=", 0.05),
    "packed_speedup_vlm": (">=", 5),
    "nano_train_s": ("<=", 480),
    "nano_train_gb": ("<=", 3),
    "adapter_mb_nano": ("<=", 5),
    "adapter_mb_7b": ("<=", 100),
    "swap_ms": ("<=", 50),
    "ten_subjects_ratio": ("<=", 1.3),
    "masked_face_acc": (">=", 0.8),
    "error_ratio_trained_instant": ("<=", 0.7),
}
"""Key -> how it is compared with its bar, and the bar; the other keys are reported."""

LITTLE_ERROR = 0.03
"""Where fewer of instant's answers are wrong than this, training only has to make it no worse."""

TARGET_ACTIVATION = 0.5
CERTAINTY = 0.95


@dataclass(frozen=True)
class Errors:
    """One person's answers.

    Attributes:
        asked: how many questions. instant, trained: how many of them were answered wrongly.
    """

    asked: int
    instant: int
    trained: int


def passes(key: str, value: float | None, *, instant_error: float | None = None) -> bool | None:
    """Whether a figure meets its bar; None when there is no figure or no bar.

    Args:
        instant_error: share of instant's answers that are wrong, for the ratio's second bar.
    """
    if value is None or key not in BARS:
        return None
    comparison, bar = BARS[key]
    if key == "error_ratio_trained_instant" and instant_error is not None and instant_error < LITTLE_ERROR:
        bar = 1.0
    return value >= bar if comparison == ">=" else value <= bar


def table(figures: Mapping[str, Any], *, instant_error: float | None = None) -> Table:
    """Key, bar, figure and verdict of what was measured."""
    grid = Table(title="remoh")
    for column in ("key", "bar", "figure", ""):
        grid.add_column(column, justify="left" if column == "key" else "right")
    for key in KEYS:
        if key not in figures:
            continue
        found = figures[key]
        value = found if isinstance(found, int | float) else None
        comparison, bar = BARS.get(key, ("", 0.0))
        verdict = {True: "ok", False: "MISSED", None: "-"}[passes(key, value, instant_error=instant_error)]
        grid.add_row(key, f"{comparison} {bar:g}" if comparison else "-", text(found), verdict)
    return grid


def text(value: Any) -> str:
    """A figure for a table cell; a pair as "before -> after"."""
    if isinstance(value, Mapping):
        return f"{text(value.get('before'))} -> {text(value.get('after'))}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-" if value is None else str(value)
    return f"{value:.3g}"


def ordered(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures in the order of `KEYS`."""
    return {key: figures[key] for key in KEYS if key in figures}


def activation_error(activations: Sequence[float]) -> float:
    """How far the mean activation of the last quarter of the steps is from its target; NaN stays NaN.

    Raises:
        ValueError: there are no steps.
    """
    if not activations:
        raise ValueError("no steps were recorded")
    last = activations[-max(1, len(activations) // 4) :]
    return abs(mean(last) - TARGET_ACTIVATION)


def halves(clips: Sequence[str], photos: Sequence[str], seed: int) -> tuple[frozenset[str], frozenset[str]]:
    """Two halves of all people: who may be a negative of training, and who may be asked about as absent.

    The halves are the same for everybody who is trained, who is taken out of both. People of clips and people of photos
    are spread over both alike.
    """
    rng = random.Random(f"halves {seed}")
    sides: tuple[set[str], set[str]] = (set(), set())
    for people in (sorted(clips), sorted(photos)):
        order = list(people)
        rng.shuffle(order)
        smaller = 0 if len(sides[0]) <= len(sides[1]) else 1
        sides[smaller].update(order[::2])
        sides[1 - smaller].update(order[1::2])
    return frozenset(sides[0]), frozenset(sides[1])


def ratio(people: Sequence[Errors]) -> float | None:
    """Trained errors over instant errors, all people together; None without an instant error."""
    instant = sum(p.instant for p in people)
    return sum(p.trained for p in people) / instant if instant else None


def share(wrong: int, asked: int) -> float | None:
    """`wrong / asked`, None when nothing was asked."""
    return wrong / asked if asked else None


def bootstrap(people: Sequence[Errors], *, resamples: int = 2000, seed: int = 0) -> tuple[float, float] | None:
    """95 % interval of `ratio`, people drawn with replacement, each with both of his counts.

    Resamples without an instant error say nothing and are left out; None when all are.
    """
    rng = random.Random(f"bootstrap {seed}")
    found = []
    for _ in range(resamples):
        value = ratio(rng.choices(people, k=len(people))) if people else None
        if value is not None:
            found.append(value)
    if not found:
        return None
    found.sort()
    edge = (1 - CERTAINTY) / 2
    return found[math.floor(edge * (len(found) - 1))], found[math.ceil((1 - edge) * (len(found) - 1))]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean, least and most."""
    return {"mean": mean(values), "least": min(values), "most": max(values)}
