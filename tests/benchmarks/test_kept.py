"""What a long measurement keeps for its next run."""

from pathlib import Path

import pytest

from benchmarks.kept import kept
from benchmarks.people import report


@pytest.mark.parametrize(("commit", "times"), [("abc", 1), ("abc+", 2), ("unknown", 2)])
def test_only_what_a_known_commit_measured_is_not_measured_again(
    commit: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "commit", lambda: commit)
    done: list[int] = []

    def measure() -> dict[str, object]:
        done.append(1)
        return {"pair": (1, 2)}

    first, second = (kept(tmp_path / "people", ["D10", 7], measure) for _ in range(2))
    assert first == second == {"pair": [1, 2]}
    assert len(done) == times


def test_another_commit_or_another_setting_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "commit", lambda: "abc")
    assert kept(tmp_path, ["D10", 7], lambda: 1) == 1
    assert kept(tmp_path, ["D10", 8], lambda: 2) == 2
    monkeypatch.setattr(report, "commit", lambda: "abd")
    assert kept(tmp_path, ["D10", 7], lambda: 3) == 3
    monkeypatch.setattr(report, "commit", lambda: "abc")
    assert kept(tmp_path, ["D10", 7], lambda: 4) == 1
