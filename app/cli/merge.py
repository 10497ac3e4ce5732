"""`pvchat merge` and `pvchat rename`: one person who was enrolled twice, and a new name."""

import sys
from typing import Annotated

import typer


def merge(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who stays.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Who is the same person; the name goes.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask back.")] = False,
) -> None:
    """Make one person of two that were enrolled apart. This cannot be undone."""
    from app.cli import terminal
    from app.cli.persons import named
    from pipelines.merging import merge as merge_people
    from pvchat.errors import SubjectError
    from pvchat.paths import home_dir
    from storage.store import Store

    with Store.open(home_dir()) as store:
        kept, absorbed = named(store, name), named(store, other)
        would = merge_people(store, kept.id, absorbed.id, preview=True)
        for warning in would.warnings:
            terminal.warn(warning)
        ends = f"until {would.consent_ends:%Y-%m-%d}" if would.consent_ends else "without an end"
        told = [f"{would.kept} has {would.templates} face templates then, and a consent {ends}"]
        if would.adapters:
            told.append(f"{would.adapters} trained adapter{'s' if would.adapters > 1 else ''} of {would.absorbed} go")
        if would.feedback or would.feedback_dropped:
            told.append(
                f"{would.feedback} statements about {would.absorbed} are about {would.kept} then, "
                f"{would.feedback_dropped} that told the two apart are dropped"
            )
        console = terminal.err()
        for line in told:
            console.print(f"  {line}", soft_wrap=True)
        if not yes:
            if not sys.stdin.isatty():
                raise SubjectError(f'"{absorbed.name}" is not merged without being asked back; add --yes')
            typer.confirm(f"Make {absorbed.name} and {kept.name} one? This cannot be undone.", abort=True, err=True)
        merge_people(store, kept.id, absorbed.id)
    terminal.out().print(f"{absorbed.name} is {kept.name} from now on.", soft_wrap=True)


def rename(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What the person is called from now on.")],
) -> None:
    """Call a person something else."""
    from app.cli import terminal
    from app.cli.persons import named
    from pipelines import names
    from pvchat.paths import home_dir
    from storage import people
    from storage.store import Store

    wanted = names.clean_name(new)
    with Store.open(home_dir()) as store:
        person = named(store, name)
        with store.write() as session:
            people.rename(session, person.id, name=wanted, name_key=names.name_key(wanted))
    terminal.out().print(f"{person.name} is called {wanted} from now on.", soft_wrap=True)
