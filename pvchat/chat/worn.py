"""Glasses and hats: what questions ask for them, and how they are told.

The record says that somebody wears glasses or a hat, or surely not, and nothing else: neither their kind nor their
colour. They are read off the record, not worded by the model.
"""

import re
from dataclasses import dataclass
from typing import Literal

from pvchat.chat.facts import SubjectFacts

WornField = Literal["eyewear", "headwear"]

_THINGS: dict[WornField, tuple[str, str]] = {"eyewear": ("glasses", "glasses"), "headwear": ("hat", "a hat")}
"""Field -> the word of the record, and how it is said."""
WORN_WORDS: dict[str, WornField] = {
    **dict.fromkeys("glasses eyeglasses spectacles specs eyewear sunglasses goggles shades".split(), "eyewear"),
    **dict.fromkeys(
        "hat headgear headwear cap beanie helmet hood beret turban headscarf bonnet sombrero hats caps helmets".split(),
        "headwear",
    ),
}
"""Word of a question or an answer -> what it is about."""
_NARROWER = WORN_WORDS.keys() - {
    "glasses",
    "eyeglasses",
    "spectacles",
    "specs",
    "eyewear",
    "hat",
    "headgear",
    "headwear",
}
_WORDS = "|".join(sorted(WORN_WORDS, key=lambda word: -len(word)))
_NAMED = re.compile(rf"\b(?:{_WORDS})\b")
_WHERE = (
    r"(?: (?:here|there|now|at all|at any (?:time|point|moment)|or not|(?:in|on) (?:this|the|that|it|here)"
    r"(?: (?:video|clip|footage|recording|film|picture|scene))?|on (?:his|her|their|the) (?:head|nose|face)))*"
)
_ASKED = re.compile(
    r"^(?:(?:(?:can|could|would) (?:you|i|we) )?(?:please )?(?:see|tell|check|say|find out|let me know)(?: me)?"
    r" (?:if|whether|that) |(?:do you (?:see|know|think)|i(?:'d| would)? (?:like|want) to know) (?:if|whether|that) "
    r"|is it (?:true|so|right|the case) that )?(?:(?:is|are|was|were|does|do|did|has|have) )?(?:#|he|she|they)"
    r"(?:(?:,| and|,? or) #)*"
    r"(?: (?:really|actually|ever|still|also))?(?: (?:is|was|has|have|does|do))?"
    r" (?:wear(?:s|ing)?|with|put(?:ting)? on|ha(?:s|ve|ving)(?: got)?|got|in)(?: on)?"
    rf" (?:an? |any |some |(?:his|her|their) )?(?:pair of )?(?P<word>{_WORDS})(?: on)?{_WHERE}\W*$"
)
_ON_HEAD = re.compile(
    r"^what(?:'s| is| was| does # (?:have|wear)| (?:is|does) (?:he|she) (?:have|wear(?:ing)?))"
    rf"(?: (?:#|he|she) wearing)? on (?:#'s|his|her|their) head{_WHERE}\W*$|^is # bare-?headed{_WHERE}\W*$"
)


@dataclass(frozen=True)
class AskedWorn:
    """What a question asks for: a field of the facts, and the word it uses for it ("" where it uses none)."""

    field: WornField
    word: str


def asked_worn(question: str) -> AskedWorn | None:
    """The thing whose wearing a question asks for; None for any other question.

    Args:
        question: in lower case, with "#" in the place of names.
    """
    found = _ASKED.search(question)
    if found is not None:
        return AskedWorn(WORN_WORDS[found["word"]], found["word"])
    return AskedWorn("headwear", "") if _ON_HEAD.search(question) else None


def wears(facts: SubjectFacts, field: WornField) -> bool | None:
    """Whether somebody who is there wears something; None where that is not told."""
    told = getattr(facts, field)
    return None if told is None else told == _THINGS[field][0]


def worn_sentence(facts: SubjectFacts, asked: AskedWorn) -> str:
    """The answer to a question about glasses or a hat of somebody who is there."""
    worn = wears(facts, asked.field)
    _, thing = _THINGS[asked.field]
    name = facts.name
    if worn is None:
        return f"I can't tell whether {name} is wearing {thing}."
    if not worn:
        return f"{'No, ' if asked.word else ''}{name} is not wearing {thing}."
    if asked.word in _NARROWER:
        return f"{name} is wearing {thing}; I can't tell what kind."
    return f"{'Yes, ' if asked.word else ''}{name} is wearing {thing}."


def worn_text(facts: SubjectFacts) -> str:
    """ "glasses and a hat", as far as somebody wears them; empty for nothing."""
    return " and ".join(thing for field, (_, thing) in _THINGS.items() if wears(facts, field))


def said_worn(text: str) -> list[tuple[int, WornField]]:
    """Glasses and hats a text in lower case speaks of, each with where its word stands."""
    return [(match.start(), WORN_WORDS[match.group()]) for match in _NAMED.finditer(text)]
