"""Faces of the corpus, read in blocks: all of them, a sample, those of some items; and taking some away."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storage.corpus import chunks
from storage.schema import CorpusFaceRow, CorpusItemRow
from storage.vectors import unpack

Float = NDArray[np.float32]

_BLOCK = 8192
_COLUMNS = (
    CorpusFaceRow.id,
    CorpusFaceRow.item_id,
    CorpusFaceRow.start_s,
    CorpusFaceRow.end_s,
    CorpusFaceRow.key_s,
    CorpusFaceRow.reliability,
    CorpusFaceRow.dimension,
    CorpusFaceRow.data,
)


@dataclass(frozen=True)
class FaceBlock:
    """n faces.

    Attributes:
        ids, items: (n,) ids of the faces and of the items they are in. start_s, end_s, key_s: (n,) seconds.
        reliability: (n,) 0..1. vectors: (n, d) unit vectors in the whitened space.
    """

    ids: NDArray[np.int64]
    items: NDArray[np.int64]
    start_s: Float
    end_s: Float
    key_s: Float
    reliability: Float
    vectors: Float

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, which: NDArray[np.bool_]) -> "FaceBlock":
        """Some of the faces."""
        return FaceBlock(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


def stamp(session: Session, model_id: str) -> tuple[int, int]:
    """Count and largest id of an engine's faces; any change of them changes one of the two."""
    count, newest = session.execute(
        select(func.count(), func.max(CorpusFaceRow.id)).where(CorpusFaceRow.model_id == model_id)
    ).one()
    return int(count), int(newest or 0)


def all_faces(session: Session, model_id: str) -> Iterator[FaceBlock]:
    """Every face of an engine, by id."""
    last = 0
    while True:
        rows = session.execute(
            select(*_COLUMNS)
            .where(CorpusFaceRow.model_id == model_id, CorpusFaceRow.id > last)
            .order_by(CorpusFaceRow.id)
            .limit(_BLOCK)
        ).all()
        if not rows:
            return
        yield _block(rows)
        last = int(rows[-1][0])


def sample(session: Session, model_id: str, most: int, start: int) -> FaceBlock | None:
    """Up to `most` faces of an engine, evenly spread over the ids, None where there are none.

    Args:
        start: which of the possible samples; any number.
    """
    count, _ = stamp(session, model_id)
    if not count:
        return None
    step = max(1, -(-count // most))
    wanted = select(*_COLUMNS).where(CorpusFaceRow.model_id == model_id)
    rows = session.execute(
        wanted.where(CorpusFaceRow.id % step == start % step).order_by(CorpusFaceRow.id).limit(most)
    ).all()
    # Where faces were taken away, every step-th id may be one of theirs.
    if not rows:
        rows = session.execute(wanted.order_by(CorpusFaceRow.id).limit(most)).all()
    return _block(rows)


def of_items(session: Session, items: Collection[int], model_id: str) -> FaceBlock | None:
    """All faces of some items, by id; None where there are none."""
    rows: list[Any] = []
    for chunk in chunks(sorted(items)):
        wanted = select(*_COLUMNS).where(CorpusFaceRow.item_id.in_(chunk), CorpusFaceRow.model_id == model_id)
        rows += session.execute(wanted).all()
    return _block(sorted(rows, key=lambda row: int(row[0]))) if rows else None


def items_of(session: Session, faces: Collection[int]) -> dict[int, int]:
    """Item of each face."""
    found: dict[int, int] = {}
    for chunk in chunks(sorted(faces)):
        rows = session.execute(select(CorpusFaceRow.id, CorpusFaceRow.item_id).where(CorpusFaceRow.id.in_(chunk))).all()
        found |= {int(face): int(item) for face, item in rows}
    return found


def drop_faces(session: Session, faces: Collection[int]) -> int:
    """Delete faces. What they were in stays noted, so that it is not looked at again.

    Returns:
        How many were there.
    """
    gone = 0
    touched: set[int] = set()
    for chunk in chunks(sorted(faces)):
        items = session.scalars(select(CorpusFaceRow.item_id).where(CorpusFaceRow.id.in_(chunk))).all()
        gone += len(items)
        touched |= set(items)
        session.execute(delete(CorpusFaceRow).where(CorpusFaceRow.id.in_(chunk)))
    left = select(CorpusFaceRow.item_id)
    for chunk in chunks(sorted(touched)):
        session.execute(
            update(CorpusItemRow)
            .where(CorpusItemRow.id.in_(chunk), CorpusItemRow.id.not_in(left))
            .values(state="no_face")
        )
    return gone


def drop_other_engines(session: Session, model_id: str) -> int:
    """Delete what other engines described, with what is noted of the files, so that they are looked at again.

    Returns:
        How many faces went.
    """
    foreign = CorpusItemRow.model_id != model_id
    faces = select(func.count()).select_from(CorpusFaceRow).join(CorpusFaceRow.item).where(foreign)
    gone = session.scalar(faces) or 0
    session.execute(delete(CorpusItemRow).where(foreign))
    return int(gone)


def _block(found: Sequence[Any]) -> FaceBlock:
    return FaceBlock(
        ids=np.array([row[0] for row in found], np.int64),
        items=np.array([row[1] for row in found], np.int64),
        start_s=np.array([row[2] for row in found], np.float32),
        end_s=np.array([row[3] for row in found], np.float32),
        key_s=np.array([row[4] for row in found], np.float32),
        reliability=np.array([row[5] for row in found], np.float32),
        vectors=unpack(b"".join(row[7] for row in found), len(found), int(found[0][6])),
    )
