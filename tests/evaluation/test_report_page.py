"""Numbers as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat.evaluation.report_page import lasting, likely, of, percent, spoken


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(12, 14, "12 of 14"), (0, 0, "none"), (99, 99, "99 of 99"), (860, 1000, "860 of 1,000 (86 %)")],
)
def test_a_small_share_is_told_in_counts_alone(part: int, whole: int, said: str) -> None:
    assert of(part, whole) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (327, "5 min 27 s"),
        (3599.7, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_are_rounded_to_what_matters(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


def test_the_likely_range_is_wilsons() -> None:
    # The textbook case: 12 of 14 is 0.601 to 0.960.
    assert likely(12, 14) == "60–96 %"
    assert likely(0, 10) == "0–28 %"
    assert likely(0, 0) == "unknown"


@given(st.integers(1, 500), st.data())
def test_the_likely_range_holds_the_share(asked: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, asked))
    low, high = (int(edge) for edge in likely(right, asked).removesuffix(" %").split("–"))
    assert 0 <= low <= round(100 * right / asked + 0.5)
    assert round(100 * right / asked - 0.5) <= high <= 100


def test_a_share_of_almost_nothing_is_not_nothing() -> None:
    assert (percent(1, 1000), percent(0, 5), percent(1, 3), percent(1, 0)) == ("<1 %", "0 %", "33 %", "0 %")


def test_a_key_becomes_words() -> None:
    assert (spoken("face_px"), spoken("PVChat"), spoken("")) == ("Face px", "PVChat", "")
