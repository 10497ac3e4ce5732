"""What is asked: rounds of a gallery and the questions put to it, each with its truth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal, Protocol

from benchmarks.people.build import Recipe, label_of, sources_of
from benchmarks.people.config import HELD_OUT_TEXT, held_out
from benchmarks.people.media import Media
from pvchat.evaluation.clips import ClipTruth
from pvchat.perception.record import PLACES, Span
from pvchat.training.wordings import LOWER_GARMENTS, UPPER_GARMENTS, VIDEO_NOUNS, Kind, names_a_person, split_wordings

Row = Literal[
    "same",
    "cross",
    "model",
    "stranger",
    "degraded",
    "place",
    "order",
    "colour",
    "action",
    "refusal",
]

PLACE_MARGIN = 0.05


class Make(Protocol):
    """Builds the clip of a recipe."""

    def __call__(self, recipe: Recipe) -> ClipTruth:
        """The clip and its truth."""


@dataclass(frozen=True)
class Enrollment:
    """One person of a gallery: who, under which name, from which clip."""

    person: str
    name: str
    clip: ClipTruth
    recipe: Recipe


@dataclass(frozen=True)
class Case:
    """One question with its truth.

    Attributes:
        row: what it is asked for.
        clip: what is asked about. label: the clip in a few words.
        people: who is asked about. names: under which names they are enrolled; a name per person.
        kind: the question's kind. question: its text.
        present: for every asked person, whether the clip shows them.
        place: where the asked person is. first_left: whether the first of two asked people is left of the second, and
            the side the question speaks of. span: when the asked person is seen, for one-after-another clips.
        accept: words of which an answer needs one. exclude: words it may not have.
        own_label: these words come from this benchmark, not from the shared data's labels.
        use_evidence: False leaves the evidence lines out of the prompt.
        held_out: nobody in it was seen when thresholds were set.
        unseen_wording: the question's wording was never trained on.
    """

    row: Row
    clip: ClipTruth
    label: str
    people: tuple[str, ...]
    names: tuple[str, ...]
    kind: Kind
    question: str
    present: tuple[bool, ...]
    place: str | None = None
    first_left: bool | None = None
    side: str | None = None
    span: Span | None = None
    accept: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    own_label: bool = False
    use_evidence: bool = True
    held_out: bool = False
    unseen_wording: bool = False


@dataclass(frozen=True)
class Round:
    """A gallery and what is asked of it.

    Attributes:
        title: for progress lines. gallery: who is enrolled. cases: the questions.
    """

    title: str
    gallery: tuple[Enrollment, ...]
    cases: tuple[Case, ...] = field(default=())


class Questioner:
    """Makes cases about clips for one gallery.

    Args:
        media: for who is in a source and for labels.
        make: builds clips.
        names: person -> enrolled name.
        seed: of the wordings.
    """

    def __init__(self, media: Media, make: Make, names: dict[str, str], seed: int) -> None:
        self._media = media
        self._make = make
        self._names = names
        self._seed = seed

    def case(
        self,
        row: Row,
        recipe: Recipe,
        people: Sequence[str],
        kind: Kind,
        *,
        use_evidence: bool = True,
        shown: Sequence[str] | None = None,
        side: str | None = None,
    ) -> Case:
        """One case.

        Args:
            row: what it counts for.
            recipe: the clip.
            people: who is asked about.
            kind: the kind of question.
            use_evidence: see `Case`.
            shown: who is in the clip; by default the people of its sources.
            side: "left" or "right" for questions about two people.
        """
        clip = self._make(recipe)
        in_clip = self.shown(recipe) if shown is None else list(shown)
        names = tuple(self._names[p] for p in people)
        question, unseen = self._word(kind, recipe, names, side)
        asked_once = people[0] if len(people) == 1 and people[0] in in_clip else None
        source = self._source_of(asked_once, recipe)
        labels = self._media.labels.get(source, {})
        accept: tuple[str, ...] = ()
        exclude: tuple[str, ...] = ()
        if row == "colour":
            accept = tuple(labels.get("upper_any") or ())
        elif row == "action":
            accept, exclude = tuple(labels.get("action_any") or ()), tuple(labels.get("action_none") or ())
        return Case(
            row=row,
            clip=clip,
            label=label_of(recipe),
            people=tuple(people),
            names=names,
            kind=kind,
            question=question,
            present=tuple(p in in_clip for p in people),
            place=self._place(asked_once, recipe, clip) if row == "place" else None,
            first_left=self._first_left(people, recipe, clip) if row == "order" else None,
            side=side,
            span=self._span(asked_once, recipe, clip),
            accept=accept,
            exclude=exclude,
            own_label=bool(accept) and self._media.labelled_here(source),
            use_evidence=use_evidence,
            held_out=held_out(people, in_clip),
            unseen_wording=unseen,
        )

    def shown(self, recipe: Recipe) -> list[str]:
        """People whom the sources of a recipe show."""
        people = (self._media.sources[key].person for key in sources_of(recipe))
        return [person for person in people if person is not None]

    def place_is_clear(self, person: str, recipe: Recipe) -> bool:
        """Whether the person's third of the frame is beyond doubt."""
        return self._place(person, recipe, self._make(recipe)) is not None

    def _source_of(self, person: str | None, recipe: Recipe) -> str:
        keys = sources_of(recipe)
        return next((key for key in keys if self._media.sources[key].person == person), keys[0]) if person else ""

    def _part(self, person: str | None, recipe: Recipe) -> int | None:
        people = [self._media.sources[key].person for key in sources_of(recipe)]
        return people.index(person) if person in people else None

    def _centre(self, person: str | None, recipe: Recipe, clip: ClipTruth) -> float | None:
        part = self._part(person, recipe)
        if part is None or part >= len(clip.parts):
            return None
        x0, _, x1, _ = clip.parts[part].box
        return (x0 + x1) / 2

    def _place(self, person: str | None, recipe: Recipe, clip: ClipTruth) -> str | None:
        x = self._centre(person, recipe, clip)
        if x is None or min(abs(x - 1 / 3), abs(x - 2 / 3)) < PLACE_MARGIN:
            return None
        return PLACES[min(2, int(x * 3))]

    def _first_left(self, people: Sequence[str], recipe: Recipe, clip: ClipTruth) -> bool | None:
        centres = [self._centre(p, recipe, clip) for p in people]
        if len(centres) != 2 or centres[0] is None or centres[1] is None:
            return None
        return centres[0] < centres[1]

    def _span(self, person: str | None, recipe: Recipe, clip: ClipTruth) -> Span | None:
        part = self._part(person, recipe)
        return clip.parts[part].span if part is not None and part < len(clip.parts) else None

    def _word(self, kind: Kind, recipe: Recipe, names: tuple[str, ...], side: str | None) -> tuple[str, bool]:
        rng = Random(f"{self._seed} {kind} {label_of(recipe)} {names}")
        unseen = rng.random() < HELD_OUT_TEXT
        wordings = [w for w in split_wordings(kind, "heldout" if unseen else "train") if names_a_person(w)]
        if kind == "order":
            wordings = [w for w in wordings if "{rel}" in w]
        listed = f"{', '.join(names[:-1])} {{}} {names[-1]}" if len(names) > 1 else names[0]
        text = rng.choice(wordings).format(
            v=rng.choice(VIDEO_NOUNS),
            n=names[0],
            a=names[0],
            b=names[-1],
            names=listed.format("and"),
            names_or=listed.format("or"),
            up=rng.choice(UPPER_GARMENTS),
            lo=rng.choice(LOWER_GARMENTS),
            rel=side or "left",
        )
        return text[0].upper() + text[1:] if not text.startswith(names) else text, unseen
