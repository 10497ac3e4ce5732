"""A run of fine-tuning as a whole, on any base: the two stages, the adapter they leave, and the base as it was.

1. train  2. take the adapter  3. close the model

The stages can also be run one by one, each in a process of its own, with the checkpoint between them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pvchat.models.adapter import Adapter
from pvchat.training.fine_tune_config import Cancelled, FineTuneConfig, FineTuned, Progress
from pvchat.training.fine_tuning import FineTuner
from pvchat.training.personal import ClosablePersonal, TrainingData

Content = TypeVar("Content")


@dataclass(frozen=True)
class FineTuneRun:
    """What fine-tuning came to.

    Attributes:
        adapter: at its best state, with the report. result: of the two stages.
    """

    adapter: Adapter
    result: FineTuned


def fine_tune(
    model: ClosablePersonal[Content],
    data: TrainingData[Content],
    config: FineTuneConfig | None = None,
    *,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> FineTuneRun:
    """Train the adapter that a base wears, and take it off, whatever happens.

    Args:
        model: with an untrained adapter on; it is closed. data, config, checkpoint, progress, cancelled: see
            `FineTuner`.

    Raises:
        TrainingError, TrainingCancelledError: see `FineTuner`.
    """
    try:
        tuner = FineTuner(model, data, config, checkpoint=checkpoint, progress=progress, cancelled=cancelled)
        result = tuner.run()
        return FineTuneRun(model.adapter(result.report()), result)
    finally:
        model.close()


def train_stages(
    model: ClosablePersonal[Content],
    data: TrainingData[Content],
    config: FineTuneConfig | None = None,
    *,
    checkpoint: Path,
    through: int,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Train through a stage and leave everything in the checkpoint; `fine_tune` goes on from it. Closes the model.

    Args:
        model, data, config, checkpoint, progress, cancelled: see `fine_tune`; the same as for what follows.
        through: the last stage that is trained.

    Raises:
        TrainingError, TrainingCancelledError, ValueError: see `FineTuner.run`.
    """
    try:
        tuner = FineTuner(model, data, config, checkpoint=checkpoint, progress=progress, cancelled=cancelled)
        tuner.run(through=through)
    finally:
        model.close()
