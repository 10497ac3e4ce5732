"""People enrolled by jobs, then asked about clips that no job saw, with the adapter that was published and without.

The first person's job is the timed one: it has ten seconds of video, and a question is asked while it runs.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks.enroll.household import Enrolled, Household, Say
from benchmarks.kept import kept
from benchmarks.people.build import Cut, Recipe, Workshop, label_of
from benchmarks.people.media import BIKES, STAGE, Media
from benchmarks.remoh import personal
from benchmarks.remoh.people import ASK_SHARE, Cast, Person, Studio, make_cast
from benchmarks.remoh.personal import Set
from pipelines.enroll.options import QUICK as QUICK_JOB
from pipelines.enroll.options import JobOptions
from pvchat.errors import NoFaceError, TrainingError
from pvchat.models.nano import load_nano
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.video import probe

CLIP_S = 10.0
ASKED_S = 3.0
"""Seconds of the timed person's enrollment video, and of the video asked about while the job runs."""
SHOWN: tuple[Set, ...] = ("held_out", "cross")


@dataclass(frozen=True)
class TrainedConfig:
    """How much is done.

    Attributes:
        people: how many are enrolled: of clips and of photos by turns. household: other people's videos that the data
            folder knows. absent: clips in which each person is asked about and absent. seed: of names and questions.
        corpus: whether the clips of those that training may know are a corpus, too. options: of the jobs.
    """

    people: int = 4
    household: int = 6
    absent: int = 3
    seed: int = 7
    corpus: bool = False
    options: JobOptions = field(default_factory=JobOptions)


QUICK = TrainedConfig(people=1, household=2, absent=1, options=QUICK_JOB)


@dataclass
class TrainedPeople:
    """Enrolls and asks.

    Attributes:
        media: the sources. work: folder; what is finished is kept there and not done again.
        config: see `TrainedConfig`. say: hears of every step.
    """

    media: Media
    work: Path
    config: TrainedConfig
    say: Say

    @cached_property
    def studio(self) -> Studio:
        """Where clips are made and seen."""
        return Studio(Workshop(self.work / "clips", self.media, self.say), self.work / "seen")

    @cached_property
    def cast(self) -> Cast:
        """Everybody."""
        return make_cast(self.media, seed=self.config.seed)

    @cached_property
    def adapters(self) -> NanoAdapters:
        """nano, and what it wears when asked."""
        return NanoAdapters(load_nano())

    def measure(self) -> dict[str, Any]:
        """Everybody's figures, by key, what they come to together, and who is the timed one."""
        people: dict[str, Any] = {}
        left_out: dict[str, str] = {}
        wanted = chosen(self.cast, self.seconds, self.config.people)
        for person in wanted:
            self.say(f"enrolling {person.key}")
            try:
                timed = person is wanted[0]
                what = [asdict(self.config) | {"people": None}, person.key, timed, str(person.enroll)]
                people[person.key] = kept(self.work / "people", what, partial(self._figures, person, timed=timed))
            except (NoFaceError, TrainingError) as error:
                left_out[person.key] = str(error)
        summary = together(list(people.values()), self.config.seed)
        return {**summary, "timed": wanted[0].key, "people": people, "left_out": left_out}

    def _figures(self, person: Person, *, timed: bool) -> dict[str, Any]:
        enrolled, clip_s, known = self._enroll(person, timed=timed)
        cases = [case for case in personal.cases_of(self.cast, person, self.config.absent) if case.part in SHOWN]
        counts = personal.ask(
            self.adapters, self.studio, enrolled.entry, cases, enrolled.adapter, self.config.seed, instant=True
        )
        parts = {part: personal.part_of(counts, part) for part in SHOWN if counts.errors(part).asked}
        self.say(f"{person.key}: {parts}")
        return {
            "clip_s": clip_s,
            "job_s": round(enrolled.job_s, 1),
            "steps": {step: round(seconds, 1) for step, seconds in enrolled.steps.items()},
            "instant": None if enrolled.instant is None else asdict(enrolled.instant),
            "result": enrolled.result,
            "household": known,
            "parts": parts,
        }

    def _enroll(self, person: Person, *, timed: bool) -> tuple[Enrolled, float, list[str]]:
        """Enroll one person in a data folder of their own: seconds of the video, and whose videos it knew before."""
        home = self.work / "homes" / person.key
        # A job that was cut short would be taken up again, and its time would tell nothing.
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        make = self.studio.workshop.make
        clip = make(person.enroll)
        ask = make(self._short(person)).path if timed else None
        nobody = [Cut(key, 0.0, 1.0) for key in (STAGE, BIKES) if key in self.media.sources]
        recipes = household(self.cast, person, nobody, self.config.household)
        with Household(home, say=self.say) as folder:
            folder.ask_about([make(recipe).path for recipe in recipes])
            if self.config.corpus:
                folder.index(self._corpus(person))
            enrolled = folder.enroll(person.name, clip.path, self.config.options, ask=ask)
        shutil.rmtree(home, ignore_errors=True)
        return enrolled, clip.duration_s, [label_of(recipe) for recipe in recipes]

    def _corpus(self, person: Person) -> Path:
        """A folder of all clips of people that this one may be told from in training."""
        folder = self.work / "corpora" / person.key
        folder.mkdir(parents=True, exist_ok=True)
        for other in self.cast.negatives_of(person):
            for recipe in (other.enroll, *other.ask):
                clip = self.studio.workshop.make(recipe).path
                shutil.copy(clip, folder / clip.name)
        return folder

    def _short(self, person: Person) -> Recipe:
        """The last seconds of a person's clip, all of them after what the person is enrolled from."""
        return Cut(person.key, max(ASK_SHARE[0], 1 - ASKED_S / self.seconds[person.key]), 1.0)

    @cached_property
    def seconds(self) -> dict[str, float]:
        """Length of each person's clip."""
        clips = [person.key for person in self.cast.people.values() if not person.cross]
        return {key: probe(self.media.sources[key].path, untrusted=False).duration_s for key in clips}


def household(cast: Cast, person: Person, nobody: Sequence[Recipe], most: int) -> list[Recipe]:
    """Recipes of the videos that were asked about before: enrollment clips of others, none of whom is asked about as
    absent, clips first.

    Args:
        person: who is not in them. nobody: clips of people who are never enrolled. most: how many.
    """
    others = cast.negatives_of(person)
    found = [other.enroll for other in others if not other.cross]
    found += nobody
    return [*found, *(other.enroll for other in others if other.cross)][:most]


def chosen(cast: Cast, seconds: Mapping[str, float], most: int) -> list[Person]:
    """Who is enrolled: first the one who has `CLIP_S` of video beside the part that is asked about, then people of
    photos and of clips by turns.

    Args:
        seconds: length of each clip, by key.
    """
    clips = [person for person in cast.people.values() if not person.cross]
    photos = [person for person in cast.people.values() if person.cross]
    timed = next((p for p in clips if seconds[p.key] * ASK_SHARE[0] >= CLIP_S), None)
    if timed is not None:
        clips.remove(timed)
        clips.insert(0, replace(timed, enroll=Cut(timed.key, 0.0, CLIP_S / seconds[timed.key])))
    mixed = [person for pair in zip_longest(clips, photos) for person in pair if person is not None]
    return mixed[:most]


def together(people: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """The figures over all people; see `benchmarks.remoh.personal.summary`."""
    found = personal.summary([personal.counts_of(person["parts"]) for person in people], seed)
    return {key: value for key, value in found.items() if not key.startswith("masked")}
