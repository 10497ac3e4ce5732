"""API keys: made once, kept as hashes, found by hash."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.schema import KeyRow, now

PREFIX = "pvc_"
_SHOWN = 10


@dataclass(frozen=True)
class Key:
    """A key as stored; the key itself cannot be had back."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def valid(self, at: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def make(session: Session, *, name: str, scopes: Sequence[str], expires_at: datetime | None = None) -> tuple[str, Key]:
    """Make a key of 256 random bits.

    Returns:
        The key, to be shown once, and what is stored of it.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    row = KeyRow(
        name=name,
        prefix=secret[:_SHOWN],
        sha256=_digest(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return secret, _key(row)


def find(session: Session, secret: str) -> Key | None:
    """The key a client showed, valid or not. A random key needs no slow hash: there is nothing to guess."""
    row = session.scalar(select(KeyRow).where(KeyRow.sha256 == _digest(secret)))
    return None if row is None else _key(row)


def get(session: Session, key_id: str) -> Key | None:
    """The key with this id."""
    row = session.get(KeyRow, key_id)
    return None if row is None else _key(row)


def list_all(session: Session) -> list[Key]:
    """All keys, oldest first."""
    return [_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.created_at, KeyRow.id)).all()]


def count(session: Session) -> int:
    """How many keys were ever made and not removed."""
    return int(session.scalar(select(func.count()).select_from(KeyRow)) or 0)


def revoke(session: Session, key_id: str) -> bool:
    """End a key. Returns whether there was one."""
    row = session.get(KeyRow, key_id)
    if row is None:
        return False
    row.revoked_at = row.revoked_at or now()
    session.flush()
    return True


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _key(row: KeyRow) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
