"""Clips built once per session."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.video import numbered

VARIABLE_TICKS: Sequence[int] = np.cumsum(np.random.default_rng(7).integers(1, 30, 90)).tolist()
VARIABLE_BASE = Fraction(1, 240)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def clean(folder: Path) -> Path:
    """150 frames at 30 per second, with B-frames and a key frame every 60."""
    return numbered.write(folder / "clean.mp4", 150)


@pytest.fixture(scope="session")
def trimmed(folder: Path, clean: Path) -> Path:
    """The same without its first 1.3 s, cut as a phone does: displayed frames are 39..149."""
    return numbered.trim_by_copy(clean, folder / "trimmed.mp4", 1.3)


@pytest.fixture(scope="session")
def variable(folder: Path) -> Path:
    """90 frames that are displayed for 1/240 s to 29/240 s each."""
    return numbered.write(folder / "variable.mp4", 90, ticks=VARIABLE_TICKS, time_base=VARIABLE_BASE)


@pytest.fixture(scope="session")
def av1(folder: Path) -> Path:
    with numbered.as_before():
        return numbered.write(folder / "av1.mp4", 40, codec="libsvtav1", options=numbered.AV1_OPTIONS)
