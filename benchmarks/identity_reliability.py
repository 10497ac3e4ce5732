"""Measure what a face vector tells about its own damage and, with --write, store the regression the package ships.

    python -m benchmarks.identity_reliability --cross DATA/cross --fit PEOPLE --check CHECK --write

Folders: --cross photos with a people.csv (person, file); --fit and --check one folder of photos per person, the first
for the regression, the second, other people, to test it (`present_rise` was set with their stranger tail in view, so
of that bound they are no test). Every photo is damaged in 27 ways (fewer pixels, blur,
motion, haze, darkness, compression, bars over the eyes or the mouth). Stored are one direction and five numbers,
nobody's vector. The report, printed as JSON, compares the decisions about the --check people with those that the
picture's quality alone, doubled, would give; `by_damage` shows where the regression is wrong.
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

from benchmarks.identity_calibration import DATA, photos
from pvchat import weights
from pvchat.evaluation.images import read_image
from pvchat.identity.calibration import SURE_LOGIT, calibration
from pvchat.identity.engines import FaceEngine, load_engine
from pvchat.identity.reliability import Reliability, features
from pvchat.identity.similarity import cosines
from pvchat.identity.whitening import Whitening, data_stem
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import FaceMesh
from pvchat.perception.faces import measure_face

Float = NDArray[np.float32]
Rgb = NDArray[np.uint8]
Box = tuple[float, float, float, float]

FACE_PX = 120.0
RIDGE = 5.0
DAMAGED_BELOW, CLEAN_ABOVE = 0.35, 0.75
"""Cosines to the clean photo between whose means the direction is taken."""


@dataclass(frozen=True)
class Seen:
    """One face of one damaged photo: person, photo, damage ("none" for none), use, quality, raw vector (d,)."""

    person: str
    photo: str
    damage: str
    use: str
    quality: float
    vector: Float


def close_up(picture: Rgb, box: Box) -> tuple[Rgb, Box]:
    """The face with its surroundings, at most 120 pixels tall, and its box there."""
    height = box[3] - box[1]
    left, top = (int(max(0.0, v - 1.2 * height)) for v in box[:2])
    right, bottom = int(box[2] + 1.2 * height), int(box[3] + 1.5 * height)
    part = picture[top:bottom, left:right]
    scale = min(1.0, FACE_PX / height)
    if scale < 1.0:
        part = _scaled(part, scale)
    moved = ((box[0] - left) * scale, (box[1] - top) * scale, (box[2] - left) * scale, (box[3] - top) * scale)
    return part, moved


def damages(picture: Rgb, box: Box, rng: np.random.Generator) -> Iterator[tuple[str, Rgb]]:
    """The picture, and the picture made worse in 27 ways; amounts are relative to the height of the face."""
    height = box[3] - box[1]
    yield "none", picture
    for px in (64, 48, 36, 28, 22, 18, 14):
        if px < height:
            yield f"small {px}", _scaled(picture, px / height)
    for share in (0.02, 0.035, 0.05, 0.075, 0.1):
        yield f"blur {share}", np.asarray(cv2.GaussianBlur(picture, (0, 0), share * height), np.uint8)
    for percent in (8, 12, 18):
        size = max(3, int(percent / 100 * height) | 1)
        kernel = np.zeros((size, size), np.float32)
        kernel[size // 2] = 1 / size
        yield f"motion {percent}", np.asarray(cv2.filter2D(picture, -1, kernel), np.uint8)
    for left in (0.5, 0.3, 0.15):
        hazy = cv2.GaussianBlur(picture.astype(np.float32) * left + 200 * (1 - left), (0, 0), 0.02 * height)
        yield f"haze {left}", _noisy(hazy, 3.0, rng)
    for left in (0.25, 0.12, 0.06):
        yield f"dark {left}", _noisy(picture.astype(np.float32) * left, 4.0, rng)
    for quality in (20, 8, 4):
        small = _scaled(picture, min(1.0, 48 / height))
        coded = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        bgr = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
        yield f"jpeg {quality}", np.ascontiguousarray(bgr[..., ::-1])
    for px in (32, 24, 18):
        size_px = (picture.shape[1], picture.shape[0])
        blown = cv2.resize(_scaled(picture, px / height), size_px, interpolation=cv2.INTER_CUBIC)
        yield f"blown up {px}", np.asarray(blown, np.uint8)
    x0, y0, x1, y1 = (int(max(0.0, v)) for v in box)
    bands = (("eyes", y0 + int(0.2 * height), y0 + int(0.45 * height)), ("mouth", y0 + int(0.55 * height), y1))
    for name, top, bottom in bands:
        covered = picture.copy()
        covered[top:bottom, x0:x1] = 30
        yield name, covered


def _scaled(picture: Rgb, scale: float) -> Rgb:
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _noisy(picture: NDArray[Any], spread: float, rng: np.random.Generator) -> Rgb:
    return np.clip(picture + rng.normal(0, spread, picture.shape), 0, 255).astype(np.uint8)


class Looker:
    """Finds, measures and describes the largest face of a picture, as perception does."""

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine
        self._detector = FaceDetector(weights.path("mp-face-detection-full"))
        self._mesh = FaceMesh(weights.path("mp-face-mesh"))

    def box(self, picture: Rgb) -> Box | None:
        found = self._detector.detect(picture)
        return found[0].box if found else None

    def look(self, picture: Rgb) -> tuple[float, Float] | None:
        """Quality and raw vector, or None where no face is found."""
        found = self._detector.detect(picture)
        if not found:
            return None
        mesh = self._mesh.landmarks(picture, found[0])
        vector = self._engine.describe(picture, [found[0].box], [mesh if mesh.score >= 0.5 else None])[0]
        return measure_face(picture, found[0], mesh).quality, vector


def of_photo(path: Path, person: str, use: str, looker: Looker, rng: np.random.Generator) -> Iterator[Seen]:
    picture = read_image(path)
    box = looker.box(picture)
    if box is None:
        return
    part, moved = close_up(picture, box)
    for damage, worse in damages(part, moved, rng):
        seen = looker.look(worse)
        if seen is not None:
            yield Seen(person, str(path), damage, use, *seen)


def listed(options: argparse.Namespace) -> Iterator[tuple[Path, str, str]]:
    """(photo, person, use) of all folders."""
    for folder in options.cross:
        with (folder / "people.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                yield folder / row["file"], row["person"], "fit"
    for use in ("fit", "check"):
        for folder in getattr(options, use):
            for person in sorted(p for p in folder.iterdir() if p.is_dir()):
                for photo in photos(person):
                    yield photo, person.name, use


def own_cosines(seen: Sequence[Seen], model_id: str) -> Float:
    """(n,) cosine of each damaged face to the same photo undamaged; nan where that was not found."""
    white = Whitening.for_model(model_id).transform(np.stack([s.vector for s in seen]))
    clean = {s.photo: i for i, s in enumerate(seen) if s.damage == "none"}
    out = np.full(len(seen), np.nan, np.float32)
    for i, one in enumerate(seen):
        if one.photo in clean:
            out[i] = cosines(white[i][None], white[clean[one.photo]][None])[0, 0]
    return out


def fit(seen: Sequence[Seen], own: Float, model_id: str) -> Reliability:
    """Ridge regression of the logit of the own cosine."""
    vectors = np.stack([s.vector for s in seen])
    quality = np.array([s.quality for s in seen], np.float32)
    white = Whitening.for_model(model_id).transform(vectors)
    direction = white[own < DAMAGED_BELOW].mean(0) - white[own > CLEAN_ABOVE].mean(0)
    direction = (direction / np.linalg.norm(direction)).astype(np.float32)
    x = features(vectors, quality, direction, model_id).astype(np.float64)
    mean, spread = x.mean(0), x.std(0)
    z = np.c_[(x - mean) / spread, np.ones(len(x))]
    target = np.clip(own.astype(np.float64), 0.02, 0.98)
    found = np.linalg.solve(z.T @ z + RIDGE * np.diag([1, 1, 1, 1, 0]), z.T @ np.log(target / (1 - target)))
    slopes = found[:-1] / spread
    return Reliability(model_id, direction, slopes.astype(np.float32), float(found[-1] - (mean * slopes).sum()))


def errors(reliability: Float, own: Float) -> dict[str, float]:
    return {
        "rmse": round(float(np.sqrt(np.mean((reliability - own) ** 2))), 3),
        "correlation": round(float(np.corrcoef(reliability, own)[0, 1]), 3),
    }


def decisions(seen: Sequence[Seen], reliability: Float, model_id: str) -> dict[str, float]:
    """How damaged faces are decided about, each against every clean photo but its own."""
    white = Whitening.for_model(model_id).transform(np.stack([s.vector for s in seen]))
    clean = [i for i, s in enumerate(seen) if s.damage == "none"]
    worse = [i for i, s in enumerate(seen) if s.damage != "none"]
    logits = calibration(model_id).logits(cosines(white[worse], white[clean]), reliability[worse][:, None])
    same = np.array([[seen[i].person == seen[j].person for j in clean] for i in worse])
    own = np.array([[seen[i].photo == seen[j].photo for j in clean] for i in worse])
    right, wrong = logits[same & ~own], logits[~same]
    return {
        "same_present": round(float((right >= SURE_LOGIT).mean()), 4),
        "same_absent": round(float((right <= -SURE_LOGIT).mean()), 4),
        "different_present": round(float((wrong >= SURE_LOGIT).mean()), 5),
        "different_absent": round(float((wrong <= -SURE_LOGIT).mean()), 4),
    }


def by_damage(seen: Sequence[Seen], reliability: Float, model_id: str) -> dict[str, dict[str, float]]:
    """The decisions about each kind of damage; kinds with fewer than five faces are left out."""
    out = {}
    for damage in dict.fromkeys(s.damage for s in seen if s.damage != "none"):
        chosen = [i for i, s in enumerate(seen) if s.damage in (damage, "none")]
        part = [seen[i] for i in chosen]
        if sum(s.damage == damage for s in part) >= 5:
            out[damage] = decisions(part, reliability[chosen], model_id)
    return out


def stranger_tail(seen: Sequence[Seen], reliability: Float, model_id: str) -> dict[str, dict[str, float]]:
    """How alike strangers get at most (1 pair in 10,000), by the reliability of the poorer face of a pair."""
    white = Whitening.for_model(model_id).transform(np.stack([s.vector for s in seen]))
    cosine = cosines(white, white)
    person = np.array([s.person for s in seen])
    apart = person[:, None] < person[None]
    poorer = np.minimum(reliability[:, None], reliability[None])
    out = {}
    for low in np.arange(0.2, 0.85, 0.1):
        chosen = cosine[apart & (poorer >= low) & (poorer < low + 0.1)]
        if len(chosen) >= 10_000:
            out[f"{low:.1f}"] = {"pairs": len(chosen), "cosine": round(float(np.quantile(chosen, 0.9999)), 3)}
    return out


def report(seen: Sequence[Seen], model_id: str) -> tuple[Reliability, dict[str, Any]]:
    own = own_cosines(seen, model_id)
    known = np.isfinite(own)
    by_use = {use: known & np.array([s.use == use for s in seen]) for use in ("fit", "check")}
    worse = np.array([s.damage != "none" for s in seen])
    rows = np.flatnonzero(by_use["fit"] & worse).tolist()
    measured = fit([seen[i] for i in rows], own[rows], model_id)
    quality = np.array([s.quality for s in seen], np.float32)
    found = measured(np.stack([s.vector for s in seen]), quality)
    out: dict[str, Any] = {"model_id": model_id, "weights": [round(float(w), 4) for w in measured.weights]}
    for use, chosen in by_use.items():
        rows = np.flatnonzero(chosen).tolist()
        if not rows:
            continue
        part = [seen[i] for i in rows]
        hurt = [i for i in rows if worse[i]]
        out[use] = {
            "people": len({s.person for s in part}),
            "photos": len({s.photo for s in part}),
            "faces": len(hurt),
            "own_cosine": {"regression": errors(found[hurt], own[hurt]), "quality": errors(quality[hurt], own[hurt])},
            "regression": decisions(part, found[rows], model_id),
            "stranger_tail": stranger_tail(part, found[rows], model_id),
            "by_damage": by_damage(part, found[rows], model_id),
            "quality": decisions(part, np.minimum(2 * quality[rows], 1.0), model_id),
        }
    return measured, out


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how far face vectors can be trusted.")
    for name in ("--cross", "--fit", "--check"):
        parser.add_argument(name, type=Path, action="append", default=[])
    parser.add_argument("--engine", default="dlib")
    parser.add_argument("--write", action="store_true", help="store the regression in the package")
    options = parser.parse_args()
    engine = load_engine(options.engine)
    looker, rng = Looker(engine), np.random.default_rng(3)
    seen = [one for path, person, use in listed(options) for one in of_photo(path, person, use, looker, rng)]
    measured, result = report(seen, engine.model_id)
    stem = data_stem(engine.model_id)
    if options.write and stem is not None:
        save_file(
            {
                "direction": measured.direction,
                "weights": measured.weights,
                "bias": np.array([measured.bias], np.float32),
            },
            DATA / f"{stem}-reliability.safetensors",
            metadata={"model_id": engine.model_id, "content": "regression of the expected cosine of a face vector"},
        )
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
