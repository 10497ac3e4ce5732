"""Fine-tuning nano on one subject, as a whole: alignment of patches, stage 1, stage 2.

1. put an untrained adapter on  2. align patches  3. stage 1 on stills, stage 2 on clips  4. take the adapter off
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pvchat.models.adapter import Adapter
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import RoutingConfig
from pvchat.training.align import AlignConfig
from pvchat.training.fine_tune_config import Cancelled, FineTuneConfig, FineTuned, Progress
from pvchat.training.fine_tuning import FineTuner
from pvchat.training.nano_clip import NanoClip
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.personal import TrainingData
from pvchat.training.subject_clips import PAIRS, SubjectClips

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class NanoRun:
    """What fine-tuning nano came to.

    Attributes:
        adapter: at its best state, with the report. result: of the two stages. data: what was trained on.
    """

    adapter: Adapter
    result: FineTuned
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
    accelerator: "Accelerator | None" = None,
    report: Mapping[str, Any] | None = None,
) -> NanoRun:
    """Train an adapter for the subject of some clips.

    Args:
        adapters: of the nano to train on. clips: builds the data. config: see `FineTuneConfig`.
        routing: of the heads. alignment: see `AlignConfig`. personal_queries: how many are trained, by default all.
        pairs: how many the alignment has; 0 leaves it out.
        checkpoint, progress, cancelled, accelerator: see `FineTuner`. report: goes into the adapter's card as well.

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
    try:
        tuner = FineTuner(
            model,
            data,
            config,
            checkpoint=checkpoint,
            progress=progress,
            cancelled=cancelled,
            accelerator=accelerator,
        )
        result = tuner.run()
        card = {
            **dict(report or {}),
            "settings": asdict(config),
            **result.report(),
        }
        return NanoRun(model.adapter(card), result, data)
    finally:
        model.close()
