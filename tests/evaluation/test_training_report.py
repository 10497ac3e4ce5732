"""The report that `pvchat train` writes."""

from pathlib import Path

import pytest

from pvchat.evaluation.assessment import Assessment, Counts
from pvchat.evaluation.training_report import write_report
from pvchat.training.fine_tune_config import FineTuned, StepRecord


def history(*, routed: bool) -> list[StepRecord]:
    heads = {"upper.0": {"activation": [0.25, 1.0], "mean_gate": [0.5, 1.5]}}
    return [
        StepRecord(
            stage=stage,
            step=step,
            of=3,
            loss=1.0 / step,
            right=0.5,
            activation=0.75 if routed else None,
            coefficient=1e-5 if routed else None,
            held_out=0.5 if step == 3 else None,
            heads=heads if routed and step == 3 else None,
        )
        for stage in (1, 2)
        for step in (1, 2, 3)
    ]


@pytest.mark.parametrize("routed", [True, False])
def test_the_report_has_curves_settings_and_heads(tmp_path: Path, routed: bool) -> None:
    tuned = FineTuned(history(routed=routed), 0.5, ["ended <early>"])
    comparison = Assessment({"existence": Counts(4, 2, 1)})
    picture, page = write_report(tmp_path / "new", "id-1", {"routing": "<remoh>"}, tuned, comparison)
    assert picture.read_bytes().startswith(b"\x89PNG")
    text = page.read_text("utf-8")
    assert text.count("<svg") == (4 if routed else 1)
    for words in ("&lt;remoh&gt;", "ended &lt;early&gt;", "the base alone got 2 wrong, with the adapter 1", "id-1"):
        assert words in text
    assert all((words in text) is routed for words in (">25</text>", ">100</text>", "0.50, 1.50", ">upper.0<"))
    assert not list((tmp_path / "new").glob("*.part"))


def test_a_run_without_a_step_has_a_report_too(tmp_path: Path) -> None:
    assert write_report(tmp_path, "id", {}, FineTuned((), None, ()), Assessment())
