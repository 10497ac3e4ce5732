"""Which kills there are: in which step, with which database, and when."""

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from benchmarks.enroll.crash_case import STEPS, Moment
from pipelines.enroll.artifacts import MANIFEST
from pipelines.enroll.options import QUICK, JobOptions
from pvchat.errors import TrainingError
from pvchat.training.checkpoint import load_checkpoint

Size = Literal["reduced", "full"]
When = float | Literal["checkpoint"] | None
"""A share of the time the step takes undisturbed; or when stage 2 has written a checkpoint; None before it begins."""

DATABASES = ("sqlite", "postgres")
OPTIONS: dict[Size, JobOptions] = {
    "reduced": replace(QUICK, questions=24, held_out=2, pairs=8, alignment=6, keep=True),
    "full": JobOptions(keep=True),
}
SHARES = (0.02, 0.5, 0.85)
_LOOK_S = 0.2


@dataclass(frozen=True)
class Kill:
    """One case."""

    step: str
    database: str
    size: Size
    when: When

    @property
    def name(self) -> str:
        """What it is called in results."""
        return f"{self.size} {self.database} {self.step}"


QUICK_KILLS = (
    Kill("entry", "sqlite", "reduced", 0.5),
    Kill("clips", "sqlite", "reduced", 0.5),
    Kill("publish", "sqlite", "reduced", 0.85),
    Kill("features", "postgres", "reduced", 0.5),
)
FULL_KILLS = (Kill("clips", "sqlite", "full", "checkpoint"), Kill("features", "postgres", "full", 0.5))


def matrix(steps: Collection[str], databases: Collection[str]) -> list[Kill]:
    """Each of these steps with each of these databases; right after it began, midway and near its end in turn."""
    return [
        Kill(step, database, "reduced", SHARES[(STEPS.index(step) + DATABASES.index(database)) % len(SHARES)])
        for database in databases
        for step in steps
    ]


def earlier(when: When) -> tuple[When, ...]:
    """When to kill, and when to try again where the step was over by then."""
    return (when, when / 4, None) if isinstance(when, float) else (when,)


def moment(when: When, step_s: float) -> Moment | None:
    """Waits until it is time to kill.

    Args:
        step_s: how long the step takes undisturbed.
    """
    if when is None:
        return None
    if when == "checkpoint":
        return _second_stage_is_kept
    seconds = when * step_s
    return lambda _folder: time.sleep(seconds)


def _second_stage_is_kept(folder: Path) -> None:
    while not (folder / "clips" / MANIFEST).is_file():
        if any(_in_second_stage(path) for path in folder.glob(".work~clips~*/run.safetensors")):
            return
        time.sleep(_LOOK_S)


def _in_second_stage(checkpoint: Path) -> bool:
    try:
        state = load_checkpoint(checkpoint).state
    except TrainingError:
        # The step has ended meanwhile, and this went with it.
        return False
    return bool(state["stage"] == 2 and state["step"] > 0)
