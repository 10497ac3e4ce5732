"""`pvchat weights`: what is needed, what is there, fetch it, check it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pvchat.weights import Status

app = typer.Typer(help="List, fetch and check weights.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which ones; default: all.")]


@app.command("list")
def list_all() -> None:
    """Show every weight with its state, size and licence."""
    from pvchat.weights import list_weights

    _show(list_weights())


@app.command("pull")
def pull(names: Names = None) -> None:
    """Fetch what is missing or corrupt."""
    from app.cli import terminal
    from pvchat.weights import pull as pull_weights

    with terminal.bytes_progress() as progress:
        paths = pull_weights(names or None, progress)
    terminal.out().print(f"{len(paths)} weights are in place.")


@app.command("verify")
def verify(names: Names = None) -> None:
    """Hash the files and compare; fetches nothing. Exit code 2 when one is missing or corrupt."""
    from pvchat.errors import WeightsError
    from pvchat.weights import verify as verify_weights

    found = verify_weights(names or None)
    _show(found)
    bad = [status.weight.name for status in found if status.state != "ok"]
    if bad:
        raise WeightsError(f"missing or corrupt: {', '.join(bad)}; run: pvchat weights pull")


@app.command("convert-faceid")
def convert_faceid(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The published .bin file.")],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="The .safetensors file to write.")],
) -> None:
    """Make safetensors of IP-Adapter FaceID's weights; nothing but tensors is read of the pickle."""
    from app.cli import terminal
    from pvchat.synthesis.face_id_weights import convert

    count = convert(source, target)
    terminal.out().print(f"{target.name} holds {count} tensors.")


def _show(found: "Sequence[Status]") -> None:
    from rich.table import Table

    from app.cli import terminal

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("name", "state", "MB", "licence", "used for"):
        short = column in ("name", "state", "MB")
        table.add_column(column, overflow="fold", no_wrap=short, justify="right" if column == "MB" else "left")
    for status in found:
        row = status.weight
        table.add_row(row.name, status.state, f"{row.size / 1e6:.1f}", row.licence, row.used_for)
    terminal.out().print(table)
