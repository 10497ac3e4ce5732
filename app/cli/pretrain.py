"""`pvchat pretrain`: train the embedded models, nano from simulated scenes, worn from drawn glasses and hats."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Train an embedded model.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Train an embedded model."""


@app.command("nano")
def nano(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Of the run; default: in the data folder.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Same seed, same model.")] = None,
    steps_a: Annotated[int | None, typer.Option("--steps-a", help="Optimizer steps of phase A.")] = None,
    steps_b: Annotated[int | None, typer.Option("--steps-b", help="Optimizer steps of phase B.")] = None,
) -> None:
    """Pretrain nano on simulated scenes; a run that was interrupted goes on where it stopped."""
    from app.cli.needs import fetch_missing_weights

    fetch_missing_weights()
    from pipelines.pretrain import pretrain_nano
    from pvchat.training.pretraining import PretrainConfig

    given = {"seed": seed, "steps_a": steps_a, "steps_b": steps_b}
    config = PretrainConfig(**{key: value for key, value in given.items() if value is not None})
    result = pretrain_nano(out, config=config, report=_tell)
    typer.echo(str(result))


@app.command("worn")
def worn(
    faces: Annotated[
        list[Path], typer.Argument(metavar="FACES...", help="Photos, videos or folders; nobody wears glasses or a hat.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="For the network; default: in the data folder.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Same seed, same network.")] = None,
    pictures: Annotated[int | None, typer.Option("--pictures", help="Drawn of glasses; twice as many of hats.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", help="Over glasses; half as many over hats.")] = None,
) -> None:
    """Train the network that tells glasses and hats, on faces without them."""
    from app.cli.needs import fetch_missing_weights

    fetch_missing_weights()
    from pipelines.pretrain_worn import pretrain_worn
    from pvchat.training.worn_training import WornConfig

    given = {"seed": seed, "pictures": pictures, "epochs": epochs}
    config = WornConfig(**{key: value for key, value in given.items() if value is not None})
    typer.echo(str(pretrain_worn(faces, out, config=config, report=_tell)))


def _tell(figures: dict[str, Any]) -> None:
    words = (f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in figures.items())
    sys.stderr.write("  ".join(words) + "\n")
