"""Charts as small inline SVG: curves, a heat map, bars over a range. Colours are classes of `pages/report.css`.

Widths are chosen for a phone: a wide page puts two charts side by side and does not stretch one.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

Tone = Literal["main", "soft", "second"]
Point = tuple[float, float]

MOST_POINTS = 300
HEAT_STEPS = 5

_WIDTH, _HEIGHT = 440.0, 230.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 12.0, 22.0, 40.0
_LETTER = 6.8
# Of a range; what is closer together counts as one value.
_LEAST = 1e-10


@dataclass(frozen=True)
class Line:
    """One curve.

    Attributes:
        label: for the legend. points: (x, y), by rising x; what is not finite is left out. tone: its colour.
        dots: whether each point is marked; for few points.
    """

    label: str
    points: Sequence[Point]
    tone: Tone = "main"
    dots: bool = False

    @property
    def drawn(self) -> list[Point]:
        """The finite points; of very many, the means of neighbours."""
        found = [point for point in self.points if math.isfinite(point[0]) and math.isfinite(point[1])]
        size = -(-len(found) // MOST_POINTS) or 1
        parts = [found[start : start + size] for start in range(0, len(found), size)]
        return [(sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts]


@dataclass(frozen=True)
class Chart:
    """Curves over one axis.

    Attributes:
        title: of the chart. x_label, y_label: of the axes. lines: from back to front.
        marks: dotted upright lines with a word. y_range: lowest and highest value; None takes that of the points.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    marks: Sequence[tuple[float, str]] = ()
    y_range: tuple[float, float] | None = None

    @property
    def said(self) -> str:
        """The chart in words, for those who do not see it."""
        told = [
            f"{line.label} from {line.drawn[0][1]:.3g} to {line.drawn[-1][1]:.3g}" for line in self.lines if line.drawn
        ]
        return f"{self.title}: {'; '.join(told)}" if told else f"{self.title}: not used in this run"


def line_chart(chart: Chart) -> Markup:
    """Curves with axes; a line of text where there is nothing to draw."""
    points = [point for line in chart.lines for point in line.drawn]
    if not points:
        return Markup('<p class="unused">Not used in this run.</p>')
    x_ticks = _ticks(min(x for x, _ in points), max(x for x, _ in points), whole=True)
    low, high = chart.y_range or (min(y for _, y in points), max(y for _, y in points))
    y_ticks = _ticks(low, high)
    x_span, y_span = (x_ticks[0], x_ticks[-1]), (y_ticks[0], y_ticks[-1])
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT

    def across(x: float) -> float:
        return _LEFT + (x - x_span[0]) / (x_span[1] - x_span[0]) * (right - _LEFT)

    def up(y: float) -> float:
        return bottom - (y - y_span[0]) / (y_span[1] - y_span[0]) * (bottom - _TOP)

    parts = [_text(2, 12, chart.y_label, "axis")]
    for value in y_ticks:
        parts.append(_stroke(_LEFT, up(value), right, up(value), "grid"))
        parts.append(_text(_LEFT - 7, up(value) + 4, f"{value:g}", "end"))
    for value in x_ticks:
        parts.append(_text(across(value), bottom + 17, f"{value:g}", "middle"))
    parts.append(_text((_LEFT + right) / 2, _HEIGHT - 5, chart.x_label, "axis middle"))
    for x, word in (mark for mark in chart.marks if x_span[0] <= mark[0] <= x_span[1]):
        parts.append(_stroke(across(x), _TOP, across(x), bottom, "mark"))
        parts.append(_text(across(x) + 5, _TOP + 11, word, "axis"))
    for line in chart.lines:
        path = [(across(x), up(min(max(y, y_span[0]), y_span[1]))) for x, y in line.drawn]
        if len(path) > 1:
            parts.append(
                f'<polyline class="line {line.tone}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in path)}"/>'
            )
        if line.dots or len(path) == 1:
            parts += [f'<circle class="dot {line.tone}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in path]
    return _svg(_WIDTH, _HEIGHT, chart.said, parts)


def heat_map(rows: Mapping[str, Sequence[float]], *, row: str, column: str, said: str) -> Markup:
    """Shares in coloured squares, each with its percentage where there is room.

    Args:
        rows: shares, 0..1, by the name of the row. row, column: what rows and columns are. said: the map in words.
    """
    columns = max(len(values) for values in rows.values())
    cell = 40.0 if columns <= 8 else 30.0 if columns <= 16 else 20.0
    tall, left = 30.0, 14 + _LETTER * max(len(name) for name in [*rows, f"{row} / {column}"])
    parts = [_text(0, 14, f"{row} / {column}", "axis")]
    parts += [_text(left + (index + 0.5) * cell - 1, 14, f"{index + 1}", "axis middle") for index in range(columns)]
    for number, (name, values) in enumerate(rows.items()):
        top = 22 + number * tall
        parts.append(_text(0, top + tall / 2 + 4, name, ""))
        for index, value in enumerate(values):
            x = left + index * cell
            step = f"heat-{min(int(value * HEAT_STEPS), HEAT_STEPS - 1)}"
            size = f'width="{cell - 2:.1f}" height="{tall - 2:.1f}"'
            parts.append(f'<rect class="{step}" x="{x:.1f}" y="{top:.1f}" {size} rx="4"/>')
            if cell > 20:
                parts.append(_text(x + cell / 2 - 1, top + tall / 2 + 3, f"{100 * value:.0f}", f"on-{step} middle"))
    width = left + columns * cell
    return _svg(width, 22 + len(rows) * tall, said, parts, natural=True)


def stacked_bars(
    values: Mapping[str, Sequence[float]],
    tones: Mapping[str, Tone],
    *,
    x_label: str,
    mark: tuple[float, str] | None,
    span: tuple[float, float] | None = None,
) -> Markup:
    """How many of each group lie where on a range, stacked.

    Args:
        values: of each group, bottom first. tones: colour of each group. x_label: what the values are.
        mark: a value with a word, shown as an upright line. span: lowest and highest value; None takes those there are.
    """
    every = [*(value for group in values.values() for value in group), *([mark[0]] if mark else [])]
    ticks = _ticks(*(span or (min(every), max(every))))
    low, high = ticks[0], ticks[-1]
    bins = 24
    counts = {name: [0] * bins for name in values}
    for name, group in values.items():
        for value in group:
            counts[name][min(int((value - low) / (high - low) * bins), bins - 1)] += 1
    most = max(sum(counts[name][index] for name in counts) for index in range(bins))
    height, left, bottom = 150.0, 8.0, 150.0 - _BOTTOM
    step = (_WIDTH - left - _RIGHT) / bins
    parts = [_stroke(left, bottom, _WIDTH - _RIGHT, bottom, "grid")]
    for index in range(bins):
        top = bottom
        for name in counts:
            tall = counts[name][index] / most * (bottom - _TOP)
            top -= tall
            if tall:
                parts.append(
                    f'<rect class="bar {tones[name]}" x="{left + index * step + 1:.1f}" y="{top:.1f}" '
                    f'width="{step - 2:.1f}" height="{tall:.1f}"/>'
                )
    for tick in ticks:
        x = left + (tick - low) / (high - low) * step * bins
        parts.append(
            _text(x, bottom + 16, f"{tick:g}", "start" if tick == low else "end" if tick == high else "middle")
        )
    parts.append(_text(_WIDTH / 2, height - 6, x_label, "axis middle"))
    if mark is not None:
        x = left + (mark[0] - low) / (high - low) * step * bins
        parts += [_stroke(x, 4, x, bottom, "mark"), _text(x + 5, 12, mark[1], "axis")]
    told = ", ".join(
        f"{len(group)} {name} from {min(group):.2f} to {max(group):.2f}" for name, group in values.items() if group
    )
    return _svg(_WIDTH, height, f"{x_label}: {told}", parts)


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Some round values that reach from below the lowest to above the highest."""
    if high - low < _LEAST + 1e-9 * abs(high):
        low, high = low - abs(low) / 2, high + (abs(high) / 2 if abs(high) > _LEAST else 0.5)
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    step = max(1.0, step) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) for index in range(first, max(last, first + 1) + 1)]


def _text(x: float, y: float, words: str, tone: str) -> str:
    return f'<text class="{tone}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _stroke(x0: float, y0: float, x1: float, y1: float, tone: str) -> str:
    return f'<line class="{tone}" x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"/>'


def _svg(width: float, height: float, said: str, parts: Iterable[str], *, natural: bool = False) -> Markup:
    size = f' width="{width:.0f}"' if natural else ""
    # The parts are our own, and what came from elsewhere was escaped where it was put in.
    return Markup(
        f'<svg class="chart"{size} viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(said)}">'
        f"{''.join(parts)}</svg>"
    )
