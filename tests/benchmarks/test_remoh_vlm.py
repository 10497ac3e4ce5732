"""The benchmark of vision-language bases: what it promises, at sizes that take seconds."""

import json

import pytest
import torch

from benchmarks import gpu_training
from benchmarks.remoh import vlm
from benchmarks.remoh.tiny_bases import KINDS

pytestmark = pytest.mark.usefixtures("one_thread")


def test_every_supported_kind_of_base_starts_as_it_was() -> None:
    found = vlm.base_preserving_max_diff()
    assert set(found) == set(KINDS)
    assert max(found.values()) <= 1e-5


def test_packing_is_faster_at_an_equal_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vlm, "CLIPS", 1)
    monkeypatch.setattr(vlm, "REPEATS", 1)
    found = vlm.packed_speedup()
    assert found["tower_gflops"] >= found["language_gflops"]
    assert found["loss_difference"] <= vlm.SAME_LOSS
    assert found["ratio"] > 1.5


def test_an_adapter_of_an_8b_base_is_at_most_100_mb() -> None:
    assert 5 < vlm.adapter_mb_8b() <= 100


@pytest.mark.parametrize("more", [[], ["--checkpointing"]])
def test_the_gpu_benchmark_runs_at_a_tiny_size_on_any_machine(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert gpu_training.main(["--tiny", *more]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["packed_questions_per_s"] > 0
    assert found["single_questions_per_s"] > 0
    assert found["lora"]
    assert found["packed_tflops"] > 0


def test_without_a_gpu_the_way_out_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit):
        gpu_training.main([])
    assert "--tiny" in capsys.readouterr().err
