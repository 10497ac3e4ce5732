"""Whether the record answers a question: then the answer has to say it, and "I can't tell" would be as untrue as a
wrong colour. Where the record does not, anything but declining would be made up.
"""

import re
from collections.abc import Sequence

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.lexicon import (
    ACTION_WORDS,
    COLOUR_WORDS,
    DISTANCE_WORDS,
    GARMENT_WORDS,
    HAIR_WORDS,
    PATTERN_WORDS,
    PLACE_WORDS,
    SCENE_NOUNS,
)
from pvchat.chat.looks import are_so, asked_looks, hair_aspect, hair_text, upper_text, wear_text
from pvchat.chat.moments import moments_of
from pvchat.chat.questions import QuestionKind, mentioned, worn_asked
from pvchat.chat.worn import wears
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


def is_told(kind: QuestionKind, people: Sequence[SubjectFacts], question: str = "") -> bool | None:
    """Whether the facts hold what is asked.

    Args:
        kind: of the question. people: the asked ones. question: in lower case with "#" for names, for what is asked of
            somebody's looks.

    Returns:
        True where all of them are present and the facts hold it of each; False where the facts do not hold it of the
        one person asked about, who is present; None elsewhere, also for kinds that are not about one fact.
    """
    if not people or any(person.state != "present" for person in people):
        return None
    held = [_holds(kind, person, question) for person in people]
    if all(held):
        return True
    return False if held == [False] else None


def tells(kind: QuestionKind, text: str, people: Sequence[SubjectFacts] = (), question: str = "") -> bool:
    """Whether a text has a word of what a kind of question asks for; True for kinds that ask for no such word.

    Args:
        kind: of the question. text: an answer. people: the asked ones, of whom the facts hold it. question: as above.
    """
    words = frozenset(re.findall(r"[a-z\-]+", text.lower()))
    match kind:
        case "appearance":
            return not words.isdisjoint(COLOUR_WORDS.keys() | _clothes_told(people))
        case "upper" | "lower":
            return not words.isdisjoint(COLOUR_WORDS)
        case "action":
            return not words.isdisjoint(ACTION_WORDS.keys() | {"away"})
        case "posture" | "hands":
            wanted = POSTURES if kind == "posture" else HANDS
            return any(actions & set(wanted) for word in words for actions in [ACTION_WORDS.get(word, frozenset())])
        case "hair":
            aspect = hair_aspect(question)
            return (aspect != "length" and not words.isdisjoint(HAIR_WORDS)) or (aspect != "colour" and "long" in words)
        case "garment":
            return not words.isdisjoint(_clothes_told(people) or COLOUR_WORDS.keys())
        case "pattern":
            return not words.isdisjoint(PATTERN_WORDS)
        case "location":
            return not words.isdisjoint(PLACE_WORDS)
        case "distance":
            return not words.isdisjoint(DISTANCE_WORDS)
        case "setting":
            return not words.isdisjoint(SCENE_NOUNS)
        case "time" | "first" | "last" | "duration" | "moment":
            return re.search(r"\d", text) is not None
        case _:
            return True


def talk_told(scene: SceneFacts, question: str, asked: Sequence[str]) -> tuple[str, str] | None:
    """Who of two people talks to whom, as far as that is asked and told.

    Args:
        scene: the facts. question: as the user wrote it. asked: the two people.
    """
    named = mentioned(question, asked)
    first, second = (named if len(named) == 2 else [*asked, "", ""])[:2]
    if (first, second) in scene.talks:
        return first, second
    mutual = re.search(r"\beach other\b|\bone another\b", question.lower()) is not None
    return (second, first) if mutual and (second, first) in scene.talks else None


def _clothes_told(people: Sequence[SubjectFacts]) -> frozenset[str]:
    """Words of which an answer about kinds of clothes has to have one, by what is known of them."""
    if any(person.garment for person in people):
        return frozenset(GARMENT_WORDS)
    return frozenset(PATTERN_WORDS) if any(person.pattern for person in people) else frozenset()


def _holds(kind: QuestionKind, person: SubjectFacts, question: str) -> bool | None:
    match kind:
        case "existence":
            return True
        case "unanswerable":
            return False
        case "appearance":
            return bool(wear_text(person))
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
            return bool(hair_text(person, hair_aspect(question)))
        case "garment":
            return bool(upper_text(person))
        case "pattern":
            return person.pattern is not None
        case "location":
            return person.place is not None
        case "distance":
            return person.distance is not None
        case "time" | "first" | "last" | "duration":
            return bool(person.spans)
        case "moment":
            return bool(moments_of(person, question))
        case "is_hair" | "is_garment":
            return are_so(asked_looks(question), person) is not None
        case "worn":
            worn = worn_asked(question, [person.name])
            return worn is not None and wears(person, worn.field) is not None
        case "is_colour":
            return None if person.upper or person.lower else False
        case "is_place":
            return None if person.place else False
        case "is_action":
            return None if person.actions else False
        case _:
            return None
