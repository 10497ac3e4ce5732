"""Figures of what is told on labelled photos: what counts as right, as said and as missed."""

import csv

import pytest

from benchmarks.rich import hair, worn
from benchmarks.rich.photos import FOLDER_VARIABLE, HALVES, find_photos


def test_colours_of_hair_are_right_if_accepted_and_wrong_on_bald_heads() -> None:
    told = [
        (frozenset({"brown", "black"}), "black"),
        (frozenset({"brown"}), "black"),
        (frozenset({"blond"}), None),
        (frozenset({hair.NONE}), "gray"),
        (frozenset({hair.NONE}), None),
    ]
    figures = hair.figures(told)
    assert figures["precision"] == pytest.approx(1 / 3, abs=1e-3)
    assert figures["recall"] == pytest.approx(1 / 3, abs=1e-3), "of the three with hair"
    assert (figures["n"], figures["said"], figures["holds"]) == (5, 3, 3)
    assert figures["by_colour"] == {"black": [1, 2], "gray": [0, 1]}


def test_glasses_are_counted_apart_from_no_glasses() -> None:
    figures = worn.figures("glasses", [(True, 9.0), (True, -9.0), (False, -9.0), (False, 0.0), (False, 9.0)])
    assert (figures["precision"], figures["recall"]) == (0.5, 0.5)
    assert figures["precision_none"] == 0.5
    assert figures["recall_none"] == pytest.approx(1 / 3, abs=1e-3)
    assert figures["auc"] == 0.5


@pytest.mark.parametrize("labels", [hair.LABELS, worn.LABELS])
def test_nobody_is_in_both_halves(labels: object) -> None:
    with open(str(labels), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    people = {half: {row["photo"].rsplit("_", 1)[0] for row in rows if row["half"] == half} for half in HALVES}
    assert all(len(of) > 100 for of in people.values())
    assert not people["develop"] & people["report"]


def test_without_a_folder_there_are_no_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert find_photos() == {}
