"""What training a person's adapter brings: questions about clips that training never saw, with the adapter and without.

Negatives of training and people shown in clips where the person is absent are two different halves of the others.
Questions have held-out wordings, no evidence is in the prompt, and an answer is right when it fits what is true.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from benchmarks.kept import kept
from benchmarks.people.build import Recipe, label_of
from benchmarks.remoh.figures import Errors, bootstrap, ratio, share
from benchmarks.remoh.people import Cast, Person, Studio, asked_clip, masked, true_facts
from pvchat.chat.answer import Clip
from pvchat.chat.nano_answer import NanoAnswerer, arrays_of, subject_arrays
from pvchat.errors import NoFaceError, TrainingError
from pvchat.evaluation.answers import read_existence
from pvchat.evaluation.simulated import is_right
from pvchat.identity.gallery import GalleryEntry
from pvchat.models.adapter import Adapter
from pvchat.models.config import TokenLayout
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import RoutingConfig
from pvchat.training.align import AlignConfig
from pvchat.training.dialogue import QA, make_qa
from pvchat.training.fine_tune_config import FineTuneConfig
from pvchat.training.fine_tune_nano import NanoRun, fine_tune_nano
from pvchat.training.simulated_scene import SimulatedScene
from pvchat.training.stock import stock_footage
from pvchat.training.subject_clips import SubjectClips
from pvchat.training.subject_data import PAIRS, SubjectDataConfig
from pvchat.training.wordings import Kind

ASKED: tuple[Kind, ...] = ("existence", "existence", "appearance", "upper", "action", "location")
Set = Literal["held_out", "cross", "masked"]
PARTS: tuple[Set, ...] = ("held_out", "cross", "masked")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Budget:
    """How much is trained on and asked.

    Attributes:
        stills, clips, questions: of each person's training. held_out: clips of its early stopping.
        people: how many are trained, None for all, clips' and photos' people in turn.
        cast: people of each kind that take part, None for all.
        absent: clips in which each person is asked about and absent.
        alignment: steps. pairs: that it has.
        pixel_people: trained a second time without pixels.
    """

    stills: int = 13
    clips: int = 27
    questions: int = 500
    held_out: int = 8
    people: int | None = None
    cast: int | None = None
    absent: int = 3
    alignment: int = 150
    pairs: int = PAIRS
    pixel_people: int = 2
    seed: int = 7


QUICK = Budget(
    stills=4, clips=8, questions=96, held_out=2, people=2, cast=3, absent=1, alignment=20, pairs=16, pixel_people=1
)


@dataclass(frozen=True)
class Case:
    """One clip that a person is asked about."""

    part: Set
    recipe: Recipe
    present: bool


@dataclass
class Counts:
    """Right answers by part and kind; the kind of existence is told apart by what is true."""

    asked: dict[tuple[Set, str], int] = field(default_factory=lambda: defaultdict(int))
    instant: dict[tuple[Set, str], int] = field(default_factory=lambda: defaultdict(int))
    trained: dict[tuple[Set, str], int] = field(default_factory=lambda: defaultdict(int))

    def errors(self, part: Set) -> Errors:
        """Wrong answers of one part."""
        keys = [key for key in self.asked if key[0] == part]
        asked = sum(self.asked[key] for key in keys)
        instant = sum(self.instant[key] for key in keys)
        return Errors(asked, asked - instant, asked - sum(self.trained[key] for key in keys))

    def by_kind(self, part: Set) -> dict[str, dict[str, int]]:
        """For the file: per kind of question, how many were asked and answered rightly."""
        return {
            key[1]: {"asked": self.asked[key], "instant": self.instant[key], "trained": self.trained[key]}
            for key in sorted(self.asked)
            if key[0] == part
        }


def train(
    adapters: NanoAdapters,
    studio: Studio,
    cast: Cast,
    person: Person,
    budget: Budget,
    *,
    pixels: bool = True,
    config: FineTuneConfig | None = None,
    routing: RoutingConfig | None = None,
    personal_queries: int | None = None,
    hard_negatives: bool = True,
) -> NanoRun:
    """Train a person's adapter from the enrollment clip alone.

    Args:
        pixels: whether patches are looked at. config, routing, personal_queries, hard_negatives: of the run.
    """
    entry, enrollment = studio.enroll(person)
    others = [studio.footage(studio.see(other.enroll)) for other in cast.negatives_of(person)]
    data = SubjectDataConfig(
        seed=budget.seed,
        stills=budget.stills,
        clips=budget.clips,
        questions=budget.questions,
        held_out=budget.held_out,
        hard_negatives=hard_negatives,
    )
    clips = SubjectClips(
        person.name,
        entry,
        adapters.nano.model.config.layout,
        enrollment,
        [*others, *stock_footage(enrollment.vectors.face_model)],
        studio.describe if pixels else None,
        data,
    )
    return fine_tune_nano(
        adapters,
        clips,
        config or FineTuneConfig(seed=budget.seed),
        routing=routing,
        alignment=AlignConfig(steps=budget.alignment),
        personal_queries=personal_queries,
        pairs=budget.pairs if pixels else 0,
    )


def cases_of(cast: Cast, person: Person, absent: int) -> list[Case]:
    """What a person is asked about: own clips and some of others.

    Whoever has a held-out part is asked about there with covered faces too, beside everybody who may be absent: clothes
    and room are the same as in the enrollment. In another photo they are not, and nothing could be said.
    """
    part: Set = "cross" if person.cross else "held_out"
    plain = [Case(part, recipe, True) for recipe in person.ask]
    plain += [Case(part, other.ask[0], False) for other in cast.absent_of(person, absent)]
    if person.cross:
        return plain
    hidden = [Case("masked", masked(recipe), True) for recipe in person.ask]
    hidden += [Case("masked", masked(other.ask[0]), False) for other in cast.absent_of(person, len(cast.absent))]
    return plain + hidden


def ask(
    adapters: NanoAdapters,
    studio: Studio,
    entry: GalleryEntry,
    cases: Sequence[Case],
    adapter: Adapter | None,
    seed: int,
    *,
    instant: bool = True,
) -> Counts:
    """Ask the same questions with an adapter, if there is one, and, if `instant`, without."""
    if adapter is not None:
        adapters.put("asked", adapter)
    worn = None if adapter is None else "asked"
    answerer = NanoAnswerer(adapters.nano, adapters, studio.look)
    counts = Counts()
    try:
        for number, case in enumerate(cases):
            seen = studio.see(case.recipe)
            plain, wearing = asked_clip(seen, entry), asked_clip(seen, entry, worn)
            asked = [(wearing, counts.trained), *([(plain, counts.instant)] if instant else [])]
            scene = true_scene(plain, adapters.nano.model.config.layout, present=case.present)
            rng = random.Random(f"ask {seed} {entry.name} {number}")
            for kind in ("existence",) * 2 if case.part == "masked" else ASKED:
                qa = make_qa(scene.facts, rng, split="heldout", precise_times=False, kind=kind)
                state = scene.facts.subjects[0].state
                key = (case.part, f"{kind} {state}" if kind == "existence" else kind)
                counts.asked[key] += 1
                for clip, right in asked:
                    answer = answerer.answer(clip, qa.question, [entry.name], use_evidence=False).text
                    right[key] += fits(answer, qa, scene)
    finally:
        adapters.drop("asked")
    return counts


def fits(answer: str, qa: QA, scene: SimulatedScene) -> bool:
    """Whether an answer is right: of existence what it says first, of other kinds all that it says."""
    if qa.kind == "existence":
        return read_existence(answer) == scene.facts.subjects[0].state
    return is_right(answer, qa, scene)


def true_scene(clip: Clip, layout: TokenLayout, *, present: bool) -> SimulatedScene:
    """A real clip in the form in which answers are judged."""
    arrays = arrays_of(clip, layout)
    beside = subject_arrays(clip, arrays, clip.entries[0].name, layout)
    return SimulatedScene(arrays, (beside,), true_facts(clip, present=present))


def chosen_people(cast: Cast, most: int | None) -> list[Person]:
    """Who is trained: people of clips and of photos in turn."""
    clips = [p for p in cast.people.values() if not p.cross]
    photos = [p for p in cast.people.values() if p.cross]
    mixed = [p for pair in zip_longest(clips, photos) for p in pair if p is not None]
    return mixed[:most]


def measure_people(
    adapters: NanoAdapters, studio: Studio, cast: Cast, budget: Budget, say: Say, folder: Path
) -> dict[str, Any]:
    """Train and ask about everybody; everything that was counted, and who and what was left out for which reason.

    Args:
        folder: where what is finished is kept for another run, person by person.
    """
    people: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for number, person in enumerate(chosen_people(cast, budget.people)):
        pixels = number < budget.pixel_people
        what = [asdict(budget) | {"people": None}, person.key, pixels, str(person)]
        found = kept(folder, what, partial(_measured, adapters, studio, cast, person, budget, say, pixels=pixels))
        left_out |= found.pop("left_out")
        if found:
            people[person.key] = found
    blind = {key: found.pop("pixel_errors") for key, found in people.items() if "pixel_errors" in found}
    figures = summary([counts_of(found["parts"]) for found in people.values()], budget.seed)
    return {**figures, "people": people, "pixel_errors": blind, "left_out": left_out}


def _measured(
    adapters: NanoAdapters, studio: Studio, cast: Cast, person: Person, budget: Budget, say: Say, *, pixels: bool
) -> dict[str, Any]:
    """One person's figures, as plain JSON.

    Args:
        pixels: whether the person is trained without pixels, too.
    """
    left_out: dict[str, str] = {}
    say(f"training {person.key}")
    started = time.perf_counter()
    try:
        run = train(adapters, studio, cast, person, budget)
    except (NoFaceError, TrainingError) as error:
        return {"left_out": {person.key: str(error)}}
    seconds = time.perf_counter() - started
    entry, _ = studio.enroll(person)
    cases = _makeable(studio, cases_of(cast, person, budget.absent), left_out)
    counts = ask(adapters, studio, entry, cases, run.adapter, budget.seed)
    found: dict[str, Any] = {
        "parts": {part: part_of(counts, part) for part in PARTS if counts.errors(part).asked},
        "train_s": round(seconds, 1),
        "held_out_loss": run.result.best,
        "negatives": [p.key for p in cast.negatives_of(person)],
        "absent": [p.key for p in cast.absent_of(person, budget.absent)],
        "left_out": left_out,
    }
    say(f"{person.key}: " + ", ".join(f"{part} {counts.errors(part)}" for part in PARTS))
    if pixels:
        say(f"training {person.key} without pixels")
        blind = train(adapters, studio, cast, person, budget, pixels=False)
        bare = ask(adapters, studio, entry, cases, blind.adapter, budget.seed)
        found["pixel_errors"] = {
            part: {
                "asked": counts.errors(part).asked,
                "instant": counts.errors(part).instant,
                "with_pixels": counts.errors(part).trained,
                "without_pixels": bare.errors(part).trained,
            }
            for part in PARTS
            if counts.errors(part).asked
        }
    return found


def _makeable(studio: Studio, cases: Sequence[Case], left_out: dict[str, str]) -> list[Case]:
    """Cases whose clip can be made: a face that is not found cannot be covered."""
    found = []
    for case in cases:
        try:
            studio.see(case.recipe)
        except ValueError as error:
            left_out[label_of(case.recipe)] = str(error)
        else:
            found.append(case)
    return found


def summary(people: Sequence[Counts], seed: int) -> dict[str, Any]:
    """The figures over all people."""
    plain = [Errors(*(sum(pair) for pair in zip(*map(_tuple, both), strict=True))) for both in map(_unmasked, people)]
    result: dict[str, Any] = {
        "masked_face_acc": _masked_accuracy(people, "trained"),
        "masked_face_acc_instant": _masked_accuracy(people, "instant"),
        "error_ratio_trained_instant": ratio(plain),
        "error_ratio_interval": bootstrap(plain, seed=seed),
        "instant_error": share(sum(p.instant for p in plain), sum(p.asked for p in plain)),
        "trained_error": share(sum(p.trained for p in plain), sum(p.asked for p in plain)),
        "parts": {},
    }
    for part in PARTS:
        found = [counts.errors(part) for counts in people if counts.errors(part).asked]
        if found:
            asked = sum(e.asked for e in found)
            result["parts"][part] = {
                "people": len(found),
                "asked": asked,
                "instant_error": share(sum(e.instant for e in found), asked),
                "trained_error": share(sum(e.trained for e in found), asked),
                "ratio": ratio(found),
                "interval": bootstrap(found, seed=seed),
            }
    return result


def part_of(counts: Counts, part: Set) -> dict[str, Any]:
    """One person's figures of one part, for the file."""
    return {**asdict(counts.errors(part)), "right_by_kind": counts.by_kind(part)}


def counts_of(parts: Mapping[str, Any]) -> Counts:
    """Counts as they were before `part_of` wrote them down, by part."""
    counts = Counts()
    for part in PARTS:
        for kind, right in parts.get(part, {"right_by_kind": {}})["right_by_kind"].items():
            counts.asked[part, kind] = right["asked"]
            counts.instant[part, kind] = right["instant"]
            counts.trained[part, kind] = right["trained"]
    return counts


def _unmasked(counts: Counts) -> tuple[Errors, Errors]:
    return counts.errors("held_out"), counts.errors("cross")


def _tuple(errors: Errors) -> tuple[int, int, int]:
    return errors.asked, errors.instant, errors.trained


def _masked_accuracy(people: Sequence[Counts], who: Literal["instant", "trained"]) -> float | None:
    """Mean of the shares of right answers where the person is present and where absent: neither can carry the other."""
    found: list[float] = []
    for state in ("present", "absent"):
        key: tuple[Set, str] = ("masked", f"existence {state}")
        asked = sum(counts.asked.get(key, 0) for counts in people)
        if not asked:
            return None
        found.append(sum(getattr(counts, who).get(key, 0) for counts in people) / asked)
    return sum(found) / len(found)
