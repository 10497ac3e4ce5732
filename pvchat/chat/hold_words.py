"""Words of an answer that claim something, held to the record while it is written: looks, doings, places, things."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pvchat.chat.evidence import left_to_right
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.hold_numbers import COUNTING, NumberHold
from pvchat.chat.lexicon import (
    ACTION_WORDS,
    AWAY_AFTER,
    COLOUR_WORDS,
    DISTANCE_WORDS,
    GARMENT_WORDS,
    HAIR_WORDS,
    LOOSE_GARMENTS,
    LOWER_NOUNS,
    PATTERN_WORDS,
    PLACE_WORDS,
    SCENE_NOUNS,
    UNTOLD_WORDS,
    UPPER_NOUNS,
)
from pvchat.chat.questions import QuestionKind

_DECLINES = re.compile(r"\b(?:can't|cannot|don't know|not clear|does not|whether|is not|not sure)\b")
_HAIR_KINDS: tuple[QuestionKind, ...] = ("hair", "is_hair")
_CLAIMS = frozenset(
    {
        *COLOUR_WORDS,
        *PLACE_WORDS,
        *DISTANCE_WORDS,
        *ACTION_WORDS,
        *UPPER_NOUNS,
        *LOWER_NOUNS,
        *UNTOLD_WORDS,
        *HAIR_WORDS,
        *GARMENT_WORDS,
        *PATTERN_WORDS,
        *SCENE_NOUNS,
        *COUNTING,
        "long",
        "short",
        "away",
    }
)


@dataclass(frozen=True)
class Place:
    """Where in an answer a word would stand.

    Attributes:
        clause: what stands before it in its clause, in lower case. about: the people the clause is about.
        before: the words before it, in lower case. names: the names before it.
    """

    clause: str
    about: Sequence[SubjectFacts]
    before: Sequence[str]
    names: Sequence[str]

    @property
    def present(self) -> list[SubjectFacts]:
        """Who of those the clause is about is there."""
        return [p for p in self.about if p.state == "present"]


class WordHold:
    """What words may be said.

    Args:
        scene: facts of the video. kind: of the question. people: the asked ones, by name.
        asked: the words of the question, in lower case; they may be used to decline it.
        garments_claimed: whether a garment has to be what it is called. numbers: of the same answer.
    """

    def __init__(
        self,
        scene: SceneFacts,
        kind: QuestionKind,
        people: Mapping[str, SubjectFacts],
        asked: Collection[str],
        garments_claimed: bool,
        numbers: NumberHold,
    ) -> None:
        self.scene = scene
        self.kind = kind
        self.people = people
        self.asked = frozenset(asked)
        self.asked_stems = {stem(word) for word in asked}
        self.garments_claimed = garments_claimed
        self.numbers = numbers

    def claims(self, word: str) -> bool:
        """Whether a word, in lower case, says anything that has to be true."""
        return word in _CLAIMS

    def allows(self, word: str, place: Place) -> bool:
        """Whether a word, in lower case, may stand at a place."""
        if _DECLINES.search(place.clause) and (stem(word) in self.asked_stems or self._free_to_decline(word)):
            return True
        if self.kind == "setting" and word in SCENE_NOUNS:
            return SCENE_NOUNS[word] in (self.scene.setting, *self.scene.things)
        if word in UNTOLD_WORDS:
            return False
        if word in SCENE_NOUNS and word not in ACTION_WORDS:
            return word in self.asked
        if self._is_look(word):
            looked = word == "checked" and place.before[-1:] in (["i"], ["have"])
            return looked or any(self._look_ok(word, p, place) for p in place.present)
        if word == "away":
            needed = AWAY_AFTER.get(place.before[-1], "") if place.before else ""
            return not needed or any(needed in p.actions for p in place.about)
        if word in UPPER_NOUNS or word in LOWER_NOUNS:
            return self._garment_ok(word, place)
        if word in COUNTING:
            return self.numbers.counts_right(word, list(place.before))
        if word in COLOUR_WORDS:
            return any(COLOUR_WORDS[word] in self._slots(p, place) for p in place.present)
        if word in DISTANCE_WORDS:
            told = any(p.distance == DISTANCE_WORDS[word] for p in place.present)
            return told or place.before[-1:] in (["as"], ["how"])
        if word in ACTION_WORDS:
            return self._action_ok(word, place)
        return word not in PLACE_WORDS or self._place_ok(word, place)

    def _free_to_decline(self, word: str) -> bool:
        if self.kind in ("talks", "posture"):
            return word in (("talking",) if self.kind == "talks" else ("sitting", "standing"))
        return self.kind in ("relation", "order") and word in ("left", "right")

    # Looks

    def _is_look(self, word: str) -> bool:
        """Whether a word says something of hair, or of what the upper clothing is beside its colour."""
        if self.kind in _HAIR_KINDS and (word in HAIR_WORDS or word in ("long", "short")):
            return True
        if word in PATTERN_WORDS or (word in HAIR_WORDS and word not in COLOUR_WORDS):
            return True
        # What a top is called in passing is no claim.
        passing = not self.garments_claimed and (word in LOOSE_GARMENTS or word in self.asked)
        return word in GARMENT_WORDS and not passing

    def _look_ok(self, word: str, person: SubjectFacts, place: Place) -> bool:
        if word in ("long", "short"):
            return person.hair_length == word
        if word == "patterned":
            return person.pattern not in (None, "plain")
        if word == "coat" and place.before[-1:] == ["lab"]:
            word = "lab"
        said = (PATTERN_WORDS.get(word), GARMENT_WORDS.get(word), HAIR_WORDS.get(word))
        told = (person.pattern, person.garment, person.hair_colour)
        return any(one is not None and one == other for one, other in zip(said, told, strict=True))

    def _slots(self, person: SubjectFacts, place: Place) -> tuple[str | None, ...]:
        words = re.findall(r"[a-z\-]+", place.clause)
        if words[-1:] == ["and"] and words[-2:-1] and words[-2] in UPPER_NOUNS:
            # "A striped sweater and blue ...": what comes is another piece of clothing.
            return (person.lower,)
        for i in range(len(words) - 1, -1, -1):
            if words[i] in UPPER_NOUNS | LOWER_NOUNS and (i == 0 or words[i - 1] not in COLOUR_WORDS):
                return (person.upper,) if words[i] in UPPER_NOUNS else (person.lower,)
        if place.before[-1:] in (["a"], ["an"]) or (place.before and place.before[-1] in PATTERN_WORDS):
            return (person.upper,)
        if self.kind in ("upper", "is_colour"):
            return (person.upper,)
        if self.kind == "lower":
            return (person.lower,)
        return (person.upper, person.lower)

    def _garment_ok(self, word: str, place: Place) -> bool:
        """A garment with a colour in front of it has to be the one that has this colour."""
        colour = COLOUR_WORDS.get(place.before[-1]) if place.before else None
        if colour is None:
            return True
        return any(colour == (p.upper if word in UPPER_NOUNS else p.lower) for p in place.about)

    # Doings and places

    def _action_ok(self, word: str, place: Place) -> bool:
        actions = {a for p in place.present for a in p.actions}
        needed = ACTION_WORDS[word]
        if word in ("arms", "arm"):
            moves = ("moving", "moves", "raising", "raises", "raised")
            verb = next((w for w in reversed(place.before) if w in moves), "")
            needed = frozenset({"moving the arms"}) if verb.startswith("mov") else frozenset({"raising the arms"})
        return bool(needed & actions)

    def _place_ok(self, word: str, place: Place) -> bool:
        where = PLACE_WORDS[word]
        if any(w in ("moving", "moves") for w in place.before[-3:]):
            return any(f"moving {where}" in p.actions for p in place.present)
        if self.kind in ("relation", "order") and len(self.people) == 2:
            order = left_to_right(list(self.people.values()))
            if order and where in ("left", "right"):
                first = place.names[-1] if place.names else None
                beside = order[0] if where == "left" else order[-1]
                return first is None or first == beside
        return any(p.place == where for p in place.present)


def stem(word: str) -> str:
    """A word without its commonest endings."""
    for ending in ("ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            word = word[: -len(ending)]
            # "Sitting" and "nodding" belong to "sit" and "nod".
            return word[:-1] if word[-2:] in ("tt", "dd", "pp") else word
    return word[:-1] if word.endswith("e") and len(word) > 3 else word
