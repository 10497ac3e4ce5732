"""Fine-tuning nano on one subject, as a whole: clips, alignment of patches, stage 1, stage 2.

1. build clips  2. put an untrained adapter on  3. align patches, then the two stages; the adapter comes off
"""

from dataclasses import dataclass
from pathlib import Path

from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import RoutingConfig
from pvchat.training.align import AlignConfig
from pvchat.training.fine_tune_config import Cancelled, FineTuneConfig, Progress
from pvchat.training.fine_tune_run import FineTuneRun, fine_tune
from pvchat.training.nano_clip import NanoClip
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.personal import TrainingData
from pvchat.training.subject_clips import SubjectClips
from pvchat.training.subject_data import PAIRS


@dataclass(frozen=True)
class NanoRun(FineTuneRun):
    """What fine-tuning nano came to.

    Attributes:
        data: what was trained on.
    """

    data: TrainingData[NanoClip]


def fine_tune_nano(
    adapters: NanoAdapters,
    clips: SubjectClips,
    config: FineTuneConfig | None = None,
    *,
    routing: RoutingConfig | None = None,
    alignment: AlignConfig | None = None,
    personal_queries: int | None = None,
    pairs: int = PAIRS,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> NanoRun:
    """Train an adapter for the subject of some clips.

    Args:
        adapters: of the nano to train on. clips: builds the data. config: see `FineTuneConfig`.
        routing: of the heads. alignment: see `AlignConfig`. personal_queries: how many are trained, by default all.
        pairs: how many the alignment has; 0 leaves it out.
        checkpoint, progress, cancelled: see `FineTuner`.

    Raises:
        TrainingError, TrainingCancelledError: see `FineTuner`.
    """
    config = config or FineTuneConfig()
    data = clips.build()
    model = NanoPersonal(
        adapters,
        adapters.config(routing=routing, pixels=clips.pixels),
        personal_queries=personal_queries,
        pairs=(lambda: clips.pairs(pairs)) if pairs and clips.pixels else None,
        alignment=alignment,
        seed=config.seed,
    )
    run = fine_tune(model, data, config, checkpoint=checkpoint, progress=progress, cancelled=cancelled)
    return NanoRun(run.adapter, run.result, data)
