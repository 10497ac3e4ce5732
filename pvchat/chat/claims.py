"""What a clause claims: the patterns by which the agreement check reads English.

A name stands as one private character in the texts these patterns read, so that no name is taken for a word.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from pvchat.chat.evidence import ORDER_MARGIN
from pvchat.chat.facts import SubjectFacts
from pvchat.chat.lexicon import (
    ACTION_WORDS,
    CLOCK,
    COLOUR_WORDS,
    DISTANCE_WORDS,
    GARMENT_WORDS,
    HAIR_LENGTH_WORDS,
    HAIR_WORDS,
    LOWER_NOUNS,
    NUMBER_WORDS,
    PATTERN_WORDS,
    PLACE_WORDS,
    UNTOLD_WORDS,
    UPPER_NOUNS,
    seconds_of,
)
from pvchat.chat.looks import LookField
from pvchat.perception.record import Span

TIME_TOLERANCE_S = 1.0
MARK = 0xE000
NAME = "[\ue000-\ue3ff]"

CLAUSES = re.compile(
    r"[;:](?=\s)|[\u2014\u2013](?=\s)|,? (?:but|while|whereas|because|so)\b|, and\b"
    rf"|(?:,| and)(?= (?:I (?:am|can|do|see)|{NAME} (?:is|appears|can|was|wears|has))\b)"
)
"""Where one clause ends; "A and B are" is cut too, and joined again because "A" alone has no verb."""
SENTENCES = re.compile(r"(?<=[.!?])\s+")
VERBLESS = re.compile(rf"(?:{NAME}|\b(?:yes|no|and|or|only|both|well|sorry|none of them|\d+ of them)\b|[\s,.:])*")
DECLINE = re.compile(
    r"\b(?:can't|cannot|can not|couldn't|could not|don't know|do not know|unable to|not (?:quite )?clear|unclear"
    r"|does not let|doesn't let|does not show clearly|doesn't show clearly|hard to|no way to"
    r"|not sure (?:what|where|when|how|which|who)|rather not)\b"
)
CANNOT_SEE = re.compile(
    r"\b(?:can't|cannot|can not|don't|do not|did not|didn't|never|couldn't|could not)"
    rf" (?:see|find|spot|locate|recogni[sz]e) (?:any sign of )?(?:{NAME})(?! \w+ing)"
)
UNSURE = re.compile(
    r"\b(?:not (?:\w+ )?(?:sure|certain)|unsure|uncertain|might be|may be|could be|perhaps|maybe|possibly)\b"
)
WHETHER_HERE = re.compile(
    rf"\b(?:whether|if|that) (?:\w+ )*?{NAME} (?:is|was|appears)(?: (?:in (?:this|the)|here|present|visible)|$)"
)
VIDEO = r"(?:this|the|that) (?:video|clip|footage|recording|film|scene)"
NOT_HERE = re.compile(
    rf"(?:\bnot|n't|\bnever|\bneither|\bnor|\bnone)\b(?: \w+){{0,2}}? (?:in {VIDEO}|here|there|present|visible|shown"
    rf"|featured|appear\w*|among|part of {VIDEO}|one of the|show up|found in)\b|\bno sign of\b|\babsent\b|\bmissing\b"
    rf"|\bnowhere\b|\bneither {NAME}|\bnot (?:be )?seen(?! \w+ing)|\b(?:only|just) strangers\b"
)
TOGETHER = re.compile(r"\b(?:together|same time|at once|different times|simultaneously)\b")
NEGATED = re.compile(r"\b(?:not|never|no)\b|n't\b")
RANGE = re.compile(rf"({CLOCK.pattern})\s*(?:-|\u2013|to|until|till|through|and)\s*({CLOCK.pattern})")
SECONDS = re.compile(r"(\w+) (?P<unit>seconds?|secs?|minutes?|mins?)\b")
PEOPLE = re.compile(
    r"\b(?P<number>\d+|[a-z]+) (?P<which>other |different |unknown |more )?"
    r"(?:people|persons?|individuals?|faces?)\b"
)
TALKS = re.compile(rf"\b(?:talk|speak)(?:ing|s)? (?:to|with) (?:(?P<other>{NAME})|each other|one another)")
"""Who is talked to."""
RELATION = re.compile(
    rf"\b(?:further|farther|more)(?: to the| on the)? (?P<than>left|right)\b(?: than (?P<b1>{NAME}))?"
    rf"|\b(?P<of>left|right)(?: side| hand side)? of (?P<b2>{NAME})|(?P<b3>{NAME})'s (?P<poss>left|right)\b"
)

SOONER = re.compile(
    rf"(?P<a>{NAME})[^\ue000-\ue3ff]*\b(?P<rel>before|after|(?:earlier|sooner|later) than|then)\b (?P<b>{NAME})"
)

OTHER_STARTS = frozenset(
    {
        *("She", "He", "Her", "His", "Their", "Its", "My", "Your", "Our", "These", "Those", "Another", "Each", "Every"),
        *("Everyone", "Everybody", "Anyone", "Nothing", "Something", "People", "Two", "Three", "Four", "Sure", "Well"),
        *("Correct", "Indeed", "Absolutely", "Then", "Later", "After", "Before", "During", "Throughout", "While", "If"),
        *("Based", "Looking", "Also", "With", "Without", "Clothing", "Apparently", "Overall", "Evidence", "A", "An"),
    }
)
"""Further words that begin sentences of other models."""
PREDICATE = re.compile(r"'s\b| (?:\w+s|are|can|can't|and|had|did|will|first|last|mostly|never)\b|[,.]")
"""What follows a name at the start of a sentence."""
OTHER_CAPITALS = frozenset({"T", "T-shirt", "TV", "Mr", "Mrs", "Ms", "Dr"})
COMMON = frozenset(
    {*COLOUR_WORDS, *PLACE_WORDS, *DISTANCE_WORDS, *ACTION_WORDS, *UPPER_NOUNS, *LOWER_NOUNS, "will", "may"}
)

_SIDE = r"(?: (?:to|towards?))?(?: the| his| her| their)?"
_LIMBS = r"(?:arms?|hands?)"
_PHRASES: tuple[tuple[str, str], ...] = (
    (rf"\bmov(?:ing|es?|ed){_SIDE} left\b", "moving left"),
    (rf"\bmov(?:ing|es?|ed){_SIDE} right\b", "moving right"),
    (rf"\bmov(?:ing|es?|ed)(?: the| his| her| their)? {_LIMBS}\b", "moving the arms"),
    (r"\brais(?:ing|es?|ed)\b", "raising the arms"),
    (r"\bnod(?:ding|s|ded)?\b", "nodding"),
    (r"\b(?:shak(?:ing|es?)|shook)\b", "shaking the head"),
    (r"\blook(?:ing|s|ed)? away\b", "looking away"),
    (r"\bclos(?:ing|es|ed)\b|\bclose (?:the|his|her|their) eyes\b|\bshut\b", "closing the eyes"),
    (r"\bturn(?:ing|s|ed)? (?:the|his|her|their) head\b|\bturn(?:ing|s|ed)\b", "turning the head"),
    (r"\bwav(?:ing|es?|ed)\b", "waving"),
    (r"\bclap(?:ping|s|ped)?\b", "clapping"),
    (r"\btouch(?:ing|es|ed)?\b", "touching the face"),
    (r"\bgestur(?:ing|ed)\b|\bgestures?\b(?! (?:is|are|does|do|did|can|made|you|of)\b)", "gesturing"),
    (r"\bdanc(?:ing|es?|ed)\b", "dancing"),
    (r"\b(?:fall(?:ing|s)?|fell)\b", "falling"),
    (r"\bwalk(?:ing|s|ed)?\b(?! away)", "walking"),
    (r"\b(?:com(?:ing|es?)|came|mov(?:ing|es?|ed)) closer\b|\bapproach(?:ing|es|ed)?\b", "coming closer"),
    (r"\b(?:go(?:ing|es)?|went|walk(?:ing|s|ed)?|mov(?:ing|es?|ed)) away\b|\bleaving\b", "going away"),
    (r"\b(?:sit(?:ting|s)?|sat|seated)\b(?! still)", "sitting"),
    (r"\b(?:lying|lies|lie)\b", "lying"),
    (r"\b(?:bend(?:ing|s)?|bent)\b", "bending"),
    (r"\b(?:keep(?:ing|s)?|holding|standing|stays?|sitting) still\b|\bmotionless\b", "keeping still"),
    (r"\bstand(?:ing|s)?\b(?! still)", "standing"),
    (r"\b(?:talk(?:ing|s)?|speak(?:ing|s)?|chatting)\b", "talking"),
    (r"\b(?:smil(?:ing|es?)|grinning)\b", "smiling"),
)
ACTION_PHRASES: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    *((re.compile(pattern), frozenset({action})) for pattern, action in _PHRASES),
    (
        re.compile(
            rf"\bmov(?:ing|e)\b(?! (?:to |towards? )?(?:the |his |her |their )?(?:left|right|{_LIMBS})\b"
            r"| closer\b| away\b)"
        ),
        ACTION_WORDS["moving"],
    ),
)
"""How doings are said, and which of them make it true (any of them)."""


def _one_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


_HAIRS = _one_of(HAIR_WORDS)
_IS = r"(?: colou?r)? (?:is|was|looks|seems)"
HAIR_COLOURS_SAID: tuple[re.Pattern[str], ...] = (
    re.compile(rf"\b(?P<word>{_HAIRS})(?:,? long)?[ -]hair(?:ed)?\b"),
    re.compile(rf"\bhair{_IS} (?:not )?(?:long(?: and|,) )?(?P<word>{_HAIRS})\b"),
    re.compile(r"\b(?P<word>blonde?|brunette|ginger)\b"),
)
"""A colour that is said of hair."""
LOOKS: tuple[tuple[re.Pattern[str], Mapping[str, str], LookField], ...] = (
    *((pattern, HAIR_WORDS, "hair_colour") for pattern in HAIR_COLOURS_SAID),
    (re.compile(r"\b(?P<word>long|short)(?:,? \w+)?[ -]hair(?:ed)?\b"), HAIR_LENGTH_WORDS, "hair_length"),
    (
        re.compile(rf"\bhair{_IS} (?:not )?(?:\w+(?: and|,) )?(?P<word>long|short)\b"),
        HAIR_LENGTH_WORDS,
        "hair_length",
    ),
    (re.compile(rf"(?<!\bi )(?<!\bhave )\b(?P<word>{_one_of(PATTERN_WORDS)})\b"), PATTERN_WORDS, "pattern"),
    (re.compile(rf"(?<!lab )\b(?P<word>{_one_of(GARMENT_WORDS)})\b"), GARMENT_WORDS, "garment"),
)
"""How a look is said, which values its words mean, and the field of the facts that has to have them."""
UNTOLD = re.compile(rf"\b(?:{'|'.join(sorted(UNTOLD_WORDS))})\b")


def said_actions(text: str) -> list[tuple[int, frozenset[str]]]:
    """Actions a text speaks of, each as where it stands and what would make it true (nothing: it never can be)."""
    found = [(m.start(), actions) for pattern, actions in ACTION_PHRASES for m in pattern.finditer(text)]
    taken = {m.start() for m in re.finditer(r"\bholding still|sitting still", text)}
    found += [(m.start(), frozenset()) for m in UNTOLD.finditer(text) if m.start() not in taken]
    return sorted(found, key=lambda f: f[0])


def garment_slot(words: Sequence[str], i: int) -> str:
    """Whether the colour at a word belongs to the upper or the lower clothing ("" where that is not said)."""
    for word in words[i + 1 : i + 4]:
        if word in COLOUR_WORDS:
            break
        if word in UPPER_NOUNS:
            return "upper"
        if word in LOWER_NOUNS:
            return "lower"
    for j in range(i - 1, -1, -1):
        own = j > 0 and words[j - 1] in COLOUR_WORDS
        if words[j] in UPPER_NOUNS and not own:
            return "upper"
        if words[j] in LOWER_NOUNS and not own:
            return "lower"
    return ""


def is_beside(one: SubjectFacts, two: SubjectFacts, rel: str) -> bool:
    if one.centre_x is None or two.centre_x is None or rel not in ("left", "right"):
        return False
    gap = two.centre_x - one.centre_x
    return gap >= ORDER_MARGIN if rel == "left" else -gap >= ORDER_MARGIN


def number_of(word: str) -> int | None:
    return int(word) if word.isdigit() else NUMBER_WORDS.get(word)


def near_clock(clock_text: str, time_s: float) -> bool:
    # A clock shows whole seconds, so half a second of rounding comes on top of the tolerance.
    return abs(seconds_of(clock_text) - time_s) <= TIME_TOLERANCE_S + 0.5 - 1e-9


def runs(spans: Sequence[Span]) -> list[Span]:
    """All spans, and those that nearly touch also as one."""
    ordered = sorted(spans)
    runs = list(ordered)
    for i, (start, end) in enumerate(ordered):
        for following, later in ordered[i + 1 :]:
            if following - end > TIME_TOLERANCE_S:
                break
            end = max(end, later)
            runs.append((start, end))
    return runs
