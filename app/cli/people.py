"""`pvchat people`: who is enrolled."""

import json
import sys
from typing import Annotated

import typer

from app.cli.options import BaseOption


def people(
    json_line: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
    base: BaseOption = "nano",
) -> None:
    """List enrolled people and their consent."""
    import pipelines

    with pipelines.open(base=base) as session:
        everybody = session.people()
    if json_line:
        sys.stdout.write(json.dumps([person.to_dict() for person in everybody], ensure_ascii=False) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    from app.cli import terminal

    console = terminal.out()
    if not everybody:
        console.print("Nobody is enrolled. Begin with: pvchat enroll NAME VIDEO --consent-by WHO --purpose TEXT")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("name", "enrolled", "consent by", "purpose", "consent"):
        table.add_column(column, overflow="fold")
    for person in everybody:
        table.add_row(
            Text(person.name),
            f"{person.enrolled_at.astimezone():%Y-%m-%d %H:%M}",
            Text(person.consent_by),
            Text(person.purpose),
            person.consent_state,
        )
    console.print(table)
