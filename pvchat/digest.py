"""Digests: of open files, and of work, where two runs share it because the time it took is left out."""

import hashlib
import json
import os
from typing import Any

# What `pvchat.training` calls seconds of its own work.
_SPENT = "spent_s"
_CHUNK = 1 << 20


def sha256_of_open(descriptor: int) -> str:
    """SHA-256 of an open file, from its start; where it is read next stays as it was."""
    digest = hashlib.sha256()
    offset = 0
    while block := os.pread(descriptor, _CHUNK, offset):
        digest.update(block)
        offset += len(block)
    return digest.hexdigest()


def timeless(value: Any) -> bytes:
    """Plain JSON as bytes that do not depend on the order of keys, without the time spent."""
    return json.dumps(_without_times(value), sort_keys=True).encode()


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if key != _SPENT}
    return [_without_times(item) for item in value] if isinstance(value, list) else value
