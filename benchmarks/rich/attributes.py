"""Attributes, relations, order and speed of perception: what is said, against what is to be seen.

`labels.json`, `signs.json` and `acts.json` hold what was seen by looking; they are halved, and only the half that no
threshold saw is reported. `staged` adds clips whose truth is known because they are made. Nothing here needs a language
model.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.people.build import Moving, Workshop
from benchmarks.people.media import Media
from benchmarks.rich import garments, hair, outside, staged, worn
from benchmarks.rich.photos import HALVES
from pvchat.evaluation import clips
from pvchat.evaluation.images import read_image
from pvchat.perception import load_models, perceive
from pvchat.perception.geometry import Image
from pvchat.perception.models import PerceptionModels
from pvchat.perception.record import PerceptionRecord, Track
from pvchat.perception.timeline import arrivals, most_at_once, order

LABELS = Path(__file__).with_name("labels.json")
_SETS = ("hair_colour", "hair_length", "upper_garment")
_CONFIDENCE = 0.5
# Photos of five people, as they stand in the composites.
_ROWS: tuple[tuple[str, ...], ...] = (
    ("P2.12", "P5.8"),
    ("P4.21", "P1.11"),
    ("P4.20", "P2.3", "P5.9"),
    ("P3.17", "P2.3", "P1.1"),
    ("P5.8", "P4.20", "P3.16", "P2.12"),
    ("P1.7", "P5.9", "P4.20", "P2.12", "P3.16"),
)
Series = Callable[[float], float]
_STAGED = ("P2.12", "P4.20", "P5.8")
_HEADS: tuple[tuple[str, Series, tuple[str, ...]], ...] = (
    ("nod", lambda t: 9 * staged.swing(t, 1.5), ("head:nodding",)),
    ("shake", lambda t: 14 * staged.swing(t, 1.4), ("head:shaking the head",)),
    ("bow", lambda t: -14.0 * min(1.0, max(0.0, t - 2)), ()),
)
_WAYS: tuple[tuple[str, Series, Series, tuple[str, ...]], ...] = (
    ("near", lambda t: 70 * 2 ** (t / 4), lambda t: 0.5, ("motion:approaching",)),
    ("away", lambda t: 200 * 2 ** (-t / 4), lambda t: 0.5, ("motion:leaving",)),
    ("across", lambda t: 90.0, lambda t: 0.15 + 0.11 * t, ()),
    ("out", lambda t: 90.0, lambda t: 0.5 + 0.17 * t, ("motion:leaving",)),
)
"""What is done with each photo, over the seconds: degrees; height of the face in pixels and its place; what is true."""


@dataclass
class Count:
    """Right and wrong sayings of one word, cases in which it holds but was not said, and cases in all."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    n: int = 0
    errors: list[str] = field(default_factory=list)

    def figure(self) -> dict[str, Any]:
        """precision and recall, None where nothing was said or nothing holds."""
        said, holds = self.right + self.wrong, self.right + self.missed
        return {
            "precision": round(self.right / said, 3) if said else None,
            "recall": round(self.right / holds, 3) if holds else None,
            "n": self.n,
            "said": said,
            "holds": holds,
            "wrong_in": self.errors,
        }


def measure(media: Media, work: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """All figures of perception.

    Args:
        media: see `benchmarks.people.media`. work: folder for the clips. say: for progress lines.

    Returns:
        attributes {word: {precision, recall, n, ...}} of the half that is reported and of made clips, `developed` the
        same of the other half, `relations` and `temporal_order` {share, n}, `perception_x_realtime`.
    """
    models = load_models()
    workshop = Workshop(work / "clips", media, say)
    by_half, speeds = _labelled(media, workshop, models, say)
    _staged(media, work, models, by_half["report"], say)
    for clip in outside.perceived(models, say):
        main = _main_track(clip.record, clip.label)
        tracks = clip.record.tracks if clip.anybody else (main,) if main is not None else ()
        said = {word for track in tracks for word in said_of(track)}
        judge(clip.label, said, by_half[clip.half], clip.name)
    related, ordered = _composites(media, workshop, models, work, say)
    of_photos = [part.measure(models, say) for part in (hair, worn, garments)]
    on_photos = {half: {word: told for of in of_photos for word, told in of.get(half, {}).items()} for half in HALVES}
    told = {half: {word: count.figure() for word, count in sorted(by_half[half].items())} for half in HALVES}
    return {
        "attributes": told["report"] | on_photos["report"],
        "developed": told["develop"] | on_photos["develop"],
        "relations": _share(related),
        "temporal_order": _share(ordered),
        "perception_x_realtime": {"median": round(median(speeds), 2), "least": round(min(speeds), 2), "n": len(speeds)},
    }


def _share(cases: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    wrong = [name for name, right in cases if not right]
    return {"share": round(1 - len(wrong) / max(1, len(cases)), 3), "n": len(cases), "wrong": wrong}


def said_of(track: Track) -> set[str]:
    """All words said of a track, as name:value."""
    return {f"{a.name}:{a.value}" for a in track.attributes if a.confidence >= _CONFIDENCE}


def judge(label: dict[str, Any], said: set[str], counts: dict[str, Count], case: str) -> None:
    """Compare what was said of one person with a label, adding to the counts by word."""
    for word in label["true"]:
        count = counts.setdefault(word, Count())
        count.n += 1
        count.right += word in said
        count.missed += word not in said
    for word in label["false"]:
        count = counts.setdefault(word, Count())
        count.n += 1
        if word in said:
            count.wrong += 1
            count.errors.append(case)
    for name in _SETS:
        accepted = label.get(name)
        if accepted is None:
            continue
        count = counts.setdefault(name, Count())
        count.n += 1
        words = {word.partition(":")[2] for word in said if word.startswith(f"{name}:")}
        if words - set(accepted):
            count.wrong += 1
            count.errors.append(f"{case}: {', '.join(sorted(words))}")
        elif words:
            count.right += 1
        count.missed += bool(accepted) and not words


def _main_track(record: PerceptionRecord, label: dict[str, Any]) -> Track | None:
    """The track a label speaks of: the largest face that is seen long enough, within the label's times."""
    start, end = label.get("from_s", 0.0), label.get("to_s", record.video.duration_s)

    def shown(track: Track) -> float:
        boxes = [s.face_box for s in track.sightings if s.face_box is not None and start <= s.time_s <= end]
        return sum(box[3] - box[1] for box in boxes)

    return max(record.tracks, key=shown, default=None)


def _labelled(
    media: Media, workshop: Workshop, models: PerceptionModels, say: Callable[[str], None]
) -> tuple[dict[str, dict[str, Count]], list[float]]:
    counts: dict[str, dict[str, Count]] = {half: {} for half in HALVES}
    speeds: list[float] = []
    for key, label in json.loads(LABELS.read_text("utf-8"))["subjects"].items():
        source = media.sources.get(key)
        if source is None:
            continue
        path = source.path if source.kind == "clip" else workshop.make(Moving(key, seed=5, seconds=4.0)).path
        say(f"perceiving {key}")
        start = perf_counter()
        record, _ = perceive(path, models=models, untrusted=True)
        if source.kind == "clip":
            speeds.append(record.video.duration_s / (perf_counter() - start))
        track = _main_track(record, label)
        judge(label, said_of(track) if track is not None else set(), counts[label["half"]], key)
    return counts, speeds or [0.0]


def _staged(
    media: Media, work: Path, models: PerceptionModels, counts: dict[str, Count], say: Callable[[str], None]
) -> None:
    """Made clips of the photos of the half that is reported."""
    folder = work / "staged"
    folder.mkdir(parents=True, exist_ok=True)
    moves = ("head:nodding", "head:shaking the head", "motion:approaching", "motion:leaving", "motion:walking")
    for key in _STAGED:
        if key not in media.sources:
            continue
        still = staged.portrait(read_image(media.sources[key].path), 480)
        made: list[tuple[str, Path, tuple[str, ...]]] = []
        for name, angle, truth in _HEADS:
            axis = "shake" if name == "shake" else "nod"
            path = _once(folder / f"{key}.{name}.mp4", partial(_turned, still, models, angle, axis))
            made.append((name, path, truth))
        for name, head, place, truth in _WAYS:
            path = _once(folder / f"{key}.{name}.mp4", partial(_walked, still, models, head, place))
            made.append((name, path, truth))
        made.append(("zoom", _once(folder / f"{key}.zoom.mp4", partial(staged.zoomed, still)), ()))
        for name, path, truth in made:
            say(f"perceiving {key}, {name}")
            record, _ = perceive(path, models=models, untrusted=True)
            track = _main_track(record, {})
            label = {"true": list(truth), "false": [word for word in moves if word not in truth]}
            judge(label, said_of(track) if track is not None else set(), counts, f"{key} {name}")


def _once(path: Path, make: Callable[[Path], Path]) -> Path:
    """A clip that is made only if a former run did not."""
    if not path.is_file():
        make(path.with_suffix(".part.mp4")).replace(path)
    return path


def _turned(still: Image, models: PerceptionModels, angle: Series, axis: str, out: Path) -> Path:
    return staged.turned_head(still, out, models, angle, axis)


def _walked(still: Image, models: PerceptionModels, head: Series, place: Series, out: Path) -> Path:
    return staged.before_room(still, out, models, head, x=place)


def _composites(
    media: Media, workshop: Workshop, models: PerceptionModels, work: Path, say: Callable[[str], None]
) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Two to five people in a row, and one after the other."""
    related: list[tuple[str, bool]] = []
    ordered: list[tuple[str, bool]] = []
    for row in _ROWS:
        if any(key not in media.sources for key in row):
            continue
        say(f"perceiving {' | '.join(row)}")
        parts = [workshop.make(Moving(key, seed=5, seconds=4.0)).path for key in row]
        name = "-".join(row)
        beside = clips.side_by_side(parts, work / f"beside.{name}.mp4", height=360, seconds=4.0)
        record, _ = perceive(beside.path, models=models, untrusted=True)
        tracks = [_track_in(record, part.box) for part in beside.parts]
        related.append((f"count of {name}", most_at_once(record)[0] == len(row)))
        held = {(r.name, r.subject, r.other) for r in record.relations}
        for (i, a), (j, b) in combinations(enumerate(tracks), 2):
            found = a is not None and b is not None
            right = found and ("left of", a, b) in held and ("left of", b, a) not in held
            related.append((f"{row[i]} left of {row[j]} of {name}", bool(right)))
        for one, other in combinations(record.tracks, 2):
            at_once = order(one.spans[0], other.spans[0]) == "at the same time"
            ordered.append((f"{one.id} with {other.id} of {name}", at_once))
        after = clips.one_after_another(parts, work / f"after.{name}.mp4", size=(640, 480), seconds=2.0)
        record, _ = perceive(after.path, models=models, untrusted=True)
        came = [track for _, track in arrivals(record)]
        by_id = {track.id: track for track in record.tracks}
        ordered.append((f"count after {name}", len(came) == len(set(row))))
        for position, part in enumerate(after.parts):
            right = position < len(came) and abs(by_id[came[position]].spans[0][0] - part.span[0]) <= 0.5
            ordered.append((f"{row[position]} is number {position + 1} of {name}", right))
    return related, ordered


def _track_in(record: PerceptionRecord, box: tuple[float, float, float, float]) -> int | None:
    for track in record.tracks:
        middle = (track.keyframe_box[0] + track.keyframe_box[2]) / 2
        if box[0] <= middle <= box[2]:
            return track.id
    return None
