"""Compositions of the library and the storage. `pipelines.open(home)` gives a session: enroll, ask, people, forget."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.results import Answer, EnrollResult, Evidence, ForgetReport, Person, TrainResult
    from pipelines.session import Session, open

__all__ = ["Answer", "EnrollResult", "Evidence", "ForgetReport", "Person", "Session", "TrainResult", "open"]

_IN_SESSION = frozenset({"Session", "open"})


def __getattr__(name: str) -> Any:
    # The database and numpy are imported by those who open a session, not by everybody who imports a pipeline.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("pipelines.session" if name in _IN_SESSION else "pipelines.results"), name)
