"""Whether the record answers a question: then the answer has to say it, and "I can't tell" would be as untrue as a
wrong colour. Where the record does not, anything but declining would be made up.
"""

import re
from collections.abc import Sequence

from pvchat.chat.facts import SubjectFacts
from pvchat.chat.lexicon import (
    ACTION_WORDS,
    COLOUR_WORDS,
    DISTANCE_WORDS,
    GARMENT_WORDS,
    HAIR_WORDS,
    PATTERN_WORDS,
    PLACE_WORDS,
)
from pvchat.chat.questions import QuestionKind
from pvchat.perception.words import HANDS, POSTURES

DECLINING = re.compile(
    r"\b(?:can|could|do|does|is|are)(?:n't| not) (?:tell|say|see|know|clear|sure|let|show|make)|\bcannot\b|\bcan't\b"
    r"|\bnot sure\b|\bunsure\b|\bhard to\b|\bno way to\b|\bcould(?:n't| not)\b|\bdon't\b|\bdo not\b"
)
"""The beginnings of all ways to decline, as far as an answer about a person who is there has no other use for them."""
DOUBTING = re.compile(r"\bnot sure\b|\bunsure\b|\b(?:might|may|could) be\b")
"""The beginnings of all ways to doubt that somebody is there."""

_OPENINGS = (
    "I can't",
    "I cannot",
    "I don't know",
    "I do not know",
    "I couldn't",
    "From this video, I can't",
    "From what I can see, I can't",
    "Sorry, I can't",
    "Sorry, but I can't",
    "Unfortunately, I can't",
    "It is not clear",
    "It is hard to",
    "This video does not let",
    "This video does not show",
)
"""How an answer begins that declines from its first word on."""


def opens_declining(text: str) -> bool:
    """Whether a text declines at once, or is still the beginning of one that does."""
    return any(text.startswith(opening) or opening.startswith(text) for opening in _OPENINGS)


def is_told(kind: QuestionKind, people: Sequence[SubjectFacts]) -> bool | None:
    """Whether the facts hold what is asked.

    Args:
        kind: of the question. people: the asked ones.

    Returns:
        True where all of them are present and the facts hold it of each; False where the facts do not hold it of the
        one person asked about, who is present; None elsewhere, also for kinds that are not about one fact.
    """
    if not people or any(person.state != "present" for person in people):
        return None
    held = [_holds(kind, person) for person in people]
    if all(held):
        return True
    return False if held == [False] else None


def tells(kind: QuestionKind, text: str) -> bool:
    """Whether a text has a word of what a kind of question asks for; True for kinds that ask for no such word."""
    words = re.findall(r"[a-z\-]+", text.lower())
    match kind:
        case "appearance" | "upper" | "lower":
            return any(w in COLOUR_WORDS for w in words)
        case "action" | "posture" | "hands":
            return any(w in ACTION_WORDS for w in words)
        case "hair":
            return any(w in HAIR_WORDS or w == "long" for w in words)
        case "garment":
            return any(w in GARMENT_WORDS or w in PATTERN_WORDS for w in words)
        case "location":
            return any(w in PLACE_WORDS for w in words)
        case "distance":
            return any(w in DISTANCE_WORDS for w in words)
        case "time" | "first" | "last" | "duration":
            return re.search(r"\d", text) is not None
        case _:
            return True


def _holds(kind: QuestionKind, person: SubjectFacts) -> bool | None:
    match kind:
        case "existence":
            return True
        case "unanswerable":
            return False
        case "appearance":
            return person.upper is not None or person.lower is not None
        case "upper":
            return person.upper is not None
        case "lower":
            return person.lower is not None
        case "action":
            return bool(person.actions)
        case "posture":
            return any(word in POSTURES for word in person.actions)
        case "hands":
            return any(word in HANDS for word in person.actions)
        case "hair":
            return bool(person.hair_colour or person.hair_length)
        case "garment":
            return bool(person.garment or person.pattern)
        case "location":
            return person.place is not None
        case "distance":
            return person.distance is not None
        case "time" | "first" | "last" | "duration":
            return bool(person.spans)
        case "is_colour":
            return None if person.upper or person.lower else False
        case "is_place":
            return None if person.place else False
        case "is_action":
            return None if person.actions else False
        case _:
            return None
