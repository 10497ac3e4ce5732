"""The benchmark of synthesis and mining: its table, how two ways are compared, and the look-alikes it makes."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.bars import passes
from benchmarks.people import report
from benchmarks.remoh.personal import Counts, Set
from benchmarks.synthesis import run
from benchmarks.synthesis.effect import compared
from benchmarks.synthesis.gate import alike
from benchmarks.synthesis.run import BARS, KEYS, Measurement, main
from pvchat.identity.noise import face_noise
from pvchat.identity.whitening import Whitening
from pvchat.perception.record import PerceptionVectors
from tests.identity.people import World

MODEL = "dlib-resnet-v1"


def test_every_key_has_a_bar_and_what_is_not_measured_misses_it() -> None:
    assert set(KEYS) == set(BARS)
    assert passes(BARS, "nearest_ratio", 2.0)
    assert not passes(BARS, "nearest_ratio", 1.9)
    assert passes(BARS, "gate_false_accept", 0.0)
    assert not passes(BARS, "gate_false_accept", None)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which parts were measured; each gives one figure that misses its bar."""
    done: list[str] = []
    figures = {
        "diffusion": {"spread_ratio": 0.5},
        "gate": {"gate_false_reject": 0.5},
        "mining": {"mined_self": 1},
        "effect": {"error_ratio_with_without": 0.9, "effect": {"asked": 10}},
    }

    def measure(_self: Measurement, part: str) -> dict[str, Any]:
        done.append(part)
        return dict(figures[part])

    monkeypatch.setattr(run, "find_media", lambda: SimpleNamespace(origin="demo", sources={}))
    monkeypatch.setattr(report, "commit", lambda: "abc")
    monkeypatch.setattr(Measurement, "measure", measure)
    return done


def test_parts_are_chosen_and_the_last_line_is_one_json_object(
    parts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--only", "effect,gate", "--out", str(tmp_path / "found.json")]) == 0
    assert parts == ["gate", "effect"]
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["missed_bars"] == ["gate_false_reject", "error_ratio_with_without"]
    assert told["details"] == {"effect": {"asked": 10}}
    assert json.loads((tmp_path / "found.json").read_text("utf-8")) == told


def test_an_unknown_part_is_refused_with_those_there_are(parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "colour"]) == 2
    assert "diffusion, gate, mining, effect" in capsys.readouterr().err
    assert parts == []


def counts(asked: int, right: int) -> Counts:
    found = Counts()
    key: tuple[Set, str] = ("cross", "existence present")
    found.asked[key], found.instant[key], found.trained[key] = asked, 0, right
    return found


def test_both_ways_are_compared_by_person_and_seed() -> None:
    made = {"D10 7": counts(10, 9), "P1 7": counts(10, 10), "P2 7": counts(10, 0)}
    bare = {"D10 7": counts(10, 6), "P1 7": counts(10, 10)}
    found = compared(made, bare)
    assert found["error_ratio_with_without"] == pytest.approx(0.25)
    assert found["effect"]["asked"] == 20
    assert (found["effect"]["wrong_with"], found["effect"]["wrong_without"]) == (1, 4)
    assert (found["effect"]["cross_present_with"], found["effect"]["cross_present_without"]) == (0.95, 0.8)


def test_look_alikes_lie_where_people_who_look_alike_do_and_tremble_as_the_stranger_does() -> None:
    world = World(4)
    ana, eve = world.person(), world.person()
    entry, white = world.entry("Ana", ana), Whitening.for_model(MODEL)
    samples = world.faces(eve)
    made = alike(PerceptionVectors(MODEL, {1: samples}, "clothes", {}), entry, np.random.default_rng(0)).faces[1]
    centre = np.average(entry.whitened(), axis=0, weights=entry.weights)
    before, after = white.transform(samples.vectors), white.transform(made.vectors)
    mean = after.mean(axis=0)
    low, high = face_noise(MODEL).lookalike_cosine
    assert low - 0.01 <= mean @ centre / np.linalg.norm(mean) / np.linalg.norm(centre) <= high + 0.01
    assert after - mean == pytest.approx(before - before.mean(axis=0), abs=1e-3)
