"""Fine-tuning a vision-language base: packed questions cost less and mean the same."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from pvchat.errors import TrainingError
from pvchat.models.adapter import AdapterConfig, load_adapter
from pvchat.models.remoh import RoutingConfig
from pvchat.models.vlm import VLM
from pvchat.models.vlm_cache import FeatureCache
from pvchat.training.fine_tune_config import FineTuneConfig
from pvchat.training.fine_tuning import FineTuner
from pvchat.training.packed_attention import PACKED
from pvchat.training.packing import PackedBatch
from pvchat.training.personal import AnswerLoss, ParameterGroup, PersonalModel, TrainingClip, TrainingData, Turn
from pvchat.training.vlm_personal import VlmClip, VlmPersonal, adapter_config
from tests.models.tiny_vlm import ALL_KINDS, KINDS, features_of, noise_clip, tiny_vlm
from tests.training.personal_tools import disturb

pytestmark = pytest.mark.usefixtures("one_thread")

TURNS = (
    Turn("Is Maria in this video?", "Yes, Maria is here."),
    Turn("What is she wearing?", "A red top.", "appearance"),
    Turn("Where is Maria?", "On the left.", "location"),
)


@pytest.fixture(scope="module", params=KINDS)
def vlm(request: pytest.FixtureRequest) -> VLM:
    return tiny_vlm(request.param)


@pytest.fixture
def model(vlm: VLM) -> Iterator[VlmPersonal]:
    made = VlmPersonal(vlm, adapter_config(vlm, personal_tokens=3, rank=2))
    yield made
    made.close()


def clips() -> list[TrainingClip[VlmClip]]:
    """Of two lengths, with three questions and two."""
    return [
        TrainingClip(f"clip {n}", VlmClip("Maria", noise_clip(n, 2 + 2 * n), "Maria: present."), TURNS[n:], True)
        for n in range(2)
    ]


def same(a: AnswerLoss, b: AnswerLoss) -> bool:
    return bool((a.loss - b.loss).abs() < 2e-4) and torch.equal(a.right, b.right)


def test_packed_questions_have_the_loss_of_questions_asked_one_by_one(model: VlmPersonal) -> None:
    disturb(model)
    reference = model.reference_loss(clips())
    packed = model.answer_loss(clips())
    assert model.packs
    assert same(packed, reference)
    assert len(packed.right) == sum(len(turn.answer.encode()) + 1 for clip in clips() for turn in clip.turns) + (
        # A base without a chat template has a space before its answer.
        5 if "instructblip" in model.config.base else 0
    )
    gradients = []
    for loss in (packed.loss, reference.loss):
        everything = [p for group in model.parameters().values() for p in group]
        gradients.append(torch.autograd.grad(loss, everything, allow_unused=True))
    for mine, right in zip(*gradients, strict=True):
        assert (mine is None) == (right is None)
        assert mine is None or right is None or torch.allclose(mine, right, atol=2e-4)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_no_supported_base_needs_the_dense_mask(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> torch.Tensor:
        raise AssertionError("a dense mask was made")

    monkeypatch.setattr(PackedBatch, "bias", refuse)
    vlm = tiny_vlm(kind)
    config = vlm.family.text.config
    before = config._attn_implementation
    model = VlmPersonal(vlm, adapter_config(vlm, personal_tokens=2, rank=2))
    disturb(model)
    # One picture makes a clip of a base that was made for pictures.
    shown = [
        TrainingClip(clip.key, VlmClip("Maria", noise_clip(n, 1)), clip.turns, True) for n, clip in enumerate(clips())
    ]
    assert same(model.answer_loss(shown), model.reference_loss(shown))
    assert config._attn_implementation == PACKED
    model.close()
    assert config._attn_implementation == before


def test_a_base_that_takes_no_mask_has_a_row_for_each_question(vlm: VLM) -> None:
    model = VlmPersonal(vlm, adapter_config(vlm, personal_tokens=3, rank=2), pack=False)
    disturb(model)
    assert not model.packs
    assert same(model.answer_loss(clips()), model.reference_loss(clips()))
    vlm.family.packs = False
    try:
        assert not VlmPersonal(vlm, model.config).packs
        with pytest.raises(ValueError, match="no mask of their own"):
            VlmPersonal(vlm, model.config, pack=True)
    finally:
        vlm.family.packs = True
        model.close()


def test_two_steps_lower_the_loss_and_reach_every_group(model: VlmPersonal) -> None:
    losses = []
    before = {name: [p.detach().clone() for p in group] for name, group in model.parameters().items()}
    optimizer = torch.optim.Adam(
        [{"params": list(group), "lr": 1e-2} for group in model.parameters().values()], betas=(0.5, 0.9)
    )
    for _ in range(2):
        loss = model.answer_loss(clips()).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    losses.append(float(model.answer_loss(clips()).loss.detach()))
    assert losses[2] < losses[1] < losses[0]
    for name, group in model.parameters().items():
        assert any(not torch.equal(p, old) for p, old in zip(group, before[name], strict=True)), name


def test_gates_are_recorded_for_tokens_that_count(model: VlmPersonal) -> None:
    model.answer_loss(clips())
    records = model.gates.records()
    assert len(records) == len(model.gates.gates) > 0
    for gates in records.values():
        logits, _ = gates.counted()
        assert gates.mask is None or len(logits) == int(gates.mask.sum()) < gates.logits.flatten(0, -2).shape[0]


def test_the_vision_path_runs_once_per_clip(vlm: VLM, tmp_path: Path) -> None:
    config = adapter_config(vlm, personal_tokens=2, rank=0, routing=RoutingConfig("dense"))
    cache = FeatureCache(vlm.sha256, folder=tmp_path)
    model = VlmPersonal(vlm, config, cache=cache)
    first = model.answer_loss(clips())
    assert same(first, model.answer_loss(clips()))
    assert cache.made == 2
    assert set(model.parameters()) == {"personal"}
    again = VlmPersonal(vlm, config, cache=FeatureCache(vlm.sha256, folder=tmp_path))
    assert same(first, again.answer_loss(clips()))
    assert again.cache.made == 0
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes()[:100])
    broken = VlmPersonal(vlm, config, cache=FeatureCache(vlm.sha256, folder=tmp_path))
    assert same(first, broken.answer_loss(clips()))
    other = FeatureCache("0" * 64, folder=tmp_path)
    other.get("clip 0", lambda: {"visual": torch.zeros(1)})
    assert other.made == 1
    cache.clear()
    assert len(list(tmp_path.iterdir())) == 1


def test_the_adapter_of_a_training_answers_as_it_was_trained(vlm: VLM, tmp_path: Path) -> None:
    config = adapter_config(vlm, personal_tokens=3, rank=2)
    model = VlmPersonal(vlm, config)
    disturb(model)
    model.adapter({"epochs": 2}).save(tmp_path)
    features = features_of(vlm, clips()[0].content.frames)
    expected = float(model.answer_loss(clips()[:1]).loss.detach())
    model.close()
    assert len(vlm.adapters) == 0
    adapter = load_adapter(tmp_path)
    assert adapter.report == {"epochs": 2}
    vlm.put("Maria", adapter)
    try:
        prefix = vlm.read(features, ["Maria"], "Maria: present.")
        assert vlm.generate(prefix, "Where is Maria?", max_tokens=2).tokens == 2
        again = VlmPersonal(vlm, config)
        assert abs(float(again.answer_loss(clips()[:1]).loss.detach()) - expected) > 1e-3
        again.close()
    finally:
        vlm.adapters.clear()


def test_checkpointing_changes_memory_and_not_the_gradient() -> None:
    found = []
    for checkpointing in (False, True):
        model = VlmPersonal(tiny_vlm("qwen3_vl"), _config(), checkpointing=checkpointing)
        disturb(model)
        model.train()
        loss = model.answer_loss(clips()).loss
        found.append(torch.autograd.grad(loss, [p for group in model.parameters().values() for p in group]))
        model.close()
    for plain, checked in zip(*found, strict=True):
        assert torch.allclose(plain, checked, atol=1e-5)


def _config() -> AdapterConfig:
    return adapter_config(tiny_vlm("qwen3_vl"), personal_tokens=2, rank=2)


@pytest.mark.parametrize("kind", KINDS)
def test_in_bfloat16_what_is_trained_stays_in_float32(kind: str) -> None:
    vlm = tiny_vlm(kind)
    vlm.family.model.bfloat16()
    if kind == "instructblipvideo":
        # transformers loads these in float32 whatever the rest is.
        vlm.family.model.query_tokens.data = vlm.family.model.query_tokens.data.float()
    model: PersonalModel[VlmClip] = VlmPersonal(vlm, adapter_config(vlm, personal_tokens=2, rank=2))
    loss = model.answer_loss(clips()).loss
    loss.backward()
    for group in model.parameters().values():
        assert all(p.dtype == torch.float32 for p in group)
    assert bool(torch.isfinite(loss))


def test_features_that_are_not_finite_are_refused(vlm: VLM) -> None:
    model = VlmPersonal(vlm, adapter_config(vlm, personal_tokens=2, rank=0))
    clip = clips()[0]
    model.cache.get("elsewhere", dict)
    spec = vlm.family.spec
    vlm.family.spec = type(spec)(std=(float("nan"),) * 3)
    try:
        with pytest.raises(TrainingError, match="clip 0 is not finite"):
            model.answer_loss([clip])
    finally:
        vlm.family.spec = spec
        model.close()


def test_a_full_cache_forgets_what_was_not_used_for_longest() -> None:
    cache = FeatureCache("a", max_bytes=2 * 400)

    def made(value: float) -> dict[str, torch.Tensor]:
        return {"visual": torch.from_numpy(np.full(100, value, np.float32))}

    for key in "ab":
        cache.get(key, lambda: made(1))
    cache.get("a", lambda: made(2))
    cache.get("c", lambda: made(3))
    assert cache.made == 3
    assert float(cache.get("a", lambda: made(4))["visual"][0]) == 1
    assert float(cache.get("b", lambda: made(5))["visual"][0]) == 5


def test_the_training_loop_fine_tunes_it_in_both_stages(model: VlmPersonal) -> None:
    stills = [TrainingClip(f"still {n}", VlmClip("Maria", noise_clip(10 + n, 1)), TURNS[:2], True) for n in range(2)]
    data = TrainingData(stills=stills, clips=clips(), held_out=clips()[:1])
    # A few steps on random weights need large ones.
    rates: dict[ParameterGroup, float] = {"personal": 1e-2, "lora": 1e-2, "router": 3e-3}
    config = FineTuneConfig(epochs_2=4, evaluations=2, rates=rates)
    before = float(model.answer_loss(clips()).loss.detach())
    done = FineTuner(model, data, config).run()
    assert done.report()
    assert float(model.answer_loss(clips()).loss.detach()) < before
