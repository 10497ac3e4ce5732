"""What the steps of a training look like: the curves of a report, and the routed heads."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from pvchat.evaluation.svg import Chart, Line, Point, heat_map

if TYPE_CHECKING:
    from pvchat.training.fine_tune_config import StepRecord

STEP = "training step"


def curves(history: "Sequence[StepRecord]") -> tuple[Chart, Chart, Chart]:
    """Loss, share of active heads and the coefficient of SPR, over the steps of both stages."""
    steps = list(enumerate(history, start=1))
    marks = [
        (number + 0.5, f"stage {after.stage}")
        for number, (before, after) in enumerate(itertools.pairwise(history), start=1)
        if before.stage != after.stage
    ]
    loss = [
        Line("practice questions", [(step, record.loss) for step, record in steps], "soft"),
        Line("kept-aside questions", _found((step, record.held_out) for step, record in steps), dots=True),
    ]
    activation = [Line("all routed heads", _found((step, record.activation) for step, record in steps))]
    coefficient = [Line("coefficient of SPR", _found((step, record.coefficient) for step, record in steps), "second")]
    return (
        Chart("Loss", STEP, "nats per token", loss, marks),
        Chart("Active heads", STEP, "share of heads that are on", activation, marks, (0.0, 1.0)),
        Chart("Push towards fewer heads", STEP, "coefficient of SPR", coefficient, marks),
    )


def last_heads(history: "Sequence[StepRecord]") -> dict[str, Mapping[str, Sequence[float]]]:
    """Activation rates and mean gates of each block when they were last looked at; what all names begin with is cut."""
    heads = next((record.heads for record in reversed(history) if record.heads), {})
    parts = {name: name.split(".") for name in heads}
    shared = 0
    while len(parts) > 1 and len({tuple(of[: shared + 1]) for of in parts.values()}) == 1:
        shared += 1
    return {".".join(parts[name][shared:]): heads[name] for name in sorted(heads, key=_counted)}


def drawn_heads(heads: Mapping[str, Mapping[str, Sequence[float]]]) -> Markup | None:
    """The activation rates of `last_heads` as a heat map, None where there is no routing."""
    if not heads:
        return None
    rates = [rate for of in heads.values() for rate in of["activation"]]
    said = (
        f"How often each of {len(rates)} heads in {len(heads)} layers was on: {100 * sum(rates) / len(rates):.0f} % on "
        f"average; {sum(rate < 0.05 for rate in rates)} hardly ever, {sum(rate > 0.95 for rate in rates)} nearly always"
    )
    return heat_map({block: of["activation"] for block, of in heads.items()}, row="layer", column="head", said=said)


def _found(points: Iterable[tuple[int, float | None]]) -> list[Point]:
    return [(step, value) for step, value in points if value is not None]


def _counted(name: str) -> list[tuple[int, str]]:
    """So that layer 10 comes after layer 9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in name.split(".")]
