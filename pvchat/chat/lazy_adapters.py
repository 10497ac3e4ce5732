"""Adapters that a base puts on when a question first needs them, by id, from wherever they are kept."""

from collections.abc import Callable, Mapping
from typing import Protocol

from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter

LoadAdapter = Callable[[str], Adapter | None]


class AdapterHost(Protocol):
    """A base that wears adapters."""

    def __contains__(self, key: object) -> bool:
        """Whether an adapter is attached."""

    def put(self, key: str, adapter: Adapter) -> None:
        """Attach an adapter. Raises ModelError when it does not fit; nothing has changed then."""


class LazyAdapters:
    """Attaches what is asked for and not there yet.

    Args:
        host: gives the base; asked for when the first adapter was loaded, because what it imports takes seconds.
        load: id -> adapter, None where it is gone.
    """

    def __init__(self, host: Callable[[], AdapterHost], load: LoadAdapter) -> None:
        self._host = host
        self._load = load
        self._attached: AdapterHost | None = None
        # An id is never given to another adapter, so one that was refused once need not be tried again.
        self._refused: dict[str, str] = {}

    def attach(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """Attach adapters.

        Args:
            wanted: name of a subject -> id of its adapter.

        Returns:
            Name -> why its adapter is left out, for those that do not fit this version of the base.
        """
        for adapter_id in wanted.values():
            if adapter_id in self._refused or (self._attached is not None and adapter_id in self._attached):
                continue
            try:
                adapter = self._load(adapter_id)
                if adapter is not None:
                    self._attached = self._attached or self._host()
                    self._attached.put(adapter_id, adapter)
            except ModelError as error:
                self._refused[adapter_id] = str(error)
        return {name: self._refused[adapter_id] for name, adapter_id in wanted.items() if adapter_id in self._refused}


def told(skipped: Mapping[str, str]) -> dict[str, str]:
    """What an answer's model information says about adapters that were left out: one line, or nothing."""
    line = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
    return {"adapters_skipped": line} if line else {}
