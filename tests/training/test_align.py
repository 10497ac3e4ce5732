"""Alignment: patches come to tell what faces would have told."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pvchat.errors import TrainingCancelledError, TrainingError
from pvchat.models.nano import collate
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.training.align import AlignConfig, Pair, align
from pvchat.training.fine_tune_config import FineTuneConfig, StepRecord
from pvchat.training.fine_tune_nano import NanoRun, fine_tune_nano
from pvchat.training.nano_personal import NanoPersonal
from tests.training.nano_tools import RATES, nano, patches, personal
from tests.training.test_subject_clips import subject

pytestmark = pytest.mark.usefixtures("one_thread")

SHORT = AlignConfig(steps=60, batch=8, rate=1e-2, rate_updates=3e-3, kept=0.7, noise=0.1)


def distance(model: NanoPersonal, pairs: list[Pair]) -> float:
    """How far clips as they are seen lie from the same clips as nano reads them without the adapter."""
    bare = personal("dense", seed=8)

    total = 0.0
    with torch.no_grad():
        for pair in pairs:
            seen = collate([pair.seen.arrays], [[pair.seen.subject]], "cpu", [pair.seen.patches])
            told = collate([pair.told.arrays], [[pair.told.subject]], "cpu")
            total += float((model.soft_tokens(seen) - bare.soft_tokens(told)).pow(2).mean())
    return total / len(pairs)


def hidden(pairs: list[Pair]) -> list[Pair]:
    """Those of the subject with the faces covered."""
    return [p for p in pairs[::2] if not p.seen.arrays.has_face.any()]


def test_patches_learn_to_tell_what_hidden_faces_would_have_told() -> None:
    pairs = subject().pairs(32)
    model = personal()
    before = distance(model, hidden(pairs))
    losses = align(model, pairs, SHORT)
    assert len(hidden(pairs)) > 4
    assert len(losses) == SHORT.steps
    assert sum(losses[-10:]) / 10 < 0.7 * sum(losses[:5]) / 5
    assert distance(model, hidden(pairs)) < 0.8 * before


def test_alignment_leaves_name_routers_and_gradients_alone() -> None:
    model = personal()
    before = {name: tensor.clone() for name, tensor in model.adapter().tensors.items()}
    align(model, subject().pairs(8), replace(SHORT, steps=3))
    for name, tensor in model.adapter().tensors.items():
        still = name == "name" or name.startswith(("router.", "lora.language"))
        if still:
            assert torch.equal(tensor, before[name]), name
    assert not torch.equal(model.adapter().tensors["pixels.weight"], before["pixels.weight"])
    assert not torch.equal(model.adapter().tensors["personal"], before["personal"])
    assert all(p.grad is None for group in model.parameters().values() for p in group)


def test_alignment_follows_its_seed() -> None:
    pairs = subject().pairs(8)
    few = replace(SHORT, steps=4)
    first, again, other = (align(personal(), pairs, replace(few, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_pairs_are_refused(count: int) -> None:
    with pytest.raises(TrainingError, match="give 2 or more"):
        align(personal(), subject().pairs(count), SHORT)


def test_pairs_without_a_single_patch_still_align() -> None:
    pairs = [replace(pair, seen=replace(pair.seen, patches=None)) for pair in subject().pairs(4)]
    assert len(align(personal(), pairs, replace(SHORT, steps=2))) == 2


def test_a_number_that_is_none_ends_the_alignment() -> None:
    seen = patches(0)
    seen.rows[0, 0] = float("nan")
    pairs = [replace(pair, seen=replace(pair.seen, patches=seen)) for pair in subject().pairs(4)]
    with pytest.raises(TrainingError, match="diverged"):
        align(personal(), pairs, replace(SHORT, kept=1.0))


# -- the whole run -------------------------------------------------------------------------------------------------

RUN = FineTuneConfig(epochs_1=1, epochs_2=1, batch=2, rates=RATES, evaluations=1, patience=0)
ALIGNED = replace(SHORT, steps=3)


def run(file: Path | None = None, *, stop_after: int | None = None, stop_when_aligned: int | None = None) -> NanoRun:
    """A run of 3 steps of alignment, 1 of stage 1 and 2 of stage 2."""
    asked = [0]
    done: list[StepRecord] = []

    def cancelled() -> bool:
        asked[0] += 1
        if stop_when_aligned is not None and asked[0] > stop_when_aligned:
            return True
        return stop_after is not None and len(done) == stop_after

    few = subject(stills=2, clips=4, questions=6, held_out=2, held_out_questions=1, evidence=0.0)
    return fine_tune_nano(
        NanoAdapters(nano()),
        few,
        RUN,
        alignment=ALIGNED,
        pairs=6,
        checkpoint=file,
        progress=done.append,
        cancelled=cancelled,
    )


@pytest.fixture(scope="module")
def whole() -> NanoRun:
    return run()


def same(a: NanoRun, b: NanoRun) -> bool:
    tensors = b.adapter.tensors
    return all(torch.equal(tensor, tensors[name]) for name, tensor in a.adapter.tensors.items())


def test_a_whole_run_reports_what_it_did_and_takes_the_adapter_off(whole: NanoRun) -> None:
    report = whole.adapter.report
    assert len(report["alignment"]) == 3
    assert [step["stage"] for step in report["steps"]] == [1, 2, 2]
    assert whole.result.best is not None
    assert whole.adapter.config.pixels
    whole.adapter.to_bytes()


def test_a_run_that_is_stopped_goes_on_to_the_same_adapter(whole: NanoRun, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    # Whatever else was drawn before makes no difference.
    torch.manual_seed(1234)
    with pytest.raises(TrainingCancelledError):
        run(file, stop_after=2)
    assert same(run(file), whole)


def test_a_run_that_is_stopped_while_patches_are_aligned_aligns_anew(whole: NanoRun, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    with pytest.raises(TrainingCancelledError, match="aligned"):
        run(file, stop_when_aligned=1)
    assert not file.exists()
    assert same(run(file), whole)


def test_a_run_without_pixels_needs_no_alignment() -> None:
    few = subject([], stills=2, clips=2, questions=4, held_out=2, held_out_questions=1, evidence=0.0)
    adapters = NanoAdapters(nano())
    made = fine_tune_nano(adapters, few, RUN)
    assert "alignment" not in made.adapter.report
    assert not made.adapter.config.pixels
    assert len(adapters.attached) == 0
