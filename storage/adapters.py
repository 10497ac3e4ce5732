"""Adapters: versions per subject and base, of which one is current; found by id, so that a base loads what it needs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from pvchat.errors import SubjectError
from storage.schema import AdapterRow, SubjectRow

# How many versions are kept beside the current one, so that a bad training can be undone.
KEPT_VERSIONS = 3


@dataclass(frozen=True)
class AdapterInfo:
    """An adapter without its tensors; `size` is in bytes. `version` counts from 1 per subject and base."""

    id: str
    subject_id: str
    base: str
    base_sha256: str
    size: int
    version: int
    current: bool
    created_at: datetime


def save(session: Session, subject_id: str, *, base: str, base_sha256: str, card: str, data: bytes) -> str:
    """Store a new version of a subject's adapter for a base and make it current.

    Of the earlier ones the `KEPT_VERSIONS` newest stay.

    Args:
        card, data: the halves of `pvchat.models.adapter.Adapter.to_bytes`.

    Returns:
        Id of the adapter; never one that was used before.

    Raises:
        SubjectError: there is no such person any more.
    """
    if session.get(SubjectRow, subject_id) is None:
        raise SubjectError("this person was forgotten meanwhile; create the person anew")
    of_base = (AdapterRow.subject_id == subject_id, AdapterRow.base == base)
    newest = session.scalar(select(func.max(AdapterRow.version)).where(*of_base)) or 0
    retire(session, subject_id, base)
    row = AdapterRow(
        subject_id=subject_id,
        base=base,
        base_sha256=base_sha256,
        card=card,
        data=data,
        size=len(card) + len(data),
        version=newest + 1,
        current=True,
    )
    session.add(row)
    session.flush()
    others = select(AdapterRow.id).where(*of_base, AdapterRow.id != row.id).order_by(AdapterRow.version.desc())
    gone = session.scalars(others.offset(KEPT_VERSIONS)).all()
    session.execute(delete(AdapterRow).where(AdapterRow.id.in_(gone)))
    return row.id


def load(session: Session, adapter_id: str) -> tuple[str, bytes] | None:
    """Card and tensors of an adapter, current or not; None when it is gone."""
    row = session.execute(select(AdapterRow.card, AdapterRow.data).where(AdapterRow.id == adapter_id)).one_or_none()
    return None if row is None else (row[0], row[1])


def ids(session: Session, base: str) -> dict[str, str]:
    """Ids of the current adapters for a base, whatever its version, by subject."""
    rows = session.execute(
        select(AdapterRow.subject_id, AdapterRow.id).where(AdapterRow.base == base, AdapterRow.current)
    ).all()
    return {row[0]: row[1] for row in rows}


def infos(session: Session, subject_id: str) -> list[AdapterInfo]:
    """The current adapters of a subject, one per base, oldest first."""
    wanted = _infos().where(AdapterRow.subject_id == subject_id, AdapterRow.current)
    rows = session.execute(wanted.order_by(AdapterRow.created_at, AdapterRow.id)).all()
    return [AdapterInfo(*row) for row in rows]


def versions(session: Session, subject_id: str, base: str) -> list[AdapterInfo]:
    """All versions of a subject's adapter for a base that are kept, newest first."""
    wanted = _infos().where(AdapterRow.subject_id == subject_id, AdapterRow.base == base)
    rows = session.execute(wanted.order_by(AdapterRow.version.desc())).all()
    return [AdapterInfo(*row) for row in rows]


def roll_back(session: Session, subject_id: str, base: str, version: int | None = None) -> AdapterInfo:
    """Make another version of a subject's adapter for a base current. No version is deleted.

    Args:
        version: which one; None for the newest one before the current, or the newest of all where none is current.

    Raises:
        SubjectError: there is no such version.
    """
    kept = versions(session, subject_id, base)
    now_used = next((info.version for info in kept if info.current), None)
    if version is None:
        found = next((info for info in kept if now_used is None or info.version < now_used), None)
    else:
        found = next((info for info in kept if info.version == version), None)
    if found is None:
        missing = "no earlier adapter" if version is None else f"no version {version} of the adapter"
        known = ", ".join(str(info.version) for info in reversed(kept)) or "none"
        raise SubjectError(f"there is {missing} for {base}; kept versions: {known}")
    retire(session, subject_id, base)
    session.execute(update(AdapterRow).where(AdapterRow.id == found.id).values(current=True))
    return next(info for info in versions(session, subject_id, base) if info.current)


def retire(session: Session, subject_id: str, base: str) -> bool:
    """Use no adapter for a subject on a base any more; all versions stay. Returns whether one was used."""
    changed = session.scalars(
        update(AdapterRow)
        .where(AdapterRow.subject_id == subject_id, AdapterRow.base == base, AdapterRow.current)
        .values(current=False)
        .returning(AdapterRow.id)
    ).all()
    return bool(changed)


def _infos() -> Select[str, str, str, str, int, int, bool, datetime]:
    return select(
        AdapterRow.id,
        AdapterRow.subject_id,
        AdapterRow.base,
        AdapterRow.base_sha256,
        AdapterRow.size,
        AdapterRow.version,
        AdapterRow.current,
        AdapterRow.created_at,
    )
