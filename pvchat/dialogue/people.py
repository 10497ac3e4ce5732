"""Whom a turn means: names, "she", "they", "the other one". Two who could be meant are asked about, never guessed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pvchat.dialogue.state import PENDING, DialogueState, Pending, Pronoun
from pvchat.dialogue.wording import MARK, listed, marked

_SHE = re.compile(r"\b(?:she|her|hers|herself)\b")
_HE = re.compile(r"\b(?:he|him|his|himself)\b")
_PERSON = re.compile(r"\b(?:this|that|the(?: same)?) (?:person|man|woman|guy|lady|girl|boy)\b")
_THEY = re.compile(
    r"\b(?:they|them|their|theirs|those two|these two|the two(?: of them)?|both(?: of (?:them|those|these))?"
    r"|the pair|those people|these people)\b"
)
_OTHER = re.compile(
    r"\b(?:the|that) other(?: (?:one|person|man|woman|guy|lady|girl|boy|two))?(?:'s)?(?! \w*(?:video|clip))\b"
)
_POSSESSIVE = re.compile(
    r"\b(?:his|their|her(?=\s+(?!then\b|there\b|here\b|now\b|in\b|last\b|at\b|first\b|again\b)\w))\b"
)
_OWN_BODY = re.compile(
    r"\b(?:his|her|their)(?= (?:\w+ )?(?:hands?|arms?|head|eyes?|face|hair|body|feet|legs?|shoulders?)\b)"
)
OPPOSITE: dict[Pronoun, Pronoun] = {"she": "he", "he": "she"}


@dataclass(frozen=True)
class Whom:
    """Whom a text means.

    Attributes:
        text: with marks in the place of pronouns. people: in order. referred: whether anything in it pointed at people.
        ask_back, pending: where several could be meant. pronouns: what pronouns stood for.
    """

    text: str
    people: tuple[str, ...] = ()
    referred: bool = False
    ask_back: str = ""
    pending: Pending | None = None
    pronouns: tuple[tuple[Pronoun, str], ...] = ()


def find_people(
    text: str, names: Sequence[str], state: DialogueState, around: Sequence[str], *, short: bool, marks: Sequence[str]
) -> Whom:
    """The people that a masked text means.

    Args:
        names: everybody enrolled. around: who is found in the videos at hand, by first appearance.
        short: the text is nothing but "and him?", which means somebody else than before.
        marks: names by their mark.
    """
    here = marked(text, marks)
    if len(here) == 1:
        # "What is Maria doing with her hands?": with nobody else's.
        at = text.index(chr(MARK + list(marks).index(here[0]))) + 1
        text = text[:at] + _OWN_BODY.sub("the", text[at:])
    other = _OTHER.search(text)
    if other and not here:
        return _choose(text, other, _others(state, around), names, marks, None)
    plural = _THEY.search(text)
    if plural and not here:
        pair = _pair(state)
        if pair:
            return Whom(_put(text, _THEY, pair, marks), pair, True)
        return Whom(text, (), True)
    pronouns: tuple[tuple[re.Pattern[str], Pronoun], ...] = ((_SHE, "she"), (_HE, "he"))
    for pattern, pronoun in pronouns:
        match = pattern.search(text)
        if match is not None:
            return _singular(text, match, pattern, pronoun, here, names, state, around, short, marks)
    person = _PERSON.search(text)
    if person and not here and not re.search(r"\bwho\b", text):
        if len(state.people) == 1:
            return Whom(_put(text, _PERSON, state.people, marks), state.people, True)
        if state.people:
            return _choose(text, person, state.people, names, marks, None)
    return Whom(text, here, bool(here))


def _singular(
    text: str,
    match: re.Match[str],
    pattern: re.Pattern[str],
    pronoun: Pronoun,
    here: tuple[str, ...],
    names: Sequence[str],
    state: DialogueState,
    around: Sequence[str],
    short: bool,
    marks: Sequence[str],
) -> Whom:
    bound = state.called(pronoun)
    not_meant = {state.called(OPPOSITE[pronoun]), *here}
    last = [name for name in state.people if name not in not_meant]
    if short and len(state.people) == 1:
        options = [bound] if bound and bound not in state.people else []
        options = options or [n for n in _others(state, around) if n not in not_meant] or last
    elif here:
        # "Is Tom with her?": somebody spoken of before.
        options = last if len(last) == 1 else [bound] if bound else last
    elif len(last) == 1:
        # Nobody said that the pronoun, which stood for somebody else before, is not also this one's.
        options = last if bound is None or bound in last else [bound, *last]
    elif bound and (bound in last or not last):
        options = [bound]
    else:
        options = last or [n for n in state.mentioned if n not in not_meant][-1:]
    if not options and not state.mentioned and len(names) < 2:
        return Whom(text, here, True)
    chosen = _choose(text, match, options, names, marks, pronoun, pattern)
    if here and not chosen.ask_back:
        chosen = Whom(chosen.text, marked(chosen.text, marks), True, "", None, chosen.pronouns)
    return chosen


def _others(state: DialogueState, around: Sequence[str]) -> list[str]:
    """Who could be "the other one": spoken of, else found in the videos, and not asked about just now."""
    last = state.people if len(state.people) == 1 else ()
    spoken = [name for name in state.mentioned if name not in last]
    return spoken if spoken or not last else [name for name in around if name not in last]


def _pair(state: DialogueState) -> tuple[str, ...]:
    if len(state.people) > 1:
        return state.people
    return state.mentioned[-2:] if len(state.mentioned) > 1 else ()


def _choose(
    text: str,
    match: re.Match[str],
    options: Sequence[str],
    names: Sequence[str],
    marks: Sequence[str],
    pronoun: Pronoun | None,
    pattern: re.Pattern[str] = _OTHER,
) -> Whom:
    if len(options) == 1:
        bound = ((pronoun, options[0]),) if pronoun else ()
        return Whom(_put(text, pattern if pronoun else match.re, options, marks), tuple(options), True, "", None, bound)
    possible = list(options) or list(names)
    possessive = _POSSESSIVE.match(text, match.start()) is not None
    asked = text[: match.start()] + PENDING + ("'s" if possessive else "") + text[match.end() :]
    if len(possible) == 1:
        question = f"Do you mean {possible[0]}?"
    elif 2 <= len(possible) <= 4:
        question = f"Do you mean {listed(possible, 'or')}?"
    else:
        question = "Whom do you mean? Give me a name."
    return Whom(text, (), True, question, Pending("person", tuple(possible), asked, pronoun))


def _put(text: str, pattern: re.Pattern[str], people: Sequence[str], marks: Sequence[str]) -> str:
    """Marks of some people where a pattern matches; a possessive keeps its "'s"."""
    put = listed([chr(0xE000 + list(marks).index(name)) for name in people])

    def one(match: re.Match[str]) -> str:
        possessive = match.group().endswith("'s") or _POSSESSIVE.match(text, match.start()) is not None
        return f"{put}'s" if possessive else put

    return pattern.sub(one, text)
