"""From dlib to a pack of insightface's file layout, with everything real but the pack's weights, which are random."""

from collections.abc import Callable
from pathlib import Path

import pytest

import pipelines
from app.cli import main
from pipelines.demo import ASK_SHARE, ENROLL_SHARE
from pvchat import weights
from pvchat.evaluation.clips import cut
from pvchat.identity.insightface_license import LICENSE_VARIABLE
from pvchat.video import probe
from tests.tiny_packs import write_pack

NAME = "Daniel"


@pytest.fixture
def parts(tmp_path: Path) -> Callable[[tuple[float, float], str], Path]:
    """A part of the carphone clip, as a file."""
    carphone = weights.path("demo-carphone")
    length = probe(carphone).duration_s

    def part(share: tuple[float, float], name: str) -> Path:
        return cut(carphone, tmp_path / name, share[0] * length, share[1] * length).path

    return part


def test_a_person_enrolled_with_dlib_is_found_with_another_engine(
    parts: Callable[[tuple[float, float], str], Path],
    tmp_path: Path,
    pvchat_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(LICENSE_VARIABLE, raising=False)
    pack = write_pack(tmp_path / "tiny")
    with pipelines.open() as session:
        session.enroll(NAME, parts(ENROLL_SHARE, "first.mp4"), consent_by="demo media", purpose="test")
    assert main(["engine", "use", f"insightface:{pack}"]) == 2
    refused = capsys.readouterr().err
    assert "non-commercial research only" in refused
    assert "--accept-license" in refused
    assert main(["engine", "use", f"insightface:{pack}", "--accept-license"]) == 0
    assert f"described anew: {NAME}" in capsys.readouterr().out
    assert main(["engine", "show"]) == 0
    shown = capsys.readouterr().out
    assert f"engine: insightface:{pack}" in shown
    assert f"{NAME}: insightface:tiny@" in shown
    with pipelines.open() as session:
        answer = session.ask(parts(ASK_SHARE, "last.mp4"), f"Is {NAME} in this video?")
    # The pack sees coarse colours, and the man sits before the same window: nano reads its longer vectors as well.
    assert answer.model["face"].startswith("insightface:tiny@")
    assert answer.evidence[0].state == "present"
    assert answer.agrees_with_evidence
