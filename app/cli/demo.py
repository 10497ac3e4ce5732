"""`pvchat demo`: the main job on real video, start to end."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import BaseOption


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the contact sheet goes.")] = Path("out"),
    base: BaseOption = "nano",
) -> None:
    """Enroll two people, ask about other videos, and compare with what is expected."""
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights

    fetch_missing_weights("nano")
    fetch_missing_weights("demo")
    from pipelines.demo import run

    code = run(out, terminal.out(), base=base)
    raise typer.Exit(code)
