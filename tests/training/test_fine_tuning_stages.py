"""The stages one by one, in runs of their own, come to what one run comes to."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from pvchat.errors import TrainingCancelledError, TrainingError
from pvchat.models.adapter import content_sha256 as adapter_sha256
from pvchat.training.checkpoint import content_sha256, load_checkpoint
from pvchat.training.fine_tune_config import FineTuneConfig, FineTuned, StepRecord
from pvchat.training.fine_tune_run import FineTuneRun, fine_tune, train_stages
from pvchat.training.fine_tuning import FineTuner
from tests.training.nano_tools import data, personal
from tests.training.test_fine_tuning import config, curve, same, tensors

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = config(epochs_2=2)


def tuner(file: Path | None, seed: int = 3, settings: FineTuneConfig = SETTINGS, **more: Any) -> FineTuner[Any]:
    return FineTuner(personal(seed=seed), data(), settings, checkpoint=file, **more)


def cancelled_after(steps: int, file: Path, through: int | None) -> None:
    done: list[StepRecord] = []
    with pytest.raises(TrainingCancelledError):
        tuner(file, progress=done.append, cancelled=lambda: len(done) == steps).run(through=through)


def forbidden(_: StepRecord) -> None:
    raise RuntimeError("a step was taken")


@pytest.fixture(scope="module")
def whole() -> tuple[FineTuned, FineTuner[Any]]:
    """A run of both stages at once: 2 steps of stage 1, 4 of stage 2."""
    made = tuner(None)
    return made.run(), made


@pytest.mark.parametrize("ways", [(1, None), (1, 2), (1, 1, 2, None), (2, None)])
def test_stages_run_one_by_one_come_to_what_one_run_comes_to(
    ways: tuple[int | None, ...], whole: tuple[FineTuned, FineTuner[Any]], tmp_path: Path
) -> None:
    file = tmp_path / "run.safetensors"
    for number, through in enumerate(ways):
        # Every process starts from other random updates; the first one's count.
        last = tuner(file, seed=3 + number)
        result = last.run(through=through)
        if through == 1:
            assert {record.stage for record in result.history} == {1}
            assert load_checkpoint(file).state["stage"] == 2
    assert curve(result) == curve(whole[0])
    assert [record.heads for record in result.history] == [record.heads for record in whole[0].history]
    assert result.best == whole[0].best
    assert same(tensors(last.model), tensors(whole[1].model))  # type: ignore[arg-type]


@pytest.mark.parametrize("through", [1, 2])
def test_a_stage_that_is_through_is_not_trained_again(through: int, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    first = tuner(file).run(through=through)
    before = file.read_bytes()
    again = tuner(file, seed=9, progress=forbidden, cancelled=lambda: True).run(through=through)
    assert curve(again) == curve(first)
    assert file.read_bytes() == before
    if through == 2:
        assert curve(tuner(file, progress=forbidden).run()) == curve(first)
        assert file.read_bytes() == before


@pytest.mark.parametrize("steps", [0, 1])
def test_a_cancelled_run_leaves_the_same_content_in_other_time(
    steps: int, whole: tuple[FineTuned, FineTuner[Any]], tmp_path: Path
) -> None:
    plain, resumed = tmp_path / "plain", tmp_path / "resumed"
    tuner(plain).run(through=1)
    cancelled_after(steps, resumed, through=1)
    assert content_sha256(resumed) != content_sha256(plain)
    tuner(resumed, seed=9).run(through=1)
    assert content_sha256(resumed) == content_sha256(plain)
    last = tuner(resumed, seed=10)
    assert curve(last.run()) == curve(whole[0])
    assert same(tensors(last.model), tensors(whole[1].model))  # type: ignore[arg-type]


def test_other_content_has_another_digest(tmp_path: Path) -> None:
    tuner(tmp_path / "a").run(through=1)
    tuner(tmp_path / "b", settings=config(epochs_2=2, seed=8)).run(through=1)
    tuner(tmp_path / "c").run(through=2)
    assert len({content_sha256(tmp_path / name) for name in "abc"}) == 3
    (tmp_path / "a").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="no readable checkpoint"):
        content_sha256(tmp_path / "a")


def test_a_parameter_of_another_value_has_another_digest(tmp_path: Path) -> None:
    file = tmp_path / "run"
    tuner(file).run(through=1)
    before = content_sha256(file)
    name = next(name for name, tensor in load_file(file).items() if tensor.any())
    data = bytearray(file.read_bytes())
    value = load_file(file)[name].numpy().tobytes()
    data[data.rindex(value)] ^= 1
    file.write_bytes(data)
    assert content_sha256(file) != before


@pytest.mark.parametrize(("stages", "through"), [("both", 3), ("both", 0), ("1", 2), ("2", 1)])
def test_a_stage_that_is_none_of_the_runs_is_refused(stages: Any, through: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"stage {through} is none"):
        tuner(tmp_path / "run", settings=config(stages=stages)).run(through=through)
    assert not list(tmp_path.iterdir())


def test_a_run_that_ends_early_needs_a_checkpoint() -> None:
    with pytest.raises(ValueError, match="needs a checkpoint"):
        tuner(None).run(through=1)


# -- with the model closed behind each -----------------------------------------------------------------------------


def in_two(file: Path, disturbed: Callable[[], None] = lambda: None) -> FineTuneRun:
    disturbed()
    train_stages(personal(seed=4), data(), SETTINGS, checkpoint=file, through=1)
    return fine_tune(personal(seed=5), data(), SETTINGS, checkpoint=file)


def test_adapters_of_disturbed_and_undisturbed_runs_have_one_digest(tmp_path: Path) -> None:
    def cancelled() -> None:
        done: list[StepRecord] = []
        with pytest.raises(TrainingCancelledError):
            train_stages(
                personal(seed=4),
                data(),
                SETTINGS,
                checkpoint=tmp_path / "two",
                through=1,
                progress=done.append,
                cancelled=lambda: len(done) == 1,
            )

    one, two = in_two(tmp_path / "one"), in_two(tmp_path / "two", cancelled)
    assert same(dict(one.adapter.tensors), dict(two.adapter.tensors))
    text, tensors = one.adapter.to_bytes()
    slower = re.sub(r'"spent_s": [\d.]+', '"spent_s": 99.9', text)
    assert slower != text
    assert adapter_sha256(text, tensors) == adapter_sha256(*two.adapter.to_bytes()) == adapter_sha256(slower, tensors)


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_closed_behind_a_stage(fails: bool, tmp_path: Path) -> None:
    model = personal()
    closed: list[bool] = []
    model.close = lambda: closed.append(True)  # type: ignore[method-assign]
    if fails:
        with pytest.raises(TrainingCancelledError):
            train_stages(model, data(), SETTINGS, checkpoint=tmp_path / "a", through=1, cancelled=lambda: True)
    else:
        train_stages(model, data(), SETTINGS, checkpoint=tmp_path / "a", through=1)
    assert closed == [True]
