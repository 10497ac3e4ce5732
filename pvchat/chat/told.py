"""Whether the record answers a question: then "I can't tell" would be as untrue as a wrong colour."""

import re
from collections.abc import Sequence

from pvchat.chat.facts import SubjectFacts
from pvchat.chat.questions import QuestionKind

DECLINING = re.compile(
    r"\b(?:can|could|do|does|is|are)(?:n't| not) (?:tell|say|see|know|clear|sure|let|show|make)|\bcannot\b|\bcan't\b"
    r"|\bnot sure\b|\bunsure\b|\bhard to\b|\bno way to\b|\bcould(?:n't| not)\b|\bdon't\b|\bdo not\b"
)
"""The beginnings of all ways to decline, as far as an answer about a person who is there has no other use for them."""


def is_told(kind: QuestionKind, people: Sequence[SubjectFacts]) -> bool:
    """Whether the facts hold what is asked, for everybody who is asked about.

    Args:
        kind: of the question. people: the asked ones; nobody or somebody who is not surely there counts as not told.
    """
    return bool(people) and all(person.state == "present" and _holds(kind, person) for person in people)


def _holds(kind: QuestionKind, person: SubjectFacts) -> bool:
    match kind:
        case "existence":
            return True
        case "appearance":
            return person.upper is not None or person.lower is not None
        case "upper":
            return person.upper is not None
        case "lower":
            return person.lower is not None
        case "action":
            return bool(person.actions)
        case "location":
            return person.place is not None
        case "distance":
            return person.distance is not None
        case "time" | "first" | "last" | "duration":
            return bool(person.spans)
        case _:
            return False
