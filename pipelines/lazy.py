"""Something expensive that is made once, at first use, or ahead of it in a thread."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

LOADING_THREAD = "pvchat-load"


class _Attempt(Generic[T]):
    """One try at making the value."""

    def __init__(self, make: Callable[[], T]) -> None:
        self.made: list[T] = []
        self.error: BaseException | None = None
        # A daemon, so that Ctrl-C ends the program without waiting for weights to load.
        self.thread = threading.Thread(target=self._run, args=(make,), name=LOADING_THREAD, daemon=True)
        self.thread.start()

    def _run(self, make: Callable[[], T]) -> None:
        try:
            self.made.append(make())
        except BaseException as error:
            self.error = error


class Lazy(Generic[T]):
    """Makes its value once, whoever asks first. A failed attempt is raised to the caller and tried again next time."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._attempt: _Attempt[T] | None = None

    @property
    def ready(self) -> bool:
        """Whether the value is made."""
        attempt = self._attempt
        return attempt is not None and bool(attempt.made)

    def start(self) -> None:
        """Begin making the value in a thread, so that `get` waits less. Does nothing when that has begun."""
        self._begin()

    def get(self) -> T:
        """The value; waits for it. Raises whatever making it raised."""
        attempt = self._begin()
        attempt.thread.join()
        if attempt.made:
            return attempt.made[0]
        with self._lock:
            if self._attempt is attempt:
                self._attempt = None
        raise attempt.error if attempt.error is not None else RuntimeError("the value was not made; ask again")

    def _begin(self) -> _Attempt[T]:
        with self._lock:
            if self._attempt is None:
                self._attempt = _Attempt(self._make)
            return self._attempt
