"""The comparison that decides whether an adapter is published, and the report that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.evaluation.held_out import Comparison, Counts, compare
from pvchat.evaluation.training_report import write_report
from pvchat.training.fine_tune_config import FineTuned, StepRecord
from pvchat.training.personal import TrainingClip, Turn


@dataclass(frozen=True)
class Content:
    facts: SceneFacts | None


class Scripted:
    """Says one thing with the adapter, another without."""

    def __init__(self, instant: str, trained: str) -> None:
        self.said = {False: instant, True: trained}
        self.asked: list[str] = []

    def answer(self, clip: TrainingClip[Content], questions: Sequence[str], *, trained: bool) -> list[str]:
        self.asked += [] if trained else questions
        return [self.said[trained]] * len(questions)


def clip(state: str = "present", *, known: bool = True) -> TrainingClip[Content]:
    maria = SubjectFacts("Maria", state, spans=((0.0, 2.0),), place="left")  # type: ignore[arg-type]
    facts = SceneFacts(4.0, (maria,), 1, 0) if known else None
    turns = [Turn("Where is Maria?", "Maria is on the left.", "location")] * 3
    turns += [Turn("Is Maria here?", "Yes, Maria is in this video.", "existence")]
    turns += [Turn("Where is she?", "Maria is on the left.", "location")]
    return TrainingClip("1", Content(facts), tuple(turns), True)


@pytest.mark.parametrize(
    ("instant", "trained", "errors", "worse"),
    [
        ("No, Maria is not in this video.", "Yes, Maria is in this video, on the left.", (3, 0), False),
        ("Yes, Maria is on the left.", "Maria is on the left.", (0, 1), True),
        ("Yes, Maria is on the left.", "I am not sure whether Maria is in this video.", (0, 3), True),
        ("Yes, Maria is on the left.", "Yes, Maria is on the left.", (0, 0), False),
    ],
)
def test_errors_are_counted_with_and_without_the_adapter(
    instant: str, trained: str, errors: tuple[int, int], worse: bool
) -> None:
    asker = Scripted(instant, trained)
    found = compare(asker, [clip(), clip(known=False)])
    assert found.by_kind.keys() == {"existence", "location"}
    assert (found.total.asked, found.total.instant_errors, found.total.trained_errors) == (3, *errors)
    assert found.worse is worse
    assert asker.asked[0] == "Is Maria here?"
    assert len(set(asker.asked)) == 3
    assert (not errors[1]) == (not found.wrong)


def test_a_comparison_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(Scripted("", ""), [clip()], check=stop)


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
    comparison = Comparison({"existence": Counts(4, 2, 1)})
    picture, page = write_report(tmp_path / "new", "id-1", {"routing": "<remoh>"}, tuned, comparison)
    assert picture.read_bytes().startswith(b"\x89PNG")
    text = page.read_text("utf-8")
    assert text.count("<svg") == 1
    for words in ("&lt;remoh&gt;", "ended &lt;early&gt;", "the base alone got 2 wrong, with the adapter 1", "id-1"):
        assert words in text
    assert ("0.25, 1.00" in text) is routed
    assert not list((tmp_path / "new").glob("*.part"))


def test_a_run_without_a_step_has_a_report_too(tmp_path: Path) -> None:
    assert write_report(tmp_path, "id", {}, FineTuned((), None, ()), Comparison())
