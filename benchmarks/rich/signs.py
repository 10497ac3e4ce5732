"""Twenty clips of people who show a sign each: what is said of hands, heads and clothes in front of a camera.

`signs.json` says what is to be seen, and where the clips come from. Half of the people served to choose bounds.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pvchat.perception import perceive
from pvchat.perception.models import PerceptionModels
from pvchat.perception.record import PerceptionRecord

LABELS = Path(__file__).with_name("signs.json")
FOLDER_VARIABLE = "PVCHAT_SIGNS"


def perceived(
    models: PerceptionModels, say: Callable[[str], None]
) -> Iterator[tuple[str, dict[str, Any], PerceptionRecord]]:
    """Name, label and record of each clip; nothing where no folder of them is given.

    Args:
        models: loaded networks. say: for progress lines.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        say(f"no clips of signs: {FOLDER_VARIABLE} names no folder of them")
        return
    for name, label in json.loads(LABELS.read_text("utf-8"))["clips"].items():
        path = Path(named) / name
        if path.is_file():
            say(f"perceiving {name}")
            yield name, label, perceive(path, models=models, untrusted=True)[0]
