"""The report of a training: curves as a picture and as a page with settings, comparison and every routed head."""

import io
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pvchat.evaluation.held_out import Comparison
from pvchat.training.fine_tune_config import FineTuned, StepRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURE, PAGE = "training.png", "training.html"
_TEMPLATE = Path(__file__).with_name("training_report.html")


def write_report(
    folder: Path, title: str, settings: Mapping[str, Any], tuned: FineTuned, comparison: Comparison
) -> tuple[Path, ...]:
    """Write `training.png` and `training.html`.

    Args:
        folder: made if it is missing. title: whose training it is. settings: for the table, in their order.
        tuned: what the run came to. comparison: of the base alone and with the adapter.

    Returns:
        The files.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw(tuned.history)
    contents = {PICTURE: _picture(figure), PAGE: _page(figure, title, settings, tuned, comparison).encode()}
    for name, content in contents.items():
        partial = folder / f"{name}.part"
        partial.write_bytes(content)
        os.replace(partial, folder / name)
    return tuple(folder / name for name in contents)


def draw(history: Sequence[StepRecord]) -> "Figure":
    """Loss, activation rate per layer and SPR's coefficient, over the steps of both stages."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    # No state of pyplot: several trainings may draw at once.
    figure = Figure(figsize=(9, 9), layout="constrained")
    loss, activation, coefficient = figure.subplots(3, 1, sharex=True)
    steps = list(range(1, len(history) + 1))
    loss.plot(steps, [record.loss for record in history], color="#9aa5b1", label="training batches")
    looked = [(step, record.held_out) for step, record in zip(steps, history, strict=True)]
    _points(loss, [(step, value) for step, value in looked if value is not None], "held out")
    loss.set_ylabel("loss (nats per token)")
    _curve(activation, steps, [record.activation for record in history], "all routed heads")
    for block in sorted({block for record in history for block in record.heads or {}}):
        rates = [
            (step, _mean(record.heads[block]["activation"]))
            for step, record in zip(steps, history, strict=True)
            if record.heads is not None and block in record.heads
        ]
        _points(activation, rates, block)
    activation.set_ylabel("share of heads that are on")
    activation.set_ylim(-0.02, 1.02)
    _curve(coefficient, steps, [record.coefficient for record in history], "SPR")
    coefficient.set_ylabel("coefficient of SPR")
    coefficient.set_xlabel("optimizer step")
    coefficient.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (loss, activation, coefficient):
        axes.grid(alpha=0.3)
        for step, (before, after) in enumerate(itertools.pairwise(history), start=1):
            if before.stage != after.stage:
                axes.axvline(step + 0.5, color="#666666", linestyle=":")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize="small")
        else:
            axes.text(0.5, 0.5, "not used in this run", transform=axes.transAxes, ha="center", color="#666666")
    return figure


def _curve(axes: "Axes", steps: Sequence[int], values: Sequence[float | None], label: str) -> None:
    found = [(step, value) for step, value in zip(steps, values, strict=True) if value is not None]
    if found:
        axes.plot([step for step, _ in found], [value for _, value in found], label=label)


def _points(axes: "Axes", points: Sequence[tuple[int, float]], label: str) -> None:
    if points:
        axes.plot([step for step, _ in points], [value for _, value in points], marker="o", markersize=4, label=label)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)


def _picture(figure: "Figure") -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(stream, format="png", dpi=110)
    return stream.getvalue()


def _page(figure: "Figure", title: str, settings: Mapping[str, Any], tuned: FineTuned, comparison: Comparison) -> str:
    from jinja2 import Environment
    from markupsafe import Markup
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.BytesIO()
    FigureCanvasSVG(figure).print_figure(stream, format="svg", metadata={"Date": None})
    drawn = stream.getvalue().decode("utf-8")
    heads = next((record.heads for record in reversed(tuned.history) if record.heads), {})
    total = comparison.total
    verdict = (
        f"{len(tuned.history)} steps. Of {total.asked} held-out questions the base alone got {total.instant_errors} "
        f"wrong, with the adapter {total.trained_errors}."
    )
    page = Environment(autoescape=True).from_string(_TEMPLATE.read_text("utf-8"))
    return page.render(
        title=title,
        verdict=verdict,
        # What matplotlib drew of our own numbers and labels; from the first tag on, without the XML head.
        figure=Markup(drawn[drawn.index("<svg") :]),
        settings=list(settings.items()),
        kinds=list(comparison.by_kind.items()),
        heads=[(block, _listed(of["activation"]), _listed(of["mean_gate"])) for block, of in sorted(heads.items())],
        notes=list(tuned.notes),
    )


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
