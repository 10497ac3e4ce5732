"""Times and numbers of an answer, held to the record while it is written."""

from collections.abc import Mapping, Sequence

from pvchat.chat.clocks import Times
from pvchat.chat.evidence import seen_amount
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.lexicon import NUMBER_WORDS
from pvchat.chat.questions import QuestionKind

UNITS = {"second": "second", "seconds": "second", "minute": "minute", "minutes": "minute"}
HEADS = frozenset({"person", "persons", "people", "individuals", "faces"})
COUNTING = frozenset({*NUMBER_WORDS, *UNITS, *HEADS, "nobody", "unknown", "them"})
"""Words that say how many, or of what."""


class NumberHold:
    """What may be said with numbers.

    Args:
        scene: facts of the video. kind: of the question. people: the asked ones, by name.
    """

    def __init__(self, scene: SceneFacts, kind: QuestionKind, people: Mapping[str, SubjectFacts]) -> None:
        self.scene = scene
        self.kind = kind
        self.people = people
        self.times = Times(list(people.values()), kind)
        present = sum(1 for s in people.values() if s.state == "present")
        self.counts = {scene.people, scene.unknown_people} | ({present} if len(people) > 1 else set())

    def allows(
        self, number: str, clause: str, before: Sequence[str], about: Sequence[SubjectFacts], open_ended: bool
    ) -> bool:
        """Whether a number, or its beginning, may stand here.

        Args:
            number: digits, or a clock time. clause: the clause before it. before: the words before it.
            about: the people the clause is about. open_ended: whether more digits may follow.
        """
        if not open_ended:
            number = number.rstrip(":")
        fits = set(self.times.clocks(list(before), [p.name for p in about]))
        if ":" not in number:
            fits |= {str(n) for n in self._numbers(about)}
        elif self.kind in ("count", "count_named") and not clause:
            return False
        if number in fits:
            return True
        return open_ended and any(f.startswith(number) for f in fits)

    def _numbers(self, people: Sequence[SubjectFacts]) -> set[int]:
        durations = {seen_amount(p)[0] for p in people if p.state == "present" and p.spans}
        if self.kind == "duration":
            return durations
        if self.kind in ("count", "count_named"):
            return self.counts
        return durations | self.counts

    def counts_right(self, word: str, before: Sequence[str]) -> bool:
        """Whether a word of `COUNTING` makes a true count together with what stands before it."""
        if word == "nobody":
            return self.scene.people == 0
        if word in NUMBER_WORDS:
            value = NUMBER_WORDS[word]
            return word == "one" or value in self._numbers(list(self.people.values()))
        number = _value(before[-1]) if before else None
        if word == "them":
            # "2 of them" counts the asked people; "one of them" is said of one.
            counted = before[-2] if before[-1:] == ["of"] and len(before) > 1 and before[-2].isdigit() else None
            return counted is None or int(counted) == sum(1 for p in self.people.values() if p.state == "present")
        if number is None:
            return True
        if word in HEADS:
            return number == self.scene.people
        if word == "unknown":
            return number == self.scene.unknown_people
        amounts = [seen_amount(p) for p in self.people.values() if p.state == "present" and p.spans]
        return (number, UNITS[word]) in amounts


def _value(word: str) -> int | None:
    return int(word) if word.isdigit() else NUMBER_WORDS.get(word.lower())
