"""Reports as single HTML pages: templates that escape what is put into them, and numbers as people read them."""

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

_PAGES = Path(__file__).with_name("pages")
# From here on a share says more than two counts.
_MANY = 100
# Of the normal distribution: 19 times of 20.
_Z = 1.96


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(of=of, lasting=lasting, likely=likely, percent=percent, spoken=spoken, named=_named)
    return made


def page(template: str, **values: Any) -> str:
    """A page filled in, with its style inside.

    Args:
        template: its name without the ending. values: what it shows; everything is escaped.
    """
    style = Markup((_PAGES / "report.css").read_text("utf-8"))
    return _environment().get_template(f"{template}.html").render(style=style, **values)


def of(part: int, whole: int) -> str:
    """A share as counts, "12 of 14", and where there are many also in percent."""
    if not whole:
        return "none"
    counts = f"{part:,} of {whole:,}"
    return f"{counts} ({100 * part / whole:.0f} %)" if whole >= _MANY else counts


def lasting(seconds: float) -> str:
    """A duration: 0.4 s, 12 s, 5 min 27 s, 2 h 5 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def likely(right: int, asked: int) -> str:
    """Where the true share lies 19 times of 20 (Wilson's interval), "60–96 %"."""
    if not asked:
        return "unknown"
    share, spread = right / asked, _Z**2 / asked
    centre = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / asked + spread / (4 * asked))
    return f"{100 * max(centre - half, 0):.0f}–{100 * min(centre + half, 1):.0f} %"


def percent(part: float, whole: float) -> str:
    """A share in percent; one that rounds to nothing is "<1 %"."""
    share = 100 * part / whole if whole else 0.0
    return "<1 %" if 0 < share < 0.5 else f"{share:.0f} %"


def spoken(word: str) -> str:
    """A key as a word of a page: "face_px" is "Face px"."""
    text = word.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


@pass_context
def _named(context: Context, text: str) -> str:
    """Text about the subject under the name that the report uses."""
    report = context["report"]
    if not report.subject_name:
        return text
    return re.sub(rf"(?<!\w){re.escape(report.subject_name)}(?!\w)", lambda _: report.subject_label, text)
