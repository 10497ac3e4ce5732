"""What the service asks of unknown people; the worker does it, because it has the vectors and identity."""

from datetime import datetime
from typing import Any

from pipelines.session import Session
from pvchat.errors import SubjectError


def act(session: Session, asked: dict[str, Any]) -> dict[str, Any]:
    """One of "list", "get", "name" and "forget".

    Args:
        session: the data folder. asked: "act" and what it needs: "id"; "name", "given_by", "purpose" and "expires_at".

    Returns:
        "people", "person", "subject" with "warnings", or what went.

    Raises:
        SubjectError: there is no such person, or nothing of that kind can be done.
        ConsentError, NoFaceError: see `UnknownPeople.name`.
    """
    wanted = asked["act"]
    if wanted == "list":
        return {"people": [person.to_dict() for person in session.unknown.list()]}
    if wanted == "get":
        return {"person": session.unknown.get(str(asked["id"])).to_dict()}
    if wanted == "name":
        ends = asked.get("expires_at")
        named = session.unknown.name(
            str(asked["id"]),
            str(asked["name"]),
            consent_by=str(asked["given_by"]),
            purpose=str(asked["purpose"]),
            expires_at=None if ends is None else datetime.fromisoformat(ends),
        )
        return {"subject": named.subject_id, "warnings": list(named.result.warnings)}
    if wanted == "forget":
        gone = session.unknown.forget(str(asked["id"]))
        return {
            "number": gone.number,
            "vectors": gone.vectors,
            "records": list(gone.records),
            "corpus_faces": gone.corpus_faces,
        }
    raise SubjectError(f"nothing is known of {wanted!r}; use list, get, name or forget")
