"""Running rounds: who is enrolled when, what is asked once, what failures count as, what is written."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.people import report
from benchmarks.people.build import Cut
from benchmarks.people.cases import Case, Enrollment, Round
from benchmarks.people.config import BARS, DEMO_KEYS
from benchmarks.people.metrics import Figure, Reply
from benchmarks.people.run import ask_all, default_keys, main
from pvchat.errors import VideoError
from pvchat.evaluation.clips import ClipTruth

CLIP = ClipTruth(Path("clip.mp4"), 4.0, (640, 360), ())
CASE = Case("same", CLIP, "A", ("A",), ("Maria",), "existence", "Is Maria here?", (True,))


class ScriptedAsker:
    """Writes down what it is told and answers Yes."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def enroll(self, name: str, video: Path) -> None:
        self.log.append(f"enroll {name} {video.stem}")

    def forget(self, name: str) -> None:
        self.log.append(f"forget {name}")

    def ask(self, video: Path, question: str, names: Sequence[str], *, use_evidence: bool) -> Reply:
        self.log.append(f"ask {question} {use_evidence}")
        if "broken" in question:
            raise VideoError("broken.mp4 cannot be read")
        return Reply(text="Yes, Maria is in this video.", states={"Maria": "present"}, agrees=True)


def enrolled(name: str, stem: str) -> Enrollment:
    return Enrollment(name, name, ClipTruth(Path(f"{stem}.mp4"), 1.0, (64, 64), ()), Cut(stem, 0.0, 0.4))


def test_a_gallery_keeps_whoever_stays_and_forgets_whoever_goes() -> None:
    asker = ScriptedAsker()
    rounds = [
        Round("one", (enrolled("Maria", "a"), enrolled("Tom", "b")), (CASE,)),
        Round("two", (enrolled("Maria", "a"), enrolled("Ida", "c")), (CASE,)),
        Round("three", (enrolled("Maria", "d"),), (CASE,)),
    ]
    ask_all(rounds, asker)
    assert [line for line in asker.log if not line.startswith("ask")] == [
        "enroll Maria a",
        "enroll Tom b",
        "forget Tom",
        "enroll Ida c",
        "forget Maria",
        "forget Ida",
        "enroll Maria d",
    ]


def test_the_same_question_is_asked_once_per_round_and_setting() -> None:
    asker = ScriptedAsker()
    cases = (CASE, replace(CASE, row="refusal"), replace(CASE, row="model", use_evidence=False))
    outcomes = ask_all([Round("one", (enrolled("Maria", "a"),), cases)], asker)
    assert len(outcomes) == 3
    assert len([line for line in asker.log if line.startswith("ask")]) == 2


def test_a_question_that_fails_counts_as_unread() -> None:
    case = replace(CASE, question="Is Maria in the broken clip?")
    outcomes = ask_all([Round("one", (enrolled("Maria", "a"),), (case,))], ScriptedAsker())
    assert outcomes[0].reply.text == ""


def test_the_demo_is_opt_in() -> None:
    assert default_keys(demo=False) == [k for k in BARS if k not in DEMO_KEYS]
    assert default_keys(demo=True) == list(BARS)


def test_an_unknown_key_is_bad_input() -> None:
    assert main(["--only", "plaice"]) == 2


def test_bars_are_compared_in_their_direction() -> None:
    assert report.passes("present", 0.98) is True
    assert report.passes("present", 0.979) is False
    assert report.passes("strangers_named", 0.0) is True
    assert report.passes("peak_gb", 3.1) is False
    assert report.passes("peak_gb", None) is None


def test_the_result_holds_every_key_its_n_and_its_held_out_figure() -> None:
    measured = {"present": Figure(0.97, 100, ("a miss",)), "place": Figure(1.0, 20)}
    unseen = {"present": Figure(0.9, 10), "place": Figure(None, 0)}
    result = json.loads(json.dumps(report.to_json(measured, unseen, {"machine": report.machine()})))
    assert result["present"] == 0.97
    assert result["n"] == {"present": 100, "place": 20}
    assert result["held_out"]["present"] == {"value": 0.9, "n": 10}
    assert result["held_out"]["place"] == {"value": None, "n": 0}
    assert result["missed_bars"] == ["present"]
    assert result["misses"] == {"present": ["a miss"]}


def test_a_machine_is_described_without_naming_it() -> None:
    import socket

    text = json.dumps(report.machine())
    assert socket.gethostname() not in text or len(socket.gethostname()) < 4
    assert str(Path.home()) not in text
    assert report.machine()["cores"] >= 1
