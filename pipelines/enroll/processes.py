"""Which processes there are: told apart without any clock that somebody may set."""

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_GONE = frozenset("ZXx")


@dataclass(frozen=True)
class Process:
    """One process.

    Attributes:
        host: where process ids mean the same; see `this_host`.
        started: when it began, in clock ticks since the host did. Unlike a date, it is not moved by setting the clock.
    """

    host: str
    pid: int
    started: float

    @classmethod
    def this(cls, host: str | None = None) -> Self:
        """The process that asks.

        Args:
            host: what its host is called, by default `this_host()`.
        """
        pid = os.getpid()
        return cls(host or this_host(), pid, _started(pid) or 0.0)

    @property
    def token(self) -> str:
        """A short name of it that can be part of a file's name; no other process ever has the same."""
        return f"{hashlib.sha256(self.host.encode()).hexdigest()[:8]}.{self.pid}.{self.started:.0f}"

    def is_gone_from(self, host: str) -> bool:
        """Whether it has ended, as far as somebody on `host` can tell."""
        return self.host == host and _started(self.pid) != self.started


def this_host() -> str:
    """The name of this host, since it began, and of the space its process ids are counted in.

    Containers may share a name but not their process ids, and after a restart the same ids mean other processes.
    """
    boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    space = (_PROC / "self/ns/pid").stat().st_ino
    return f"{socket.gethostname()[:64]}/{boot}/{space}"


def is_gone(token: str, host: str) -> bool:
    """Whether the process of this token has ended, as far as somebody on `host` can tell."""
    _, pid, started = token.split(".")
    process = Process(host, int(pid), float(started))
    return process.token == token and process.is_gone_from(host)


def _started(pid: int) -> float | None:
    """When a process began, in clock ticks since its host did; None when it has ended, mourned by its parent or not."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name, in brackets, and may hold anything; 3 is the state, 22 the start.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in _GONE else float(fields[19])
