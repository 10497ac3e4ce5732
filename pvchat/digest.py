"""Digests that two runs of the same work share: of everything but the time it took."""

import json
from typing import Any

# What `pvchat.training` calls seconds of its own work.
_SPENT = "spent_s"


def timeless(value: Any) -> bytes:
    """Plain JSON as bytes that do not depend on the order of keys, without the time spent."""
    return json.dumps(_without_times(value), sort_keys=True).encode()


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if key != _SPENT}
    return [_without_times(item) for item in value] if isinstance(value, list) else value
