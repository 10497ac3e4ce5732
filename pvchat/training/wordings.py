"""Wordings: how people ask, kind by kind, and which wordings are kept out of training.

Templates hold slots: {v} the video ("this video", "the clip"), {n} the asked person, {a} and {b} two people, {names}
all of them, {up} and {lo} a garment, {c} a colour, {act} an action ({do} behind "does"), {place} a place phrase, {rel}
"left" or "right", {h} a colour or length of hair, {g} a garment with its article, {p} a pattern.
Templates without a person's slot ask by pronoun or by nothing at all, as follow-ups do.
"""

import hashlib
import re
from typing import Literal

from pvchat.chat.questions import QuestionKind
from pvchat.training import wordings_doing, wordings_looks, wordings_person, wordings_several, wordings_time
from pvchat.training.wordings_beyond import UNANSWERABLE

Kind = QuestionKind
Split = Literal["train", "heldout"]

HELD_OUT_SHARE = 0.3

VIDEO_NOUNS = (
    "this video",
    "this video",
    "this video",
    "the video",
    "the video",
    "this clip",
    "the clip",
    "the footage",
)
UPPER_GARMENTS = ("top", "shirt", "jacket", "sweater", "jumper")
LOWER_GARMENTS = ("trousers", "pants", "bottoms", "jeans")


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.strip().splitlines() if line)


QUESTIONS: dict[Kind, tuple[str, ...]] = {
    "existence": _lines(wordings_person.EXISTENCE),
    "appearance": _lines(wordings_person.APPEARANCE),
    "upper": _lines(wordings_person.UPPER),
    "lower": _lines(wordings_person.LOWER),
    "action": _lines(wordings_person.ACTION),
    "location": _lines(wordings_person.LOCATION),
    "distance": _lines(wordings_person.DISTANCE),
    "time": _lines(wordings_time.TIME),
    "first": _lines(wordings_time.FIRST),
    "last": _lines(wordings_time.LAST),
    "duration": _lines(wordings_time.DURATION),
    "count": _lines(wordings_several.COUNT),
    "count_named": _lines(wordings_several.COUNT_NAMED),
    "relation": _lines(wordings_several.RELATION),
    "order": _lines(wordings_several.ORDER),
    "together": _lines(wordings_several.TOGETHER),
    "earlier": _lines(wordings_several.EARLIER),
    "both": _lines(wordings_several.BOTH),
    "either": _lines(wordings_several.EITHER),
    "which": _lines(wordings_several.WHICH),
    "is_place": _lines(wordings_time.IS_PLACE),
    "is_colour": _lines(wordings_time.IS_COLOUR),
    "is_action": _lines(wordings_time.IS_ACTION),
    "hair": _lines(wordings_looks.HAIR),
    "is_hair": _lines(wordings_looks.IS_HAIR),
    "garment": _lines(wordings_looks.GARMENT),
    "is_garment": _lines(wordings_looks.IS_GARMENT),
    "pattern": _lines(wordings_looks.PATTERN),
    "posture": _lines(wordings_doing.POSTURE),
    "hands": _lines(wordings_doing.HANDS),
    "talks": _lines(wordings_doing.TALKS),
    "setting": _lines(wordings_doing.SETTING),
    "unanswerable": tuple(question for question, _ in UNANSWERABLE),
}
"""All question wordings, by kind."""

TOPICS: dict[str, str] = dict(UNANSWERABLE)

_PERSON_SLOT = re.compile(r"\{(n|a|b|names|names_or)\}")


def names_a_person(template: str) -> bool:
    """Whether the wording names whom it asks about (else it leans on the conversation)."""
    return _PERSON_SLOT.search(template) is not None


def _rank(template: str) -> str:
    return hashlib.sha256(template.encode()).hexdigest()


def split_wordings(kind: Kind, split: Split) -> tuple[str, ...]:
    """The wordings of one kind that belong to one side.

    Within each kind 30 % of the wordings that name a person and 30 % of those that do not are held out; which ones
    depends on nothing but their text.
    """
    chosen: list[str] = []
    for named in (True, False):
        group = sorted((t for t in QUESTIONS[kind] if names_a_person(t) == named), key=_rank)
        held = round(len(group) * HELD_OUT_SHARE)
        chosen += group[:held] if split == "heldout" else group[held:]
    return tuple(chosen)
