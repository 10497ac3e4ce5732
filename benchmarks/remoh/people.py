"""Real people as training and asking need them: clips by recipe, perceived once, with what is true of them."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from benchmarks.people.build import Cut, Damaged, Moving, Recipe, Workshop
from benchmarks.people.config import name_people
from benchmarks.people.media import Media
from benchmarks.remoh.figures import halves
from pipelines.enroll_instant import appearance_of, find_candidates, samples_of
from pvchat.chat.answer import Clip, clip_facts
from pvchat.chat.facts import SceneFacts
from pvchat.errors import NoFaceError
from pvchat.identity.decision import IdentityDecision, decide
from pvchat.identity.gallery import GalleryEntry, build_entry
from pvchat.perception import PerceptionModels, load_models, perceive
from pvchat.perception.archive import read_perception, write_perception
from pvchat.perception.geometry import Image
from pvchat.perception.patches import FrameSource, PatchMaps, frames_of, patch_maps
from pvchat.perception.record import RECORD_VERSION, PerceptionRecord, PerceptionVectors, Track
from pvchat.training.disturb import disturb
from pvchat.training.footage import Footage
from pvchat.whole_file import whole_file

ENROLL_SHARE = (0.0, 0.6)
ASK_SHARE = (0.7, 1.0)
ENROLL_SEED, ASK_SEED = 1, 2
CROSS_ASKED = 3


@dataclass(frozen=True)
class Person:
    """Somebody who is enrolled and asked about.

    Attributes:
        key: in the media. name: as it is asked for. enroll: recipe of the enrollment clip. ask: of the clips asked
            about. cross: whether these are of other photos than the enrollment's.
    """

    key: str
    name: str
    enroll: Recipe
    ask: tuple[Recipe, ...]
    cross: bool


@dataclass(frozen=True)
class Cast:
    """Everybody.

    Attributes:
        people: by key. negatives: who may be a negative of training. absent: who is in clips that others are asked
            about; nobody is both.
    """

    people: dict[str, Person]
    negatives: frozenset[str]
    absent: frozenset[str]

    def negatives_of(self, person: Person) -> list[Person]:
        """Whose enrollment clips a person's adapter is trained against."""
        return [p for p in self.people.values() if p.key in self.negatives and p.key != person.key]

    def absent_of(self, person: Person, count: int) -> list[Person]:
        """In whose clips a person is asked about although somebody else is shown."""
        found = [p for p in self.people.values() if p.key in self.absent and p.key != person.key]
        random.Random(f"absent {person.key}").shuffle(found)
        return found[:count]


@dataclass(frozen=True)
class Seen:
    """A clip as perceived."""

    recipe: Recipe
    path: Path
    record: PerceptionRecord
    vectors: PerceptionVectors


@dataclass
class Studio:
    """Makes and perceives clips, each once.

    Attributes:
        workshop: makes clips. folder: where perceived clips are kept for the next run.
    """

    workshop: Workshop
    folder: Path
    _frames: dict[Path, "KeptFrames"] = field(default_factory=dict)

    @cached_property
    def models(self) -> PerceptionModels:
        """What perceives."""
        return load_models()

    @cached_property
    def _seen_by(self) -> str:
        models = json.dumps([RECORD_VERSION, sorted(self.models.ids().items())])
        return hashlib.sha256(models.encode()).hexdigest()[:8]

    def see(self, recipe: Recipe) -> Seen:
        """A clip as perceived."""
        truth = self.workshop.make(recipe)
        kept = self.folder / f"{truth.path.stem}-{self._seen_by}.perceived"
        if not kept.is_file():
            perceived = perceive(truth.path, models=self.models)
            with whole_file(kept) as file:
                write_perception(file, *perceived)
        record, vectors = read_perception(kept)
        return Seen(recipe, truth.path, record, vectors)

    def footage(self, seen: Seen, subject: Sequence[int] = ()) -> Footage:
        """A clip to train on."""
        return Footage(seen.path.stem, seen.record, seen.vectors, tuple(subject), self.frames(seen.path))

    def frames(self, path: Path) -> FrameSource:
        """Frames of a clip, each decoded once."""
        return self._frames.setdefault(path, KeptFrames(frames_of(path, untrusted=False)))

    def describe(self, footage: Footage, rng: random.Random) -> PatchMaps:
        """Patch features of some footage, disturbed as in `pipelines.train_nano`: all frames of a clip alike."""
        state = rng.getrandbits(64)

        def frames(times: Sequence[float]) -> list[Image]:
            return [disturb(picture, random.Random(state)) for picture in footage.pictures(times)]

        return patch_maps(footage.record, frames, self.models.appearance)

    def look(self, clip: Clip) -> PatchMaps | None:
        """Patch features of a clip that is asked about."""
        if clip.video is None:
            return None
        return patch_maps(clip.record, self.frames(clip.video), self.models.appearance)

    def enroll(self, person: Person) -> tuple[GalleryEntry, Footage]:
        """The gallery entry that instant enrollment makes, and the footage to train on.

        Raises:
            NoFaceError: the clip shows no face that can be described.
        """
        seen = self.see(person.enroll)
        candidates = find_candidates(seen.record, seen.vectors)
        if not candidates:
            raise NoFaceError(f"the enrollment clip of {person.key} shows no face; leave this person out")
        # Nobody else is enrolled from the clip: who it shows most is who it is about.
        chosen = max(candidates, key=lambda candidate: candidate.weight)
        entry = build_entry(
            person.name,
            samples_of(chosen, seen.vectors),
            appearance_of(chosen, seen.vectors),
            seen.vectors.face_model,
        )
        return entry, self.footage(seen, [track.id for track in chosen.tracks])


class KeptFrames:
    """A frame source that remembers what it has read."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._kept: dict[int, Image] = {}

    def __call__(self, times: Sequence[float]) -> Sequence[Image]:
        """Frames at some times, to the millisecond."""
        keys = [round(1000 * time_s) for time_s in times]
        missing = sorted({key for key in keys if key not in self._kept})
        if missing:
            self._kept.update(zip(missing, self._source([key / 1000 for key in missing]), strict=True))
        return [self._kept[key] for key in keys]


def make_cast(media: Media, *, seed: int, most: int | None = None) -> Cast:
    """Every person with a clip, and every person with several photos.

    Args:
        media: the sources. seed: of names and halves. most: people of each kind, None for all.
    """
    clips = [s.key for s in media.same() if s.kind == "clip"][:most]
    crossed = dict(list(media.crossed().items())[:most])
    names = name_people([*clips, *crossed], seed)
    people = {
        key: Person(key, names[key], Cut(key, *ENROLL_SHARE), (Cut(key, *ASK_SHARE),), cross=False) for key in clips
    }
    for key, photos in crossed.items():
        ask = tuple(Moving(photo.key, ASK_SEED) for photo in photos[1 : 1 + CROSS_ASKED])
        people[key] = Person(key, names[key], Moving(photos[0].key, ENROLL_SEED), ask, cross=True)
    return Cast(people, *halves(clips, list(crossed), seed))


def masked(recipe: Recipe) -> Recipe:
    """The same clip with a bar over the face, wherever it goes."""
    return Damaged(recipe, "covered")


def asked_clip(seen: Seen, entry: GalleryEntry, adapter: str | None = None) -> Clip:
    """A clip as the program would have it when one person is enrolled.

    Args:
        adapter: key of the person's adapter, None to ask without.
    """
    decisions = decide(seen.vectors, seen.record, [entry])
    adapters = {} if adapter is None else {entry.name: adapter}
    return Clip(seen.record, seen.vectors, decisions, [entry], seen.path, adapters)


def true_facts(clip: Clip, *, present: bool) -> SceneFacts:
    """What is true of the one person asked about, whatever was decided."""
    found = clip.decisions[0]
    tracks = main_tracks(clip.record.tracks) if present else ()
    state: Literal["present", "absent"] = "present" if present else "absent"
    spans = tuple(span for track in clip.record.tracks if track.id in tracks for span in track.spans)
    decision = IdentityDecision(found.name, state, 0.97 if present else 0.03, tracks, found.track_scores, spans)
    return clip_facts(replace(clip, decisions=[decision]), (found.name,))


def main_tracks(tracks: Sequence[Track]) -> tuple[int, ...]:
    """Tracks of the person that a clip of one person is about: the most seen, and what never overlaps with it."""
    chosen: list[Track] = []
    for track in sorted(tracks, key=_weight, reverse=True):
        if not any(_overlap(track, other) for other in chosen):
            chosen.append(track)
    return tuple(track.id for track in chosen)


def _weight(track: Track) -> float:
    return sum(end - start for start, end in track.spans) * max(track.face_px, 1.0)


def _overlap(a: Track, b: Track) -> bool:
    return any(start < other_end and other < end for start, end in a.spans for other, other_end in b.spans)
