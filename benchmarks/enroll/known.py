"""What is known of a composite, and whether an answer fits that: read from the words, not from perception.

A composite fixes who is in it, who is left of whom, who comes first, from when to when each is seen, and how many
people there are. Colours and actions it does not fix.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.people.metrics import first_is_left
from pipelines.questions.rows import QuestionRow
from pvchat.chat.lexicon import CLOCK, PLACE_WORDS, seconds_of
from pvchat.chat.questions import mentioned
from pvchat.evaluation.answers import WORD, holds, read_existence, refuses, without_names
from pvchat.evaluation.clips import ClipPart, ClipTruth
from pvchat.perception.record import PLACES, Span
from pvchat.training.wordings import Kind

CLOCK_TOLERANCE_S = 1.0
"""Half a second for the whole seconds a clock shows, half a second for perception."""
PLACE_MARGIN = 0.05
_TIMED: frozenset[Kind] = frozenset({"existence", "time", "first", "last", "duration", "together"})
_STATED: frozenset[Kind] = frozenset({"both", "either", "which", "count_named"})
_PLACED: frozenset[Kind] = frozenset({"location", "is_place"})
_RANGE = re.compile(rf"({CLOCK.pattern}) (?:to|and) ({CLOCK.pattern})")


@dataclass(frozen=True)
class Known:
    """A composite.

    Attributes:
        parts: of everybody enrolled, by name; None for who is not in it.
        people: how many different people it shows.
        beside: whether its parts are side by side, else one after another.
    """

    parts: Mapping[str, ClipPart | None]
    people: int
    beside: bool

    def there(self, name: str) -> bool:
        """Whether somebody is in it."""
        return self.parts[name] is not None

    def centre(self, name: str) -> float | None:
        """Middle of somebody's part, 0..1, where the parts are side by side."""
        part = self.parts[name]
        return (part.box[0] + part.box[2]) / 2 if part and self.beside else None

    def span(self, names: Sequence[str]) -> Span | None:
        """From when to when all of these are shown; None when never."""
        spans = [part.span for name in names if (part := self.parts[name])]
        start, end = max(s for s, _ in spans), min(e for _, e in spans)
        return (start, end) if start < end and len(spans) == len(names) else None

    def place(self, name: str) -> str | None:
        """Third of the frame, None where it is not beyond doubt."""
        x = self.centre(name)
        if x is None or min(abs(x - 1 / 3), abs(x - 2 / 3)) < PLACE_MARGIN:
            return None
        return PLACES[min(2, int(3 * x))]


def known_of(clip: ClipTruth, shown: Sequence[str], absent: Sequence[str]) -> Known:
    """What is known of a clip.

    Args:
        clip: with one part for each person. shown: names, in the order of the parts. absent: further names.
    """
    parts: dict[str, ClipPart | None] = dict(zip(shown, clip.parts, strict=True))
    beside = all(part.span == clip.parts[0].span for part in clip.parts)
    return Known({**parts, **dict.fromkeys(absent)}, len(shown), beside)


def is_fixed(row: QuestionRow, known: Known) -> bool:
    """Whether the composite alone says which answer to a question is right."""
    if not all(known.there(name) for name in row.subjects):
        return True
    if row.kind in _PLACED:
        return known.place(row.subjects[0]) is not None
    if row.kind in ("relation", "order"):
        return known.beside
    return row.kind in _TIMED | _STATED or row.kind in ("count", "earlier")


def fault(row: QuestionRow, known: Known) -> str | None:
    """What of an answer does not fit what is known of the composite; None when all of it does."""
    if row.kind == "count" and not re.search(rf"\b{known.people} (?:person|people)\b", row.answer):
        return f"there are {known.people} people"
    if len(row.subjects) != 1 or row.kind in ("count", *_STATED):
        return _fault_of_several(row, known)
    name = row.subjects[0]
    if not known.there(name):
        return None if refuses(row.answer, name) else f"{name} is absent"
    if refuses(row.answer, name) or "not sure" in row.answer:
        return f"{name} is present"
    if row.kind == "existence" and read_existence(row.answer) != "present":
        return f"{name} is present"
    if row.kind in _PLACED:
        return _fault_of_place(row, known)
    return _fault_of_times(row, known) if row.kind in _TIMED else None


def _fault_of_several(row: QuestionRow, known: Known) -> str | None:
    wrong = _fault_of_states(row, known)
    if wrong or row.kind in ("count", *_STATED) or not all(known.there(n) for n in row.subjects):
        return wrong
    if row.kind == "together":
        together = known.span(row.subjects) is not None
        if read_existence(row.answer) != ("present" if together else "absent"):
            return f"they are {'' if together else 'not '}together"
        return _fault_of_times(row, known) if together else None
    if row.kind == "earlier":
        return _fault_of_earlier(row, known)
    # Who talks to whom no composite says.
    return _fault_of_order(row, known) if row.kind in ("relation", "order") else None


def _fault_of_states(row: QuestionRow, known: Known) -> str | None:
    one = "(?:" + "|".join(re.escape(n) for n in sorted(row.subjects, key=len, reverse=True)) + r")(?!\w)"
    away = re.compile(rf"(?<!\w){one}(?:(?:, | and ){one})* (?:is|are) not in this video")
    refused = " ".join(away.findall(row.answer))
    rest = away.sub("", row.answer)
    for name in row.subjects:
        # "Tom is in this video and Sarah is not" groups nobody with Sarah; who is left over is said to be there.
        if known.there(name) != (not holds(refused, name)) or (known.there(name) and not holds(rest, name)):
            return f"{name} is {'present' if known.there(name) else 'absent'}"
    if "not sure" in row.answer:
        return "nobody is in doubt"
    here = sum(known.there(name) for name in row.subjects)
    if row.kind == "both" and read_existence(row.answer) != ("present" if here == len(row.subjects) else "absent"):
        return f"{here} of them are there"
    if row.kind == "either" and read_existence(row.answer) != ("present" if here else "absent"):
        return f"{here} of them are there"
    if row.kind == "count_named" and not row.answer.startswith(f"{here or 'None'} of them"):
        return f"{here} of them are there"
    return None


def _fault_of_place(row: QuestionRow, known: Known) -> str | None:
    place = known.place(row.subjects[0])
    words = WORD.findall(without_names(row.answer, row.subjects).lower())
    said = {PLACE_WORDS[word] for word in words if word in PLACE_WORDS}
    if place is None:
        return None
    if said != {place}:
        return f"the place is {place}"
    if row.kind == "is_place":
        asked = {PLACE_WORDS[w] for w in WORD.findall(row.question.lower()) if w in PLACE_WORDS}
        if (read_existence(row.answer) == "present") != (asked == {place}):
            return f"the place is {place}"
    return None


def _fault_of_order(row: QuestionRow, known: Known) -> str | None:
    first, second = (known.centre(name) for name in row.subjects)
    if first is None or second is None:
        return None
    if first_is_left(row.answer, row.subjects) != (first < second):
        return f"{row.subjects[0 if first < second else 1]} is on the left"
    if row.kind == "relation":
        named = mentioned(row.question, row.subjects)
        side = "left" if re.search(r"\bleft\b", row.question.lower()) else "right"
        true = ((first < second) == (named[0] == row.subjects[0])) == (side == "left")
        if read_existence(row.answer) != ("present" if true else "absent"):
            return f"yes or no: {true}"
    return None


def _fault_of_earlier(row: QuestionRow, known: Known) -> str | None:
    starts = sorted((part.span[0], name) for name in row.subjects if (part := known.parts[name]))
    if starts[0][0] == starts[-1][0]:
        at_once = re.search(r"\b(?:same time|together)\b", row.answer)
        return None if at_once else "they come at once"
    said = mentioned(row.answer, row.subjects)
    right = said[0] == starts[0][1] and not re.search(r"\b(?:same time|together|can't|after|later)\b", row.answer)
    return None if right else f"{starts[0][1]} comes first"


def _fault_of_times(row: QuestionRow, known: Known) -> str | None:
    span = known.span(row.subjects)
    if span is None:
        return None
    edges = {"first": (span[0],), "last": (span[1],)}.get(row.kind, span)
    clocks = [seconds_of(m.group()) for m in CLOCK.finditer(row.answer)]
    ranges = [(seconds_of(m[1]), seconds_of(m[2])) for m in _RANGE.finditer(row.answer)]
    amounts = [int(m[1]) for m in re.finditer(r"\b(\d+) seconds?\b", row.answer)]
    told = {"time": clocks, "first": clocks, "last": clocks, "duration": amounts}.get(row.kind)
    right = (
        (told is None or bool(told))
        and all(any(abs(clock - edge) <= CLOCK_TOLERANCE_S for edge in edges) for clock in clocks)
        and all(max(abs(a - span[0]), abs(b - span[1])) <= CLOCK_TOLERANCE_S for a, b in ranges)
        and all(abs(amount - (span[1] - span[0])) <= CLOCK_TOLERANCE_S for amount in amounts)
    )
    return None if right else f"the time is {span[0]:.2f}-{span[1]:.2f} s"
