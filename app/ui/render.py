"""The pages' own HTML, from templates that escape whatever is put into them."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.enroll import titles
from pvchat.identity.advice import advice

_TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(clock=clock, line=titles.line, advice=advice)
    made.tests["answering"] = titles.answers
    return made


def page_part(template: str, **values: Any) -> str:
    """A template filled in.

    Args:
        template: its name without the ending. values: what it shows; everything is escaped.
    """
    return _environment().get_template(f"{template}.html").render(**values)


def clock(seconds: float) -> Markup:
    """Seconds as people read them in a player: 7.25 is 0:07.2."""
    minutes, rest = divmod(max(seconds, 0.0), 60)
    return Markup(f"{int(minutes)}:{rest:04.1f}")
