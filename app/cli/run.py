"""Running a command: exit codes, one-line errors, Ctrl-C."""

import os
import sys
import threading
import traceback
from collections.abc import Sequence

from typer import Abort
from typer.exceptions import TyperException

from app.cli.commands import app
from pipelines.lazy import LOADING_THREAD
from pvchat.errors import PVChatError

UNEXPECTED = 1
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: words after `pvchat`; by default those of this process, which then also ends with the exit code.

    Returns:
        Exit code: 0 done, 1 something nobody foresaw, 2 a mistake that can be put right, 130 interrupted.
    """
    # Progress is ours to show; libraries' own bars and notices would only stand between the lines.
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = words[:1] == ["--debug"]
    code = _run(words, debug=debug)
    if arguments is None:
        _leave(code)
    return code


def _run(words: list[str], *, debug: bool) -> int:
    try:
        code = app(words, prog_name="pvchat", standalone_mode=False)
        if code == INTERRUPTED:
            # Typer makes this of Ctrl-C.
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except PVChatError as error:
        return _fail(str(error), error.exit_code, error if debug else None)
    except TyperException as error:
        return _fail(f"{error.format_message()} (see `pvchat --help`)", error.exit_code, error if debug else None)
    except (KeyboardInterrupt, Abort):
        return _fail("interrupted", INTERRUPTED, None)
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return UNEXPECTED
    except Exception as error:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        hint = "" if debug else "; run again as `pvchat --debug ...` to see where"
        return _fail(f"unexpected {what}{hint}", UNEXPECTED, error if debug else None)


def _fail(message: str, code: int, error: Exception | None) -> int:
    if error is not None:
        traceback.print_exception(error, file=sys.stderr)
    line = "".join(c if c.isprintable() else " " for c in message)
    sys.stderr.write(f"error: {' '.join(line.split())}\n")
    return code


def _leave(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or UNEXPECTED
    loading = any(thread.name == LOADING_THREAD and thread.is_alive() for thread in threading.enumerate())
    if loading or code == INTERRUPTED:
        # Native code that loads weights, or whose threads an interrupt left behind, must not run while Python shuts
        # down: it aborts the process. All that has to be closed was closed on the way here.
        os._exit(code)
    sys.exit(code)
