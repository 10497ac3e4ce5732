"""Steps 9 to 11: stage 1 on stills, stage 2 on clips, and what the adapter knows better than the base.

9. stills: alignment of the patches and stage 1  10. clips: stage 2, and the adapter at its best  11. evaluate
A step that was interrupted goes on from its newest checkpoint, along the same curve.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pipelines.enroll.context import JobContext, JobStoppedError
from pipelines.enroll.files import ASSESSMENT, CARD, CHECKPOINT, CLIPS, HELD_OUT, PAIRS, TENSORS, Found
from pipelines.enroll.flow import StepContext
from pvchat.errors import TrainingCancelledError
from pvchat.models.adapter import content_sha256 as adapter_sha256
from pvchat.models.adapter import parse_adapter
from pvchat.models.remoh import RoutingConfig
from pvchat.training.align import AlignConfig
from pvchat.training.checkpoint import content_sha256
from pvchat.training.clip_files import read_clips, read_pairs
from pvchat.training.fine_tune_config import FineTuneConfig, StepRecord
from pvchat.training.fine_tune_run import fine_tune, train_stages
from pvchat.training.nano_clip import NanoClip
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.personal import TrainingData

Context = StepContext[JobContext]
Result = TypeVar("Result")

_RUN = "run.safetensors"
_CHECKPOINT_S = 30.0


def stills(context: Context) -> None:
    """Stage 1; what it leaves is the checkpoint that stage 2 begins with."""
    draft = context.draft
    checkpoint = draft.workplace / _RUN
    _until_told(
        context.work,
        lambda: train_stages(
            _model(context),
            _data(context.needed),
            _tuning(context.work),
            checkpoint=checkpoint,
            through=1,
            progress=_teller(context),
            cancelled=context.work.cancelled,
        ),
    )
    shutil.copyfile(checkpoint, draft.folder / CHECKPOINT)
    draft.digest(CHECKPOINT, content_sha256(checkpoint))


def clips(context: Context) -> None:
    """Stage 2; what it leaves is the adapter."""
    draft = context.draft
    checkpoint = draft.workplace / _RUN
    if not checkpoint.is_file():
        _copy(context.needed["stills"].folder / CHECKPOINT, checkpoint)
    run = _until_told(
        context.work,
        lambda: fine_tune(
            _model(context),
            _data(context.needed),
            _tuning(context.work),
            checkpoint=checkpoint,
            progress=_teller(context),
            cancelled=context.work.cancelled,
        ),
    )
    card, tensors = run.adapter.to_bytes()
    (draft.folder / CARD).write_text(card, encoding="utf-8")
    (draft.folder / TENSORS).write_bytes(tensors)
    draft.digest(CARD, adapter_sha256(card, tensors))
    draft.note("steps", len(run.result.history))
    draft.note("held_out_loss", run.result.best)


def evaluate(context: Context) -> None:
    """Ask about the held-out part, without evidence, with and without the adapter."""
    folder = context.needed["clips"].folder
    adapter = parse_adapter((folder / CARD).read_text("utf-8"), (folder / TENSORS).read_bytes())
    held_out = read_clips(context.needed["features"].folder / HELD_OUT)
    asked = 0

    def check() -> None:
        nonlocal asked
        context.tell(asked / len(held_out), f"held-out clip {asked + 1} of {len(held_out)}")
        asked += 1

    alike = context.needed["questions"].notes["look_alikes"]
    assessment = context.work.training().compare(adapter, held_out, check, look_alikes=alike)
    text = json.dumps(assessment.to_dict(), sort_keys=True, indent=1)
    (context.draft.folder / ASSESSMENT).write_text(text, encoding="utf-8")


def _model(context: Context) -> NanoPersonal:
    training, options = context.work.training(), context.work.options
    pairs = context.needed["features"].folder / PAIRS
    pixels = bool(context.needed["features"].notes["pixels"])
    config = training.config(RoutingConfig(routing=options.routing), pixels=pixels)
    aligned = pixels and options.pairs > 1 and options.alignment > 0
    return training.start(
        config,
        pairs=(lambda: read_pairs(pairs)) if aligned else None,
        alignment=AlignConfig(seed=options.seed, steps=options.alignment),
    )


def _data(found: Found) -> TrainingData[NanoClip]:
    folder = found["features"].folder
    made, held_out = read_clips(folder / CLIPS), read_clips(folder / HELD_OUT)
    first = [clip for clip in made if clip.key.startswith("1.")]
    return TrainingData(first, made[len(first) :], held_out)


def _tuning(job: JobContext) -> FineTuneConfig:
    options = job.options
    return FineTuneConfig(
        seed=options.seed, epochs_2=options.epochs, spr=options.spr, hae=options.hae, checkpoint_s=_CHECKPOINT_S
    )


def _teller(context: Context) -> Callable[[StepRecord], None]:
    def tell(record: StepRecord) -> None:
        context.tell(record.step / record.of, f"step {record.step} of {record.of}, loss {record.loss:.2f}")

    return tell


def _until_told(job: JobContext, work: Callable[[], Result]) -> Result:
    """Do some training; when it was told to stop, say why."""
    try:
        return work()
    except TrainingCancelledError:
        job.check_now()
        raise JobStoppedError from None


def _copy(source: Path, target: Path) -> None:
    partial = target.with_name(f"{target.name}.part")
    shutil.copyfile(source, partial)
    partial.replace(target)
