"""What a long measurement has finished, kept as JSON, so that another run of the same commit goes on from there."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.people import report


def kept(folder: Path, what: object, measure: Callable[[], Any]) -> Any:
    """The result of an earlier run of the same commit if there is one, else of `measure`, which is kept.

    Args:
        folder: for the files. what: plain JSON that the result depends on, beside the code.
        measure: gives plain JSON.
    """
    commit = report.commit()
    named = hashlib.sha256(json.dumps([commit, what], sort_keys=True).encode()).hexdigest()
    file = folder / f"{named[:20]}.json"
    # Of changed files, or outside a checkout, nobody knows what an earlier run was made with.
    if file.is_file() and not commit.endswith("+") and commit != "unknown":
        return json.loads(file.read_text("utf-8"))
    result = json.loads(json.dumps(measure()))
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result), "utf-8")
    return result
