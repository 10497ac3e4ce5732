"""Measure the identity parameters of a face engine and, with --write, store the aggregates the package ships.

    python -m benchmarks.identity_calibration --data DATA --people PEOPLE --groups GROUPS --check CHECK --write

Folders: --data the project's test data; --people one folder of photos per person; --groups photos in which every face
is another person; --check like --people, never used for a parameter, only to test them. All but --data are optional
and can be given several times. Stored are a mean and a covariance over all people and a few numbers, nobody's vector.

Every bound is tested leave-one-person-out: whitening and bounds come from the other people only. The report is printed
as JSON.
"""

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from pvchat import video, weights
from pvchat.evaluation.images import read_image
from pvchat.identity.engines import FaceEngine, load_engine
from pvchat.identity.similarity import cosines
from pvchat.identity.whitening import Whitening, data_stem
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import FaceMesh

Float = NDArray[np.float32]

POPULATION_SHRINKAGE = 0.3
WHITENING_SHRINKAGE = 0.65
STRANGER_MARGIN = 0.04
UNSURE_WIDTH = 0.06
SAMPLES_PER_SECOND = 3.0
SAME_CLIP_PARTS = 0.4
DATA = Path(__file__).resolve().parents[1] / "pvchat" / "identity" / "data"


@dataclass(frozen=True)
class Source:
    """One photo, or one person's stretch of a clip: person, source, use ("fit" or "check"), raw vectors (n, d)."""

    person: str
    name: str
    use: str
    vectors: Float

    @property
    def is_clip(self) -> bool:
        return len(self.vectors) > 3


class Describer:
    """Faces of one picture, largest first."""

    def __init__(self, engine: FaceEngine) -> None:
        self.engine = engine
        self._detector = FaceDetector(weights.path("mp-face-detection-full"), num_threads=1)
        self._mesh = FaceMesh(weights.path("mp-face-mesh"))

    def __call__(self, rgb: NDArray[np.uint8], *, tight: bool = False) -> Float:
        """Raw vectors (n, d). A tight portrait gets a border, without which its face is not found."""
        if tight:
            edge = round(0.35 * max(rgb.shape))
            rgb = np.asarray(cv2.copyMakeBorder(rgb, edge, edge, edge, edge, cv2.BORDER_REPLICATE), dtype=np.uint8)
        found = self._detector.detect(rgb, tiles="auto" if max(rgb.shape) > 400 else 0)
        meshes = [self._mesh.landmarks(rgb, face) for face in found]
        kept = [(face, mesh) for face, mesh in zip(found, meshes, strict=True) if mesh.score >= 0.5]
        kept.sort(key=lambda item: -item[0].height)
        return self.engine.describe(rgb, [face.box for face, _ in kept], [mesh for _, mesh in kept])


def photos(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))


def of_people(folder: Path, use: str, describe: Describer) -> Iterator[Source]:
    for person in sorted(p for p in folder.iterdir() if p.is_dir()):
        for photo in photos(person):
            picture = read_image(photo)
            vectors = describe(picture, tight=max(picture.shape) <= 200)
            if len(vectors):
                yield Source(person.name, photo.name, use, vectors[:1])


def of_groups(folder: Path, describe: Describer) -> Iterator[Source]:
    for photo in photos(folder):
        for index, vector in enumerate(describe(read_image(photo))):
            yield Source(f"{photo.stem}-{index}", photo.name, "fit", vector[None])


def of_clip(path: Path, person: str, describe: Describer, span: tuple[float, float] | None = None) -> Source:
    start, end = span or (0.0, video.probe(path, untrusted=False).duration_s)
    times = np.arange(start + 0.1, end - 0.05, 1.0 / SAMPLES_PER_SECOND)
    vectors = [
        found[0] for _, rgb in video.iter_frames(path, times.tolist(), untrusted=False) if len(found := describe(rgb))
    ]
    return Source(person, path.name, "fit", np.asarray(vectors, np.float32))


def of_test_data(root: Path, describe: Describer) -> Iterator[Source]:
    with (root / "cross" / "people.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield Source(row["person"], row["file"], "fit", describe(read_image(root / "cross" / row["file"]))[:1])
    for clip in sorted((root / "real_clips").glob("*.mp4")):
        if clip.stem.startswith("hamilton"):
            yield of_clip(clip, "singer", describe, (3.7, 6.8))
        else:
            yield of_clip(clip, clip.stem, describe)
    yield Source("singer", "still", "fit", describe(read_image(root / "real_clips" / "lin-manuel-miranda.png"))[:1])
    yield Source("pianist", "still", "fit", describe(read_image(root / "real_clips" / "alex-lacamoire.png"))[:1])


def population(sources: Sequence[Source], without: str = "") -> tuple[Float, Float, int]:
    """Mean and shrunk covariance between the people that parameters may be fitted on, and how many they are."""
    people = sorted({s.person for s in sources if s.use == "fit" and s.person != without})
    means = [np.mean([s.vectors.mean(0) for s in sources if s.person == p], axis=0) for p in people]
    stacked = np.asarray(means, np.float64)
    covariance = np.cov(stacked.T)
    size = covariance.shape[0]
    shrunk = (1 - POPULATION_SHRINKAGE) * covariance + POPULATION_SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    return stacked.mean(0).astype(np.float32), shrunk.astype(np.float32), len(people)


def pairs(sources: Sequence[Source], whitening: Whitening) -> tuple[Float, NDArray[np.bool_], NDArray[np.object_]]:
    """Cosines of all pairs of different sources, whether they show one person, and the two people."""
    white = whitening.transform(np.stack([s.vectors.mean(0) for s in sources]))
    rows, columns = np.triu_indices(len(sources), 1)
    people = np.array([s.person for s in sources], dtype=object)
    both = np.stack([people[rows], people[columns]], axis=1)
    return cosines(white, white)[rows, columns], both[:, 0] == both[:, 1], both


def bounds(cosine: Float, same: NDArray[np.bool_]) -> tuple[float, float]:
    """(present, absent): above the most alike strangers of all by a margin, and some way below that.

    Naming a stranger is the worst error, so the first bound looks at strangers only.
    """
    present = float(cosine[~same].max()) + STRANGER_MARGIN
    return present, present - UNSURE_WIDTH


def rates(cosine: Float, same: NDArray[np.bool_], present: float, absent: float) -> dict[str, float]:
    yes, no = cosine[same], cosine[~same]
    return {
        "same": len(yes),
        "same_present": round(float((yes >= present).mean()), 4) if len(yes) else 0.0,
        "same_absent": round(float((yes <= absent).mean()), 4) if len(yes) else 0.0,
        "different": len(no),
        "different_present": round(float((no >= present).mean()), 5),
        "different_absent": round(float((no <= absent).mean()), 5),
    }


@dataclass(frozen=True)
class HeldOut:
    """Pairs of sources, each judged by a whitening that never saw `person`, one of the two."""

    person: NDArray[np.object_]
    cosine: Float
    same: NDArray[np.bool_]


def leave_one_out(sources: Sequence[Source], model_id: str) -> HeldOut:
    fit = [s for s in sources if s.use == "fit"]
    person, cosine, same = [], [], []
    for name in sorted({s.person for s in fit}):
        mean, covariance, _ = population(fit, without=name)
        found, alike, both = pairs(fit, Whitening.from_population(model_id, mean, covariance, WHITENING_SHRINKAGE))
        mine = (both == name).any(axis=1)
        person.append(np.full(int(mine.sum()), name, dtype=object))
        cosine.append(found[mine])
        same.append(alike[mine])
    return HeldOut(np.concatenate(person), np.concatenate(cosine), np.concatenate(same))


def held_out_rates(held: HeldOut) -> dict[str, float]:
    """Errors when the bounds, too, come from pairs of the other people."""
    shifted = np.empty_like(held.cosine)
    for name in np.unique(held.person):
        mine = held.person == name
        shifted[mine] = held.cosine[mine] - bounds(held.cosine[~mine], held.same[~mine])[0]
    return rates(shifted, held.same, 0.0, -UNSURE_WIDTH)


def noise(sources: Sequence[Source], whitening: Whitening) -> dict[str, float]:
    """Standard deviations per dimension in the whitened space: of frames, of stretches of a clip, of sources."""
    frames, tracks, lags = [], [], []
    for source in (s for s in sources if s.is_clip and s.use == "fit"):
        white = whitening.transform(source.vectors)
        part = max(1, round(SAME_CLIP_PARTS * len(white)))
        inside = [white[:part] - white[:part].mean(0), white[-part:] - white[-part:].mean(0)]
        variance = float(np.mean([(x**2).sum() / max(len(x) - 1, 1) for x in inside])) / white.shape[1]
        frames.append(variance)
        between = float(((white[:part].mean(0) - white[-part:].mean(0)) ** 2).mean()) / 2
        tracks.append(max(0.0, between - variance / part))
        lags.append(
            float(np.mean((white[1:] - white.mean(0)) * (white[:-1] - white.mean(0))) / np.var(white - white.mean(0)))
        )
    photos_of: dict[str, list[Float]] = {}
    for source in (s for s in sources if not s.is_clip):
        photos_of.setdefault(source.person, []).append(whitening.transform(source.vectors.mean(0)))
    spread = [float(np.var(np.stack(v), axis=0, ddof=1).mean()) for v in photos_of.values() if len(v) > 1]
    frame, track = float(np.mean(frames)), float(np.mean(tracks))
    source_variance = np.maximum(np.asarray(spread) - 0.5 * frame - track, 0.01)
    return {
        "source_std": round(float(np.sqrt(source_variance.mean())), 3),
        "source_std_spread": round(float(np.std(np.log(np.sqrt(source_variance)))), 3),
        "track_std": round(float(np.sqrt(track)), 3),
        "frame_std": round(float(np.sqrt(frame)), 3),
        "frame_correlation_per_sample": round(float(np.mean(lags)), 3),
    }


def quantiles(cosine: Float, same: NDArray[np.bool_]) -> dict[str, list[float]]:
    return {
        "same_1_3_5_50": np.quantile(cosine[same], [0.01, 0.03, 0.05, 0.5]).round(3).tolist(),
        "different_50_95_99_999_max": np.quantile(cosine[~same], [0.5, 0.95, 0.99, 0.999, 1.0]).round(3).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the identity parameters of a face engine.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--people", type=Path, action="append", default=[])
    parser.add_argument("--groups", type=Path, action="append", default=[])
    parser.add_argument("--check", type=Path, action="append", default=[])
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--write", action="store_true", help="store the aggregates in the package")
    options = parser.parse_args()
    engine = load_engine(options.engine)
    describe = Describer(engine)
    sources = list(of_test_data(options.data, describe))
    groups = [of_groups(folder, describe) for folder in options.groups]
    people = [of_people(folder, "fit", describe) for folder in options.people]
    checks = [of_people(folder, "check", describe) for folder in options.check]
    sources += [source for part in (*groups, *people, *checks) for source in part]
    sources += list(of_demo(describe))
    sources = [source for source in sources if len(source.vectors)]
    report = evaluate(sources, engine.model_id, write=options.write)
    print(json.dumps(report, indent=2))


def of_demo(describe: Describer) -> Iterator[Source]:
    """The man of the demo clip. Not the demo photo: one of its people is in the test data under another name."""
    yield of_clip(weights.path("demo-carphone"), "carphone", describe)


def evaluate(sources: Sequence[Source], model_id: str, *, write: bool) -> dict[str, Any]:
    """Fit on the people for fitting, test on them one by one and on the others, store when asked to."""
    mean, covariance, count = population(sources)
    whitening = Whitening.from_population(model_id, mean, covariance, WHITENING_SHRINKAGE)
    fit = [s for s in sources if s.use == "fit"]
    cosine, same, _ = pairs(fit, whitening)
    held = leave_one_out(sources, model_id)
    present, absent = bounds(held.cosine, held.same)
    report: dict[str, Any] = {
        "model_id": model_id,
        "people": count,
        "present": round(present, 3),
        "absent": round(absent, 3),
        "fitted": quantiles(cosine, same) | rates(cosine, same, present, absent),
        "leave_one_person_out": quantiles(held.cosine, held.same) | held_out_rates(held),
        "noise": noise(sources, whitening),
    }
    if any(s.use == "check" for s in sources):
        cosine, same, both = pairs(sources, whitening)
        new = {s.person for s in sources if s.use == "check"}
        mine = np.array([a in new or b in new for a, b in both])
        report["check"] = quantiles(cosine[mine], same[mine]) | rates(cosine[mine], same[mine], present, absent)
    stem = data_stem(model_id)
    if write and stem is not None:
        save_file(
            {"mean": mean, "covariance": covariance},
            DATA / f"{stem}.safetensors",
            metadata={"model_id": model_id, "people": str(count), "content": "mean and covariance over people"},
        )
        path = DATA / f"{stem}.json"
        shipped = json.loads(path.read_text(encoding="utf-8"))
        shipped |= {"people": count, "whitening_shrinkage": WHITENING_SHRINKAGE}
        shipped["calibration"] |= {"present": round(present, 3), "absent": round(absent, 3)}
        path.write_text(json.dumps(shipped, indent=2) + "\n", encoding="utf-8")
    return report


if __name__ == "__main__":
    main()
