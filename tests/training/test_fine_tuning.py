"""The training loop: it learns, it can be interrupted anywhere, and it says what is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook

from pvchat.errors import TrainingCancelledError, TrainingError
from pvchat.models.remoh import Routing
from pvchat.training.checkpoint import load_checkpoint
from pvchat.training.fine_tune_config import FineTuneConfig, FineTuned, Stages, StepRecord
from pvchat.training.fine_tuning import FineTuner
from pvchat.training.nano_personal import NanoClip, NanoPersonal
from pvchat.training.personal import AnswerLoss, TrainingClip, TrainingData
from tests.training.nano_tools import RATES, clips, data, personal
from tests.training.personal_tools import disturb

pytestmark = pytest.mark.usefixtures("one_thread")


def config(**more: Any) -> FineTuneConfig:
    return FineTuneConfig(
        **{"epochs_1": 1, "epochs_2": 1, "batch": 2, "rates": RATES, "evaluations": 2, "patience": 0, **more}
    )


def tensors(model: NanoPersonal) -> dict[str, Tensor]:
    return dict(model.adapter().tensors)


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def curve(result: FineTuned) -> list[StepRecord]:
    """Every step, without what no two runs share."""
    return [replace(record, spent_s=0.0, heads=None) for record in result.history]


class Failing(NanoPersonal):
    """Fails as told, before it looks at the clips."""

    fail: Callable[[Sequence[TrainingClip[NanoClip]]], None]

    def answer_loss(self, clips: Sequence[TrainingClip[NanoClip]]) -> AnswerLoss:
        self.fail(clips)
        return super().answer_loss(clips)


def failing(fail: Callable[[Sequence[TrainingClip[NanoClip]]], None], routing: Routing = "remoh") -> Failing:
    model = personal(routing)
    model.__class__ = Failing
    assert isinstance(model, Failing)
    model.fail = fail
    return model


def memory_for(most: int) -> Callable[[Sequence[TrainingClip[NanoClip]]], None]:
    def fail(clips: Sequence[TrainingClip[NanoClip]]) -> None:
        if len(clips) > most:
            raise torch.OutOfMemoryError("no memory left")

    return fail


# -- learning ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("routing", ["dense", "moh", "remoh"])
def test_training_lowers_the_loss_with_every_routing(routing: Routing) -> None:
    model = personal(routing)
    few = clips(4)
    settings = config(stages="1", epochs_1=6, evaluations=0, spr=routing == "remoh", hae=routing == "remoh")
    before = float(model.answer_loss(few).loss.detach())
    result = FineTuner(model, TrainingData(few, ()), settings).run()
    assert float(model.answer_loss(few).loss.detach()) < before - 0.05
    assert result.history[-1].loss < result.history[0].loss
    assert (result.history[-1].activation is None) == (routing == "dense")
    assert (result.history[-1].coefficient is None) == (routing != "remoh")
    assert result.best is None


def test_both_stages_are_run_and_reported() -> None:
    seen: list[StepRecord] = []
    result = FineTuner(personal(), data(4, 3), config(), progress=seen.append).run()
    assert [(r.stage, r.step, r.of) for r in result.history] == [(1, 1, 2), (1, 2, 2), (2, 1, 2), (2, 2, 2)]
    assert seen == list(result.history)
    assert result.best == min(r.held_out for r in result.history if r.held_out is not None)
    report = result.report()
    assert report["held_out_loss"] == result.best
    assert len(report["steps"]) == 4
    assert result.history[-1].heads


def test_an_epoch_shows_every_clip_once() -> None:
    seen: list[str] = []
    model = failing(lambda clips: seen.extend(clip.key for clip in clips))
    FineTuner(model, TrainingData(clips(5), ()), config(stages="1", epochs_1=2)).run()
    assert sorted(seen[:5]) == sorted(seen[5:]) == sorted(clip.key for clip in clips(5))
    assert seen[:5] != seen[5:]


def test_the_best_state_is_kept_when_a_stage_ends_early() -> None:
    model = personal(pixels=False)
    told = TrainingData(clips(4), (), clips(2, 9))
    # A rate at which it can only get worse.
    rates = dict.fromkeys(RATES, 0.5)
    tuner = FineTuner(model, told, config(stages="1", epochs_1=30, rates=rates, evaluations=60, patience=2))
    result = tuner.run()
    looked = [r.held_out for r in result.history if r.held_out is not None]
    assert len(result.history) < 60
    assert result.best == min(looked) < looked[-1]
    assert tuner.held_out_loss() == pytest.approx(result.best, abs=1e-6)
    assert any("ended early" in note for note in result.notes)


# -- interrupted ---------------------------------------------------------------------------------------------------


def undisturbed() -> tuple[FineTuned, dict[str, Tensor]]:
    model = personal()
    return FineTuner(model, data(), config(epochs_2=2)).run(), tensors(model)


@pytest.fixture(scope="module")
def whole() -> tuple[FineTuned, dict[str, Tensor]]:
    """A run that nothing happened to: 2 steps of stage 1, 4 of stage 2."""
    return undisturbed()


def test_the_same_run_twice_is_the_same_to_the_last_bit(whole: tuple[FineTuned, dict[str, Tensor]]) -> None:
    result, found = undisturbed()
    assert curve(result) == curve(whole[0])
    assert same(found, whole[1])


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5])
def test_a_cancelled_run_goes_on_along_the_same_curve(
    steps: int, whole: tuple[FineTuned, dict[str, Tensor]], tmp_path: Path
) -> None:
    file = tmp_path / "kept" / "run.safetensors"
    done: list[StepRecord] = []
    first = FineTuner(
        personal(),
        data(),
        config(epochs_2=2),
        checkpoint=file,
        progress=done.append,
        cancelled=lambda: len(done) >= steps,
    )
    with pytest.raises(TrainingCancelledError, match="goes on from there"):
        first.run()
    assert len(done) == steps
    # Another process starts from other random updates.
    model = personal(seed=99)
    result = FineTuner(model, data(), config(epochs_2=2), checkpoint=file).run()
    assert curve(result) == curve(whole[0])
    assert result.best == whole[0].best
    assert same(tensors(model), whole[1])


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_run_interrupted_in_the_middle_of_a_step_goes_on_along_the_same_curve(
    steps: int, whole: tuple[FineTuned, dict[str, Tensor]], tmp_path: Path
) -> None:
    file = tmp_path / "run.safetensors"
    done: list[StepRecord] = []

    def interrupt(_: Sequence[TrainingClip[NanoClip]]) -> None:
        if len(done) == steps and torch.is_grad_enabled():
            raise KeyboardInterrupt

    first = FineTuner(failing(interrupt), data(), config(epochs_2=2), checkpoint=file, progress=done.append)
    with pytest.raises(KeyboardInterrupt):
        first.run()
    model = personal(seed=99)
    result = FineTuner(model, data(), config(epochs_2=2), checkpoint=file).run()
    assert curve(result) == curve(whole[0])
    assert same(tensors(model), whole[1])


def test_a_run_interrupted_when_a_step_was_half_taken_goes_on_along_the_same_curve(
    whole: tuple[FineTuned, dict[str, Tensor]], tmp_path: Path
) -> None:
    file = tmp_path / "run.safetensors"
    settings = config(epochs_2=2, checkpoint_s=0.0)
    done: list[StepRecord] = []

    def interrupt(*_: object) -> None:
        if len(done) == 4:
            raise KeyboardInterrupt

    hook = register_optimizer_step_post_hook(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            FineTuner(personal(), data(), settings, checkpoint=file, progress=done.append).run()
    finally:
        hook.remove()
    model = personal(seed=99)
    assert curve(FineTuner(model, data(), settings, checkpoint=file).run()) == curve(whole[0])
    assert same(tensors(model), whole[1])


def test_a_run_that_died_goes_on_from_its_last_checkpoint(
    whole: tuple[FineTuned, dict[str, Tensor]], tmp_path: Path
) -> None:
    file = tmp_path / "run.safetensors"
    done: list[StepRecord] = []

    def die(_: Sequence[TrainingClip[NanoClip]]) -> None:
        if len(done) == 4:
            raise RuntimeError("the machine went away")

    settings = config(epochs_2=2, checkpoint_s=0.0)
    with pytest.raises(RuntimeError, match="went away"):
        FineTuner(failing(die), data(), settings, checkpoint=file, progress=done.append).run()
    assert load_checkpoint(file).state["stage"] == 2
    model = personal(seed=99)
    assert curve(FineTuner(model, data(), settings, checkpoint=file).run()) == curve(whole[0])
    assert same(tensors(model), whole[1])
    assert [found.name for found in tmp_path.iterdir()] == [file.name]


def test_the_coefficient_of_the_sparsity_loss_survives_a_resume(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    done: list[StepRecord] = []
    settings = config(stages="1", epochs_1=2, evaluations=0)
    only = TrainingData(clips(4), ())
    with pytest.raises(TrainingCancelledError):
        FineTuner(
            personal(), only, settings, checkpoint=file, progress=done.append, cancelled=lambda: len(done) == 3
        ).run()
    left = load_checkpoint(file).state["spr"]["coefficient"]
    assert left == done[-1].coefficient != done[0].coefficient
    result = FineTuner(personal(), only, settings, checkpoint=file).run()
    before, after = result.history[2], result.history[3]
    assert before.coefficient is not None
    assert after.coefficient is not None
    assert after.activation is not None
    grown = np.exp(settings.spr_speed * (settings.target_sparsity - (1 - after.activation)))
    assert after.coefficient == pytest.approx(before.coefficient * grown, rel=1e-6)


# -- refused -------------------------------------------------------------------------------------------------------


def stopped(file: Path, model: NanoPersonal | None = None, settings: FineTuneConfig | None = None) -> None:
    done: list[StepRecord] = []
    tuner = FineTuner(
        model or personal(),
        data(),
        settings or config(),
        checkpoint=file,
        progress=done.append,
        cancelled=lambda: len(done) == 1,
    )
    with pytest.raises(TrainingCancelledError):
        tuner.run()


@pytest.mark.parametrize("other", [{"seed": 8}, {"batch": 3}, {"hae": False}, {"rates": {**RATES, "lora": 0.5}}])
def test_a_checkpoint_of_other_settings_is_refused(other: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    stopped(file)
    with pytest.raises(TrainingError, match="other data or settings"):
        FineTuner(personal(), data(), config(**other), checkpoint=file).run()


def test_a_checkpoint_of_other_clips_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    stopped(file)
    with pytest.raises(TrainingError, match="other data or settings"):
        FineTuner(personal(), data(stills=5), config(), checkpoint=file).run()


@pytest.mark.parametrize("other", [lambda: personal("dense"), lambda: personal(rank=4), lambda: personal(pixels=False)])
def test_a_checkpoint_of_another_kind_of_adapter_is_refused(other: Callable[[], NanoPersonal], tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    stopped(file)
    with pytest.raises(TrainingError, match="other data or settings"):
        FineTuner(other(), data(), config(), checkpoint=file).run()


@pytest.mark.parametrize("kept", [0, 5, 100, 5000])
def test_a_truncated_checkpoint_is_refused_with_the_way_out(kept: int, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    stopped(file)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(TrainingError, match="remove it to start anew"):
        FineTuner(personal(), data(), config(), checkpoint=file).run()


@pytest.mark.parametrize(("stages", "told"), [("1", (0, 4)), ("2", (4, 0)), ("both", (4, 0)), ("both", (0, 4))])
def test_a_stage_without_clips_is_refused(stages: Stages, told: tuple[int, int]) -> None:
    with pytest.raises(TrainingError, match="nothing to train on"):
        FineTuner(personal(), data(*told), config(stages=stages))


@pytest.mark.parametrize("part", ["face", "scene", "patches", "similarity"])
def test_a_number_that_is_none_names_its_clip(part: str) -> None:
    told = clips(3)
    content = told[1].content
    assert content.patches is not None
    if part == "patches":
        content.patches.rows[0, 0] = np.nan
    else:
        holder = content.subject if part == "similarity" else content.arrays
        getattr(holder, part).reshape(-1)[0] = np.nan
    with pytest.raises(TrainingError, match="clip 1 of a test"):
        FineTuner(personal(), TrainingData(told, ()), config(stages="1")).run()


def test_a_loss_that_is_no_number_names_its_clips() -> None:
    model = personal()
    with torch.no_grad():
        model.parameters()["personal"][1].fill_(torch.inf)
    with pytest.raises(TrainingError, match=r"still \d of a test.*not finite"):
        FineTuner(model, data(), config()).run()


# -- memory --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("routing", "most"), [("dense", 1), ("dense", 2), ("remoh", 1)])
def test_less_memory_gives_the_same_parameters_in_more_parts(routing: Routing, most: int) -> None:
    # Balance terms look at what is computed together, so they are left out.
    settings = config(batch=4, spr=False, hae=False)
    model, small = personal(routing), failing(memory_for(most), routing)
    plain = FineTuner(model, data(), settings).run()
    halved = FineTuner(small, data(), settings).run()
    assert plain.notes == ()
    assert [note for note in halved.notes if "memory ran out" in note]
    assert len(halved.notes) == {1: 2, 2: 1}[most]
    for a, b in zip(curve(plain), curve(halved), strict=True):
        assert a.loss == pytest.approx(b.loss, abs=1e-5)
        assert a.right == pytest.approx(b.right)
    found = tensors(small)
    for name, tensor in tensors(model).items():
        # Sums in another order differ in the last digits, which Adam's division by small moments makes larger; a part
        # that counted twice would be off by a whole step.
        torch.testing.assert_close(found[name], tensor, atol=5e-5, rtol=0)


def test_a_batch_that_goes_through_in_parts_takes_the_same_steps() -> None:
    settings = config(batch=4, spr=False, hae=False)
    whole, parts = personal(seed=1), personal(seed=1)
    together = FineTuner(whole, data(), settings).run()
    apart = FineTuner(parts, data(), replace(settings, at_once=1)).run()
    assert not apart.notes
    losses = [[record.loss for record in run.history] for run in (together, apart)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_a_halved_batch_stays_halved_after_a_resume(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    stopped(file, failing(memory_for(1)))
    again = FineTuner(failing(memory_for(1)), data(), config(), checkpoint=file).run()
    assert len(again.notes) == 1


def test_memory_too_small_for_one_clip_is_an_error() -> None:
    with pytest.raises(TrainingError, match="not enough memory"):
        FineTuner(failing(memory_for(0)), data(), config()).run()


def test_memory_that_runs_out_while_looking_back_halves_the_batch_too() -> None:
    model = failing(lambda clips: None)

    def fail(clips: Sequence[TrainingClip[NanoClip]]) -> None:
        if len(clips) > 1 and not torch.is_grad_enabled():
            raise torch.OutOfMemoryError("no memory left")

    model.fail = fail
    result = FineTuner(model, data(), config()).run()
    assert result.best is not None
    assert any("memory ran out" in note for note in result.notes)


# -- heads ---------------------------------------------------------------------------------------------------------


def dead(**more: Any) -> list[float]:
    """Activation per step of a run that starts with every routed head off."""
    model = personal(pixels=False)
    with torch.no_grad():
        for gate in model.gates.gates.values():
            gate.router.gate.bias.fill_(-1.0)
    told = TrainingData(clips(2), ())
    rates = {**RATES, "router": 5e-2}
    settings = config(stages="1", epochs_1=40, evaluations=0, rates=rates, target_sparsity=0.5, **more)
    return [float(r.activation or 0.0) for r in FineTuner(model, told, settings).run().history]


def test_dead_heads_come_back_towards_the_target() -> None:
    activation = dead()
    assert activation[0] == 0.0
    assert 0.35 < sum(activation[-10:]) / 10 < 0.65


def test_dead_heads_stay_dead_when_nothing_wakes_them() -> None:
    assert set(dead(spr=False, hae=False)) == {0.0}


def test_the_adapter_counts_in_the_loss_that_is_trained() -> None:
    model = personal()
    before = model.answer_loss(clips(2)).loss.detach()
    disturb(model)
    assert not torch.equal(model.answer_loss(clips(2)).loss.detach(), before)
