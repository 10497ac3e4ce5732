"""`pvchat forget`: remove everything about a person."""

import sys
from typing import Annotated

import typer


def forget(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who is forgotten.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask back.")] = False,
) -> None:
    """Remove everything about a person: consent, vectors, adapters, and cached records of videos they are in."""
    import pipelines
    from app.cli import terminal
    from app.cli.persons import named
    from pvchat.errors import SubjectError
    from pvchat.paths import home_dir
    from storage.store import Store

    with Store.open(home_dir()) as store:
        person = named(store, name)
    if not yes:
        if not sys.stdin.isatty():
            raise SubjectError(f'"{person.name}" is not forgotten without being asked back; add --yes')
        typer.confirm(f"Remove everything about {person.name}? This cannot be undone.", abort=True, err=True)
    with pipelines.open() as session:
        report = session.forget_subject(person.id)
    console = terminal.out()
    console.print(f"{report.subject} is forgotten.", soft_wrap=True)
    gone = (
        _count(report.templates, "face template"),
        _count(report.appearance, "appearance vector"),
        _count(report.track_vectors, "cached vector"),
        _count(len(report.records), "cached record"),
    )
    console.print(f"  gone: name, consent, {', '.join(gone)}", soft_wrap=True)
    for video in report.records:
        console.print(f"  record of {video}", soft_wrap=True)
    if report.corpus_faces:
        console.print(f"  {_count(report.corpus_faces, 'face')} of the corpus", soft_wrap=True)
    if report.feedback or report.feedback_faces:
        told = f"{_count(report.feedback, 'statement')} of who is who"
        left = f", {_count(report.feedback_faces, 'face')} of statements about others" if report.feedback_faces else ""
        console.print(f"  {told}{left}", soft_wrap=True)
    if report.adapters:
        console.print(f"  {_count(report.adapters, 'trained adapter')}", soft_wrap=True)
    if report.uploads:
        console.print(f"  {_count(report.uploads, 'uploaded video')} deleted", soft_wrap=True)
    console.print("  Your own video files were never copied and are where you keep them.", soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
