"""Something expensive that is made once, at first use, or ahead of it in a thread."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """Makes its value once, whoever asks first. A failed attempt is raised to the caller and tried again next time."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._value: T | None = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin making the value in a thread, so that `get` waits less. Does nothing the second time."""
        with self._lock:
            if self._value is None and self._thread is None:
                # A daemon, so that Ctrl-C ends the program without waiting for weights to load.
                self._thread = threading.Thread(target=self._run, name="pvchat-load", daemon=True)
                self._thread.start()

    def get(self) -> T:
        """The value; waits for it. Raises whatever making it raised."""
        self.start()
        thread = self._thread
        if thread is not None:
            thread.join()
        with self._lock:
            if self._value is not None:
                return self._value
            error, self._error, self._thread = self._error, None, None
        raise error if error is not None else RuntimeError("the value was not made; ask again")

    @property
    def ready(self) -> bool:
        """Whether the value is made."""
        return self._value is not None

    def _run(self) -> None:
        try:
            self._value = self._make()
        except BaseException as error:
            self._error = error
