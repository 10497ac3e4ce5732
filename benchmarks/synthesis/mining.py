"""What is mined out of a corpus: is the subject ever among it, are look-alikes found, and how fast is it.

Every function takes the media, a work folder, a configuration and something to tell lines to, and gives plain figures.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from benchmarks.people.build import Cut, Workshop, enroll_recipe
from benchmarks.people.media import Media, Source
from pipelines.mine.add import CorpusIndexer
from pipelines.mine.candidates import entry_logits, find_candidates
from pipelines.mine.config import MiningConfig
from pipelines.mine.negatives import NegativeKeeper, Subject
from pipelines.session import Session
from pipelines.session import open as open_session
from pipelines.training_material import MaterialFinder
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.search import Block, ExactSearch, unit
from pvchat.identity.shards import ShardedSearch
from pvchat.identity.whitening import Whitening
from pvchat.perception.geometry import Image, resize
from pvchat.video import iter_frames, probe
from storage import corpus, corpus_faces, people
from storage.corpus import NewFace, NewItem
from storage.schema import CorpusItemRow
from storage.store import Store

BARS: dict[str, tuple[str, float]] = {
    "mined_self": ("<=", 0),
    "lookalikes_found": (">=", 0.8),
    "index_images_per_s": (">=", 8.0),
    "search_1m_ms": ("<=", 50.0),
}
"""Key -> how it is compared with its bar, and the bar."""

MODEL = "dlib-resnet-v1"
Float = NDArray[np.float32]
Say = Callable[[str], None]


@dataclass(frozen=True)
class MiningBench:
    """How much is measured.

    Attributes:
        seed: of everything random. subjects: people enrolled in turn.
        pictures: copies of each subject, as pictures. clips: other parts of each subject's clip.
        mined: look-alikes asked for, and as many others.
        look_alikes: planted for each subject. strangers: drawn at random around them.
        faces: in the large index. queries: put to it. nearest: asked for.
    """

    seed: int = 20
    subjects: int = 4
    pictures: int = 47
    clips: int = 3
    mined: int = 15
    look_alikes: int = 50
    strangers: int = 5000
    faces: int = 1_000_000
    queries: int = 40
    nearest: int = 50


def quick(config: MiningBench) -> MiningBench:
    """A smaller one: a minute instead of several."""
    return replace(config, subjects=2, pictures=14, clips=1, look_alikes=20, strangers=800, faces=60_000, queries=8)


def measure_mined_self(media: Media, work: Path, config: MiningBench, say: Say) -> dict[str, Any]:
    """Plant copies and other clips of several people in one corpus; count those that are mined for the same person.

    Returns:
        mined_self, planted, mined (all that was kept), candidates_self (before the second look), index_images_per_s.
    """
    subjects = clip_subjects(media, config)
    shop = Workshop(work / "clips", media, say)
    folder = work / "planted"
    shutil.rmtree(folder, ignore_errors=True)
    for source in subjects:
        say(f"planting {config.pictures} pictures and {config.clips} clips of {source.key}")
        plant_pictures(source, folder / "pictures" / source.key, config)
        for number in range(config.clips):
            begin = 0.4 + 0.5 * number / max(1, config.clips)
            made = shop.make(Cut(source.key, begin, min(1.0, begin + 0.2)))
            (folder / "clips" / source.key).mkdir(parents=True, exist_ok=True)
            shutil.copy(made.path, folder / "clips" / source.key / f"{number}.mp4")
    others = [source for source in media.sources.values() if source.kind == "photo"]
    for source in {one.path: one for one in others if one.person not in {one.key for one in subjects}}.values():
        (folder / "pictures" / "others").mkdir(parents=True, exist_ok=True)
        shutil.copy(source.path, folder / "pictures" / "others" / source.path.name)
    mined = mined_self = candidates_self = 0
    home = fresh(work / "mining home")
    with open_session(home) as session, Store.open(home) as store:
        for source in subjects:
            session.enroll(source.key, shop.make(enroll_recipe(source)).path, consent_by="bench", purpose="bench")
        indexer = CorpusIndexer(store, session.tools, session.videos)
        added = indexer.add(folder / "pictures", licence="test")
        speed = (added.indexed + added.no_face) / max(added.seconds, 1e-9)
        say(f"{added.indexed} pictures with {added.faces} faces, {speed:.1f} per second")
        indexer.add(folder / "clips", licence="test")
        for source in subjects:
            own = items_under(store, source.key)
            subject = subject_of(session, store, source.key)
            asked = MiningConfig(hard=config.mined, easy=config.mined, per_person=20, seed=config.seed)
            found = find_candidates(store, subject.entry, asked, {subject.enrollment.key})
            candidates_self += sum(one.item.id in own for one in (*found.hard, *found.easy))
            draft = fresh(work / "draft")
            keeper = NegativeKeeper(store, session.tools, session.videos, draft, lambda: None)
            kept = keeper.keep(subject, 0, asked, lambda _done, _what: None)
            mined += len(kept.noted)
            mined_self += sum(one["item"] in own for one in kept.noted)
            say(f"{source.key}: {len(kept.noted)} mined, {mined_self} of the person so far")
    return {
        "mined_self": mined_self,
        "planted": len(subjects) * (config.pictures + config.clips),
        "mined": mined,
        "candidates_self": candidates_self,
        "index_images_per_s": round(speed, 2),
        "indexed_pictures": added.indexed + added.no_face,
        "without_face": added.no_face,
    }


def measure_lookalikes_found(media: Media, work: Path, config: MiningBench, say: Say) -> dict[str, Any]:
    """Plant faces with known scores around each subject, made of other real people's; count those that are found.

    The scores are spread evenly over the band, in which some of the strangers lie as well: as many are asked for as the
    band has room for, and it is counted how many of the planted ones come.

    Returns:
        lookalikes_found (share over all subjects), by_subject, random_level of each, band (faces that came in all).
    """
    subjects = clip_subjects(media, config)
    shop = Workshop(work / "clips", media, say)
    shares: dict[str, float] = {}
    levels: dict[str, float] = {}
    bands: dict[str, int] = {}
    home = fresh(work / "alike home")
    with open_session(home) as session:
        for source in subjects:
            session.enroll(source.key, shop.make(enroll_recipe(source)).path, consent_by="bench", purpose="bench")
        with Store.open(home) as store, store.read() as database:
            enrolled = people.list_all(database)
        entries = {one.name: session.tools.entry(one.name, one.vectors, one.coverage) for one in enrolled}
    rng = np.random.default_rng(config.seed)
    others = [np.average(entry.whitened(), axis=0, weights=entry.weights) for entry in entries.values()]
    for name, entry in entries.items():
        with Store.open(fresh(work / "alike corpus")) as store:
            strangers = Whitening.for_model(MODEL).draw_people(config.strangers, rng)
            note(store, "strangers", strangers)
            centre = np.average(entry.whitened(), axis=0, weights=entry.weights)
            real = [other for other in others if float(unit(other[None])[0] @ unit(centre[None])[0]) < 0.99]
            # With the demo media there is one person with a clip: then those drawn by chance stand in.
            real = real or list(strangers[: config.look_alikes])
            # Planted on the way to one person they are alike among themselves, which is no fault here.
            wanted = MiningConfig(hard=config.strangers, easy=0, seed=config.seed, per_person=config.strangers)
            levels[name] = round(find_candidates(store, entry, wanted).random_level, 2)
            scores = rng.uniform(levels[name], wanted.bound, config.look_alikes).astype(np.float32)
            planted = note(store, "alike", look_alikes(entry, centre, real, scores, rng))
            found = find_candidates(store, entry, wanted)
            bands[name] = len(found.hard)
            shares[name] = round(len({one.item.id for one in found.hard} & planted) / config.look_alikes, 3)
            say(
                f"{name}: {shares[name]:.0%} of {config.look_alikes} look-alikes found, among {bands[name]} in the band"
            )
    return {
        "lookalikes_found": round(float(np.mean(list(shares.values()))), 3),
        "by_subject": shares,
        "random_level": levels,
        "band": bands,
    }


def measure_search(media: Media, work: Path, config: MiningBench, say: Say) -> dict[str, Any]:
    """Time the search among very many faces, and compare it with the exact one. The media are not used.

    Returns:
        search_1m_ms (median), its 95th percentile, recall, build_s, faces.
    """
    folder = work / "shards"
    began = time.perf_counter()
    search = ShardedSearch(folder)
    search.rebuild(drawn_faces(config), "bench")
    build_s = time.perf_counter() - began
    queries = next(iter(drawn_faces(config)))[1][::97][: config.queries]
    noise = np.random.default_rng(config.seed + 1).standard_normal(queries.shape).astype(np.float32)
    queries = unit(queries + 0.04 * noise)
    search.search(queries[:1], config.nearest)
    took, found = [], []
    for query in queries:
        start = time.perf_counter()
        found.append(search.search(query[None], config.nearest).ids[0])
        took.append(1000 * (time.perf_counter() - start))
    exact = ExactSearch()
    exact.rebuild(drawn_faces(config), "exact")
    exact_took, shared = [], []
    for query, ids in zip(queries, found, strict=True):
        start = time.perf_counter()
        truth = exact.search(query[None], config.nearest).ids[0]
        exact_took.append(1000 * (time.perf_counter() - start))
        shared.append(len(np.intersect1d(ids, truth)) / config.nearest)
    shutil.rmtree(folder, ignore_errors=True)
    figures = {
        "search_1m_ms": round(float(np.median(took)), 2),
        "search_1m_ms_p95": round(float(np.percentile(took, 95)), 2),
        "search_1m_recall": round(float(np.mean(shared)), 4),
        "exact_1m_ms": round(float(np.median(exact_took)), 2),
        "build_s": round(build_s, 1),
        "faces": config.faces,
    }
    say(", ".join(f"{name} {value}" for name, value in figures.items()))
    return figures


def measure(media: Media, work: Path, config: MiningBench, say: Say) -> dict[str, Any]:
    """All of it, one after the other."""
    figures: dict[str, Any] = {}
    for part in (measure_mined_self, measure_lookalikes_found, measure_search):
        figures |= part(media, work, config, say)
    return figures


def clip_subjects(media: Media, config: MiningBench) -> list[Source]:
    """The people who are enrolled in turn: those with clips of their own."""
    return [source for source in media.same() if source.kind == "clip"][: config.subjects]


def plant_pictures(source: Source, folder: Path, config: MiningBench) -> None:
    """Frames of somebody's clip as pictures: re-encoded, cut out, scaled, mirrored, darkened, and several of these."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = Random(f"{config.seed} {source.key}")
    length = probe(source.path, untrusted=False).duration_s
    times = [length * (number + 0.5) / config.pictures for number in range(config.pictures)]
    for number, (_, frame) in enumerate(iter_frames(source.path, times, untrusted=False)):
        picture, quality = changed(frame, rng)
        written, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        if written:
            (folder / f"{number:03}.jpg").write_bytes(bytes(jpeg))


def changed(frame: Image, rng: Random) -> tuple[Image, int]:
    """A copy of a frame as it goes round, and the quality it is saved with."""
    height, width = frame.shape[:2]
    if rng.random() < 0.5:
        frame = frame[:, ::-1]
    if rng.random() < 0.5:
        left, top = rng.uniform(0, 0.2), rng.uniform(0, 0.1)
        right, low = rng.uniform(0.8, 1.0), rng.uniform(0.75, 1.0)
        frame = frame[round(top * height) : round(low * height), round(left * width) : round(right * width)]
    if rng.random() < 0.6:
        scale = rng.uniform(0.3, 1.5)
        frame = resize(
            np.ascontiguousarray(frame), max(64, round(frame.shape[1] * scale)), max(64, round(frame.shape[0] * scale))
        )
    if rng.random() < 0.3:
        frame = np.clip(frame.astype(np.float32) * rng.uniform(0.5, 1.3), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(frame), rng.randrange(35, 96)


def look_alikes(
    entry: GalleryEntry, centre: Float, real: Sequence[Float], scores: Float, rng: np.random.Generator
) -> Float:
    """(n, d) faces with these log-odds: other real people's, each changed a little and moved towards the subject."""
    found: list[Float] = []
    length = float(np.linalg.norm(centre))
    for number, wanted in enumerate(scores):
        noise = 0.5
        other = _changed_person(real[number % len(real)], noise, length, rng)
        while logit_of(entry, other) >= wanted:
            # More like the subject than it is to become: somebody further away.
            noise *= 1.1
            other = _changed_person(real[number % len(real)], noise, length, rng)
        low, high = 0.0, 1.0
        for _ in range(24):
            share = (low + high) / 2
            moved = np.asarray((1 - share) * other + share * centre, np.float32)
            low, high = (share, high) if logit_of(entry, moved) < wanted else (low, share)
        found.append(np.asarray((1 - low) * other + low * centre, np.float32))
    return np.stack(found)


def _changed_person(person: Float, noise: float, length: float, rng: np.random.Generator) -> Float:
    other = person + noise * rng.standard_normal(len(person))
    return np.asarray(other / np.linalg.norm(other) * length, np.float32)


def logit_of(entry: GalleryEntry, white: Float) -> float:
    """Log-odds that a flawless face is the subject's."""
    zero = np.zeros(1, np.float32)
    one = np.ones(1, np.int64)
    block = corpus_faces.FaceBlock(one, one, zero, zero, zero, np.ones(1, np.float32), unit(white[None]))
    return float(entry_logits(block, entry)[0])


def note(store: Store, name: str, white: Float) -> set[int]:
    """Put faces into a corpus, each in an item of its own; ids of the items."""
    items = [
        NewItem(
            f"/{name}/{number}",
            f"{name} {number}",
            1,
            1,
            "picture",
            "indexed",
            MODEL,
            faces=[NewFace(0.0, 0.0, 0.0, (0.0, 0.0, 1.0, 1.0), 0.9, 1.0, 1, vector)],
        )
        for number, vector in enumerate(unit(white))
    ]
    with store.write() as session:
        source = corpus.add_source(session, name=name, path=f"/{name}", licence="test", added_by="bench")
        corpus.save_items(session, source, items)
        known = corpus.known_by_path(session, {item.path for item in items})
    return {one.id for one in known.values()}


def items_under(store: Store, key: str) -> set[int]:
    """Ids of the items in a folder of this name."""
    with store.read() as session:
        rows = session.execute(select(CorpusItemRow.id, CorpusItemRow.path)).all()
    return {item for item, path in rows if f"/{key}/" in (path or "")}


def subject_of(session: Session, store: Store, name: str) -> Subject:
    """Somebody enrolled, with the footage of the enrollment video."""
    with store.read() as database:
        stored = next(one for one in people.list_all(database) if one.name == name)
    finder = MaterialFinder(store, session.tools, session.videos, lambda: None)
    file = finder.enrollment_video(stored)
    entry = session.tools.entry(stored.name, stored.vectors, stored.coverage)
    footage, _ = finder.enrollment(entry, session.videos.get(file, None), file)
    return Subject(entry, footage, None)


def drawn_faces(config: MiningBench) -> Iterator[Block]:
    """Random people with ten pictures each, in blocks; the same each time."""
    rng = np.random.default_rng(config.seed)
    white = Whitening.for_model(MODEL)
    first = 1
    while first <= config.faces:
        size = min(50_000, config.faces - first + 1)
        persons = white.draw_people(-(-size // 10), rng)
        vectors = np.repeat(persons, 10, axis=0)[:size]
        vectors = vectors + 0.5 * rng.standard_normal(vectors.shape).astype(np.float32)
        yield np.arange(first, first + size), unit(vectors)
        first += size


def fresh(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
