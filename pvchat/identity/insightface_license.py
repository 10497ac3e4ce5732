"""The terms of insightface's pretrained models, and whether the user has accepted them.

Their owner allows them for non-commercial research only. Who accepts that says so once: by an environment variable, or
by a command that writes it into the data folder.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pvchat.errors import ModelError
from pvchat.paths import home_dir
from pvchat.whole_file import whole_file

LICENSE_VARIABLE: Final = "PVCHAT_ACCEPT_INSIGHTFACE_LICENSE"
TERMS: Final = "insightface's pretrained models are for non-commercial research only"
ACCEPT: Final = "pvchat engine use insightface --accept-license"
_FILE = "insightface-license.json"


def accept(home: Path | None = None) -> None:
    """Note in a data folder (by default the user's) that the terms are accepted.

    Raises:
        ModelError: it cannot be written.
    """
    folder = home_dir() if home is None else home
    note = {"accepted_at": datetime.now(UTC).isoformat(timespec="seconds"), "terms": TERMS}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_file(folder / _FILE) as file:
            file.write(json.dumps(note).encode())
    except OSError as error:
        raise ModelError(f"cannot note the licence in {folder}: {error.strerror}; set {LICENSE_VARIABLE}=1") from error


def accepted(home: Path | None = None) -> bool:
    """Whether the terms are accepted: by the variable, or by what a data folder notes. "0" in the variable is a no."""
    said = os.environ.get(LICENSE_VARIABLE, "").strip().lower()
    if said:
        return said in ("1", "true", "yes")
    try:
        note = json.loads(((home_dir() if home is None else home) / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(note, dict) and note.get("terms") == TERMS


def check_insightface_license(
    what: str, accepted_now: bool | None = None, *, instead: str = "use the engine 'dlib'"
) -> None:
    """Refuse insightface's pretrained models unless the user accepts what they are for.

    Args:
        what: needs them. accepted_now: the user's word; None looks where it is noted. instead: what does without them.

    Raises:
        ModelError: not accepted.
    """
    if not (accepted() if accepted_now is None else accepted_now):
        raise ModelError(
            f"{what} uses models for non-commercial research only; "
            f"set {LICENSE_VARIABLE}=1 to accept that (or run: {ACCEPT}), or {instead}"
        )
