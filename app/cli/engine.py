"""`pvchat engine`: which face recognition engine a data folder uses."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.reembedding import Reembedded

app = typer.Typer(help="Which face recognition engine is used.", no_args_is_help=True)


@app.command("show")
def show() -> None:
    """Show the engine of this data folder, the packs there are, and who was described by which engine."""
    from app.cli import terminal
    from pipelines.engine_choice import chosen_engine
    from pvchat.identity.insightface_license import TERMS, accepted
    from pvchat.identity.insightface_packs import PACKS
    from pvchat.paths import home_dir
    from storage import people
    from storage.store import Store

    console = terminal.out()
    console.print(f"engine: {chosen_engine(home_dir())}", soft_wrap=True)
    with Store.open(home_dir()) as store, store.read() as session:
        for subject in people.list_all(session):
            console.print(f"  {subject.name}: {subject.vectors.face_model}", soft_wrap=True)
    console.print("to choose from: dlib, or insightface:PACK with one of", soft_wrap=True)
    for name, pack in PACKS.items():
        console.print(f"  {name}: {pack.recognition}, about {pack.megabytes} MB", soft_wrap=True)
    console.print(f"  ({TERMS}; {'accepted' if accepted() else 'not accepted'})", soft_wrap=True)


@app.command("use")
def use(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="dlib, insightface, or insightface:PACK: a pack's name, a folder of ONNX files, or hub:OWNER/NAME.",
        ),
    ],
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="insightface's models: you use them for non-commercial research.")
    ] = False,
) -> None:
    """Use an engine from now on, and describe everybody enrolled with it."""
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights
    from pipelines.engine_choice import choose_engine
    from pipelines.reembedding import reembed
    from pipelines.session import open_unswept
    from pvchat.identity.engines import checked_name
    from pvchat.identity.insightface_license import accept
    from pvchat.paths import home_dir
    from storage.store import Store

    name = checked_name(name)
    if accept_license:
        accept()
    fetch_missing_weights()
    with (
        open_unswept(engine=name) as session,
        Store.open(home_dir()) as store,
        terminal.only_result_on_stdout(),
        terminal.progress("loading the engine") as progress,
    ):
        # Whatever is wrong with the engine is told before anything is changed.
        session.tools.perception_models()
        found = reembed(session, store, progress=progress)
        choose_engine(home_dir(), name)
    _tell(name, found)


def _tell(name: str, found: "Reembedded") -> None:
    from app.cli import terminal

    for warning in found.warnings:
        terminal.warn(warning)
    console = terminal.out()
    console.print(f"{name} is used from now on ({found.face_model}). Start a running service anew.", soft_wrap=True)
    if found.done:
        console.print(f"  described anew: {', '.join(found.done)}", soft_wrap=True)
    if found.adapters:
        console.print(f"  trained adapters that went: {found.adapters}; train these people again", soft_wrap=True)
    for person, reason in found.failed:
        console.print(f"  not described, and not recognised with this engine: {person}: {reason}", soft_wrap=True)
