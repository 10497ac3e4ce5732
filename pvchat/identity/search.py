"""The faces nearest to a face: exact in memory while they are few, FAISS shards in files when they are many.

Whoever keeps the vectors (a database) is the truth. An index is made from it by `rebuild`, can be thrown away at any
time, and says by its stamp which state it was made from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Ids = NDArray[np.int64]
Block = tuple[Ids, Float]
"""(n,) ids and (n, d) unit vectors."""

EXACT_MOST = 100_000
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Nearest:
    """The faces nearest to each of q vectors, best first; equal ones by id.

    Attributes:
        ids: (q, k), k at most as many as there are faces. cosines: (q, k).
    """

    ids: Ids
    cosines: Float


class FaceSearch(Protocol):
    """Finds the faces whose vectors have the largest cosine with a vector."""

    @property
    def stamp(self) -> str:
        """Of the state it was made from, "" where it was made from none."""

    def search(self, vectors: Float, k: int) -> Nearest:
        """The k nearest faces of each vector.

        Args:
            vectors: (q, d); their length does not matter.
            k: at least 1.

        Raises:
            ValueError: k is less than 1, or the vectors have another dimension.
        """

    def rebuild(self, blocks: Iterable[Block], stamp: str) -> None:
        """Make the index anew.

        Args:
            blocks: all faces. stamp: of the state they are.
        """


def search_for(count: int, folder: Path, *, exact_most: int = EXACT_MOST) -> FaceSearch:
    """The search that fits so many faces.

    Args:
        count: of faces. folder: where shards are kept; used only for many faces. exact_most: up to so many are few.
    """
    if count <= exact_most:
        return ExactSearch()
    from pvchat.identity.shards import ShardedSearch

    return ShardedSearch(folder)


class ExactSearch:
    """Compares with every face, in memory."""

    def __init__(self) -> None:
        self._ids: Ids = np.empty(0, np.int64)
        self._vectors: Float = np.empty((0, 0), np.float32)
        self._stamp = ""

    @property
    def stamp(self) -> str:
        """Of the state it was made from."""
        return self._stamp

    def search(self, vectors: Float, k: int) -> Nearest:
        """The k nearest faces of each vector; see `FaceSearch.search`."""
        wanted = checked(vectors, k, self._vectors.shape[1] if len(self._ids) else None)
        best = [
            top(self._ids[start : start + _BLOCK], wanted @ self._vectors[start : start + _BLOCK].T, k)
            for start in range(0, len(self._ids), _BLOCK)
        ]
        return merged(best, len(wanted), k)

    def rebuild(self, blocks: Iterable[Block], stamp: str) -> None:
        """Take all faces into memory."""
        found = [(ids, unit(vectors)) for ids, vectors in blocks if len(ids)]
        self._ids = np.concatenate([ids for ids, _ in found]) if found else np.empty(0, np.int64)
        self._vectors = np.concatenate([v for _, v in found]) if found else np.empty((0, 0), np.float32)
        self._stamp = stamp


def checked(vectors: Float, k: int, dimension: int | None) -> Float:
    """(q, d) unit vectors. Raises ValueError; see `FaceSearch.search`."""
    if k < 1:
        raise ValueError(f"the {k} nearest faces were asked for; ask for at least 1")
    rows = unit(np.atleast_2d(np.asarray(vectors, np.float32)))
    if dimension is not None and rows.shape[1] != dimension:
        raise ValueError(f"vectors of {rows.shape[1]} numbers were given to an index of {dimension}; use one engine")
    return rows


def top(ids: Ids, cosines: Float, k: int) -> Nearest:
    """The k best of some faces.

    Args:
        ids: (n,). cosines: (q, n).
    """
    count = min(k, len(ids))
    if count < len(ids):
        # One more than asked for would not help with equal ones at the edge; which of them is taken does not matter.
        chosen = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    else:
        chosen = np.broadcast_to(np.arange(len(ids)), cosines.shape)
    return _sorted(ids[chosen], np.take_along_axis(cosines, chosen, axis=1))


def merged(parts: list[Nearest], queries: int, k: int) -> Nearest:
    """The k best of several parts."""
    if not parts:
        return Nearest(np.empty((queries, 0), np.int64), np.empty((queries, 0), np.float32))
    whole = _sorted(
        np.concatenate([part.ids for part in parts], axis=1), np.concatenate([part.cosines for part in parts], axis=1)
    )
    return Nearest(whole.ids[:, :k], whole.cosines[:, :k])


def unit(vectors: Float) -> Float:
    """Rows of length 1; a row of zeros stays one."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    out: Float = np.asarray(vectors / np.maximum(length, 1e-9), np.float32)
    return out


def _sorted(ids: Ids, cosines: Float) -> Nearest:
    order = np.lexsort((ids, -cosines), axis=1)
    return Nearest(np.take_along_axis(ids, order, axis=1), np.take_along_axis(cosines, order, axis=1))
