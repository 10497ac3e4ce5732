"""The auxiliary heads of pretraining."""

import torch

from pvchat.models.nano import NanoModel
from pvchat.training.auxiliary import AuxiliaryHeads, targets_of, total
from pvchat.training.pretraining import batch_inputs, draw
from pvchat.training.simulate import SceneSimulator
from tests.models.tiny import tiny_config


def test_a_batch_without_anybody_present_has_a_finite_loss() -> None:
    model = NanoModel(tiny_config())
    heads = AuxiliaryHeads(model.config)
    scenes = draw(SceneSimulator(3, model.config.layout), 60)
    away = [s for s in scenes if s.facts.subjects and all(f.state != "present" for f in s.facts.subjects)]
    facts = [s.facts for s in away]
    losses = heads(model(batch_inputs(away, "cpu")), targets_of(facts, model.config.num_bins, "cpu"))
    assert "place" not in losses
    assert torch.isfinite(total(losses))
