"""The corpus: sources, their pictures and videos, and the faces in them. `storage.corpus_faces` reads the faces."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from storage.schema import CorpusFaceRow, CorpusItemRow, CorpusKind, CorpusSourceRow, CorpusState
from storage.vectors import pack

# SQLite takes only so many values in one statement.
CHUNK = 500


@dataclass(frozen=True)
class CorpusSource:
    """What was added at one time, with what came of it.

    Attributes:
        path: as it was given, None where it was cleared because it held a forgotten person's name.
        items: pictures and videos. no_face, broken: those of them without a face, and that could not be read.
        faces: tracks in all items.
    """

    id: str
    name: str
    path: str | None
    licence: str
    added_by: str
    added_at: datetime
    items: int
    no_face: int
    broken: int
    faces: int


@dataclass(frozen=True)
class NewFace:
    """A track in an item; see `storage.schema.CorpusFaceRow`. `vector` is (d,) and has length 1."""

    start_s: float
    end_s: float
    key_s: float
    box: tuple[float, float, float, float]
    quality: float
    reliability: float
    count: int
    vector: NDArray[np.float32]


@dataclass(frozen=True)
class NewItem:
    """A file that was looked at; see `storage.schema.CorpusItemRow`."""

    path: str
    sha256: str | None
    size_bytes: int
    mtime_ns: int
    kind: CorpusKind
    state: CorpusState
    model_id: str
    reason: str = ""
    faces: Sequence[NewFace] = ()


@dataclass(frozen=True)
class KnownItem:
    """What is noted of a file that was looked at before."""

    id: int
    path: str | None
    sha256: str | None
    size_bytes: int
    mtime_ns: int
    model_id: str


@dataclass(frozen=True)
class StoredItem:
    """An item with where it comes from."""

    id: int
    sha256: str
    path: str | None
    kind: CorpusKind
    licence: str
    source_id: str
    source: str


def add_source(session: Session, *, name: str, path: str, licence: str, added_by: str) -> str:
    """The source of a path; one that was added before goes on under its id.

    Args:
        name: for display; empty keeps the earlier one, or takes the last part of the path.
        licence: of what is in it; empty keeps the earlier one. It is noted with the items that are there, too.

    Returns:
        Id of the source.
    """
    row = session.scalar(select(CorpusSourceRow).where(CorpusSourceRow.path == path))
    if row is None:
        row = CorpusSourceRow(
            name=(name or path.rpartition("/")[2])[:255], path=path, licence=licence, added_by=added_by
        )
        session.add(row)
        session.flush()
        return row.id
    row.name = name or row.name
    if licence and licence != row.licence:
        row.licence = licence
        session.execute(update(CorpusItemRow).where(CorpusItemRow.source_id == row.id).values(licence=licence))
    session.flush()
    return row.id


def list_sources(session: Session) -> list[CorpusSource]:
    """All sources, oldest first."""
    items = {
        source_id: (count, no_face or 0, broken or 0)
        for source_id, count, no_face, broken in session.execute(
            select(
                CorpusItemRow.source_id,
                func.count(),
                func.sum(case((CorpusItemRow.state == "no_face", 1), else_=0)),
                func.sum(case((CorpusItemRow.state == "broken", 1), else_=0)),
            ).group_by(CorpusItemRow.source_id)
        ).all()
    }
    counted = session.execute(
        select(CorpusItemRow.source_id, func.count())
        .join(CorpusFaceRow, CorpusFaceRow.item_id == CorpusItemRow.id)
        .group_by(CorpusItemRow.source_id)
    ).all()
    faces = {source_id: count for source_id, count, *_ in counted}
    rows = session.scalars(select(CorpusSourceRow).order_by(CorpusSourceRow.added_at, CorpusSourceRow.id)).all()
    return [
        CorpusSource(
            row.id,
            row.name,
            row.path,
            row.licence,
            row.added_by,
            row.added_at,
            *items.get(row.id, (0, 0, 0)),
            faces.get(row.id, 0),
        )
        for row in rows
    ]


def remove_source(session: Session, source_id: str) -> bool:
    """Delete a source with its items and their faces. Files are left alone.

    Returns:
        False where there is no such source.
    """
    row = session.get(CorpusSourceRow, source_id)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def known_by_path(session: Session, paths: Collection[str]) -> dict[str, KnownItem]:
    """What is noted of files, by path."""
    found: dict[str, KnownItem] = {}
    for chunk in chunks(sorted(paths)):
        rows = session.scalars(select(CorpusItemRow).where(CorpusItemRow.path.in_(chunk))).all()
        found |= {row.path: _known(row) for row in rows if row.path is not None}
    return found


def known_by_content(session: Session, digests: Collection[str]) -> dict[str, KnownItem]:
    """What is noted of files, by SHA-256."""
    found: dict[str, KnownItem] = {}
    for chunk in chunks(sorted(digests)):
        rows = session.scalars(select(CorpusItemRow).where(CorpusItemRow.sha256.in_(chunk))).all()
        found |= {row.sha256: _known(row) for row in rows if row.sha256 is not None}
    return found


def save_items(session: Session, source_id: str, items: Iterable[NewItem]) -> int:
    """Note files that were looked at, each in place of what its path or its content was noted with before.

    Returns:
        How many faces were added. Nothing is stored of a source that was removed meanwhile.

    Raises:
        StorageError: a vector is not finite.
    """
    source = session.get(CorpusSourceRow, source_id)
    if source is None:
        return 0
    added = 0
    for item in items:
        same_path = CorpusItemRow.path == item.path
        stale = same_path if item.sha256 is None else same_path | (CorpusItemRow.sha256 == item.sha256)
        session.execute(delete(CorpusItemRow).where(stale))
        row = CorpusItemRow(
            source_id=source_id,
            sha256=item.sha256,
            path=item.path,
            size_bytes=item.size_bytes,
            mtime_ns=item.mtime_ns,
            kind=item.kind,
            state=item.state,
            reason=item.reason[:200],
            licence=source.licence,
            model_id=item.model_id,
        )
        session.add(row)
        session.flush()
        session.add_all(_face_row(row.id, item.model_id, face) for face in item.faces)
        added += len(item.faces)
    session.flush()
    return added


def note_places(session: Session, places: Mapping[int, tuple[str, int, int]]) -> None:
    """Note where items lie now.

    Args:
        places: by id of the item, the path, the size and the time of the last change. An item whose path was cleared,
            because it held a forgotten person's name, stays without one.
    """
    for item_id, (path, size_bytes, mtime_ns) in places.items():
        session.execute(
            update(CorpusItemRow)
            .where(CorpusItemRow.id == item_id, CorpusItemRow.path.is_not(None))
            .values(path=path, size_bytes=size_bytes, mtime_ns=mtime_ns)
        )


def items_by_id(session: Session, ids: Collection[int]) -> dict[int, StoredItem]:
    """Items that were read, by id."""
    found: dict[int, StoredItem] = {}
    for chunk in chunks(sorted(ids)):
        rows = session.execute(
            select(CorpusItemRow, CorpusSourceRow.name)
            .join(CorpusItemRow.source)
            .where(CorpusItemRow.id.in_(chunk), CorpusItemRow.sha256.is_not(None))
        ).all()
        for row, source in rows:
            found[row.id] = StoredItem(row.id, row.sha256 or "", row.path, row.kind, row.licence, row.source_id, source)
    return found


def chunks(values: Sequence[str] | Sequence[int]) -> Iterable[Sequence[str] | Sequence[int]]:
    """Parts that fit into one statement."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _known(row: CorpusItemRow) -> KnownItem:
    return KnownItem(row.id, row.path, row.sha256, row.size_bytes, row.mtime_ns, row.model_id)


def _face_row(item_id: int, model_id: str, face: NewFace) -> CorpusFaceRow:
    return CorpusFaceRow(
        item_id=item_id,
        start_s=face.start_s,
        end_s=face.end_s,
        key_s=face.key_s,
        box=[round(float(edge), 4) for edge in face.box],
        quality=face.quality,
        reliability=face.reliability,
        count=face.count,
        model_id=model_id,
        dimension=len(face.vector),
        data=pack(face.vector),
    )
