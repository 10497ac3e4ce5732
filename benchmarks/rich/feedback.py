"""Whether "this is not X" and "this is X" change the next answer, come undone exactly, and spare other videos.

Real clips, real perception, real identity, a real data folder; everybody is enrolled together. An answer is taken as
its evidence about everybody enrolled and the number of unknown people; of some cases the model writes it, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.people.build import Beside, Damage, Damaged, Moving, Recipe, Workshop, ask_recipe, enroll_recipe
from benchmarks.people.config import name_people
from benchmarks.people.media import Media, Source
from pipelines.results import Answer
from pipelines.session import Session
from pipelines.tools import EmbeddedTools
from pvchat.chat.answer import AnswerResult, Clip, clip_facts
from pvchat.errors import AmbiguousSubjectError, FeedbackConflictError, NoFaceError
from pvchat.identity.pointing import Pointer
from storage.store import Store

Say = Callable[[str], None]

SEED = 41
CROSS_ASKED = 3
DAMAGES: tuple[Damage, ...] = ("covered", "small", "haze")
SPOKEN = 4
_WHO = "Is {name} in this video?"


class FactTools(EmbeddedTools):
    """The embedded tools with the facts themselves in place of what a model writes about them."""

    def answer(
        self,
        clip: Clip,
        question: str,
        subjects: Sequence[str],
        *,
        use_evidence: bool,
        use_identity_bias: bool,
        on_text: Callable[[str], None] | None,
    ) -> AnswerResult:
        """The facts about the asked people; nothing is generated."""
        facts = clip_facts(clip, tuple(subjects))
        text = ", ".join(f"{one.name} {one.state}" for one in facts.subjects)
        return AnswerResult(text, facts, True, {"base": "facts"}, {})

    def prepare(self, *, answering: bool) -> None:
        """Only what perceives is loaded."""
        super().prepare(answering=False)


@dataclass(frozen=True)
class Shown:
    """Somebody who is enrolled.

    Attributes:
        key: in the media. name: as enrolled. enroll: the clip enrolled from. ask: other clips that show only them.
    """

    key: str
    name: str
    enroll: Recipe
    ask: tuple[Recipe, ...]


@dataclass
class Tally:
    """How many of how many."""

    right: int = 0
    of: int = 0
    wrong: list[str] = field(default_factory=list)

    def count(self, right: bool, what: str) -> None:
        """One more."""
        self.of += 1
        self.right += right
        if not right:
            self.wrong.append(what)

    def told(self) -> dict[str, Any]:
        """For the report."""
        share = round(self.right / self.of, 4) if self.of else None
        return {"right": self.right, "of": self.of, "share": share, "wrong": self.wrong}


def cast_of(media: Media, most: int | None = None) -> list[Shown]:
    """Everybody with a clip, with several photos, or alone in a part of the group photo.

    Args:
        most: of each kind, None for all.
    """
    same, alone = media.same()[:most], media.singled_out()[:most]
    crossed = dict(list(media.crossed().items())[:most])
    names = name_people([*(s.key for s in [*same, *alone]), *crossed], SEED)
    people = [_from(source, names[source.key]) for source in [*same, *alone]]
    for key, photos in crossed.items():
        ask = tuple(Moving(photo.key, seed=2) for photo in photos[1 : 1 + CROSS_ASKED])
        people.append(Shown(key, names[key], Moving(photos[0].key, seed=1), ask))
    return people


def _from(source: Source, name: str) -> Shown:
    return Shown(source.key, name, enroll_recipe(source), (ask_recipe(source),))


def measure(
    media: Media, work: Path, say: Say, *, most: int | None = None, spoken: int = SPOKEN
) -> dict[str, dict[str, Any]]:
    """Run all cases.

    Args:
        media: the sources. work: folder for clips and data folders; what is there is used again. say: called with a
            line now and then. most: people of each kind, None for all. spoken: cases in which the model answers, too.

    Returns:
        `feedback_effective`: "said" and "undone" as shares of all cases, each kind of case in full, and under
        "elsewhere" what became of other videos.
    """
    workshop = Workshop(work / "clips", media, say)
    home = work / "feedback-home"
    with Session(Store.open(home), FactTools()) as session:
        bench = Bench(session, workshop, cast_of(media, most), say)
        bench.run()
    if spoken:
        with Session(Store.open(home), EmbeddedTools()) as session:
            bench.speak(session, spoken)
    return {"feedback_effective": bench.report()}


class Bench:
    """The cases over one open session.

    Args:
        session: over an own data folder. workshop: makes clips. people: who is enrolled. say: for progress.
    """

    def __init__(self, session: Session, workshop: Workshop, people: Sequence[Shown], say: Say) -> None:
        self._session = session
        self._workshop = workshop
        self._say = say
        self._people = list(people)
        kinds = ("not", "is", "refused", "undone", "spoken", "spoken_undone")
        self._tallies = {kind: Tally() for kind in kinds}
        self._elsewhere = {kind: Tally() for kind in ("after_true_not", "after_false_not", "after_is")}
        self._taken: list[tuple[Shown, Path]] = []

    def run(self) -> None:
        """All cases, nothing of which stays said."""
        for said in self._session.feedback.list():
            self._session.feedback.undo(said.feedback.id)
        self._enroll()
        for person in self._people:
            self._say(f"feedback about {person.key}")
            clips = [self._file(recipe) for recipe in person.ask]
            for clip in clips:
                self._not(person, clip, [other for other in clips if other != clip])
            self._is(person, clips)
        self._beside()
        self._strangers()

    def speak(self, session: Session, most: int) -> None:
        """Some of the cases again, with an answer that the model writes."""
        for person, clip in self._taken[:most]:
            question = _WHO.format(name=person.name)
            before = session.ask(clip, question)
            said = session.feedback.say(clip, person.name, "is_not", _track(before))
            after = session.ask(clip, question)
            self._tallies["spoken"].count(
                before.answer != after.answer and after.evidence[0].state == "absent", f"{person.key}: {after.answer}"
            )
            session.feedback.undo(said.feedback.id)
            again = session.ask(clip, question)
            self._tallies["spoken_undone"].count(again.answer == before.answer, f"{person.key}: {again.answer}")

    def report(self) -> dict[str, Any]:
        """Shares over all cases, then each kind."""
        said = [self._tallies[kind] for kind in ("not", "is", "refused", "spoken")]
        undone = [self._tallies[kind] for kind in ("undone", "spoken_undone")]
        return {
            "said": _share(said),
            "undone": _share(undone),
            "people": len(self._people),
            "cases": {kind: tally.told() for kind, tally in self._tallies.items()},
            "elsewhere": {kind: tally.told() for kind, tally in self._elsewhere.items()},
        }

    def _enroll(self) -> None:
        enrolled = {person.name for person in self._session.people()}
        kept = []
        for person in self._people:
            if person.name not in enrolled:
                try:
                    file = self._file(person.enroll)
                    self._session.enroll(person.name, file, consent_by="benchmark", purpose="measurement")
                except (NoFaceError, AmbiguousSubjectError) as error:
                    self._say(f"{person.key} is left out: {error}")
                    continue
            kept.append(person)
        self._people = kept

    def _not(self, person: Shown, clip: Path, others: Sequence[Path]) -> None:
        """ "This is not X" about a track that is taken for X; then X's other videos, for which it was a mistake."""
        before = self._look(clip)
        state, tracks = _of(before, person.name)
        if state != "present":
            return
        self._taken.append((person, clip))
        found = [self._look(other) for other in others]
        for track in tracks:
            said = self._session.feedback.say(clip, person.name, "is_not", Pointer(track=track))
            after = self._look(clip)
            self._tallies["not"].count(track not in _of(after, person.name)[1], f"{person.key} in {clip.stem}")
            if len(tracks) == 1:
                self._spared("after_false_not", person, others, found)
            self._undo(said.feedback.id, clip, before, person)

    def _is(self, person: Shown, clips: Sequence[Path]) -> None:
        """ "This is X" where X is not found although it is X: damaged clips, and others that were missed."""
        damaged = [self._file(Damaged(recipe, how)) for recipe in person.ask[:1] for how in DAMAGES]
        for clip in [*clips, *damaged]:
            before = self._look(clip)
            tracks = self._session.perceive(clip).tracks
            if not tracks or _of(before, person.name)[0] == "present":
                continue
            longest = max(tracks, key=lambda track: sum(end - start for start, end in track.spans))
            others = [other for other in clips if other != clip]
            found = [self._look(other) for other in others]
            said = self._session.feedback.say(clip, person.name, "is", Pointer(track=longest.id))
            after = self._look(clip)
            self._tallies["is"].count(longest.id in _of(after, person.name)[1], f"{person.key} in {clip.stem}")
            self._spared("after_is", person, others, found)
            self._undo(said.feedback.id, clip, before, person)

    def _beside(self) -> None:
        """Two people at once: one cannot be both, and what is said about one leaves the other."""
        for one, other in zip(self._people[::2], self._people[1::2], strict=False):
            clip = self._file(Beside((one.ask[0], other.ask[0])))
            before = self._look(clip)
            (state, mine), (beside, theirs) = _of(before, one.name), _of(before, other.name)
            if (state, beside) != ("present", "present"):
                continue
            first = self._session.feedback.say(clip, one.name, "is", Pointer(track=mine[0]))
            try:
                second = self._session.feedback.say(clip, one.name, "is", Pointer(track=theirs[0]))
                self._session.feedback.undo(second.feedback.id)
                refused = False
            except FeedbackConflictError:
                refused = True
            self._tallies["refused"].count(refused, f"{one.key} twice beside {other.key}")
            self._undo(first.feedback.id, clip, before, one)
            said = self._session.feedback.say(clip, one.name, "is_not", Pointer(track=mine[0]))
            after = self._look(clip)
            stays = mine[0] not in _of(after, one.name)[1] and _of(after, other.name)[0] == "present"
            self._tallies["not"].count(stays, f"{one.key} beside {other.key}")
            self._undo(said.feedback.id, clip, before, one)

    def _strangers(self) -> None:
        """ "This is not X" about everybody else, all of it true: X's own videos have to stay what they were."""
        for person in self._people:
            own = [self._file(recipe) for recipe in person.ask]
            found = [self._look(clip) for clip in own]
            told = []
            for other in self._people:
                if other is not person:
                    clip = self._file(other.ask[0])
                    for track in self._session.perceive(clip).tracks:
                        pointer = Pointer(track=track.id)
                        told.append(self._session.feedback.say(clip, person.name, "is_not", pointer))
            self._spared("after_true_not", person, own, found)
            for said in told:
                self._session.feedback.undo(said.feedback.id)

    def _spared(self, kind: str, person: Shown, clips: Sequence[Path], found: Sequence["_State"]) -> None:
        """Of videos in which a person was found, in how many they still are."""
        for clip, before in zip(clips, found, strict=True):
            if _of(before, person.name)[0] == "present":
                self._elsewhere[kind].count(_of(self._look(clip), person.name)[0] == "present", person.key)

    def _undo(self, feedback_id: str, clip: Path, before: "_State", person: Shown) -> None:
        self._session.feedback.undo(feedback_id)
        self._tallies["undone"].count(self._look(clip) == before, f"{person.key} in {clip.stem}")

    def _look(self, clip: Path) -> "_State":
        names = [person.name for person in self._people]
        answer = self._session.ask(clip, "Who is here?", names)
        evidence = answer.evidence
        return tuple((e.subject, e.state, e.score, e.tracks, e.spans) for e in evidence), answer.unknown_people

    def _file(self, recipe: Recipe) -> Path:
        return self._workshop.make(recipe).path


_State = tuple[tuple[tuple[str, str, float, tuple[int, ...], tuple[tuple[float, float], ...]], ...], int]


def _of(state: _State, name: str) -> tuple[str, tuple[int, ...]]:
    found = next(one for one in state[0] if one[0] == name)
    return found[1], found[3]


def _track(answer: Answer) -> Pointer:
    return Pointer(track=answer.evidence[0].tracks[0])


def _share(tallies: Sequence[Tally]) -> float | None:
    total = sum(tally.of for tally in tallies)
    return round(sum(tally.right for tally in tallies) / total, 4) if total else None
