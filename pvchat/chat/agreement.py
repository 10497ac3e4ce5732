"""Does an answer agree with the evidence?

The check reads the answer as text, whoever wrote it: names, who is said to be there, yes or no, places, colours,
actions, clock times, seconds, numbers of people. Anything said that the facts do not bear out is a disagreement; what
is left unsaid, or declined ("I can't tell"), is not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pvchat.chat.answer_reader import AnswerReader, DisagreesError
from pvchat.chat.claims import (
    CANNOT_SEE,
    CLAUSES,
    DECLINE,
    HAIR_COLOURS_SAID,
    LOOKS,
    NOT_HERE,
    RELATION,
    SENTENCES,
    SOONER,
    TALKS,
    TOGETHER,
    UNSURE,
    VERBLESS,
    WHETHER_HERE,
    garment_slot,
    is_beside,
    said_actions,
)
from pvchat.chat.evidence import left_to_right, together_spans
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.lexicon import (
    COLOUR_WORDS,
    DISTANCE_WORDS,
    LOOSE_GARMENTS,
    LOWER_NOUNS,
    PLACE_WORDS,
    SCENE_NOUNS,
    UPPER_NOUNS,
    WORD,
)
from pvchat.chat.looks import are_so, asked_looks, claims_garments
from pvchat.chat.questions import kind_of, worn_asked
from pvchat.chat.times_said import check_counts, check_sooner, check_times, check_together
from pvchat.chat.told import talk_told
from pvchat.chat.worn import WORN_WORDS, said_worn, wears


@dataclass(frozen=True)
class Agreement:
    """Whether an answer agrees with the facts; `why` says what does not, or is empty."""

    agrees: bool
    why: str = ""


class _Reader(AnswerReader):
    def read(self, answer: str) -> None:
        masked = self.mask(answer.strip())
        foreign = self.foreign_name(masked)
        if foreign:
            raise DisagreesError(f"names {foreign!r}, who was not asked about")
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
        check_counts(self, text)
        check_times(self, text, here)
        check_together(self, text, named)
        check_sooner(self, text, named)
        rest = self.relations(text, here)
        self.places(rest, here)
        self.distances(rest, here)
        self.colours(self.looks(rest, here), here)
        self.actions(rest, here)
        self.worn(rest, here)
        self.talks(rest, here)
        self.scenery(rest)

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
            raise DisagreesError(f"answers {'yes' if yes else 'no'} where the evidence is unsure")
        if truth is not None and truth != yes:
            raise DisagreesError(f"answers {'yes' if yes else 'no'}, the evidence says the opposite")

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
        if self.kind in ("is_hair", "is_garment"):
            return are_so(asked_looks(text), first)
        if self.kind == "worn":
            asked = worn_asked(self.question, [p.name for p in self.people])
            return wears(first, asked.field) if asked is not None else None
        if self.kind == "talks" and len(self.people) == 2:
            return True if talk_told(self.scene, self.question, [p.name for p in self.people]) else None
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
                raise DisagreesError(f"orders {', '.join(said)} from left to right, the evidence does not")
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
            for person in self.told(self.last_named(before) or here, place):
                others = [p for p in self.people if p is not person and p.state == "present"]
                beside = self.kind in ("relation", "order") and len(others) == 1 and is_beside(person, others[0], place)
                self.must(person.place == place or beside, text, match.start(), place)

    def distances(self, text: str, here: Sequence[SubjectFacts]) -> None:
        for match in WORD.finditer(text):
            distance = DISTANCE_WORDS.get(match.group())
            before = text[: match.start()]
            if distance is None or re.search(r"\b(?:as|so|how|by) $", before):
                continue
            for person in self.told(self.last_named(before) or here, distance):
                self.must(person.distance == distance, text, match.start(), distance)

    def looks(self, text: str, here: Sequence[SubjectFacts]) -> str:
        """Check what is said of hair, pattern and kind of clothes.

        Returns:
            The text without the colours of hair, which are none of clothes.
        """
        for pattern, words, slot in LOOKS:
            for match in pattern.finditer(text):
                word = match["word"]
                if slot == "garment" and self.is_passing(word):
                    continue
                for person in self.told(self.last_named(text[: match.start()]) or here, word):
                    told = getattr(person, slot)
                    true = told not in (None, "plain") if word == "patterned" else told == words[word]
                    self.must(true, text, match.start(), word)
        for pattern in HAIR_COLOURS_SAID:
            text = pattern.sub(" hair ", text)
        return text

    def is_passing(self, garment: str) -> bool:
        """Whether a garment is only a name for the top: "her sweater is red" does not claim that it is a sweater."""
        if claims_garments(self.kind, self.mask(self.question).lower()):
            return False
        return garment in LOOSE_GARMENTS or re.search(rf"\b{garment}\b", self.question.lower()) is not None

    def worn(self, text: str, here: Sequence[SubjectFacts]) -> None:
        """Glasses and hats that somebody is said to wear, or not to wear."""
        for at, field in said_worn(text):
            for person in self.told(self.last_named(text[:at]) or here, field):
                worn = wears(person, field)
                if worn is None:
                    raise DisagreesError(f"speaks of {field} of {person.name}, which the evidence does not tell")
                self.must(worn, text, at, field)

    def talks(self, text: str, here: Sequence[SubjectFacts]) -> None:
        """Who is said to talk to whom."""
        for match in TALKS.finditer(text):
            speakers = self.names(text[: match.start()]) or tuple(here)
            others = self.names(match["other"]) if match["other"] else speakers
            pairs = {(a.name, b.name) for a in speakers for b in others if a is not b}
            self.must(bool(pairs & set(self.scene.talks)), text, match.start(), match.group())

    def scenery(self, text: str) -> None:
        """What is said of the picture, where that is asked."""
        if self.kind == "setting":
            for match in WORD.finditer(text):
                noun = SCENE_NOUNS.get(match.group())
                if noun is not None:
                    self.must(noun in (self.scene.setting, *self.scene.things), text, match.start(), noun)

    def colours(self, text: str, here: Sequence[SubjectFacts]) -> None:
        words = list(WORD.finditer(text))
        for i, match in enumerate(words):
            colour = COLOUR_WORDS.get(match.group())
            if colour is None:
                continue
            slot = garment_slot([w.group() for w in words], i)
            people = self.last_named(text[: match.start()]) or here
            if len(self.names(text[: match.start()])) > 1 and " and " in text[: match.start()].split("wear")[0]:
                people = self.names(text[: match.start()])
            for person in self.told(people, colour):
                values = {"upper": [person.upper], "lower": [person.lower]}.get(slot, [person.upper, person.lower])
                self.must(colour in values, text, match.start(), f"{colour} {slot}".strip())

    def actions(self, text: str, here: Sequence[SubjectFacts]) -> None:
        for at, actions in said_actions(text):
            people = self.last_named(text[:at]) or here
            word = WORD.match(text[at:])
            if not actions and word and SCENE_NOUNS.get(word.group()) in self.scene.things:
                continue
            if not actions and word and word.group() in WORN_WORDS:
                continue
            if not actions:
                raise DisagreesError(f"says {word.group() if word else ''!r}, which the evidence never tells")
            for person in self.told(people, sorted(actions)[0]):
                self.must(any(a in person.actions for a in actions), text, at, sorted(actions)[0])


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
    except DisagreesError as reason:
        return Agreement(False, str(reason))
    return Agreement(True)
