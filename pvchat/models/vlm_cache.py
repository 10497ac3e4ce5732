"""Frozen features of clips, kept so that the vision path runs once per clip."""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

MEMORY_BYTES = 2 << 30


class FeatureCache:
    """Features by key: the least recently used go first when memory is full; on disk they stay.

    Args:
        base_sha256: of the base; another base's features on disk are never read.
        max_bytes: in memory. folder: for features on disk, or None for none.

    Attributes:
        made: how often features had to be made.
    """

    def __init__(self, base_sha256: str, *, max_bytes: int = MEMORY_BYTES, folder: Path | None = None) -> None:
        self._base = base_sha256
        self._most = max_bytes
        self._folder = folder
        self._held: OrderedDict[str, dict[str, Tensor]] = OrderedDict()
        self._bytes = 0
        self.made = 0

    def get(self, key: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """The features of a key, on the device they were made on, or on the CPU when they come from disk."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        found = self._read(key)
        if found is None:
            found = make()
            self.made += 1
            self._write(key, found)
        self._hold(key, found)
        return found

    def clear(self) -> None:
        """Let go of everything in memory, and remove what is on disk for this base."""
        self._held.clear()
        self._bytes = 0
        if self._folder is not None:
            for file in self._folder.glob(f"{self._base[:16]}-*.safetensors"):
                file.unlink(missing_ok=True)

    def _hold(self, key: str, features: dict[str, Tensor]) -> None:
        self._held[key] = features
        self._bytes += _size(features)
        while self._bytes > self._most and len(self._held) > 1:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= _size(oldest)

    def _file(self, key: str) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / f"{self._base[:16]}-{hashlib.sha256(key.encode()).hexdigest()}.safetensors"

    def _read(self, key: str) -> dict[str, Tensor] | None:
        file = self._file(key)
        if file is None or not file.is_file():
            return None
        try:
            return dict(load_file(file))
        except (OSError, SafetensorError):
            # A file that was cut off is made again.
            return None

    def _write(self, key: str, features: dict[str, Tensor]) -> None:
        file = self._file(key)
        if file is None:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".part")
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in features.items()}, partial)
        os.replace(partial, file)


def _size(features: dict[str, Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in features.values())
