"""Charts: everything drawn lies inside, and says in words what it shows."""

import math
import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pvchat.evaluation.svg import MOST_POINTS, Chart, Line, heat_map, line_chart, stacked_bars

VALUES = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, 0.0])


def chart(values: list[float], **more: object) -> Chart:
    line = Line("loss <b>", list(enumerate(values, start=1)), dots=True)
    return Chart("Loss", "step", "nats & more", [line], [(1.5, "stage <2>")], **more)  # type: ignore[arg-type]


def drawn(svg: str) -> ElementTree.Element:
    found = ElementTree.fromstring(svg)
    _, _, width, height = (float(side) for side in found.attrib["viewBox"].split())
    for element in found.iter():
        for name, most in (("x", width), ("cx", width), ("y", height), ("cy", height), ("x2", width), ("y2", height)):
            assert -0.1 <= float(element.get(name, 0)) <= most + 0.1
        for x, y in (point.split(",") for point in element.get("points", "").split()):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
    return found


@given(st.lists(VALUES, max_size=40))
def test_a_curve_of_any_values_stays_inside(values: list[float]) -> None:
    svg = line_chart(chart(values))
    if not any(math.isfinite(value) for value in values):
        assert "Not used in this run" in svg
        return
    found = drawn(svg)
    assert len(found.findall("circle")) == sum(math.isfinite(value) for value in values)
    labels = [float(text.text or "") for text in found.iter("text") if text.get("class") == "end"]
    assert 2 <= len(labels) <= 9
    finite = [value for value in values if math.isfinite(value)]
    slack = 1e-5 * max(map(abs, labels))
    assert labels[0] - slack <= min(finite)
    assert max(finite) <= labels[-1] + slack


def test_a_higher_value_is_drawn_higher() -> None:
    (points,) = re.findall(r'points="([^"]+)"', line_chart(chart([3.0, 2.0, 1.0])))
    heights = [float(point.partition(",")[2]) for point in points.split()]
    assert heights == sorted(heights)


def test_very_many_steps_are_drawn_as_means() -> None:
    line = Line("loss", [(step, 2.0) for step in range(5000)])
    assert len(line.drawn) <= MOST_POINTS
    assert {y for _, y in line.drawn} == {2.0}
    assert 0 < line.drawn[0][0] < line.drawn[-1][0] < 4999


def test_a_curve_is_told_in_words_and_words_are_escaped() -> None:
    svg = drawn(line_chart(chart([2.31, 0.24])))
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "Loss: loss <b> from 2.31 to 0.24"
    assert "stage <2>" in [text.text for text in svg.iter("text")]


def test_a_fixed_range_cuts_what_is_beyond() -> None:
    drawn(line_chart(chart([-5.0, 0.5, 7.0], y_range=(0.0, 1.0))))


@given(st.integers(1, 30), st.integers(1, 6))
def test_a_heat_map_has_a_square_for_every_head(columns: int, rows: int) -> None:
    shares = {f"layer.{row}": [column / columns for column in range(columns)] for row in range(rows)}
    found = drawn(heat_map(shares, row="layer", column="head", said="heads"))
    assert len(found.findall("rect")) == columns * rows


def test_a_head_that_is_always_on_has_the_strongest_colour() -> None:
    svg = heat_map({"a": [0.0, 0.19, 0.2, 1.0]}, row="layer", column="head", said="heads")
    assert re.findall(r'rect class="(heat-\d)"', svg) == ["heat-0", "heat-0", "heat-1", "heat-4"]


@given(st.lists(st.floats(-1, 1)), st.lists(st.floats(-1, 1), min_size=1), st.none() | st.floats(-1, 1))
def test_bars_of_any_values_stay_inside(low: list[float], high: list[float], at: float | None) -> None:
    mark = None if at is None else (at, "kept from here")
    svg = stacked_bars({"rejected": low, "kept": high}, {"rejected": "second", "kept": "main"}, x_label="x", mark=mark)
    found = drawn(svg)
    assert len(found.findall("rect")) <= 48
    assert f"{len(high)} kept" in found.attrib["aria-label"]
