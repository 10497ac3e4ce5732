"""The report of a training: curves as a picture and as a page with settings, comparison and every routed head."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pvchat.evaluation.assessment import Assessment
from pvchat.evaluation.report_page import page
from pvchat.evaluation.svg import Chart, Tone, line_chart
from pvchat.evaluation.training_curves import curves, drawn_heads, last_heads

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pvchat.training.fine_tune_config import FineTuned

PICTURE, PAGE = "training.png", "training.html"
_COLOURS: dict[Tone, str] = {"main": "#0f6b62", "soft": "#9aa5b1", "second": "#a2410f"}


def write_report(
    folder: Path, title: str, settings: Mapping[str, Any], tuned: "FineTuned", comparison: Assessment
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
    charts = curves(tuned.history)
    contents = {PICTURE: _picture(charts), PAGE: _page(charts, title, settings, tuned, comparison).encode()}
    for name, content in contents.items():
        partial = folder / f"{name}.part"
        partial.write_bytes(content)
        os.replace(partial, folder / name)
    return tuple(folder / name for name in contents)


def _picture(charts: Sequence[Chart]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    # No state of pyplot: several trainings may draw at once.
    figure = Figure(figsize=(9, 3 * len(charts)), layout="constrained")
    rows: Sequence[Axes] = figure.subplots(len(charts), 1, sharex=True)
    for axes, chart in zip(rows, charts, strict=True):
        for line in chart.lines:
            if line.drawn:
                axes.plot(
                    *zip(*line.drawn, strict=True),
                    color=_COLOURS[line.tone],
                    label=line.label,
                    marker="o" if line.dots else None,
                    markersize=4,
                )
        axes.set_ylabel(chart.y_label)
        axes.grid(alpha=0.3)
        if chart.y_range is not None:
            axes.set_ylim(chart.y_range[0] - 0.02, chart.y_range[1] + 0.02)
        for x, _ in chart.marks:
            axes.axvline(x, color="#666666", linestyle=":")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize="small")
        else:
            axes.text(0.5, 0.5, "not used in this run", transform=axes.transAxes, ha="center", color="#666666")
    rows[-1].set_xlabel(charts[-1].x_label)
    rows[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(stream, format="png", dpi=110)
    return stream.getvalue()


def _page(
    charts: Sequence[Chart], title: str, settings: Mapping[str, Any], tuned: "FineTuned", comparison: Assessment
) -> str:
    total = comparison.total
    verdict = (
        f"{len(tuned.history)} steps. Of {total.asked} held-out questions the base alone got {total.instant_errors} "
        f"wrong, with the adapter {total.trained_errors}."
    )
    heads = last_heads(tuned.history)
    return page(
        "training_report",
        title=title,
        verdict=verdict,
        charts=[(chart, line_chart(chart)) for chart in charts],
        settings=settings,
        kinds=comparison.by_kind,
        heads=drawn_heads(heads),
        gates={block: ", ".join(f"{gate:.2f}" for gate in of["mean_gate"]) for block, of in heads.items()},
        notes=tuned.notes,
    )
