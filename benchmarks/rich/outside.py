"""Clips from outside: of people who show a sign each, and of people who walk, sit, dance, train and fall.

`signs.json` and `acts.json` say what is to be seen, and where each clip comes from. Those of the half "develop" served
to choose bounds.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvchat.perception import perceive
from pvchat.perception.models import PerceptionModels
from pvchat.perception.record import PerceptionRecord

HERE = Path(__file__).parent
SIGNS, ACTS = ("signs.json", "PVCHAT_SIGNS"), ("acts.json", "PVCHAT_ACTS")
"""File of labels, and the variable that names the folder of the clips."""


@dataclass(frozen=True)
class Outside:
    """One clip: its name, its half, what is to be seen ("true", "false" and the like), and its record.

    `anybody`: the label is about whoever is seen, not about the person whose face is largest.
    """

    name: str
    half: str
    label: dict[str, Any]
    record: PerceptionRecord
    anybody: bool


def perceived(models: PerceptionModels, say: Callable[[str], None]) -> Iterator[Outside]:
    """The clips of both kinds that are there.

    Args:
        models: loaded networks. say: for progress lines.
    """
    for file, variable in (SIGNS, ACTS):
        named = os.environ.get(variable)
        if not named:
            say(f"no clips of {file}: {variable} names no folder of them")
            continue
        labels = json.loads((HERE / file).read_text("utf-8"))
        words = labels.get("words")
        for name, label in labels["clips"].items():
            path = Path(named) / name
            if not path.is_file():
                continue
            say(f"perceiving {name}")
            record, _ = perceive(path, models=models, untrusted=True)
            if words is not None:
                known = {*label["true"], *label.get("open", ())}
                label = {**label, "false": [word for word in words if word not in known]}
            yield Outside(name, label["half"], label, record, anybody=words is not None)
