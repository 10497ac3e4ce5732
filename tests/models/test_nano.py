"""nano's trained part: who sees what, and that a checkpoint is what was saved."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pvchat.errors import ModelError
from pvchat.models.nano import NanoInputs, NanoModel, collate, load_nano
from pvchat.models.tokens import appearance_projection, face_projection
from pvchat.training.pretraining import batch_inputs, draw
from pvchat.training.simulate import SceneSimulator
from pvchat.training.simulated_scene import SimulationConfig
from tests.models.tiny import tiny_config, tiny_nano


def inputs(count: int = 3, subjects: int = 2, seed: int = 0) -> NanoInputs:
    config = tiny_config()
    scenes = []
    simulator = SceneSimulator(seed, config.layout, SimulationConfig())
    while len(scenes) < count:
        scenes += [s for s in draw(simulator, 4) if len(s.subjects) >= subjects]
    return collate([s.clip for s in scenes[:count]], [list(s.subjects[:subjects]) for s in scenes[:count]], "cpu")


@torch.inference_mode()
def test_soft_tokens_have_the_shapes_of_the_configuration() -> None:
    outputs = tiny_nano()(inputs())
    assert outputs.scene_tokens.shape == (3, 3, 32)
    assert outputs.personal_tokens.shape == (3, 2, 2, 32)
    assert outputs.personal_states.shape == (3, 2, 4, 32)


@torch.inference_mode()
def test_a_subject_does_not_depend_on_who_else_is_asked_about() -> None:
    model, both = tiny_nano(), inputs()
    fields = ("subject_face", "subject_appearance", "similarity", "appearance_similarity")
    alone = replace(both, **{name: getattr(both, name)[:, :1] for name in fields})
    torch.testing.assert_close(model(both).personal_tokens[:, :1], model(alone).personal_tokens)
    torch.testing.assert_close(model(both).scene_tokens, model(alone).scene_tokens)


@torch.inference_mode()
def test_scene_tokens_do_not_depend_on_the_identity_bias() -> None:
    model, batch = tiny_nano(), inputs()
    dark = batch.without_identity_bias()
    torch.testing.assert_close(model(batch).scene_tokens, model(dark).scene_tokens)
    assert not torch.allclose(model(batch).personal_tokens, model(dark).personal_tokens)


@torch.inference_mode()
def test_tokens_that_do_not_exist_change_nothing() -> None:
    model, batch = tiny_nano(), inputs()
    noise = torch.randn_like(batch.attributes) * (~batch.visible)[..., None]
    changed = replace(batch, attributes=batch.attributes + noise)
    torch.testing.assert_close(model(batch).personal_tokens, model(changed).personal_tokens)


@torch.inference_mode()
def test_similarities_beyond_the_limit_count_as_the_limit() -> None:
    model, batch = tiny_nano(), inputs()
    strong = replace(batch, similarity=torch.full_like(batch.similarity, 60.0))
    limit = replace(batch, similarity=torch.full_like(batch.similarity, model.config.similarity_limit))
    torch.testing.assert_close(model(strong).personal_tokens, model(limit).personal_tokens)


@torch.inference_mode()
def test_a_saved_model_reads_the_same(tmp_path: Path) -> None:
    model, batch = tiny_nano(), inputs()
    model.save_pretrained(tmp_path)
    again = NanoModel.from_pretrained(tmp_path).eval()
    assert again.config.num_personal_queries == 4
    torch.testing.assert_close(model(batch).personal_tokens, again(batch).personal_tokens)


def test_a_folder_without_a_checkpoint_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="pvchat pretrain nano"):
        load_nano(tmp_path)


def test_a_clip_needs_a_subject() -> None:
    scene = SceneSimulator(0, tiny_config().layout).scene()
    with pytest.raises(ValueError, match="at least one"):
        collate([scene.clip], [[]], "cpu")


def test_gradients_reach_every_parameter() -> None:
    model = tiny_nano()
    scenes = draw(SceneSimulator(1, model.config.layout), 8)
    outputs = model(batch_inputs(scenes, "cpu"))
    (outputs.scene_tokens.square().sum() + outputs.personal_tokens.square().sum()).backward()
    missing = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().any()]
    assert missing == []


def test_the_projection_of_clothes_is_worked_out_once_and_cannot_be_changed() -> None:
    projection = appearance_projection(6)
    assert appearance_projection(6) is projection
    with pytest.raises(ValueError, match="read-only"):
        projection[0] = 0


def test_longer_face_vectors_are_read_with_their_spread_and_likeness() -> None:
    rng = np.random.default_rng(3)
    people = rng.normal(size=(40, 512)).astype(np.float32)
    again = people + 0.5 * rng.normal(size=people.shape).astype(np.float32)
    read = face_projection(512, 128)
    assert 0.9 < float((people @ read).std()) < 1.1
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (people @ read, again @ read))
    alike = one @ other.T
    assert alike.diagonal().min() > alike[~np.eye(40, dtype=bool)].max()
    np.testing.assert_array_equal(people[:, :128] @ face_projection(128, 128), people[:, :128])
    with pytest.raises(ModelError, match="128 numbers, the engine gives 64"):
        face_projection(64, 128)
