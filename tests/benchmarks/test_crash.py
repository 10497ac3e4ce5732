"""What the benchmark of killed jobs plans, counts and keeps; the kills themselves are in tests/pipelines/enroll."""

import json
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks.enroll import crash_case
from benchmarks.enroll.crash import Crashes, main, result_of
from benchmarks.enroll.crash_case import STEPS, Outcome, Reference
from benchmarks.enroll.crash_plan import DATABASES, FULL_KILLS, SHARES, Kill, When, earlier, matrix, moment
from benchmarks.people import report
from benchmarks.people.media import Media
from pipelines.enroll.artifacts import MANIFEST
from pvchat.training.checkpoint import Checkpoint, save_checkpoint

CLEAN = Outcome("entry", after_s=0.5, took_s=1.0, takeover_s=2.5, wrong=(), rerun=(), job_s=30.0)


def test_every_step_is_killed_with_every_database_and_early_midway_and_late_in_turn() -> None:
    kills = matrix(STEPS, DATABASES)
    assert {(kill.step, kill.database) for kill in kills} == {(s, d) for s in STEPS for d in DATABASES}
    assert len({kill.name for kill in [*kills, *FULL_KILLS]}) == 26
    assert [[kill.when for kill in kills].count(share) for share in SHARES] == [8, 8, 8]
    assert all(len({kill.when for kill in kills if kill.step == step}) == 2 for step in STEPS)


@pytest.mark.parametrize("when", SHARES)
def test_a_step_that_is_over_too_soon_is_killed_earlier_and_at_last_before_it_begins(when: When) -> None:
    tries = earlier(when)
    assert tries[0] == when
    assert tries[1] < when  # type: ignore[operator]
    assert tries[-1] is None
    assert moment(None, 1.0) is None


def write_checkpoint(folder: Path, stage: int, step: int) -> None:
    work = folder / ".work~clips~0"
    work.mkdir(exist_ok=True)
    save_checkpoint(work / "run.safetensors", Checkpoint({"stage": stage, "step": step}, {}, {}), None)


@pytest.mark.parametrize("ends", ["kept", "over"])
def test_a_kill_after_a_checkpoint_waits_for_one_of_the_second_stage(tmp_path: Path, ends: str) -> None:
    write_checkpoint(tmp_path, 2, 0)
    (tmp_path / "clips").mkdir()

    def end() -> None:
        if ends == "kept":
            write_checkpoint(tmp_path, 2, 7)
        else:
            (tmp_path / "clips" / MANIFEST).touch()

    wait = moment("checkpoint", 1.0)
    assert wait is not None
    waiting = threading.Thread(target=wait, args=(tmp_path,))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    end()
    waiting.join(10.0)
    assert not waiting.is_alive()


def test_the_figures_count_all_kills() -> None:
    done = {
        "a": CLEAN,
        "b": replace(CLEAN, takeover_s=7.0, wrong=("mine", "clips")),
        "c": replace(CLEAN, rerun=("ingest",)),
    }
    assert result_of(done) == {"kills": 3, "wrong_hashes": 2, "steps_rerun": 1, "takeover_s_max": 7.0}


def test_a_step_that_ran_again_counts_unless_it_was_cut_short() -> None:
    begun = ["ingest", "perceive", "pick"]
    assert crash_case.rerun([*begun, "pick", "entry"], "pick") == ()
    assert crash_case.rerun([*begun, "perceive", "pick", "entry"], "pick") == ("perceive",)
    assert crash_case.rerun([*begun, "pick", "pick", "entry"], "pick") == ("pick",)


def test_what_is_measured_is_kept_until_the_code_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill = Kill("entry", "sqlite", "reduced", 0.5)
    reference = Reference({"entry": "a"}, {"entry": 1.0}, 30.0)
    made: list[str] = []

    def outcome(*_: object) -> Outcome:
        made.append("kill")
        return CLEAN

    monkeypatch.setattr(Crashes, "prepared", lambda *_: None)
    monkeypatch.setattr(crash_case, "undisturbed", lambda *_: reference)
    monkeypatch.setattr(crash_case, "killed", outcome)
    for commit in ("one", "one", "two"):
        monkeypatch.setattr(report, "commit", lambda commit=commit: commit)
        crashes = Crashes(tmp_path, Media("demo", {}))
        assert crashes.measure([kill], lambda: tmp_path) == {kill.name: CLEAN}
        assert crashes.reference("reduced") == reference
    assert made == ["kill", "kill"]
    assert json.loads((tmp_path / "done.json").read_text())["kills"] == {
        kill.name: {**asdict(CLEAN), "wrong": [], "rerun": []}
    }


@pytest.mark.parametrize("wrong", [["--steps", "dream"], ["--databases", "mysql"]])
def test_an_unknown_step_or_database_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(wrong) == 2
    assert "known" in capsys.readouterr().err
