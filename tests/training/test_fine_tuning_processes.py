"""Several processes that train together do what one would do alone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from pvchat.training.fine_tune_config import FineTuneConfig, FineTuned
from pvchat.training.fine_tuning import FineTuner
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.personal import TrainingData
from tests.training.nano_tools import RATES, clips, personal

ROOT = Path(__file__).resolve().parents[2]


def train(seed: int, accelerator: Any = None) -> tuple[NanoPersonal, FineTuned]:
    """A run whose last step has one clip only, so that one of two processes has none."""
    model = personal(seed=seed)
    told = TrainingData(clips(5), (), clips(2, 3))
    # SPR and HAE look at the heads of each part of a batch by itself, so they alone depend on how it is shared out.
    settings = FineTuneConfig(
        stages="1", epochs_1=2, batch=2, rates=RATES, evaluations=2, patience=0, spr=False, hae=False
    )
    return model, FineTuner(model, told, settings, accelerator=accelerator).run()


@pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()), reason="no gloo on this platform"
)
def test_two_processes_learn_what_one_learns_from_the_whole_batch(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    script = str(Path(__file__).with_name("two_processes.py"))
    running = [
        subprocess.Popen(
            [sys.executable, script, str(rank), "2", str(tmp_path / "meeting"), str(tmp_path)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        model, result = train(seed=3)
        for process in running:
            said, _ = process.communicate(timeout=100)
            assert process.returncode == 0, said
    finally:
        for process in running:
            process.kill()
            process.wait()
    expected = model.adapter().tensors
    for rank in range(2):
        found = load_file(tmp_path / f"{rank}.safetensors")
        assert found.keys() == expected.keys()
        for name, tensor in expected.items():
            torch.testing.assert_close(found[name], tensor, atol=1e-4, rtol=0, msg=lambda m, n=name: f"{n}: {m}")
        losses = [float(loss) for loss in (tmp_path / f"{rank}.losses").read_text().split()]
        assert losses == pytest.approx([record.loss for record in result.history], abs=1e-4)
