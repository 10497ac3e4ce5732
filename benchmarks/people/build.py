"""Build the benchmark's clips from recipes, cached by content in a work folder.

A recipe says what a clip is made of. Its file name is a hash of the recipe and of the source files, so that a second
run builds nothing.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from benchmarks.people.media import Media, Source
from pvchat.evaluation import clips
from pvchat.evaluation.clips import ClipPart, ClipTruth
from pvchat.evaluation.images import read_image
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.record import Box
from pvchat.video import iter_frames, probe
from pvchat.weights import path as weights_path

BUILD_VERSION = 1
ENROLL_SHARE = (0.0, 0.4)
ASK_SHARE = (0.6, 1.0)
SMALL_FACE_PX = 18.0
BLUR_OF_FACE = {"blur": 0.05, "haze": 0.10}
"""Standard deviation of the Gaussian, as a share of the face's height: features go, then all but the head's shape."""

BARS_OF_FACE = {"eyes": (0.0, 0.55, 0.1), "mouth": (0.5, 1.15, 0.1), "covered": (-0.15, 1.15, 0.1)}
"""Top and bottom of a bar in face heights, and how many face widths it stands out on each side. Of a whole face it goes
from the forehead to the chin: hair, clothes and room stay in sight."""

COVER_MARGIN = 0.05
"""How far the bar over a whole face stands out further on every side, in face widths and heights."""

Damage = Literal["small", "blur", "haze", "eyes", "mouth", "covered"]


@dataclass(frozen=True)
class Cut:
    """A part of a clip, as shares of its length."""

    source: str
    start: float
    end: float


@dataclass(frozen=True)
class Moving:
    """A moving clip of a photo."""

    source: str
    seed: int
    seconds: float = 3.0


@dataclass(frozen=True)
class Beside:
    """Parts side by side, left to right."""

    parts: tuple["Recipe", ...]
    seconds: float = 3.0
    height: int = 480


@dataclass(frozen=True)
class After:
    """Parts one after another with hard cuts."""

    parts: tuple["Recipe", ...]
    seconds: float = 4.0


@dataclass(frozen=True)
class Damaged:
    """A part made worse: faces of 18 px, blurred a little or much, or a bar over eyes, nose and mouth, or the face.

    Only the bar over the whole face ("covered") hides it wherever it goes: the others may trail behind a quick face.
    """

    part: "Recipe"
    how: Damage


@dataclass(frozen=True)
class Hd:
    """A clip of ten seconds, 1280x720 at 30 frames per second, of one person or of two side by side."""

    parts: tuple["Recipe", ...]
    seconds: float = 10.0


Recipe = Cut | Moving | Beside | After | Damaged | Hd


def enroll_recipe(source: Source) -> Recipe:
    """What a person is enrolled from."""
    return Cut(source.key, *ENROLL_SHARE) if source.kind == "clip" else Moving(source.key, seed=1)


def ask_recipe(source: Source) -> Recipe:
    """What is asked about; of a clip a part that enrollment never saw."""
    return Cut(source.key, *ASK_SHARE) if source.kind == "clip" else Moving(source.key, seed=2)


def sources_of(recipe: Recipe) -> tuple[str, ...]:
    """Keys of the sources a recipe shows, in order."""
    if isinstance(recipe, Cut | Moving):
        return (recipe.source,)
    if isinstance(recipe, Damaged):
        return sources_of(recipe.part)
    return tuple(key for part in recipe.parts for key in sources_of(part))


def label_of(recipe: Recipe) -> str:
    """A few words for tables, such as "D0 | D3" (side by side) or "D0 > D3" (one after another)."""
    if isinstance(recipe, Cut):
        return f"{recipe.source}[{recipe.start:.0%}-{recipe.end:.0%}]"
    if isinstance(recipe, Moving):
        return f"{recipe.source}~{recipe.seed}"
    if isinstance(recipe, Damaged):
        return f"{recipe.how}({label_of(recipe.part)})"
    joint = " > " if isinstance(recipe, After) else " | "
    return joint.join(".".join(sources_of(part)) for part in recipe.parts)


class Workshop:
    """Makes clips in a folder; a clip that is there already is not made again.

    Args:
        folder: where clips are kept.
        media: the sources.
        progress: called with a line for every clip that is made.
    """

    def __init__(self, folder: Path, media: Media, progress: Callable[[str], None] = lambda line: None) -> None:
        self._folder = folder
        self._media = media
        self._progress = progress
        self._hashes: dict[Path, str] = {}
        self._detector: FaceDetector | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def make(self, recipe: Recipe) -> ClipTruth:
        """The clip of a recipe and what is known about it.

        Raises:
            VideoError: a source cannot be read.
        """
        stem = self._folder / self._key(recipe)
        file, notes = stem.with_suffix(".mp4"), stem.with_suffix(".json")
        if not (file.is_file() and notes.is_file()):
            self._progress(f"building {label_of(recipe)}")
            fresh = stem.with_suffix(".part.mp4")
            truth = self._build(recipe, fresh)
            fresh.replace(file)
            notes.write_text(json.dumps([truth.duration_s, truth.size, [asdict(p) for p in truth.parts]]), "utf-8")
        duration, size, parts = json.loads(notes.read_text("utf-8"))
        return ClipTruth(
            file,
            duration,
            (size[0], size[1]),
            tuple(ClipPart(p["source"], tuple(p["span"]), tuple(p["box"])) for p in parts),
        )

    def _key(self, recipe: Recipe) -> str:
        hashes = [self._hash(self._media.sources[key].path) for key in sources_of(recipe)]
        regions = [self._media.sources[key].region for key in sources_of(recipe)]
        text = json.dumps([BUILD_VERSION, type(recipe).__name__, _plain(recipe), hashes, regions])
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self._hashes[path]

    def _build(self, recipe: Recipe, out: Path) -> ClipTruth:
        if isinstance(recipe, Cut):
            path = self._media.sources[recipe.source].path
            length = probe(path, untrusted=False).duration_s
            return clips.cut(path, out, recipe.start * length, recipe.end * length)
        if isinstance(recipe, Moving):
            source = self._media.sources[recipe.source]
            image = read_image(source.path)
            return clips.moving_clip(image, out, seconds=recipe.seconds, seed=recipe.seed, crop=source.region)
        if isinstance(recipe, Damaged):
            return self._damage(self.make(recipe.part), out, recipe.how)
        paths = [self.make(part).path for part in recipe.parts]
        if isinstance(recipe, Beside):
            return clips.side_by_side(paths, out, height=recipe.height, seconds=recipe.seconds)
        if isinstance(recipe, After):
            return clips.one_after_another(paths, out, size=(640, 480), seconds=recipe.seconds)
        inner = out.with_suffix(".inner.mp4")
        height = 720 if len(paths) == 1 else 640
        clips.side_by_side(paths, inner, height=height, seconds=recipe.seconds, fps=30.0)
        truth = clips.one_after_another([inner], out, size=(1280, 720), fps=30.0)
        inner.unlink()
        return truth

    def _damage(self, clean: ClipTruth, out: Path, how: Damage) -> ClipTruth:
        times, boxes = self._faces(clean)
        height = sum(b[3] - b[1] for b in boxes) / len(boxes)
        if how == "small":
            factor = max(1.0, height * clean.size[1] / SMALL_FACE_PX)
            return clips.degrade(clean.path, out, "small", factor, seed=1)
        if how in BLUR_OF_FACE:
            return clips.degrade(clean.path, out, "blur", 100 * BLUR_OF_FACE[how] * height)
        return clips.degrade(clean.path, out, "masked", 1.0, regions=lambda time_s: [bar(how, times, boxes, time_s)])

    def _faces(self, clip: ClipTruth) -> tuple[list[float], list[Box]]:
        """The largest face of the clip ten times a second, as fractions; a missed face keeps its last place."""
        if self._detector is None:
            self._detector = FaceDetector(weights_path("mp-face-detection-full"))
        times: list[float] = []
        boxes: list[Box] = []
        for time_s, rgb in iter_frames(
            clip.path, [i / 10 for i in range(max(1, int(clip.duration_s * 10)))], untrusted=False
        ):
            found = self._detector.detect(rgb)
            if found:
                x0, y0, x1, y1 = max((f.box for f in found), key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))
                box = (x0 / rgb.shape[1], y0 / rgb.shape[0], x1 / rgb.shape[1], y1 / rgb.shape[0])
            elif boxes:
                box = boxes[-1]
            else:
                continue
            times.append(time_s)
            boxes.append(box)
        if not boxes:
            raise ValueError(f"no face was found in {clip.path.name}; a damaged clip needs one to cover")
        return times, boxes


def bar(how: Damage, times: Sequence[float], boxes: Sequence[Box], time_s: float) -> Box:
    """Where a bar lies at a time, as fractions.

    Args:
        how: a key of `BARS_OF_FACE`. times: ascending, when the face was looked for. boxes: where it was.
    """
    top, bottom, aside = BARS_OF_FACE[how]
    after = min(bisect_left(times, time_s), len(boxes) - 1)
    between = [boxes[after]]
    if how == "covered":
        # Between two looks the face may be anywhere on its way.
        between.append(boxes[max(0, after - 1)])
        top, bottom, aside = top - COVER_MARGIN, bottom + COVER_MARGIN, aside + COVER_MARGIN
    bars = [
        (x0 - aside * (x1 - x0), y0 + top * (y1 - y0), x1 + aside * (x1 - x0), y0 + bottom * (y1 - y0))
        for x0, y0, x1, y1 in between
    ]
    left, high = (max(0.0, min(b[side] for b in bars)) for side in (0, 1))
    right, low = (min(1.0, max(b[side] for b in bars)) for side in (2, 3))
    return (left, high, right, low)


def _plain(recipe: Recipe) -> object:
    if isinstance(recipe, Cut | Moving):
        return asdict(recipe)
    if isinstance(recipe, Damaged):
        margin = [COVER_MARGIN] if recipe.how == "covered" else []
        return [
            recipe.how,
            SMALL_FACE_PX,
            BLUR_OF_FACE.get(recipe.how),
            BARS_OF_FACE.get(recipe.how),
            *margin,
            type(recipe.part).__name__,
            _plain(recipe.part),
        ]
    settings = [recipe.seconds, getattr(recipe, "height", None)]
    return [settings, [[type(part).__name__, _plain(part)] for part in recipe.parts]]
