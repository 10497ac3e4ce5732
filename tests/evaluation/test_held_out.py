"""The comparison that decides whether an adapter is published."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.evaluation.assessment import Counts
from pvchat.evaluation.held_out import compare
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


def clip(state: str = "present", *, known: bool = True, source: str = "") -> TrainingClip[Content]:
    maria = SubjectFacts("Maria", state, spans=((0.0, 2.0),), place="left")  # type: ignore[arg-type]
    facts = SceneFacts(4.0, (maria,), 1, 0) if known else None
    turns = [Turn("Where is Maria?", "Maria is on the left.", "location")] * 3
    turns += [Turn("Is Maria here?", "Yes, Maria is in this video.", "existence")]
    turns += [Turn("Where is she?", "Maria is on the left.", "location")]
    return TrainingClip("1", Content(facts), tuple(turns), True, source)


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


def test_questions_about_existence_are_counted_by_who_is_shown() -> None:
    asker = Scripted("No, Maria is not in this video.", "Yes, Maria is in this video.")
    clips = [clip("present"), clip("absent", source="near 1"), clip("absent", source="far 2"), clip("unsure")]
    found = compare(asker, clips, look_alike=lambda shown: shown.source.startswith("near"))
    assert found.by_group == {"present": Counts(1, 1, 0), "absent": Counts(2, 0, 2), "look_alike": Counts(1, 0, 1)}
    assert "look_alike" not in compare(asker, clips).by_group


def test_who_is_not_recognised_without_a_face_is_counted_apart() -> None:
    asker = Scripted("No, Maria is not in this video.", "Yes, Maria is in this video.")
    clips = [clip("present"), clip("present", source="veiled"), clip("absent", source="veiled")]
    found = compare(asker, clips, covered=lambda shown: shown.source == "veiled")
    assert found.by_group == {"present": Counts(1, 1, 0), "covered": Counts(1, 1, 0), "absent": Counts(1, 0, 1)}


def test_what_was_said_can_be_read() -> None:
    found = compare(Scripted("No, Maria is not in this video.", "Yes, Maria is in this video."), [clip("absent")] * 30)
    assert len(found.wrong) == 20
    assert not any(answer.trained_right for answer in found.wrong)
    assert [answer.kind for answer in found.examples] == ["existence", "existence", "location", "location"]
    first = found.examples[0]
    assert (first.question, first.expected) == ("Is Maria here?", "Yes, Maria is in this video.")
    assert (first.instant_right, first.trained_right) == (True, False)
    assert first.trained == "Yes, Maria is in this video."
