"""`pvchat unknown`: people in the videos who are nobody enrolled."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import JsonOption

if TYPE_CHECKING:
    from pipelines.unknown_people import UnknownPerson

app = typer.Typer(
    help="People in the videos who are nobody enrolled: list, name with consent, forget.", no_args_is_help=True
)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="As `pvchat unknown list` shows it, or the id.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask back.")]


@app.command("list")
def list_all(json_line: JsonOption = False) -> None:
    """List them: in how many videos, since when, and until when their vectors are kept."""
    import pipelines

    with pipelines.open() as session:
        found = session.unknown.list()
    if json_line:
        sys.stdout.write(json.dumps([person.to_dict() for person in found], ensure_ascii=False) + "\n")
        return
    from rich.table import Table

    from app.cli import terminal

    console = terminal.out()
    if not found:
        console.print("Nobody unknown is kept. Ask about a video first: pvchat ask VIDEO QUESTION", soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("number", "videos", "faces", "first seen", "kept until"):
        table.add_column(column, overflow="fold")
    for person in found:
        table.add_row(
            str(person.number),
            str(len({video.sha256 for video in person.videos})),
            str(person.faces),
            f"{person.first_seen_at.astimezone():%Y-%m-%d %H:%M}",
            f"{person.expires_at.astimezone():%Y-%m-%d %H:%M}",
        )
    console.print(table)


@app.command("show")
def show(number: Number, json_line: JsonOption = False) -> None:
    """Show where an unknown person was seen."""
    import pipelines

    with pipelines.open() as session:
        person = session.unknown.get(number)
    if json_line:
        sys.stdout.write(json.dumps(person.to_dict(), ensure_ascii=False) + "\n")
        return
    _show(person)


@app.command("name")
def name(
    number: Number,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the person is called, 1 to 60 characters.")],
    consent_by: Annotated[
        str, typer.Option("--consent-by", metavar="WHO", help="Who gave the consent. Required.")
    ] = "",
    purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help="What the consent is for. Required.")] = "",
) -> None:
    """Enroll an unknown person, with their consent, from the faces of all videos they are in."""
    import pipelines
    from app.cli import terminal
    from pipelines.enroll_instant import check_consent

    check_consent(consent_by, purpose)
    with pipelines.open() as session:
        person = session.unknown.get(number)
        named = session.unknown.name(person.id, name, consent_by=consent_by, purpose=purpose)
    for warning in named.result.warnings:
        terminal.warn(warning)
    coverage = named.result.coverage
    told = f"Unknown person {person.number} is enrolled as {named.result.subject}, from {coverage['videos']} videos."
    terminal.out().print(told, soft_wrap=True)


@app.command("forget")
def forget(number: Number, yes: Yes = False) -> None:
    """Delete the vectors of an unknown person everywhere. Their videos are looked at anew when somebody asks."""
    import pipelines
    from app.cli import terminal
    from pvchat.errors import SubjectError

    with pipelines.open() as session:
        person = session.unknown.get(number)
        if not yes:
            if not sys.stdin.isatty():
                raise SubjectError(f"unknown person {person.number} is not forgotten without asking back; add --yes")
            typer.confirm(f"Delete what is kept of unknown person {person.number}?", abort=True, err=True)
        gone = session.unknown.forget(person.id)
    console = terminal.out()
    console.print(f"Unknown person {gone.number} is forgotten: {gone.vectors} cached vectors.", soft_wrap=True)
    for video in gone.records:
        console.print(f"  record of {video}", soft_wrap=True)
    if gone.corpus_faces:
        console.print(f"  {gone.corpus_faces} faces of the corpus", soft_wrap=True)


@app.command("sweep")
def sweep() -> None:
    """Delete the vectors of unknown people that are kept no longer. It also happens by itself with every command."""
    from app.cli import terminal
    from pipelines.retention import unknown_hours
    from pipelines.session import open_unswept

    with open_unswept() as session:
        swept = session.sweep()
    told = f"{swept.vectors} vectors of {swept.records} records older than {unknown_hours()} hours are deleted."
    terminal.out().print(told, soft_wrap=True)
    if not swept.scrubbed:
        terminal.warn("another process uses the data folder; the bytes leave its log with the next sweep")


def _show(person: "UnknownPerson") -> None:
    from rich.table import Table
    from rich.text import Text

    from app.cli import terminal
    from pvchat.chat.facts import clock

    console = terminal.out()
    console.print(
        f"Unknown person {person.number}, first seen {person.first_seen_at.astimezone():%Y-%m-%d %H:%M}, "
        f"kept until {person.expires_at.astimezone():%Y-%m-%d %H:%M} ({person.id})",
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("video", "seen", "best moment", "faces", "face height"):
        table.add_column(column, overflow="fold")
    for video in person.videos:
        spans = ", ".join(f"{clock(start)}-{clock(end)}" for start, end in video.spans)
        table.add_row(Text(video.video), spans, clock(video.keyframe_s), str(video.faces), f"{video.face_px:.0f} px")
    console.print(table)
