"""Where data and weights live, read from the environment at call time."""

import os
from pathlib import Path


def home_dir() -> Path:
    """Folder of a user's data (`PVCHAT_HOME`, default `~/.pvchat`)."""
    return Path(os.environ.get("PVCHAT_HOME") or Path.home() / ".pvchat").expanduser()


def cache_dir() -> Path:
    """Folder of downloaded weights (`PVCHAT_CACHE`, default `~/.cache/pvchat`)."""
    return Path(os.environ.get("PVCHAT_CACHE") or Path.home() / ".cache" / "pvchat").expanduser()
