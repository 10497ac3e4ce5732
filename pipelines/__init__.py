"""Compositions of the library and the storage. `pipelines.open(home)` gives a session: enroll, ask, people, forget."""

from pipelines.results import Answer, EnrollResult, Evidence, ForgetReport, Person
from pipelines.session import Session, open

__all__ = ["Answer", "EnrollResult", "Evidence", "ForgetReport", "Person", "Session", "open"]
