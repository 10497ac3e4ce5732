"""Does an answer agree with the evidence?

The check reads the answer as text, whoever wrote it: names, who is said to be there, yes or no, places, colours,
actions, clock times, seconds, numbers of people. Anything said that the facts do not bear out is a disagreement; what
is left unsaid, or declined ("I can't tell"), is not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pvchat.chat.claims import (
    CANNOT_SEE,
    CLAUSES,
    COMMON,
    DECLINE,
    HAIR_COLOURS_SAID,
    LOOKS,
    MARK,
    NEGATED,
    NOT_HERE,
    OTHER_CAPITALS,
    OTHER_STARTS,
    PEOPLE,
    PREDICATE,
    RANGE,
    RELATION,
    SECONDS,
    SENTENCES,
    SOONER,
    TIME_TOLERANCE_S,
    TOGETHER,
    UNSURE,
    VERBLESS,
    WHETHER_HERE,
    garment_slot,
    is_beside,
    near_clock,
    number_of,
    runs,
    said_actions,
)
from pvchat.chat.evidence import by_first_seen, left_to_right, rough_when, seen_s, together_spans
from pvchat.chat.facts import SceneFacts, State, SubjectFacts
from pvchat.chat.lexicon import (
    ANYWHERE_CAPITALS,
    CLOCK,
    COLOUR_WORDS,
    DISTANCE_WORDS,
    LOWER_NOUNS,
    PLACE_WORDS,
    SENTENCE_STARTS,
    UPPER_NOUNS,
    WORD,
)
from pvchat.chat.questions import QuestionKind, kind_of, mentioned


@dataclass(frozen=True)
class Agreement:
    """Whether an answer agrees with the facts; `why` says what does not, or is empty."""

    agrees: bool
    why: str = ""


class _DisagreesError(Exception):
    """Carries the reason out of the nested readers."""


@dataclass
class _Reader:
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

    # Names

    def mask(self, text: str) -> str:
        """Put one private character in the place of every asked name."""
        order = sorted(range(len(self.everyone)), key=lambda i: -len(self.everyone[i].name))
        for i in order:
            pattern = rf"(?<!\w){re.escape(self.everyone[i].name)}(?!\w)"
            text = re.sub(pattern, chr(MARK + i), text)
        for i in order:
            pattern = rf"(?<!\w){re.escape(self.everyone[i].name)}(?!\w)"
            if self.everyone[i].name.casefold() not in COMMON:
                text = re.sub(pattern, chr(MARK + i), text, flags=re.IGNORECASE)
        return text

    def names(self, text: str) -> tuple[SubjectFacts, ...]:
        """The people a masked text names, in its order."""
        return tuple(dict.fromkeys(self.everyone[ord(c) - MARK] for c in text if MARK <= ord(c) < MARK + 0x400))

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

    # Reading

    def read(self, answer: str) -> None:
        masked = self.mask(answer.strip())
        foreign = self.foreign_name(masked)
        if foreign:
            raise _DisagreesError(f"names {foreign!r}, who was not asked about")
        for sentence in SENTENCES.split(masked):
            carried = ""
            for part in CLAUSES.split(sentence):
                clause = (carried + " " + part).strip().lower()
                if VERBLESS.fullmatch(clause):
                    carried = clause.rstrip(",") + ","
                    continue
                carried = ""
                self.clause(clause)
        self.lead(masked)

    def clause(self, text: str) -> None:
        named = self.names(text)
        here = named or self.last
        if named:
            self.last = named
        if CANNOT_SEE.search(text):
            self.claim(named, "absent")
            return
        if UNSURE.search(text) and not re.search(r"not sure (?:what|where|when|how|which|who)\b", text):
            self.claim(named, "unsure")
            return
        if DECLINE.search(text):
            if WHETHER_HERE.search(text):
                self.claim(named, "unsure")
            return
        if NOT_HERE.search(text) and not TOGETHER.search(text):
            pronoun = re.search(r"\b(?:he|she|they|(?:this|that|the) person)\b", text)
            self.claim(named or (here if pronoun else ()), "absent")
            return
        self.claim(named, "present")
        self.counts(text)
        self.times(text, here)
        self.together(text, named)
        self.sooner(text, named)
        rest = self.relations(text, here)
        self.places(rest, here)
        self.distances(rest, here)
        self.colours(self.looks(rest, here), here)
        self.actions(rest, here)

    def claim(self, people: Sequence[SubjectFacts], state: State) -> None:
        for person in people:
            if person.state != state:
                raise _DisagreesError(f"takes {person.name} for {state}, the evidence says {person.state}")

    def must(self, true: bool, text: str, at: int, said: str) -> None:
        """A thing said before which the clause has "not" must be false, else true."""
        negated = NEGATED.search(text[:at].rsplit(",", 1)[-1]) is not None
        if true == negated:
            raise _DisagreesError(f"says {'not ' if negated else ''}{said!r}, the evidence does not")

    def told(self, people: Sequence[SubjectFacts], said: str) -> tuple[SubjectFacts, ...]:
        """The people a thing is said of; none of them may be absent or unsure."""
        if not people and self.people:
            people = [p for p in self.people if p.state == "present"] or self.people
        for person in people:
            if person.state != "present":
                raise _DisagreesError(f"says {said!r} of {person.name}, whom the evidence calls {person.state}")
        return tuple(people)

    def lead(self, masked: str) -> None:
        """What a leading yes or no amounts to."""
        match = re.match(r"\W*(yes|yeah|yep|no|nope)\b", masked, re.IGNORECASE)
        if not match or not self.people:
            return
        yes = match.group(1).lower().startswith("y")
        states = [p.state for p in self.people]
        truth: bool | None = None
        if self.kind in ("existence", "both", "count_named", "which"):
            truth = True if set(states) == {"present"} else False if "absent" in states else None
        elif self.kind == "either":
            truth = True if "present" in states else False if set(states) == {"absent"} else None
        elif "absent" in states:
            truth = False
        elif "unsure" in states:
            truth = None
        else:
            truth = self.asked_truth(yes)
        if truth is None and set(states) != {"present"}:
            raise _DisagreesError(f"answers {'yes' if yes else 'no'} where the evidence is unsure")
        if truth is not None and truth != yes:
            raise _DisagreesError(f"answers {'yes' if yes else 'no'}, the evidence says the opposite")

    def asked_truth(self, yes: bool) -> bool | None:
        """Whether what a yes-or-no question about present people asks is so; None where that is not known."""
        text = self.mask(self.question).lower()
        words = [m.group() for m in WORD.finditer(text)]
        first = self.people[0]
        if self.kind == "together" and len(self.people) > 1:
            return bool(together_spans(self.people))
        if self.kind == "relation" and len(self.people) == 2:
            order = left_to_right(self.people)
            named = self.names(text)
            rel = next((w for w in words if w in ("left", "right")), None)
            if order and rel and len(named) == 2:
                return (order[0] == named[0].name) == (rel == "left")
        if self.kind == "earlier" and len(self.people) == 2:
            sooner = SOONER.search(text)
            return self.is_sooner(sooner) if sooner else None
        if self.kind == "is_place":
            place = next((PLACE_WORDS[w] for w in words if w in PLACE_WORDS), None)
            return None if place is None or first.place is None else place == first.place
        if self.kind == "is_colour":
            colour = next((COLOUR_WORDS[w] for w in words if w in COLOUR_WORDS), None)
            slots = [first.lower] if any(w in LOWER_NOUNS for w in words) else [first.upper]
            if not any(w in LOWER_NOUNS | UPPER_NOUNS for w in words):
                slots = [first.upper, first.lower]
            if colour in slots:
                return True
            return None if None in slots else False
        if self.kind == "is_action":
            said = said_actions(text)
            if said:
                return any(a in first.actions for a in said[0][1]) or (None if not yes else False)
        return None

    # What is said

    def relations(self, text: str, here: Sequence[SubjectFacts]) -> str:
        """Check who is left of whom; the relations are taken out of the text that is returned."""
        if "left to right" in text:
            said = [p.name for p in self.names(text.split("left to right", 1)[1])]
            order = [n for n in left_to_right(self.people) if n in said]
            if said and said != order:
                raise _DisagreesError(f"orders {', '.join(said)} from left to right, the evidence does not")
            return text.replace("left to right", " ")
        for match in RELATION.finditer(text):
            rel = match["than"] or match["of"] or match["poss"]
            mark = match["b1"] or match["b2"] or match["b3"]
            other = self.names(mark)[0] if mark else None
            before = self.names(text[: match.start()])
            first = next((p for p in before or here if p is not other), None)
            if first is None:
                continue
            if other is None:
                rest = [p for p in self.people if p is not first]
                other = rest[0] if len(rest) == 1 else None
            pair = self.told([p for p in (first, other) if p], f"{rel} of")
            self.must(len(pair) == 2 and is_beside(pair[0], pair[1], rel), text, match.start(), f"{rel} of")
        return RELATION.sub(" ", text)

    def places(self, text: str, here: Sequence[SubjectFacts]) -> None:
        for match in WORD.finditer(text):
            place = PLACE_WORDS.get(match.group())
            before = text[: match.start()]
            if place is None or re.search(r"\b(?:mov\w+|turn\w*)(?: \w+){0,3} $", before):
                continue
            if re.search(r"\b(?:has|have|had|all|that's) $", before) or re.match(
                r" (?:now|away|after|before|at)\b", text[match.end() :]
            ):
                continue
            owner = self.names(before)[-1:] or here
            for person in self.told(owner, place):
                others = [p for p in self.people if p is not person and p.state == "present"]
                beside = self.kind in ("relation", "order") and len(others) == 1 and is_beside(person, others[0], place)
                self.must(person.place == place or beside, text, match.start(), place)

    def distances(self, text: str, here: Sequence[SubjectFacts]) -> None:
        for match in WORD.finditer(text):
            distance = DISTANCE_WORDS.get(match.group())
            before = text[: match.start()]
            if distance is None or re.search(r"\b(?:as|so|how|by) $", before):
                continue
            for person in self.told(self.names(before)[-1:] or here, distance):
                self.must(person.distance == distance, text, match.start(), distance)

    def looks(self, text: str, here: Sequence[SubjectFacts]) -> str:
        """Check what is said of hair, pattern and kind of clothes.

        Returns:
            The text without the colours of hair, which are none of clothes.
        """
        for pattern, words, slot in LOOKS:
            for match in pattern.finditer(text):
                value = words[match["word"]]
                for person in self.told(self.names(text[: match.start()])[-1:] or here, match["word"]):
                    self.must(getattr(person, slot) == value, text, match.start(), match["word"])
        for pattern in HAIR_COLOURS_SAID:
            text = pattern.sub(" hair ", text)
        return text

    def colours(self, text: str, here: Sequence[SubjectFacts]) -> None:
        words = list(WORD.finditer(text))
        for i, match in enumerate(words):
            colour = COLOUR_WORDS.get(match.group())
            if colour is None:
                continue
            slot = garment_slot([w.group() for w in words], i)
            people = self.names(text[: match.start()])[-1:] or here
            if len(self.names(text[: match.start()])) > 1 and " and " in text[: match.start()].split("wear")[0]:
                people = self.names(text[: match.start()])
            for person in self.told(people, colour):
                values = {"upper": [person.upper], "lower": [person.lower]}.get(slot, [person.upper, person.lower])
                self.must(colour in values, text, match.start(), f"{colour} {slot}".strip())

    def actions(self, text: str, here: Sequence[SubjectFacts]) -> None:
        for at, actions in said_actions(text):
            people = self.names(text[:at])[-1:] or here
            if not actions:
                word = WORD.match(text[at:])
                raise _DisagreesError(f"says {word.group() if word else ''!r}, which the evidence never tells")
            for person in self.told(people, sorted(actions)[0]):
                self.must(any(a in person.actions for a in actions), text, at, sorted(actions)[0])

    def together(self, text: str, named: Sequence[SubjectFacts]) -> None:
        match = TOGETHER.search(text)
        if not match or not (named or self.last):
            return
        people = named if len(named) > 1 else self.people
        if len(people) > 1 and all(p.state == "present" for p in people):
            apart = match.group() == "different times"
            self.must(bool(together_spans(people)) != apart, text, match.start(), match.group())

    def sooner(self, text: str, named: Sequence[SubjectFacts]) -> None:
        """Who is said to be seen before whom, where that is asked."""
        if self.kind != "earlier" or len(self.people) != 2:
            return
        order = by_first_seen(self.people)
        match = SOONER.search(text)
        first = re.search(r"\bfirst\b", text)
        if match:
            self.told(self.names(match.group()), match["rel"])
            self.must(self.is_sooner(match), text, match.start("rel"), f"{match['rel']} the other")
        elif first and len(named) == 1:
            self.must(order[:1] == (named[0].name,), text, first.start(), "first")
        elif order and TOGETHER.search(text):
            raise _DisagreesError(f"has both come at once, the evidence has {order[0]} come first")

    def is_sooner(self, match: re.Match[str]) -> bool:
        """Whether the one whom a match of `SOONER` puts first is seen first."""
        pair = self.names(match["a"] + match["b"])
        first = pair[::-1] if match["rel"] in ("after", "later than") else pair
        return by_first_seen(pair) == tuple(p.name for p in first)

    def times(self, text: str, here: Sequence[SubjectFacts]) -> None:
        marks = list(CLOCK.finditer(text))
        if marks:
            people = self.told(here, marks[0].group())
            shared = together_spans(people if len(people) > 1 else self.people) if self.kind == "together" else ()
            spans = [s for p in people for s in p.spans] + list(shared)
            for match in RANGE.finditer(text):
                if not any(near_clock(match[1], s[0]) and near_clock(match[2], s[1]) for s in runs(spans)):
                    raise _DisagreesError(f"says {match.group()}, when the evidence does not show it")
            edges = [t for s in spans for t in s]
            if self.kind == "first" and spans:
                edges = [min(edges)]
            elif self.kind == "last" and spans:
                edges = [max(edges)]
            for mark in marks:
                if not any(near_clock(mark.group(), t) for t in edges):
                    raise _DisagreesError(f"says {mark.group()}, a time the evidence does not have")
        self.amounts(text, here)
        self.rough(text, here)

    def amounts(self, text: str, here: Sequence[SubjectFacts]) -> None:
        for match in SECONDS.finditer(text):
            number = number_of(match[1])
            if number is None:
                continue
            seconds = number * (60.0 if match["unit"].startswith("m") else 1.0)
            at = re.search(r"\b(?:at|from|to|until|after|and|first|last) $", text[: match.start()]) is not None
            for person in self.told(here, match.group()):
                edges = [t for s in person.spans for t in s]
                true = seen_s(person)
                slack = max(TIME_TOLERANCE_S, 30.0 if match["unit"].startswith("m") else 0.02 * true)
                fits = abs(true - seconds) <= slack or (true < 1 and number == 1)
                if not fits and not (at and any(abs(t - seconds) <= slack for t in edges)):
                    raise _DisagreesError(f"says {match.group()}, the evidence says {true:.0f} seconds")

    def rough(self, text: str, here: Sequence[SubjectFacts]) -> None:
        half = re.search(r"\b(?:in|during|through|of)?\s?the (first|second) half\b", text)
        whole = re.search(r"\b(?:throughout|the whole time|all the time|the entire|from start to end)\b", text)
        if not (half or whole) or "both halves" in text or re.search(r"\bnearly\b", text):
            return
        for person in here:
            if person.state != "present" or not person.spans:
                continue
            duration = self.scene.duration_s
            if whole and seen_s(person) < 0.6 * duration:
                raise _DisagreesError(f"says {whole.group()!r}, {person.name} is seen {seen_s(person):.0f} s only")
            if half and self.kind in ("first", "last"):
                moment = min(s for s, _ in person.spans) if self.kind == "first" else max(e for _, e in person.spans)
                if (moment < duration / 2 - TIME_TOLERANCE_S) == (half[1] == "second") and abs(
                    moment - duration / 2
                ) > TIME_TOLERANCE_S:
                    raise _DisagreesError(f"says the {half[1]} half, the evidence says {moment:.0f} s")
            elif half and rough_when(person, duration) not in (f"{half[1]} half", "halfway", "parts"):
                raise _DisagreesError(f"says the {half[1]} half, the evidence says otherwise")

    def counts(self, text: str) -> None:
        scene = self.scene
        present = sum(1 for p in self.people if p.state == "present")
        for match in PEOPLE.finditer(text):
            number = 0 if match["number"] == "no" else number_of(match["number"])
            if number is None:
                continue
            which = (match["which"] or "").strip()
            right = {
                "unknown": {scene.unknown_people},
                "other": {scene.people - present},
                "more": {scene.people - present},
            }
            if number not in right.get(which, {scene.people}):
                raise _DisagreesError(f"says {match.group()!r}, the evidence counts {scene.people}")
        if re.search(r"\b(?:nobody|no one)\b", text) and scene.people > 0:
            raise _DisagreesError(f"says there is nobody, the evidence counts {scene.people}")
        some = re.search(r"\b(\d+|none|two|three) of them\b", text)
        if some:
            number = 0 if some[1] == "none" else number_of(some[1])
            if number is not None and number != present and "one of them" not in text:
                raise _DisagreesError(f"says {some.group()!r}, the evidence says {present}")


def check(answer: str, question: str, scene: SceneFacts, asked: Sequence[str]) -> Agreement:
    """Say whether an answer contradicts the facts.

    Args:
        answer: as it was generated, by any model.
        question: tells what a leading "yes" or "no" means.
        scene: the facts of the video.
        asked: the people the question is about; naming anyone else is a disagreement.
    """
    if not answer.strip():
        return Agreement(False, "the answer is empty")
    reader = _Reader(scene, tuple(asked), kind_of(question, asked), question)
    try:
        reader.read(answer)
    except _DisagreesError as reason:
        return Agreement(False, str(reason))
    return Agreement(True)
