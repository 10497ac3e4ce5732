"""The Typer application: which commands there are. Only light imports here; the work is imported when it is done."""

from typing import Annotated

import typer

from app.cli import (
    adapters,
    ask,
    chat,
    corpus,
    demo,
    engine,
    enroll,
    feedback,
    forget,
    jobs,
    keys,
    merge,
    people,
    pretrain,
    serve,
    train,
    unknown,
    weights,
)

app = typer.Typer(
    name="pvchat",
    help="Enroll a person from one video, ask about that person in any other.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("enroll")(enroll.enroll)
app.command("ask")(ask.ask)
app.command("chat")(chat.chat)
app.command("train")(train.train)
app.add_typer(jobs.app, name="jobs")
app.add_typer(adapters.app, name="adapters")
app.add_typer(corpus.app, name="corpus")
app.command("people")(people.people)
app.add_typer(feedback.app, name="feedback")
app.command("rename")(merge.rename)
app.command("merge")(merge.merge)
app.command("forget")(forget.forget)
app.add_typer(engine.app, name="engine")
app.add_typer(unknown.app, name="unknown")
app.add_typer(weights.app, name="weights")
app.add_typer(pretrain.app, name="pretrain")
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.add_typer(keys.app, name="keys")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"pvchat {version('pvchat')}")
        except PackageNotFoundError:
            typer.echo("pvchat (not installed)")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Enroll a person from one video, ask about that person in any other."""
