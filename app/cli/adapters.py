"""`pvchat adapters`: the versions that trainings left of a person's adapter, and which of them answers."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import BaseOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.adapters import AdapterInfo

app = typer.Typer(help="List a person's adapters, and go back to an earlier one.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who.")]


@app.command("list")
def list_all(name: Name, json_line: JsonOption = False, base: BaseOption = "nano") -> None:
    """The versions that are kept, newest first."""
    from app.cli.persons import named
    from pipelines.adapter_versions import versions
    from pipelines.vlm_tools import base_name
    from pvchat.paths import home_dir
    from storage.store import Store

    with Store.open(home_dir()) as store:
        person = named(store, name)
        found = versions(store, person.id, base_name(base))
    if json_line:
        plain = [
            {
                "version": info.version,
                "base": info.base,
                "current": info.current,
                "size": info.size,
                "created_at": info.created_at.isoformat(timespec="seconds"),
            }
            for info in found
        ]
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
        return
    from rich.table import Table

    from app.cli import terminal

    console = terminal.out()
    if not found:
        console.print(f"{person.name} is not trained. Train with: pvchat train {person.name}", soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("version", "made", "MB", "answers"):
        table.add_column(column, justify="right" if column in ("version", "MB") else "left")
    for info in found:
        made = f"{info.created_at.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(str(info.version), made, f"{info.size / 1e6:.2f}", "yes" if info.current else "no")
    console.print(table)


@app.command("rollback")
def rollback(
    name: Name,
    to: Annotated[int | None, typer.Option("--to", metavar="VERSION", help="Default: the one before.")] = None,
    instant: Annotated[bool, typer.Option("--instant", help="To what the enrollment alone gave.")] = False,
    base: BaseOption = "nano",
) -> None:
    """Let an earlier version answer, or none of them. No version is deleted."""
    from app.cli import terminal
    from app.cli.persons import named
    from pipelines.adapter_versions import roll_back
    from pipelines.vlm_tools import base_name
    from pvchat.paths import home_dir
    from storage.store import Store

    with Store.open(home_dir()) as store:
        person = named(store, name)
        found = roll_back(store, person.id, base_name(base), version=to, instant=instant)
    terminal.out().print(f"{person.name}: {_answering(found)} from now on.", soft_wrap=True)


def _answering(found: "Sequence[AdapterInfo]") -> str:
    current = next((info for info in found if info.current), None)
    return "the enrollment alone answers" if current is None else f"version {current.version} answers"
