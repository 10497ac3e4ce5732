"""Does a model's answer tell what was asked? An answer can agree with its evidence by speaking of something else."""

import re

from pvchat.chat.claims import said_actions
from pvchat.chat.lexicon import (
    CLOCK,
    COLOUR_WORDS,
    DISTANCE_WORDS,
    GARMENT_WORDS,
    HAIR_WORDS,
    PATTERN_WORDS,
    PLACE_WORDS,
    SCENE_NOUNS,
    WORD,
)
from pvchat.dialogue.state import Topic

FEW_WORDS = 20
"""An answer may always have so many words, and twice as many as the one by rule."""
_TIME = re.compile(rf"{CLOCK.pattern}|\bseconds?\b|\bminutes?\b|\b(?:half|halves|start|end|throughout|whole|halfway)\b")
_HAIR = frozenset({*HAIR_WORDS, "long"})
_CLOTH = GARMENT_WORDS.keys() | PATTERN_WORDS.keys() | COLOUR_WORDS.keys()
GONE = "is not in this video"
"""In every answer about somebody who is absent."""
_DOUBT = "not sure"
_SOONER = re.compile(r"\b(?:before|after|first|earlier|sooner|later|then|same time)\b")
_TOGETHER = re.compile(r"\b(?:together|same time|at once|simultaneously|share|different times)\b")


def is_on_topic(answer: str, by_rule: str, topic: Topic) -> bool:
    """Whether an answer tells, of what is asked, what the answer by rule tells, and is of a sensible length.

    Args:
        by_rule: the answer that was read off the record.
    """
    words, rule = WORD.findall(answer.lower()), WORD.findall(by_rule.lower())
    if not 2 <= len(words) <= max(FEW_WORDS, 2 * len(rule)):
        return False
    if any(state in by_rule and state not in answer for state in (GONE, _DOUBT)):
        return False
    if topic == "time" and 0 < len(CLOCK.findall(answer)) < len(CLOCK.findall(by_rule)):
        # One time of several is not when somebody is seen.
        return False
    if topic in ("time", "first", "last", "duration", "moment"):
        return (not CLOCK.search(by_rule) and "second" not in by_rule) or _TIME.search(answer) is not None
    if topic in ("location", "is_place", "order", "relation"):
        return not any(w in PLACE_WORDS for w in rule) or any(w in PLACE_WORDS for w in words)
    if topic == "distance":
        return not any(w in DISTANCE_WORDS for w in rule) or any(w in DISTANCE_WORDS for w in words)
    if topic in ("appearance", "upper", "lower", "is_colour"):
        return not any(w in COLOUR_WORDS for w in rule) or any(w in COLOUR_WORDS for w in words)
    if topic in ("hair", "is_hair"):
        return not any(w in _HAIR for w in rule) or any(w in _HAIR for w in words)
    if topic in ("garment", "is_garment", "pattern"):
        return not any(w in _CLOTH for w in rule) or any(w in _CLOTH for w in words)
    if topic == "setting":
        return not any(w in SCENE_NOUNS for w in rule) or any(w in SCENE_NOUNS for w in words)
    if topic in ("action", "is_action", "posture", "hands", "talks"):
        return not said_actions(by_rule.lower()) or bool(said_actions(answer.lower()))
    if topic == "earlier":
        return not _SOONER.search(by_rule) or _SOONER.search(answer.lower()) is not None
    if topic == "together":
        return not _TOGETHER.search(by_rule) or _TOGETHER.search(answer.lower()) is not None
    return True
