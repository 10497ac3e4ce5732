"""Which face recognition engine a data folder uses: said once, kept in the folder."""

import json
import os
from pathlib import Path
from typing import Final

from pvchat.errors import ModelError
from pvchat.whole_file import whole_file

ENGINE_VARIABLE: Final = "PVCHAT_ENGINE"
DEFAULT_ENGINE: Final = "dlib"
_FILE = "engine.json"


def chosen_engine(home: Path) -> str:
    """The engine's name: `PVCHAT_ENGINE`, else what was chosen for the folder, else "dlib".

    Raises:
        ModelError: what the folder says cannot be read.
    """
    named = os.environ.get(ENGINE_VARIABLE, "").strip()
    if named:
        return named
    try:
        found = json.loads((home / _FILE).read_text(encoding="utf-8"))["engine"]
    except (FileNotFoundError, NotADirectoryError):
        # What is wrong with the folder, if anything is, is told by whoever opens it.
        return DEFAULT_ENGINE
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{_FILE} in {home} cannot be read; run: pvchat engine use {DEFAULT_ENGINE}") from error
    return str(found)


def choose_engine(home: Path, name: str) -> None:
    """Let a data folder use an engine from now on.

    Raises:
        ModelError: it cannot be written.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_file(home / _FILE) as file:
            file.write(json.dumps({"engine": name}).encode())
    except OSError as error:
        raise ModelError(f"cannot write {_FILE} in {home}: {error.strerror}; set {ENGINE_VARIABLE}={name}") from error
