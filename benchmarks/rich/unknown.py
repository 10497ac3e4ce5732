"""Unknown people over thirty clips of real people: is every group one person, and every person one group.

The bound of grouping is that of the identity decision and was fitted on none of these clips as strangers; but most of
these people are among those whom that bound was calibrated on. Those of the group photo are not.
"""

import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.people.build import Beside, Cut, Moving, Recipe, Workshop, enroll_recipe, label_of, sources_of
from benchmarks.people.config import CALIBRATED_PEOPLE
from benchmarks.people.media import Media
from benchmarks.remoh.people import main_tracks
from pipelines.session import open as open_session
from pvchat.evaluation.clips import ClipTruth
from pvchat.perception.record import PerceptionRecord, Track
from storage import unknown_people
from storage.store import Store

BARS: dict[str, tuple[str, float]] = {
    "unknown_grouping_purity": (">=", 0.95),
    "unknown_grouping_completeness": (">=", 0.85),
}
"""Key -> how it is compared with its bar, and the bar."""

CLIPS = 30
PHOTOS_OF_EACH = 2
PARTS = ((0.0, 0.4), (0.6, 1.0))

Say = Callable[[str], None]


@dataclass(frozen=True)
class Shown:
    """A track of a clip, and whom it really shows.

    Attributes:
        clip: its recipe as text. sha256: of the file. track: id. person: key of the person.
    """

    clip: str
    sha256: str
    track: int
    person: str


def measure(media: Media, work: Path, say: Say) -> dict[str, Any]:
    """Enroll two people, look at thirty clips, and compare the groups of unknown people with the truth.

    Returns:
        unknown_grouping_purity and unknown_grouping_completeness (over tracks with a described face, of people who are
        not enrolled; a track in no group counts as missed), the same of people no bound ever saw (`held_out_...`),
        counts, and the mistakes by clip.
    """
    enrolled, recipes = plan(media)
    shop = Workshop(work / "clips", media, say)
    home = work / "home"
    shutil.rmtree(home, ignore_errors=True)
    shown: list[Shown] = []
    perceive_s = length_s = 0.0
    with open_session(home) as session:
        for key in enrolled:
            recipe = enroll_recipe(media.sources[key])
            session.enroll(person_of(media, key), shop.make(recipe).path, consent_by="bench", purpose="bench")
        for recipe in recipes:
            made = shop.make(recipe)
            began = time.perf_counter()
            record = session.perceive(made.path)
            perceive_s += time.perf_counter() - began
            length_s += record.video.duration_s
            shown += whom(recipe, made, record, media)
        began = time.perf_counter()
        listed = session.unknown.list()
        update_s = time.perf_counter() - began
    with Store.open(home) as store, store.read() as database:
        groups = {
            (video.sha256, track): info.number
            for info in unknown_people.list_all(database)
            for video in info.videos
            for track in video.track_ids
        }
    away = {person_of(media, key) for key in enrolled}
    figures = score([one for one in shown if one.person not in away], groups)
    fresh = score(
        [one for one in shown if one.person not in away and not CALIBRATED_PEOPLE.intersection({one.person})], groups
    )
    say(f"{figures['tracks']} tracks of {figures['people']} people came into {len(listed)} groups")
    return {
        "unknown_grouping_purity": figures["purity"],
        "unknown_grouping_completeness": figures["completeness"],
        "held_out_purity": fresh["purity"],
        "held_out_completeness": fresh["completeness"],
        "held_out_tracks": fresh["tracks"],
        "clips": len(recipes),
        "people": figures["people"],
        "tracks": figures["tracks"],
        "groups": len(listed),
        "alone": figures["alone"],
        "enrolled_taken_for_unknown": sum((one.sha256, one.track) in groups for one in shown if one.person in away),
        "mistakes": figures["mistakes"],
        "update_s": round(update_s, 3),
        "perception_x_realtime": round(length_s / max(perceive_s, 1e-9), 2),
    }


def plan(media: Media) -> tuple[list[str], list[Recipe]]:
    """Sources of those who are enrolled, and thirty clips: two parts of every clip, two photos of every person with
    several, and people side by side."""
    clips = [source.key for source in media.same() if source.kind == "clip"]
    crossed = media.crossed()
    recipes: list[Recipe] = [Cut(key, *part) for key in clips for part in PARTS]
    for photos in crossed.values():
        recipes += [Moving(photo.key, seed=2) for photo in photos[-PHOTOS_OF_EACH:]]
    aside: list[Recipe] = [Moving(source.key, seed=2) for source in media.singled_out()]
    aside += [Cut(key, 0.3, 0.7) for key in clips]
    step = max(1, len(aside) // 2)
    pairs = [(aside[i], aside[(i + step) % len(aside)]) for i in range(len(aside))]
    recipes += [Beside(pair) for pair in pairs[: max(0, CLIPS - len(recipes))]]
    # Enrolled from other moments, and other photos, than are looked at.
    enrolled = [*clips[-1:], *(photos[0].key for photos in list(crossed.values())[-1:])]
    return enrolled, recipes[:CLIPS]


def person_of(media: Media, key: str) -> str:
    """Whom a source shows."""
    return media.sources[key].person or key


def whom(recipe: Recipe, made: ClipTruth, record: PerceptionRecord, media: Media) -> list[Shown]:
    """Whom each described track of a clip shows. A second person in a clip of one is somebody of their own."""
    keys = sources_of(recipe)
    described = [track for track in record.tracks if track.faces_described]
    found = []
    for place, key in enumerate(keys):
        left, right = made.parts[place].box[0], made.parts[place].box[2]
        mine = [track for track in described if left <= _centre(track) <= right or len(keys) == 1]
        main = set(main_tracks(mine))
        for track in mine:
            person = person_of(media, key) if track.id in main else f"{label_of(recipe)} {track.id}"
            found.append(Shown(label_of(recipe), record.video.sha256, track.id, person))
    return found


def score(shown: Sequence[Shown], groups: dict[tuple[str, int], int]) -> dict[str, Any]:
    """Purity and completeness of groups, over tracks; NaN-free: 1.0 where there is nothing to judge."""
    by_group: dict[int, Counter[str]] = defaultdict(Counter)
    by_person: dict[str, Counter[int | None]] = defaultdict(Counter)
    for one in shown:
        number = groups.get((one.sha256, one.track))
        by_person[one.person][number] += 1
        if number is not None:
            by_group[number][one.person] += 1
    grouped = sum(sum(counts.values()) for counts in by_group.values())
    pure = sum(max(counts.values()) for counts in by_group.values())
    together = sum(
        max((count for number, count in counts.items() if number is not None), default=0)
        for counts in by_person.values()
    )
    main = {number: max(sorted(counts), key=counts.__getitem__) for number, counts in by_group.items()}
    home = {person: _largest(counts) for person, counts in by_person.items()}
    mistakes = []
    for one in shown:
        number = groups.get((one.sha256, one.track))
        if number is None:
            mistakes.append(f"{one.person} in {one.clip}: in no group")
        elif main[number] != one.person:
            mistakes.append(f"{one.person} in {one.clip}: taken for {main[number]}")
        elif number != home[one.person]:
            mistakes.append(f"{one.person} in {one.clip}: a group apart")
    return {
        "purity": round(pure / grouped, 4) if grouped else 1.0,
        "completeness": round(together / len(shown), 4) if shown else 1.0,
        "tracks": len(shown),
        "people": len(by_person),
        "alone": len(shown) - grouped,
        "mistakes": mistakes,
    }


def _largest(counts: Counter[int | None]) -> int | None:
    numbers = [number for number in counts if number is not None]
    return max(sorted(numbers), key=counts.__getitem__) if numbers else None


def _centre(track: Track) -> float:
    boxes = [sighting.box for sighting in track.sightings] or [track.keyframe_box]
    return sum((box[0] + box[2]) / 2 for box in boxes) / len(boxes)
