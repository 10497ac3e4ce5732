"""`pvchat pretrain`: train the embedded model from simulated scenes."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Train an embedded model.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Train an embedded model."""


@app.command("nano")
def nano(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where checkpoints go.")] = Path("out/nano"),
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same model.")] = 0,
    minutes: Annotated[float, typer.Option("--minutes", help="Wall-clock budget.")] = 90.0,
) -> None:
    """Pretrain nano on simulated scenes; resumes from its newest checkpoint."""
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights

    fetch_missing_weights()
    from pipelines.pretrain import run

    run(out, seed=seed, minutes=minutes, console=terminal.err())
