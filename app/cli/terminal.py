"""What a person sees: tables on stdout; progress, warnings and everything else on stderr."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Progress = Callable[[float, str], None]
BytesProgress = Callable[[str, int, int], None]


def out() -> "Console":
    """Console of results. Markup is off: names and file names are text, never formatting."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False)


def err() -> "Console":
    """Console of everything that is no result."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False, emoji=False)


def warn(message: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"warning: {message}\n")


@contextlib.contextmanager
def progress(start: str) -> Iterator[Progress]:
    """A bar on stderr while the block runs, where stderr is a terminal; otherwise nothing.

    Args:
        start: what to say before the first step reports.
    """
    console = err()
    if not console.is_terminal:
        yield lambda _fraction, _step: None
        return
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task(start, total=1.0)
        yield lambda fraction, step: bars.update(task, completed=fraction, description=step)


@contextlib.contextmanager
def bytes_progress() -> Iterator[BytesProgress]:
    """One bar per download on stderr; one plain line each where stderr is no terminal."""
    console = err()
    if not console.is_terminal:
        told: set[str] = set()

        def tell(label: str, _done: int, total: int) -> None:
            if label not in told:
                told.add(label)
                sys.stderr.write(f"fetching {label} ({total / 1e6:.0f} MB)\n")

        yield tell
        return
    from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield show


@contextlib.contextmanager
def only_result_on_stdout() -> Iterator[None]:
    """Send to stderr whatever the block prints to stdout, also from native code."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:
        kept = None
    try:
        with contextlib.redirect_stdout(sys.stderr):
            if kept is not None:
                os.dup2(2, 1)
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)
