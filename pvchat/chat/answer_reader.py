"""What the agreement check knows while it reads an answer: the facts, and whom the last clause was about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pvchat.chat.claims import COMMON, MARK, NAME, NEGATED, OTHER_CAPITALS, OTHER_STARTS, PREDICATE
from pvchat.chat.evidence import by_first_seen
from pvchat.chat.facts import SceneFacts, State, SubjectFacts
from pvchat.chat.lexicon import ANYWHERE_CAPITALS, SENTENCE_STARTS, WORD
from pvchat.chat.questions import QuestionKind, mentioned


class DisagreesError(Exception):
    """Carries the reason out of the nested readers."""


@dataclass
class AnswerReader:
    """Names of an answer, and what may be said of them.

    Attributes:
        scene: facts of the video. asked: the people asked about. kind: of the question.
        everyone: facts of all of them. people: of those the question means. last: whom the last clause named.
    """

    scene: SceneFacts
    asked: tuple[str, ...]
    kind: QuestionKind
    question: str
    everyone: tuple[SubjectFacts, ...] = ()
    people: tuple[SubjectFacts, ...] = ()
    last: tuple[SubjectFacts, ...] = ()

    def __post_init__(self) -> None:
        by_name = {s.name: s for s in self.scene.subjects}
        self.everyone = tuple(by_name.get(n) or SubjectFacts(name=n, state="absent") for n in self.asked)
        # Of several people on the table, a question that names some is about those.
        meant = mentioned(self.question, self.asked)
        self.people = tuple(p for p in self.everyone if p.name in meant) or self.everyone
        self.last = self.people if len(self.people) == 1 else ()

    def mask(self, text: str) -> str:
        """Put one private character in the place of every asked name, and part "left-hand" into its words."""
        order = sorted(range(len(self.everyone)), key=lambda i: -len(self.everyone[i].name))
        for i in order:
            pattern = rf"(?<!\w){re.escape(self.everyone[i].name)}(?!\w)"
            text = re.sub(pattern, chr(MARK + i), text)
        for i in order:
            pattern = rf"(?<!\w){re.escape(self.everyone[i].name)}(?!\w)"
            if self.everyone[i].name.casefold() not in COMMON:
                text = re.sub(pattern, chr(MARK + i), text, flags=re.IGNORECASE)
        return re.sub(r"\b(left|right)-hand\b", r"\1 hand", text, flags=re.IGNORECASE)

    def names(self, text: str) -> tuple[SubjectFacts, ...]:
        """The people a masked text names, in its order."""
        return tuple(dict.fromkeys(self.everyone[ord(c) - MARK] for c in text if MARK <= ord(c) < MARK + 0x400))

    def last_named(self, text: str) -> tuple[SubjectFacts, ...]:
        """Whom a masked text names last: one person, or several that it names in a row."""
        row = re.findall(rf"{NAME}(?:(?:, and|,| and) {NAME})*", text)[-1:]
        return self.names(row[0]) if row else ()

    def foreign_name(self, masked: str) -> str | None:
        """A capitalised word that no sentence explains."""
        for match in WORD.finditer(masked):
            word = match.group()
            base = re.sub(r"['\u2019]s$", "", word)
            if not base[0].isupper() or base in ANYWHERE_CAPITALS or base in OTHER_CAPITALS:
                continue
            before = masked[: match.start()].rstrip(" \"'(")
            if not before or before[-1] in ".!?:":
                if base.split("'")[0] in SENTENCE_STARTS | OTHER_STARTS or base.lower() in COMMON:
                    continue
                if word == base and not PREDICATE.match(masked[match.end() :]):
                    continue
            return base
        return None

    def claim(self, people: Sequence[SubjectFacts], state: State) -> None:
        """Some people are said to be present, absent or unsure."""
        for person in people:
            if person.state != state:
                raise DisagreesError(f"takes {person.name} for {state}, the evidence says {person.state}")

    def must(self, true: bool, text: str, at: int, said: str) -> None:
        """A thing said before which the clause has "not" must be false, else true."""
        negated = NEGATED.search(text[:at].rsplit(",", 1)[-1]) is not None
        if true == negated:
            raise DisagreesError(f"says {'not ' if negated else ''}{said!r}, the evidence does not")

    def told(self, people: Sequence[SubjectFacts], said: str) -> tuple[SubjectFacts, ...]:
        """The people a thing is said of; none of them may be absent or unsure."""
        if not people and self.people:
            people = [p for p in self.people if p.state == "present"] or self.people
        for person in people:
            if person.state != "present":
                raise DisagreesError(f"says {said!r} of {person.name}, whom the evidence calls {person.state}")
        return tuple(people)

    def is_sooner(self, match: re.Match[str]) -> bool:
        """Whether the one whom a match of `SOONER` puts first is seen first."""
        pair = self.names(match["a"] + match["b"])
        first = pair[::-1] if match["rel"] in ("after", "later than") else pair
        return by_first_seen(pair) == tuple(p.name for p in first)
