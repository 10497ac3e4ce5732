"""The parent's side of the decoding process: start it, read its messages within a time, and be rid of it."""

import contextlib
import json
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pvchat.video.limits import Limits

_HEAD_BYTES = 64 * 1024
_PIPE_BYTES = 1 << 20


class ChildTimeoutError(Exception):
    """The process did not answer in time."""


class ChildDiedError(Exception):
    """The process ended before it had answered."""


def child_command(module: str) -> list[str]:
    """How a decoding process is started: no user site, nothing imported from the working folder."""
    return [sys.executable, "-s", "-P", "-m", module]


def worker_command() -> list[str]:
    """How the process that decodes video is started."""
    return child_command("pvchat.video.worker")


def worker_environment() -> dict[str, str]:
    """A minimal environment: keys and passwords of the parent are no business of a decoder."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG") if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    # Each thread pool and each malloc arena would reserve address space, which is limited.
    return kept | {
        "PYTHONPATH": root,
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


class Child:
    """One decoding process for one request. A context manager: on leaving, the process is killed and reaped.

    Args:
        descriptor: the open media file; the process inherits it and opens nothing else.
        name: how errors call the file.
        limits: bounds.
        times_s: ascending times of the frames wanted; None asks for the facts only.
        max_side: longest side of the frames.
        asks_later: the frames will be asked for by `ask`, once the facts are known.
        decoder: "decord", "pyav" or None to let the probe choose.
    """

    def __init__(
        self,
        descriptor: int,
        name: str,
        limits: Limits,
        *,
        times_s: Sequence[float] | None = None,
        max_side: int | None = None,
        decoder: str | None = None,
        asks_later: bool = False,
    ) -> None:
        # The duration is not known yet; the probe refuses longer ones, so this bounds the waits of all.
        patience = limits.timeout_s + (0.0 if times_s is None and not asks_later else limits.max_duration_s)
        request = {
            "path": f"/dev/fd/{descriptor}",
            "name": name,
            "limits": asdict(limits),
            "times_s": None if times_s is None else list(times_s),
            "max_side": max_side,
            "decoder": decoder,
            "cpu_s": patience * 4,
            "asks_later": asks_later,
        }
        self._start(request, [descriptor], worker_command(), limits, patience, more=asks_later)

    def ask(self, times_s: Sequence[float], max_side: int | None) -> None:
        """Ask for frames, once, of a process that was started with `asks_later`."""
        self._send(json.dumps({"times_s": list(times_s), "max_side": max_side}).encode())

    def _start(
        self,
        request: dict[str, Any],
        descriptors: Sequence[int],
        command: Sequence[str],
        limits: Limits,
        patience: float,
        more: bool = False,
    ) -> None:
        """Start the process and hand it its request.

        Args:
            descriptors: open files that it inherits. patience: what all waits for it together may last.
            more: whether something will be sent after the request.
        """
        self._limits = limits
        self._patience = patience
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=tuple(descriptors),
            env=worker_environment(),
            start_new_session=True,
            bufsize=0,
        )
        try:
            if self._process.stdout is not None:
                _enlarge(self._process.stdout.fileno())
            self._send(json.dumps(request).encode(), more)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the process if it still runs, and reap it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def allow(self, duration_s: float) -> None:
        """Set what all further waits together may last, now that the duration is known."""
        self._patience = self._limits.timeout_s + duration_s

    def messages(self) -> Iterator[tuple[dict[str, Any], bytearray]]:
        """Messages in the order sent, each with its raw bytes.

        Raises:
            ChildTimeoutError: no answer within `timeout_s`, or the waits together lasted too long.
            ChildDiedError: the process ended, or sent something that is no message.
        """
        while True:
            (length,) = struct.unpack(">I", self._read(4, self._limits.timeout_s))
            if length > _HEAD_BYTES:
                raise ChildDiedError(f"a message head of {length} bytes")
            try:
                message = json.loads(self._read(length, self._limits.timeout_s).decode())
            except (ValueError, RecursionError) as error:
                raise ChildDiedError("a message head that is not JSON") from error
            size = message.get("bytes", 0) if isinstance(message, dict) else -1
            # A decoder that a hostile file took over must not make the parent allocate at will.
            if not isinstance(size, int) or not 0 <= size <= 3 * self._limits.max_pixels * 4:
                raise ChildDiedError("a message that claims too many bytes")
            yield message, self._read(size, self._limits.timeout_s)

    def _send(self, line: bytes, more: bool = False) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        os.set_blocking(pipe.fileno(), False)
        poll = select.poll()
        poll.register(pipe.fileno(), select.POLLOUT)
        view = memoryview(line + b"\n")
        until = time.monotonic() + self._limits.timeout_s
        # A process that died before reading is noticed when its answer is read.
        with contextlib.suppress(BrokenPipeError):
            while view:
                if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                    raise ChildTimeoutError
                with contextlib.suppress(BlockingIOError):
                    view = view[os.write(pipe.fileno(), view) :]
            if not more:
                pipe.close()

    def _read(self, count: int, timeout_s: float) -> bytearray:
        pipe = self._process.stdout
        if pipe is None:
            raise ChildDiedError("no pipe")
        descriptor = pipe.fileno()
        data = bytearray(count)
        view = memoryview(data)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        begun = time.monotonic()
        while view:
            waited = time.monotonic() - begun
            left = min(timeout_s, self._patience) - waited
            if left <= 0 or not poll.poll(left * 1000):
                raise ChildTimeoutError
            got = os.readv(descriptor, [view])
            if got == 0:
                raise ChildDiedError("the process ended")
            view = view[got:]
        self._patience -= time.monotonic() - begun
        return data


def _enlarge(descriptor: int) -> None:
    # Lets the kernel hold a whole small frame while the process decodes on. A matter of speed only.
    import fcntl

    command = getattr(fcntl, "F_SETPIPE_SZ", None)
    if command is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, command, _PIPE_BYTES)
