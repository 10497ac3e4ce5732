"""`pvchat enroll`: a person from one video."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import (
    BaseOption,
    OffloadOption,
    SynthesizerAdapterOption,
    SynthesizerDeviceOption,
    SynthesizerModelOption,
    SynthesizerOption,
)


def enroll(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the person is called, 1 to 60 characters.")],
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A video that shows the person.")],
    consent_by: Annotated[
        str, typer.Option("--consent-by", metavar="WHO", help="Who gave the consent. Required.")
    ] = "",
    purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help="What the consent is for. Required.")] = "",
    pick: Annotated[
        int | None, typer.Option("--pick", metavar="N", help="Which person, where the video shows several.")
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="Also train; the person can be asked about long before it ends.")
    ] = False,
    questions: Annotated[
        int | None,
        typer.Option("--questions", min=3, metavar="N", help="To train on; fewer train faster and worse."),
    ] = None,
    base: BaseOption = "nano",
    synthesizer: SynthesizerOption = "",
    synthesizer_model: SynthesizerModelOption = "",
    synthesizer_adapter: SynthesizerAdapterOption = "",
    synthesizer_device: SynthesizerDeviceOption = "",
    offload: OffloadOption = "",
) -> None:
    """Enroll a person from one video, with their consent."""
    if train:
        from app.cli.enroll_training import enroll_and_train

        synthesis = {
            "synthesizer": synthesizer,
            "synthesizer_model": _lasting(synthesizer_model),
            "synthesizer_adapter": _lasting(synthesizer_adapter),
            "synthesizer_device": synthesizer_device,
            "synthesizer_offload": offload,
        }
        enroll_and_train(name, video, consent_by, purpose, pick, questions, base, synthesis)
        return
    if questions is not None:
        raise typer.BadParameter("--questions goes with --train")
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights
    from pipelines.enroll_instant import check_consent

    check_consent(consent_by, purpose)
    import pipelines

    with pipelines.open(base=base) as session:
        session.check_enrollment(name, video)
        fetch_missing_weights()
        with terminal.progress("getting ready") as progress:
            result = session.enroll(name, video, consent_by=consent_by, purpose=purpose, pick=pick, progress=progress)
    for warning in result.warnings:
        terminal.warn(warning)
    console = terminal.out()
    console.print(f"{result.subject} is enrolled ({result.timing_s['total']:.1f} s).", soft_wrap=True)
    for what, value in result.coverage.items():
        console.print(f"  {what.replace('_', ' ')}: {_plain(value)}", soft_wrap=True)
    for line in result.advice:
        console.print(line, soft_wrap=True)


def _lasting(name: str) -> str:
    """A path that holds wherever the job goes on; a name on the model hub stays as it is."""
    return str(Path(name).absolute()) if name and Path(name).exists() else name


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return str(value)
