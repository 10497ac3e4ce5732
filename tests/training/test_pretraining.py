"""Pretraining goes down, and goes on where it was interrupted."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from pvchat.errors import ModelError
from pvchat.models.nano import NanoModel
from pvchat.training.pretraining import PretrainConfig, Pretrainer, schedule
from tests.models.tiny import byte_tokenizer, tiny_config, tiny_llama

# A checkpoint after every step.
CONFIG = PretrainConfig(seed=1, steps_a=6, batch_a=8, steps_b=4, batch_b=2, questions=2, rate_a=2e-3, checkpoint_s=0.0)


def trainer(folder: Path, config: PretrainConfig = CONFIG, figures: list[dict[str, Any]] | None = None) -> Pretrainer:
    torch.manual_seed(config.seed)
    model = NanoModel(tiny_config())
    language = get_peft_model(tiny_llama(), LoraConfig(r=2, target_modules=["q_proj"]))
    tokenizer = byte_tokenizer()
    return Pretrainer(
        model,
        language,
        lambda text: tokenizer.encode(text, add_special_tokens=False).ids,
        0,
        config=config,
        folder=folder,
        report=figures.append if figures is not None else None,
    )


class InterruptedRunError(Exception):
    """Stands for a killed process."""


def test_an_interrupted_run_ends_where_an_undisturbed_one_ends(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole")
    whole.run()
    first = trainer(tmp_path / "parts")
    loss_of = first._loss_b

    def stop_in_phase_b(step: int) -> Any:
        if step == 2:
            raise InterruptedRunError
        return loss_of(step)

    first._loss_b = stop_in_phase_b  # type: ignore[method-assign]
    with pytest.raises(InterruptedRunError):
        first.run()
    second = trainer(tmp_path / "parts")
    second.run()
    for (name, a), (_, b) in zip(whole._named().items(), second._named().items(), strict=True):
        torch.testing.assert_close(a, b, msg=name)


def test_the_loss_of_phase_a_falls(tmp_path: Path) -> None:
    figures: list[dict[str, Any]] = []
    config = PretrainConfig(seed=2, steps_a=60, batch_a=16, steps_b=1, batch_b=1, questions=1, rate_a=3e-3)
    run = trainer(tmp_path, config, figures)
    first = float(run._loss_a(0)[0].detach())
    run.run()
    assert float(run._loss_a(0)[0].detach()) < 0.8 * first
    assert figures[-1]["phase"] == "b"


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    trainer(tmp_path).run()
    with pytest.raises(ModelError, match="another configuration"):
        trainer(tmp_path, PretrainConfig(seed=3)).run()


def test_the_rate_rises_and_falls() -> None:
    factors = [schedule(step, 100, 0.1) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == pytest.approx(1.0)
    assert factors[-1] < 0.06
