"""The child process that decodes. It reads a JSON request, one line, on stdin and answers with messages on stdout.

A request that does not know its times yet (`"asks_later"`) is followed by a second line with them, once the facts are
known.

A message is a 4-byte big-endian length, that many bytes of JSON, and as many raw bytes as its "bytes" key says.
Nothing is ever unpickled on either side. Run by `pvchat.video.child`; not meant to be started by hand.
"""

import contextlib
import json
import os
import queue
import resource
import signal
import struct
import sys
import threading
from typing import Any

from pvchat.errors import VideoError
from pvchat.video.limits import Limits

# Frames decoded ahead of the reader, so that decoding and whatever the reader does overlap.
_AHEAD = 2
_MAX_THREADS = 4


def threads() -> int:
    """Decoder threads: the processors this process may use, at most 4 (each costs memory)."""
    return max(1, min(_MAX_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2))


def confine(limits: Limits, cpu_s: float) -> None:
    """Bound what this process can do: memory, processor time, no files written, no core dump."""
    bounds = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, max(1, int(cpu_s) + 1)),
    )
    for kind, bound in bounds:
        hard = resource.getrlimit(kind)[1]
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(kind, (allowed, allowed))
    # A decoder that hangs with the interpreter locked is still killed, also when the parent is gone.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def answers_descriptor() -> int:
    """Where answers go. From now on stdout leads nowhere: decoders write warnings to where they like."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answers


class Sender:
    """Writes messages from a thread of its own, a few frames behind the decoder."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.Queue[tuple[dict[str, Any], memoryview | None] | None] = queue.Queue(_AHEAD)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, message: dict[str, Any], payload: memoryview | None = None) -> None:
        """Hand a message over; waits while the reader is far behind."""
        self._queue.put((message, payload))

    def written(self) -> None:
        """Wait until everything handed over is on its way: what ends this process then takes nothing of it along."""
        self._queue.join()

    def finish(self) -> None:
        """Wait until all of it is written."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            message, payload = item
            text = json.dumps(message).encode()
            try:
                self._write(memoryview(struct.pack(">I", len(text)) + text))
                if payload is not None:
                    self._write(payload)
            except OSError:
                # Nobody reads any more.
                os._exit(0)
            self._queue.task_done()

    def _write(self, data: memoryview) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]


def serve(request: dict[str, Any], sender: Sender) -> None:
    """Answer one request: the facts of the file, then the frames asked for, with the request or after the facts."""
    limits = Limits(**request["limits"])
    patience = limits.timeout_s + 1.0
    signal.setitimer(signal.ITIMER_REAL, patience)
    # Imported under the limits, and only here: the parent must not pay for them.
    from pvchat.video.decoders import pictures
    from pvchat.video.source import look

    source = look(request["path"], request["name"], limits, threads())
    sender.send({"kind": "facts", **source.facts.as_json()})
    asked = request
    if request.get("asks_later"):
        # Whoever asks may take their time.
        signal.setitimer(signal.ITIMER_REAL, 0)
        line = sys.stdin.buffer.readline()
        if not line:
            return
        asked = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, patience)
    found = pictures(
        source,
        asked["times_s"] or (),
        max_side=asked["max_side"],
        limits=limits,
        decoder=request["decoder"] or source.facts.decoder,
        threads=threads(),
    )
    for picture in found:
        signal.setitimer(signal.ITIMER_REAL, 0)
        height, width, _ = picture.rgb.shape
        head = {
            "kind": "frame",
            "first": picture.first,
            "count": picture.count,
            "height": height,
            "width": width,
            "decoder": picture.decoder,
            "bytes": picture.rgb.nbytes,
        }
        sender.send(head, picture.rgb.reshape(-1).data)
        signal.setitimer(signal.ITIMER_REAL, patience)
    signal.setitimer(signal.ITIMER_REAL, 0)
    sender.send({"kind": "done"})


def main() -> None:
    """Read the request, answer it, leave without running any destructor of the decoders."""
    answers = answers_descriptor()
    request = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**request["limits"])
    confine(limits, request["cpu_s"])
    sender = Sender(answers)
    answer: dict[str, Any] | None = None
    try:
        serve(request, sender)
    except VideoError as error:
        answer = {"kind": "error", "text": str(error)}
    except (MemoryError, ImportError):
        # Importing a decoder fails only when its libraries do not fit into the address space.
        answer = {"kind": "memory"}
    except Exception as error:
        # The file made a library fail in a way nobody foresaw; the parent only needs to know that it did.
        answer = {"kind": "failed", "text": f"{type(error).__name__}: {error}"}
    if answer is not None:
        # The reader may be slow to take the frames before this; that is no hang.
        signal.setitimer(signal.ITIMER_REAL, 0)
        sender.send(answer)
    with contextlib.suppress(OSError):
        sender.finish()
    os._exit(0)


if __name__ == "__main__":
    main()
