"""`pvchat corpus`: pictures and videos of other people, out of which trainings take look-alikes."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import JsonOption

if TYPE_CHECKING:
    from app.cli.terminal import Progress
    from pipelines.mine.add import Added, Tell
    from storage.corpus import CorpusSource

app = typer.Typer(help="Pictures and videos of other people, to tell somebody from.", no_args_is_help=True)

_TELL_EVERY_S = 10.0


@app.command("add")
def add(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder of pictures and videos, or one file.")],
    licence: Annotated[
        str, typer.Option("--licence", metavar="TEXT", help="On what terms they may be used; shown in reports.")
    ] = "",
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="In lists. Default: the folder's own.")] = "",
    json_line: JsonOption = False,
) -> None:
    """Look at every picture and video once and note the faces. Nothing is copied; a second run looks at what is new."""
    import pipelines
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights
    from pipelines.mine.add import CorpusIndexer
    from pvchat.errors import CorpusError
    from pvchat.paths import home_dir
    from storage.store import Store

    if len(licence) > 200 or len(name) > 200:
        raise CorpusError("the licence or the name is too long; give at most 200 characters")
    if not path.exists():
        raise CorpusError(f"{path} does not exist; give a folder of pictures and videos, or one file")
    fetch_missing_weights()
    with (
        pipelines.open() as session,
        Store.open(home_dir()) as store,
        terminal.only_result_on_stdout(),
        terminal.progress("looking for pictures and videos") as progress,
    ):
        session.tools.prepare(answering=False)
        indexer = CorpusIndexer(store, session.tools, session.videos)
        added = indexer.add(path, name=name, licence=licence, tell=_teller(progress))
    if json_line:
        sys.stdout.write(json.dumps({"id": added.source_id, **_counts(added)}, ensure_ascii=False) + "\n")
        return
    console = terminal.out()
    if not added.files:
        console.print(f"There is no picture and no video in {path}.", soft_wrap=True)
        return
    console.print(f"{_line(added)} ({added.seconds:.1f} s).", soft_wrap=True)
    told = (
        (added.no_face, "without a face"),
        (added.broken, "could not be read"),
        (added.duplicates, "were there already, under another name"),
        (added.known, "were looked at before"),
        (added.unreadable, "folders or links could not be followed"),
    )
    for count, words in told:
        if count:
            console.print(f"  {count} {words}", soft_wrap=True)


@app.command("list")
def list_all(json_line: JsonOption = False) -> None:
    """What was added, with licences and numbers."""
    from pvchat.paths import home_dir
    from storage import corpus
    from storage.store import Store

    with Store.open(home_dir()) as store, store.read() as session:
        found = corpus.list_sources(session)
    if json_line:
        sys.stdout.write(json.dumps([_plain(source) for source in found], ensure_ascii=False) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    from app.cli import terminal

    console = terminal.out()
    if not found:
        console.print("The corpus is empty. Add to it with: pvchat corpus add FOLDER --licence TEXT", soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("id", "name", "licence", "files", "faces", "no face", "broken"):
        table.add_column(column, justify="left" if column in ("id", "name", "licence") else "right", overflow="fold")
    for source in found:
        numbers = (source.items, source.faces, source.no_face, source.broken)
        licence = source.licence or "not noted"
        table.add_row(source.id[:8], Text(source.name), Text(licence), *(str(number) for number in numbers))
    console.print(table)


@app.command("remove")
def remove(source_id: Annotated[str, typer.Argument(metavar="ID", help="As `pvchat corpus list` shows it.")]) -> None:
    """Remove what was noted of a folder or file. The files themselves are left alone."""
    from app.cli import terminal
    from pipelines.mine.removing import remove_source
    from pvchat.errors import CorpusError
    from pvchat.paths import home_dir
    from storage import corpus
    from storage.store import Store

    with Store.open(home_dir()) as store:
        with store.read() as session:
            found = [source for source in corpus.list_sources(session) if source_id and source.id.startswith(source_id)]
        if len(found) != 1:
            wrong = "there are several sources that begin with" if found else "there is no source"
            raise CorpusError(f"{wrong} {source_id}; run: pvchat corpus list")
        remove_source(store, found[0].id)
        store.scrub()
    told = f"{found[0].name} is removed: {found[0].faces} faces of {found[0].items} files. The files were left alone."
    terminal.out().print(told, soft_wrap=True)


def _teller(progress: "Progress") -> "Tell":
    """Shows how far adding is: a line that changes on a terminal, else one now and then."""
    from app.cli import terminal

    shown = terminal.err().is_terminal
    told_s = time.monotonic()

    def tell(added: "Added") -> None:
        nonlocal told_s
        if shown:
            progress(0.0, _line(added))
        elif time.monotonic() - told_s > _TELL_EVERY_S:
            told_s = time.monotonic()
            sys.stderr.write(f"{_line(added)}\n")

    return tell


def _line(added: "Added") -> str:
    return f"{added.files} files, {added.indexed} new ones with {added.faces} faces"


def _counts(added: "Added") -> dict[str, float]:
    names = ("files", "indexed", "no_face", "broken", "duplicates", "known", "unreadable", "faces")
    return {**{name: getattr(added, name) for name in names}, "seconds": round(added.seconds, 2)}


def _plain(source: "CorpusSource") -> dict[str, object]:
    return {**vars(source), "added_at": source.added_at.isoformat(timespec="seconds")}
