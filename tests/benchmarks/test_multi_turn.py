"""The judge of conversations: answers of a right record pass, those of one that errs do not."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.enroll.known import known_of
from benchmarks.people.media import Source
from benchmarks.rich.multi_turn import composites
from benchmarks.rich.turn_scripts import Script, Shown, write_scripts
from benchmarks.rich.turn_truth import fault
from benchmarks.rich.turn_wordings import TURNS, wordings
from pipelines.conversation import say
from pvchat.dialogue.views import VideoView
from pvchat.evaluation.clips import ClipPart, ClipTruth
from tests.dialogue.talks import NAMES, video


def shown(beside: bool, *people: str) -> Shown:
    """A composite of two people."""
    boxes = ((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)) if beside else ((0.0, 0.0, 1.0, 1.0),) * 2
    spans = ((0.0, 3.0), (0.0, 3.0)) if beside else ((0.0, 4.0), (4.0, 8.0))
    parts = tuple(ClipPart(n, span, box) for n, (span, box) in enumerate(zip(spans, boxes, strict=True)))
    clip = ClipTruth(Path("a.mp4"), spans[1][1], (640, 320), parts)
    absent = [name for name in NAMES if name not in people]
    return Shown(f"{beside} {people}", people, known_of(clip, people, absent))


VIDEOS = [
    shown(True, "Maria", "Tom"),
    shown(True, "Anna", "Bob"),
    *(shown(False, *pair) for pair in (("Maria", "Bob"), ("Tom", "Anna"), ("Anna", "Tom"), ("Bob", "Maria"))),
]


def view(shown: Shown, file: str, *, wrong: bool = False) -> VideoView:
    """What perception would have seen; `wrong` takes each of the two for the other."""
    people = shown.people[::-1] if wrong else shown.people
    parts = [shown.known.parts[name] for name in shown.people]
    seen = [(n, (p.box[0] + p.box[2]) / 2, p.span) for n, p in zip(people, parts, strict=True) if p]
    return video(file, *seen, seconds=max(p.span[1] for p in parts if p))


def faults(script: Script, *, wrong: bool = False) -> list[str]:
    views = [view(v, f, wrong=wrong) for v, f in zip(script.videos, script.files, strict=True)]
    known = [v.known for v in script.videos]
    found, earlier = [], list[str]()
    for turn in script.turns:
        said = say(turn.text, earlier, (), NAMES, views, lambda *_: None)
        fits = fault(turn.truth, said, known, NAMES, script.files)
        found += [f"{turn.kind}: {turn.text} -> {said.text} ({fits})"] if fits else []
        earlier.append(turn.text)
    return found


def scripts(count: int = 36) -> list[Script]:
    return write_scripts(VIDEOS, NAMES, "developed", count, seed=1)


def test_a_right_record_passes_in_the_wordings_that_were_looked_at() -> None:
    assert [found for script in scripts() for found in faults(script)] == []


def test_people_who_are_taken_for_each_other_are_noticed() -> None:
    noticed = {script.title for script in scripts() if faults(script, wrong=True)}
    # The others ask nothing about two people side by side that tells one from the other.
    assert noticed >= {"side by side", "one after another", "part by part", "two videos", "wrong video"}


def test_every_script_has_five_turns_and_every_wording_is_in_one_half() -> None:
    assert {len(script.turns) for script in scripts()} == {5}
    for turn in TURNS:
        assert set(wordings(turn, "held")).isdisjoint(wordings(turn, "developed"))
        assert wordings(turn, "held")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"text": "Do you mean Maria or Tom?"}, "asks back"),
        ({"text": "Nobody is there."}, "names"),
        ({"agrees": False}, "agree"),
        ({"evidence": ()}, "rests on"),
    ],
)
def test_what_does_not_fit_is_said(change: dict[str, object], told: str) -> None:
    script = scripts(1)[0]
    turn = script.turns[0]
    said = say(turn.text, (), (), NAMES, [view(script.videos[0], script.files[0])], lambda *_: None)
    assert told in str(fault(turn.truth, replace(said, **change), [script.videos[0].known], NAMES, script.files))


def test_everybody_is_in_both_kinds_of_composites() -> None:
    people = [Source(f"D{i}", Path("x.mp4"), f"D{i}", "clip") for i in range(8)]
    found = composites(people)
    assert len(found) == 12
    for kind in ("Beside", "After"):
        assert {s.key for recipe, pair in found if type(recipe).__name__ == kind for s in pair} == {
            s.key for s in people
        }
