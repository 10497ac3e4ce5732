"""What a fine-tuning run does, and what it tells while it runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pvchat.training.personal import ParameterGroup

Stages = Literal["1", "2", "both"]


@dataclass(frozen=True)
class FineTuneConfig:
    """One subject's run. Defaults are for nano on two cores.

    Attributes:
        seed: of the order of the clips. stages: which are run; 1 is on stills, 2 on clips.
        epochs_1, epochs_2: passes over the stills and over the clips, at most.
        batch: clips per optimizer step; each brings all its questions. at_once: how many of them go through the model
            together, None for all; fewer take less memory and, but for SPR and HAE, give the same step.
        rates: peak learning rate of each group.
        warmup: share of a stage's steps with a rising rate; afterwards a cosine to a twentieth.
        target_sparsity: T of SPR and HAE. spr, hae: whether each is used. hae_weight: see the paper.
        spr_start: first coefficient of SPR. The paper's 1e-8 takes some hundred steps to be felt; these runs have few.
        spr_speed: k of SPR. With the paper's 0.8 the coefficient outruns gates that need a dozen steps to follow, and
            heads swing between on and off.
        balance_weight: of the load-balance loss, which takes their place with top-k softmax routing.
        evaluations: how often the held-out part is looked at in each stage. patience: a stage ends after this many
            evaluations without a better loss; the best state is kept in any case.
        checkpoint_s: seconds between checkpoints.
    """

    seed: int = 7
    stages: Stages = "both"
    epochs_1: int = 1
    epochs_2: int = 3
    batch: int = 1
    at_once: int | None = None
    rates: Mapping[ParameterGroup, float] = field(
        default_factory=lambda: {"personal": 1e-3, "lora": 1e-3, "router": 1e-3, "pixels": 5e-4}
    )
    warmup: float = 0.05
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    target_sparsity: float = 0.5
    spr: bool = True
    hae: bool = True
    hae_weight: float = 0.5
    spr_start: float = 0.3
    spr_speed: float = 0.2
    balance_weight: float = 0.01
    evaluations: int = 4
    patience: int = 3
    checkpoint_s: float = 300.0

    def __post_init__(self) -> None:
        if self.batch < 1 or self.epochs_1 < 0 or self.epochs_2 < 0 or self.evaluations < 0:
            raise ValueError(
                f"batch {self.batch} has to be 1 or more, epochs {self.epochs_1} and {self.epochs_2} and evaluations "
                f"{self.evaluations} 0 or more"
            )
        if self.at_once is not None and self.at_once < 1:
            raise ValueError(f"at_once is {self.at_once}; give 1 or more, or None for the whole batch")
        if self.stages not in ("1", "2", "both"):
            raise ValueError(f"stages is {self.stages!r}; give 1, 2 or both")


@dataclass(frozen=True)
class StepRecord:
    """One optimizer step.

    Attributes:
        stage: 1 or 2. step: from 1, in the stage. of: steps of the stage.
        loss: of the answers. right: share of answer tokens that are the model's first choice.
        activation: share of routed heads that are on, None without routing. coefficient: b of SPR.
        held_out: loss of the held-out part, where it was looked at after this step.
        heads: per block, activation rate and mean gate of each routed head, where the held-out part was looked at.
        spent_s: seconds of training up to here.
    """

    stage: int
    step: int
    of: int
    loss: float
    right: float
    activation: float | None
    coefficient: float | None
    held_out: float | None = None
    heads: Mapping[str, Mapping[str, Sequence[float]]] | None = None
    spent_s: float = 0.0


@dataclass(frozen=True)
class FineTuned:
    """What a run came to.

    Attributes:
        history: every step. best: loss of the held-out part, None without one. notes: lines for the user, such as a
            batch that had to be halved. warm_up: figures of what came before the first step.
    """

    history: Sequence[StepRecord]
    best: float | None
    notes: Sequence[str]
    warm_up: Mapping[str, Any] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """For the adapter's card: plain JSON."""
        return {
            "steps": [vars(record) for record in self.history],
            "held_out_loss": self.best,
            "notes": list(self.notes),
            **self.warm_up,
        }


Progress = Callable[[StepRecord], None]
Cancelled = Callable[[], bool]
