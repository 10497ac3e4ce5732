"""Requests that may come twice: an idempotency key stands for one job of its owner."""

import hashlib

from app.api.context import Service
from app.api.problems import Problem
from storage import jobs


async def same_request(service: Service, owner: str, idempotency_key: str | None, fingerprint: str) -> jobs.Job | None:
    """The job that was accepted for this request before.

    Args:
        owner: id of the key that asks. fingerprint: of what is asked for; see `digest`.

    Raises:
        Problem: the key stands for another request.
    """
    if idempotency_key is None:
        return None

    def work() -> jobs.Job | None:
        with service.store.read() as session:
            return jobs.by_idempotency_key(session, owner, idempotency_key)

    known = await service.run(work)
    if known is not None and known.fingerprint != fingerprint:
        raise Problem(422, "The idempotency key was used", "it stands for another request; use a new key")
    return known


def digest(text: str) -> str:
    """What is asked for, in few characters."""
    return hashlib.sha256(text.encode()).hexdigest()
