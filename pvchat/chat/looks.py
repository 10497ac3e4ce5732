"""Hair, and what clothes are beside their colours: how they are worded, and what a question asks of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pvchat.chat.facts import SubjectFacts
from pvchat.chat.lexicon import GARMENT_WORDS, HAIR_LENGTH_WORDS, HAIR_WORDS, PATTERN_WORDS, WORD

LookField = Literal["garment", "pattern", "hair_colour", "hair_length"]
HairAspect = Literal["colour", "length", "any"]

_SPEAKS_OF_HAIR = re.compile(r"\bhair(?:style|ed)?\b|\bblonde?\b|\bbrunette\b|\bginger\b|\b\w+-haired\b")
_HAIR_COLOUR = re.compile(r"\bcolou?r\b|\bdark\b|\bfair\b|\blight\b|\bblonde?\b|\bbrunette\b|\bginger\b")
_HAIR_LENGTH = re.compile(r"\b(?:how long|long|short|length)\b")
_SPEAKS_OF_PATTERN = re.compile(rf"\bpatterns?\b|\b(?:{'|'.join(sorted(PATTERN_WORDS))})\b")
_A_GARMENT = re.compile(r"\ban? (?:[\w-]+ ){0,2}$")
_ANY = re.compile(r"\b(?:a|any|some) $")
PATTERNED = "patterned"


@dataclass(frozen=True)
class AskedLook:
    """What a yes-or-no question asks for: that a field of the facts has a value."""

    field: LookField
    value: str

    def holds(self, person: SubjectFacts) -> bool | None:
        """Whether it is so of a person who is there; None where that is not told."""
        told = getattr(person, self.field)
        if told is None:
            return None
        return bool(told != "plain" if self.value == PATTERNED else told == self.value)


def asked_looks(question: str) -> tuple[AskedLook, ...]:
    """The looks that a question has words for.

    Args:
        question: in lower case, with something else in the place of names.
    """
    words = [(match.start(), match.group()) for match in WORD.finditer(question)]
    found: list[AskedLook] = []
    if speaks_of_hair(question):
        for at, word in words:
            length = HAIR_LENGTH_WORDS.get(word)
            if length is not None and not question[:at].endswith("how "):
                found.append(AskedLook("hair_length", length))
            colour = HAIR_WORDS.get(word.removesuffix("-haired"))
            if colour is not None:
                found.append(AskedLook("hair_colour", colour))
        return tuple(found)
    for at, word in words:
        if word in PATTERN_WORDS:
            found.append(AskedLook("pattern", PATTERN_WORDS[word]))
        elif word == "pattern" and _ANY.search(question[:at]):
            found.append(AskedLook("pattern", PATTERNED))
    for index, (at, word) in enumerate(words):
        garment = GARMENT_WORDS.get(word)
        # Of "is her sweater striped?" the sweater is no part of what is asked, of "is it a striped sweater?" it is.
        if garment is None or (found and not _A_GARMENT.search(question[:at])):
            continue
        if not (index and words[index - 1][1] == "lab" and word == "coat"):
            found.append(AskedLook("garment", garment))
    return tuple(dict.fromkeys(found))


def claims_garments(kind: str, question: str) -> bool:
    """Whether an answer claims that a garment is what it calls it: where that is asked, not in passing.

    Args:
        kind: of the question, which is in lower case with something else in the place of names.
    """
    return kind == "garment" or any(look.field == "garment" for look in asked_looks(question) if kind == "is_garment")


def are_so(looks: Sequence[AskedLook], person: SubjectFacts) -> bool | None:
    """Whether a person looks as asked: no as soon as one look is another, None where one is not told."""
    held = [look.holds(person) for look in looks]
    if False in held:
        return False
    return True if held and None not in held else None


def speaks_of_hair(text: str) -> bool:
    """Whether a text in lower case is about hair."""
    return _SPEAKS_OF_HAIR.search(text) is not None


def speaks_of_pattern(text: str) -> bool:
    """Whether a text in lower case is about the pattern of clothes."""
    return _SPEAKS_OF_PATTERN.search(text) is not None


def hair_aspect(question: str) -> HairAspect:
    """What of somebody's hair a question in lower case asks for."""
    colour, length = (pattern.search(question) is not None for pattern in (_HAIR_COLOUR, _HAIR_LENGTH))
    return "any" if colour == length else "colour" if colour else "length"


def with_article(words: str) -> str:
    """ "a blue", "an orange", "a uniform"."""
    return f"an {words}" if words[0] in "aeiou" and not words.startswith("uni") else f"a {words}"


def upper_text(facts: SubjectFacts) -> str:
    """ "striped black sweater", "black top", as far as it is told; empty where nothing is."""
    if not (facts.upper or facts.pattern or facts.garment):
        return ""
    return " ".join(word for word in (facts.pattern, facts.upper, facts.garment or "top") if word)


def wear_text(facts: SubjectFacts) -> str:
    """ "a striped black sweater and blue bottoms", as far as it is told; empty where nothing is."""
    upper = upper_text(facts)
    parts = (with_article(upper) if upper else "", f"{facts.lower} bottoms" if facts.lower else "")
    return " and ".join(part for part in parts if part)


def hair_text(facts: SubjectFacts, aspect: HairAspect = "any") -> str:
    """ "long brown hair", as far as it is told and asked for; empty where nothing is."""
    colour, length = facts.hair_colour, facts.hair_length
    if (aspect == "colour" and not colour) or (aspect == "length" and not length):
        return ""
    words = [word for word in (length, colour) if word]
    return f"{' '.join(words)} hair" if words else ""
