"""Telling dead workers from live ones, by what the watcher has seen itself and by no clock that can be set."""

from collections.abc import Sequence

from pipelines.enroll.processes import Process
from storage.workers import Worker


class Watch:
    """One worker's view of the others.

    A worker of another host is dead when its beats have not grown for a while. Only time in which the watcher itself
    was awake counts: if it was suspended, so may have been the others, and they get the time to say that they live.

    Args:
        process: the watcher's. dead_after_s: how long a worker may be silent. look_every_s: how often `look` is called.
    """

    def __init__(self, process: Process, *, dead_after_s: float, look_every_s: float) -> None:
        self._process = process
        self._dead_after_s = dead_after_s
        self._most_s = 2 * look_every_s
        self._looked_s: float | None = None
        self._silent: dict[str, tuple[int, float]] = {}

    def look(self, others: Sequence[Worker], now_s: float) -> dict[str, int]:
        """Look at all other workers.

        Args:
            now_s: the watcher's monotonic clock.

        Returns:
            The beats of those that are dead, by id.
        """
        passed_s = 0.0 if self._looked_s is None else min(now_s - self._looked_s, self._most_s)
        self._looked_s = now_s
        before, self._silent = self._silent, {}
        dead: dict[str, int] = {}
        for worker in others:
            beats, silent_s = before.get(worker.id, (worker.beats, 0.0))
            silent_s = silent_s + passed_s if beats == worker.beats else 0.0
            self._silent[worker.id] = (worker.beats, silent_s)
            gone = Process(worker.host, worker.pid, worker.pid_started).is_gone_from(self._process.host)
            if gone or silent_s >= self._dead_after_s:
                dead[worker.id] = worker.beats
        return dead
