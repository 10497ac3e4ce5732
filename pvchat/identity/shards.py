"""Search among very many faces: FAISS shards in files, a quick pass over bytes, then exact cosines of the best.

Every shard has the vectors twice: as bytes (FAISS' scalar quantizer, a quarter of the memory to walk through) and as
float32 in a file of which only the rows of the best candidates are read. All faces are looked at, so nothing is lost
to an approximate structure; what can be lost is a face that the rounding pushes behind the candidates.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pvchat.errors import ModelError
from pvchat.identity.search import Block, Float, Ids, Nearest, checked, merged, top, unit

SHARD_FACES = 1 << 18
_TRAINED_ON = 1 << 16
# Candidates of the first pass, as a multiple of what is asked for: enough that rounding loses none in practice.
_CANDIDATES = 4
_MANIFEST = "manifest.json"
_VERSION = 1


@dataclass(frozen=True)
class _Shard:
    index: Any
    ids: Ids
    vectors: Float


class ShardedSearch:
    """Faces in shard files.

    Args:
        folder: of the shards; made, and replaced, by `rebuild`. What is in it can be deleted at any time.
        shard_faces: faces per shard.
    """

    def __init__(self, folder: Path, *, shard_faces: int = SHARD_FACES) -> None:
        self._folder = folder
        self._shard_faces = shard_faces
        self._shards: list[_Shard] | None = None
        self._stamp: str | None = None

    @property
    def stamp(self) -> str:
        """Of the state the files were made from, "" where there are none that can be used."""
        if self._stamp is None:
            self._stamp = str(_manifest(self._folder).get("stamp", ""))
        return self._stamp

    def search(self, vectors: Float, k: int) -> Nearest:
        """The k nearest faces of each vector; see `FaceSearch.search`.

        Raises:
            ModelError: the files are damaged; rebuild.
        """
        shards = self._opened()
        wanted = checked(vectors, k, shards[0].vectors.shape[1] if shards else None)
        if not shards:
            return merged([], len(wanted), k)
        with ThreadPoolExecutor(max(1, min(len(shards), os.cpu_count() or 1))) as pool:
            return merged(list(pool.map(lambda shard: _search(shard, wanted, k), shards)), len(wanted), k)

    def rebuild(self, blocks: Iterable[Block], stamp: str) -> None:
        """Write the shards anew; until the last one is written, the folder is what it was."""
        draft = self._folder.with_name(f".{self._folder.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        try:
            count = 0
            for number, (ids, vectors) in enumerate(_in_shards(blocks, self._shard_faces)):
                _write(draft, number, ids, vectors)
                count = number + 1
            manifest = {"version": _VERSION, "stamp": stamp, "shards": count}
            _private(draft / _MANIFEST, json.dumps(manifest).encode())
            self._shards = None
            shutil.rmtree(self._folder, ignore_errors=True)
            draft.rename(self._folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        self._stamp = stamp

    def _opened(self) -> list[_Shard]:
        if self._shards is None:
            try:
                self._shards = [_read(self._folder, n) for n in range(int(_manifest(self._folder).get("shards", 0)))]
            except (OSError, ValueError, RuntimeError) as error:
                raise ModelError(f"the index in {self._folder} is damaged ({error}); delete that folder") from error
        return self._shards


def _search(shard: _Shard, wanted: Float, k: int) -> Nearest:
    most = min(len(shard.ids), _CANDIDATES * k)
    _, rows = shard.index.search(wanted, most)
    found = []
    for query, chosen in zip(wanted, rows, strict=True):
        chosen = np.sort(chosen[chosen >= 0])
        found.append(top(shard.ids[chosen], (shard.vectors[chosen] @ query)[None], k))
    return Nearest(np.concatenate([one.ids for one in found]), np.concatenate([one.cosines for one in found]))


def _in_shards(blocks: Iterable[Block], size: int) -> Iterator[Block]:
    """The same faces in blocks of `size`."""
    ids: list[Ids] = []
    vectors: list[Float] = []
    held = 0
    for some, rows in blocks:
        ids.append(some)
        vectors.append(unit(rows))
        held += len(some)
        while held >= size:
            all_ids, all_vectors = np.concatenate(ids), np.concatenate(vectors)
            yield all_ids[:size], all_vectors[:size]
            ids, vectors, held = [all_ids[size:]], [all_vectors[size:]], held - size
    if held:
        yield np.concatenate(ids), np.concatenate(vectors)


def _write(folder: Path, number: int, ids: Ids, vectors: Float) -> None:
    import faiss

    index = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[: _TRAINED_ON if len(vectors) > _TRAINED_ON else len(vectors)])
    index.add(vectors)
    _private(folder / f"{number:04}.faiss", faiss.serialize_index(index).tobytes())
    _private(folder / f"{number:04}.ids", ids.astype("<i8").tobytes())
    _private(folder / f"{number:04}.vectors", vectors.astype("<f4").tobytes())


def _read(folder: Path, number: int) -> _Shard:
    import faiss

    index = faiss.read_index(str(folder / f"{number:04}.faiss"))
    ids = np.fromfile(folder / f"{number:04}.ids", "<i8")
    vectors: Float = np.memmap(folder / f"{number:04}.vectors", "<f4", "r", shape=(len(ids), index.d))
    if index.ntotal != len(ids):
        raise ValueError(f"shard {number} has {index.ntotal} faces and {len(ids)} ids")
    return _Shard(index, ids, vectors)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / _MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("version") == _VERSION else {}


def _private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
