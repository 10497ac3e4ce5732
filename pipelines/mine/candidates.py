"""Which faces of the corpus are worth a look: look-alikes in a band of likeness, and other people at random.

Likeness is the calibrated log-odds by which identity decides about tracks (`pvchat.identity.judging`). An item is left
out as a whole as soon as one of its faces could be the subject's: what is in the same picture or video teaches nothing
that is worth the risk.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from pipelines.mine.config import MiningConfig
from pipelines.mine.faces import as_tracks
from pipelines.mine.index import CorpusIndex
from pvchat.identity.calibration import calibration
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.judging import JudgedTrack, pair_logits
from pvchat.identity.whitening import Whitening
from storage import corpus, corpus_faces
from storage.corpus import StoredItem
from storage.corpus_faces import FaceBlock
from storage.store import Store

_AT_ONCE = 512
_MORE = 4
_MOST_NEAREST = 1 << 15
_RANDOM_PEOPLE = 1000


@dataclass(frozen=True)
class Candidate:
    """A face of the corpus that surely is somebody else's.

    Attributes:
        item: what it is in. face: its id. logit: calibrated log-odds that it is the subject's, far below 0.
        start_s, end_s, key_s: when it is seen, 0 in a picture. vector: (d,), to tell people apart.
    """

    item: StoredItem
    face: int
    logit: float
    start_s: float
    end_s: float
    key_s: float
    vector: NDArray[np.float32]


@dataclass(frozen=True)
class Candidates:
    """What to look at more closely, best first.

    Attributes:
        hard: look-alikes, the most alike first. easy: other people, in random order.
        random_level: log-odds at which random people end and look-alikes begin.
        faces: how many the corpus has.
    """

    hard: Sequence[Candidate]
    easy: Sequence[Candidate]
    random_level: float
    faces: int


def find_candidates(
    store: Store, entry: GalleryEntry, config: MiningConfig, barred: Collection[str] = ()
) -> Candidates:
    """Look through the corpus for one person; the same corpus, entry and configuration give the same.

    Args:
        store: the data folder. entry: of the subject. config: see `MiningConfig`.
        barred: SHA-256 of files that are not to be taken, such as the enrollment video.
    """
    index = CorpusIndex(store, entry.model_id)
    count = len(index)
    if not count:
        return Candidates((), (), 0.0, 0)
    scorer = _Scorer(store, entry, config, barred)
    with store.read() as session:
        sample = corpus_faces.sample(session, entry.model_id, config.sample, config.seed)
    common = [] if sample is None else scorer.candidates(sorted({int(item) for item in sample.items}))
    level = _random_level(entry, config, [one.logit for one in common])
    easy = [one for one in common if one.logit < level]
    Random(f"easy negatives {config.seed}").shuffle(easy)
    most_easy, most_hard = config.easy * config.tries, config.hard * config.tries
    hard = _nearest(store, entry, index, scorer, config, level, count) if most_hard else []
    return Candidates(
        _spread(hard, config, entry.model_id)[:most_hard],
        _spread(easy, config, entry.model_id)[:most_easy],
        level,
        count,
    )


def entry_logits(block: FaceBlock, entry: GalleryEntry) -> NDArray[np.float32]:
    """(n,) log-odds that faces of the corpus are the person's, everybody else left aside."""
    return _logits(as_tracks(block), entry)


def queries_of(entry: GalleryEntry) -> NDArray[np.float32]:
    """(k + 1, d) what to search with: the templates and their mean, as identity compares with both."""
    white = entry.whitened()
    return np.concatenate([white, np.average(white, axis=0, weights=entry.weights)[None]]).astype(np.float32)


class _Scorer:
    """Judges items, each once."""

    def __init__(self, store: Store, entry: GalleryEntry, config: MiningConfig, barred: Collection[str]) -> None:
        self._store = store
        self._entry = entry
        self._bound = config.bound
        self._barred = frozenset(barred)
        self._judged: dict[int, Candidate | None] = {}

    def candidates(self, items: Sequence[int]) -> list[Candidate]:
        """Of each item the face most alike, of those items in which the subject surely is not."""
        new = [item for item in items if item not in self._judged]
        with self._store.read() as session:
            stored = corpus.items_by_id(session, new)
            block = corpus_faces.of_items(session, new, self._entry.model_id)
        self._judged |= dict.fromkeys(new)
        if block is not None:
            logits = entry_logits(block, self._entry)
            # By item, and in it by likeness, the most alike last.
            for row in np.lexsort((logits, block.items)):
                item = stored.get(int(block.items[row]))
                if item is not None and item.sha256 not in self._barred:
                    self._judged[item.id] = _candidate(item, block, int(row), float(logits[row]))
        found = (self._judged[item] for item in items)
        return [one for one in found if one is not None and one.logit < self._bound]


def _candidate(item: StoredItem, block: FaceBlock, row: int, logit: float) -> Candidate:
    return Candidate(
        item,
        int(block.ids[row]),
        logit,
        float(block.start_s[row]),
        float(block.end_s[row]),
        float(block.key_s[row]),
        block.vectors[row],
    )


def _nearest(
    store: Store,
    entry: GalleryEntry,
    index: CorpusIndex,
    scorer: _Scorer,
    config: MiningConfig,
    level: float,
    count: int,
) -> list[Candidate]:
    """Those of the nearest faces that are in the band. Where the subject's own pictures fill the first ranks, more
    are asked for."""
    k = config.nearest
    while True:
        nearest = index.search(queries_of(entry), min(k, count))
        with store.read() as session:
            items = corpus_faces.items_of(session, {int(face) for face in nearest.ids.ravel()})
        judged = scorer.candidates(sorted(set(items.values())))
        found = [one for one in judged if one.logit >= level]
        enough = config.hard * config.tries
        reached = len(judged) - len(found) >= enough or len(found) >= enough * config.per_person
        if reached or k >= min(count, _MOST_NEAREST):
            return sorted(found, key=lambda one: (-one.logit, one.face))
        k *= _MORE


def _spread(found: Sequence[Candidate], config: MiningConfig, model_id: str) -> list[Candidate]:
    """Without the third and further pictures of the same person."""
    alike = calibration(model_id).present
    kept: list[Candidate] = []
    for one in found:
        same = sum(float(one.vector @ other.vector) >= alike for other in kept)
        if same < config.per_person:
            kept.append(one)
    return kept


def _random_level(entry: GalleryEntry, config: MiningConfig, logits: Sequence[float]) -> float:
    """Log-odds that so many random people stay below; of people drawn by chance where the corpus has few."""
    if len(logits) >= config.least_sample:
        values = np.asarray(logits, np.float32)
    else:
        drawn = Whitening.for_model(entry.model_id).draw_people(_RANDOM_PEOPLE, np.random.default_rng(config.seed))
        values = _logits([JudgedTrack(i, (), mean, 1.0, 1.0) for i, mean in enumerate(drawn)], entry)
    return min(float(np.quantile(values, config.random_quantile)), config.bound)


def _logits(tracks: Sequence[JudgedTrack], entry: GalleryEntry) -> NDArray[np.float32]:
    parts = []
    for start in range(0, len(tracks), _AT_ONCE):
        some = tracks[start : start + _AT_ONCE]
        # Nobody is taken to be seen beside another: that would only take some likeness away.
        beside = np.zeros((len(some), len(some)), np.bool_)
        parts.append(pair_logits(some, [entry], entry.model_id, beside)[0])
    return np.concatenate(parts) if parts else np.empty(0, np.float32)
