"""Adapters: one per subject and base, found by id, so that a base loads only those it needs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pvchat.errors import SubjectError
from storage.schema import AdapterRow, SubjectRow


@dataclass(frozen=True)
class AdapterInfo:
    """An adapter without its tensors; `size` is in bytes."""

    id: str
    subject_id: str
    base: str
    base_sha256: str
    size: int
    created_at: datetime


def save(session: Session, subject_id: str, *, base: str, base_sha256: str, card: str, data: bytes) -> str:
    """Store a subject's adapter, in place of an earlier one for the same base.

    Args:
        card, data: the halves of `pvchat.models.adapter.Adapter.to_bytes`.

    Returns:
        Id of the adapter; never one that was used before.

    Raises:
        SubjectError: there is no such person any more.
    """
    if session.get(SubjectRow, subject_id) is None:
        raise SubjectError("this person was forgotten meanwhile; create the person anew")
    session.execute(delete(AdapterRow).where(AdapterRow.subject_id == subject_id, AdapterRow.base == base))
    row = AdapterRow(
        subject_id=subject_id, base=base, base_sha256=base_sha256, card=card, data=data, size=len(card) + len(data)
    )
    session.add(row)
    session.flush()
    return row.id


def load(session: Session, adapter_id: str) -> tuple[str, bytes] | None:
    """Card and tensors of an adapter; None when it is gone."""
    row = session.execute(select(AdapterRow.card, AdapterRow.data).where(AdapterRow.id == adapter_id)).one_or_none()
    return None if row is None else (row[0], row[1])


def ids(session: Session, base: str) -> dict[str, str]:
    """Ids of the adapters for a base, whatever its version, by subject."""
    rows = session.execute(select(AdapterRow.subject_id, AdapterRow.id).where(AdapterRow.base == base)).all()
    return {row[0]: row[1] for row in rows}


def infos(session: Session, subject_id: str) -> list[AdapterInfo]:
    """What adapters a subject has, oldest first."""
    rows = session.execute(
        select(
            AdapterRow.id,
            AdapterRow.subject_id,
            AdapterRow.base,
            AdapterRow.base_sha256,
            AdapterRow.size,
            AdapterRow.created_at,
        )
        .where(AdapterRow.subject_id == subject_id)
        .order_by(AdapterRow.created_at, AdapterRow.id)
    ).all()
    return [AdapterInfo(*row) for row in rows]
