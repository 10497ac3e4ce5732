"""Fine-tuning with real perception, pixels and the shipped model, on a budget far too small to learn much."""

from pathlib import Path

import pipelines
from pipelines.demo import ASK_SHARE, ENROLL_SHARE
from pvchat import weights
from pvchat.evaluation.clips import cut
from pvchat.training.fine_tune_config import FineTuneConfig
from pvchat.video import probe

NAME = "Daniel"


def test_an_adapter_is_trained_on_one_part_of_a_clip_and_worn_for_another(tmp_path: Path) -> None:
    carphone = weights.path("demo-carphone")
    length = probe(carphone).duration_s
    first = cut(carphone, tmp_path / "first.mp4", ENROLL_SHARE[0] * length, ENROLL_SHARE[1] * length).path
    last = cut(carphone, tmp_path / "last.mp4", ASK_SHARE[0] * length, ASK_SHARE[1] * length).path
    with pipelines.open(tmp_path / "home") as session:
        session.enroll(NAME, first, consent_by="demo media", purpose="test")
        session.perceive(weights.path("demo-bikes"))
        result = session.train(NAME, stages="2", clips=2, stills=1, questions=6, held_out=2)
        assert 2 <= result.steps <= 2 * FineTuneConfig().epochs_2
        assert result.held_out_loss is not None
        assert result.asked == 6
        assert not result.warnings
        assert result.adapter_bytes < 8e6
        assert all(path.stat().st_size > 10_000 for path in result.report)
        answer = session.ask(last, f"Is {NAME} in this video?")
    assert result.published == (answer.model["adapters"] == NAME)
    assert answer.evidence[0].state == "present"
    assert answer.agrees_with_evidence
