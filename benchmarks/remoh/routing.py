"""Whether half of the routed heads end up on, however they begin: nano trained for a few steps from several seeds."""

import math
import random
from dataclasses import dataclass
from statistics import mean
from typing import Any, Literal

import torch

from benchmarks.remoh.costs import person_of
from benchmarks.remoh.figures import activation_error
from benchmarks.remoh.people import Cast, Studio
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.training.fine_tune_config import FineTuneConfig
from pvchat.training.fine_tuning import FineTuner
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.personal import TrainingData
from pvchat.training.subject_clips import SubjectClips
from pvchat.training.subject_data import SubjectDataConfig

Start = Literal["far_above", "dead"]
STARTS: tuple[Start, ...] = ("far_above", "dead")
DEAD_BIAS = -1.0
# A head that is on for fewer of the tokens than this counts as dead.
DEAD_SHARE = 0.01


@dataclass(frozen=True)
class RoutingBudget:
    """How long routing is trained.

    Attributes:
        seeds: runs from each start. steps: optimizer steps of each. questions: of each step's clip.
    """

    seeds: int = 5
    steps: int = 240
    questions: int = 3


QUICK = RoutingBudget(seeds=1, steps=16, questions=1)


def activation_errors(adapters: NanoAdapters, studio: Studio, cast: Cast, budget: RoutingBudget) -> dict[str, Any]:
    """Error of the mean activation from each start, and what dead heads do without HAE and SPR."""
    runs = [
        {"start": start, "seed": seed, **_run(adapters, studio, cast, budget, seed, start)}
        for start in STARTS
        for seed in range(budget.seeds)
    ]
    without = _run(adapters, studio, cast, budget, 0, "dead", helped=False)
    errors = [run["error"] for run in runs]
    finite = all(run["finite"] for run in [*runs, without])
    return {
        "max": max(errors) if finite else math.nan,
        "mean": mean(errors),
        "runs": runs,
        "dead_without_hae_and_spr": without,
        "dead_stay_dead_without": without["last"] < DEAD_SHARE,
        "any_nan": not finite,
        "steps": budget.steps,
    }


def _run(
    adapters: NanoAdapters,
    studio: Studio,
    cast: Cast,
    budget: RoutingBudget,
    seed: int,
    start: Start,
    *,
    helped: bool = True,
) -> dict[str, Any]:
    person = person_of(cast)
    entry, enrollment = studio.enroll(person)
    others = [studio.footage(studio.see(other.enroll)) for other in cast.negatives_of(person)]
    clips = budget.steps // 2
    # Routers see the same whether pixels are looked at or not, and patches would take most of the time.
    data = SubjectDataConfig(
        seed=seed, stills=1, clips=clips, questions=(clips + 1) * budget.questions, held_out=0, evidence=0.0
    )
    layout = adapters.nano.model.config.layout
    built = SubjectClips(person.name, entry, layout, enrollment, others, None, data).build()
    torch.manual_seed(seed)
    model = NanoPersonal(adapters, adapters.config(pixels=False))
    try:
        if start == "dead":
            with torch.no_grad():
                for gate in model.gates.gates.values():
                    gate.router.gate.bias.fill_(DEAD_BIAS)
        order = list(built.clips)
        random.Random(seed).shuffle(order)
        config = FineTuneConfig(
            seed=seed, stages="2", epochs_2=2, batch=1, evaluations=0, patience=0, spr=helped, hae=helped
        )
        result = FineTuner(model, TrainingData((), order), config).run()
        everything = [p for group in model.parameters().values() for p in group]
        finite = all(bool(torch.isfinite(p).all()) for p in everything)
    finally:
        model.close()
    activations = [record.activation for record in result.history if record.activation is not None]
    finite = finite and all(math.isfinite(record.loss) for record in result.history)
    return {
        "error": activation_error(activations),
        "first": activations[0],
        "last": mean(activations[-max(1, len(activations) // 4) :]),
        "curve": [round(value, 3) for value in activations[:: max(1, len(activations) // 24)]],
        "finite": finite,
    }
