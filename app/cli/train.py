"""`pvchat train`: fine-tune the model on an enrolled person."""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.options import BaseOption

if TYPE_CHECKING:
    from pipelines import TrainResult
    from pvchat.training.fine_tune_config import StepRecord

_TELL_EVERY_S = 10.0


class Routing(StrEnum):
    """How attention heads are routed."""

    REMOH = "remoh"
    MOH = "moh"
    DENSE = "dense"


class Stages(StrEnum):
    """Which stages are run."""

    FIRST = "1"
    SECOND = "2"
    BOTH = "both"


def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who; enrolled before.")],
    base: BaseOption = "nano",
    routing: Annotated[Routing, typer.Option("--routing", help="Of attention heads.")] = Routing.REMOH,
    no_hae: Annotated[bool, typer.Option("--no-hae", help="Without head activation enhancement.")] = False,
    no_spr: Annotated[bool, typer.Option("--no-spr", help="Without smooth proximity regularization.")] = False,
    stages: Annotated[Stages, typer.Option("--stages", help="1 is on stills, 2 on clips.")] = Stages.BOTH,
    video: Annotated[
        Path | None, typer.Option("--video", metavar="FILE", help="The enrollment video, if it has moved.")
    ] = None,
    questions: Annotated[
        int | None, typer.Option("--questions", min=2, metavar="N", help="In all; fewer train faster and worse.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="For the report; default: in the data folder.")
    ] = None,
) -> None:
    """Train an adapter for a person; Ctrl-C stops, the same command goes on."""
    import pipelines
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights

    with pipelines.open(base=base) as session:
        wanted = session.find(name)
        fetch_missing_weights()
        with _interruptible() as cancelled, _teller() as tell:
            result = session.train(
                wanted,
                stages=stages.value,
                routing=routing.value,
                hae=not no_hae,
                spr=not no_spr,
                video=video,
                questions=questions,
                progress=tell.progress,
                on_step=tell.step,
                cancelled=cancelled,
                report_folder=out,
            )
    for warning in result.warnings:
        terminal.warn(warning)
    show(result)


def show(result: "TrainResult") -> None:
    """What came of it, for people."""
    from app.cli import terminal

    console = terminal.out()
    verdict = "is trained and answers from now on" if result.published else "is not changed: the adapter was no better"
    console.print(f"{result.subject} {verdict} ({result.timing_s['total']:.0f} s).", soft_wrap=True)
    console.print(
        f"  errors on {result.asked} held-out questions without evidence: {result.instant_errors} before, "
        f"{result.trained_errors} trained",
        soft_wrap=True,
    )
    for kind, (asked, instant, trained) in result.by_kind.items():
        console.print(f"    {kind}: {asked} asked, {instant} -> {trained} wrong", soft_wrap=True)
    stored = "stored" if result.published else "not stored"
    loss = "" if result.held_out_loss is None else f", held-out loss {result.held_out_loss:.3f}"
    console.print(
        f"  adapter: {result.adapter_bytes / 1e6:.2f} MB, {stored}; {result.steps} steps{loss}", soft_wrap=True
    )
    seconds = ", ".join(f"{step} {spent:.0f} s" for step, spent in result.timing_s.items() if step != "total")
    console.print(f"  time: {seconds}", soft_wrap=True)
    for note in result.notes:
        console.print(f"  {note}", soft_wrap=True)
    for path in result.report:
        console.print(f"  report: {path}", soft_wrap=True)


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C ends the training after its step, with a checkpoint; the second one at once."""
    stop = threading.Event()

    def interrupted(_number: int, _frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        sys.stderr.write("stopping after this step; Ctrl-C again stops at once\n")

    if threading.current_thread() is not threading.main_thread():
        yield stop.is_set
        return
    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, before)


class _Teller:
    """Shows how far it is: one line that changes on a terminal, else a line every few seconds."""

    def __init__(self, update: Callable[[float, str], None] | None) -> None:
        self._update = update
        self._told_s = 0.0
        self._last = ""

    def progress(self, fraction: float, step: str) -> None:
        """Before the first step, and after the last."""
        if self._update is not None:
            self._update(fraction, step)
        elif step != self._last:
            sys.stderr.write(f"{step}\n")
        self._last = step

    def step(self, record: "StepRecord") -> None:
        """After an optimizer step."""
        parts = [f"stage {record.stage}, step {record.step} of {record.of}", f"loss {record.loss:.3f}"]
        if record.activation is not None:
            parts.append(f"heads on {record.activation:.0%}")
        if record.held_out is not None:
            parts.append(f"held-out loss {record.held_out:.3f}")
        line = ", ".join(parts)
        if self._update is not None:
            self._update(record.step / record.of, line)
        elif record.held_out is not None or time.monotonic() - self._told_s > _TELL_EVERY_S:
            self._told_s = time.monotonic()
            sys.stderr.write(f"{line}\n")


@contextlib.contextmanager
def _teller() -> Iterator[_Teller]:
    from app.cli import terminal

    if not terminal.err().is_terminal:
        yield _Teller(None)
        return
    with terminal.progress("getting ready") as update:
        yield _Teller(update)
