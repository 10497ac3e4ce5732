"""Which of several videos a turn means: by number, by file name, "the other one", "all of them", "there"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from pvchat.chat.questions import plain
from pvchat.dialogue.wording import NUMBERS, number_of

_NOUN = r"(?:videos?|clips?|files?|films?|recordings?)"
_ORDINAL = "|".join(
    sorted(
        (w for w in NUMBERS if w not in "one two three four five six seven eight nine ten".split()),
        key=len,
        reverse=True,
    )
)
# "What about" and "how about" stay: they ask the last question again.
_ABOUT = r"(?<!what )(?<!how )about"
_LEAD = rf"(?:\b(?:in|for|of|from|{_ABOUT}|within|on) )?(?:\bthe )?"
_NTH = re.compile(
    rf"{_LEAD}\b(?P<nth>{_ORDINAL}|last|final)(?: (?:{_NOUN}|one)(?: of (?:them|these|those|the {_NOUN}))?"
    rf"| of (?:them|these|those|the {_NOUN}))\b"
)
_BARE_NTH = re.compile(rf"^(?P<lead>.*?)\bthe (?P<nth>{_ORDINAL}|last|final)\W*$")
_NUMBERED = re.compile(
    rf"{_LEAD}\b{_NOUN} (?:number |no\.? |nr\.? |# ?)?(?P<nth>\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b"
)
_OTHER = re.compile(
    rf"\b(?:in |for |{_ABOUT} |from )?(?:the |that )?other {_NOUN}\b|\b(?:in|from|for) the other(?: ones?)?\b"
)
_OTHER_LOOSE = re.compile(r"\bthe other(?: ones?)?\b")
_THIS = re.compile(rf"\b(?:in|from) (?:this|that|the same) (?:one|{_NOUN})\b|\bin it\b|\bin there\b")
_ALL = re.compile(
    rf"\b(?:in |of |for |throughout )?(?:all|each|every(?: single)?|both|any)(?: one)?(?: of)?"
    rf"(?: (?:the|these|those|them))?(?: (?:\d+|two|three|four|five))?(?: {_NOUN})?\b"
)
_NEGATED = re.compile(rf"\bnot (?:in )?(?:this|that|the \w+)(?: (?:one|{_NOUN}))?(?=,| but)[ ,]*(?:but )?")


@dataclass(frozen=True)
class Scope:
    """Videos that a text means.

    Attributes:
        rest: the text without them. videos: numbers from 0; None where none is named.
        unclear: numbers among which "the other one" does not choose. missing: it names a video that there is not.
    """

    rest: str
    videos: tuple[int, ...] | None = None
    unclear: tuple[int, ...] = ()
    missing: str = ""


def find_videos(text: str, files: Sequence[str], names: Sequence[str], focus: Sequence[int], *, person: bool) -> Scope:
    """The videos that a masked text means.

    Args:
        files: names of the files in order. names: of people; a file called like one is meant only with its ending.
        focus: what the last question was about. person: whether a bare "the other one" rather is a person.
    """
    text = _NEGATED.sub("", text) if len(files) > 1 else text
    rest, found = _by_name(text, files, names)
    if found:
        return Scope(rest, found)
    if len(files) < 2:
        match = _NTH.search(text) or _NUMBERED.search(text)
        if match and re.search(_NOUN, match.group()):
            number = number_of(match["nth"]) or 1
            return Scope(_without(text, match), (0,)) if number == 1 else Scope(text, None, (), match.group().strip())
        return Scope(text)
    chosen: list[int] = []
    rest = text
    for pattern in (_NTH, _NUMBERED):
        while match := pattern.search(rest):
            number = len(files) if match["nth"] in ("last", "final") else number_of(match["nth"]) or 0
            if not 1 <= number <= len(files):
                return Scope(text, None, (), match.group().strip())
            chosen.append(number - 1)
            rest = _without(rest, match)
    if chosen:
        return Scope(rest, tuple(dict.fromkeys(chosen)))
    match = _OTHER.search(text) or (None if person else _OTHER_LOOSE.search(text))
    if match:
        others = tuple(number for number in range(len(files)) if number not in focus)
        rest = _without(text, match)
        return Scope(rest, others) if len(others) == 1 else Scope(f"{rest[: match.start()]}\0", None, others)
    match = _THIS.search(text)
    if match and len(focus) == 1:
        return Scope(_without(text, match), tuple(focus))
    return Scope(text)


def bare_number(text: str, count: int) -> int | None:
    """The video, from 0, that "the second" at the end of a text means where nothing but a video can be meant."""
    match = _BARE_NTH.search(text)
    if match is None:
        return None
    number = count if match["nth"] in ("last", "final") else number_of(match["nth"]) or 0
    return number - 1 if 1 <= number <= count else None


def without_all(text: str) -> str:
    """The text without "all of them" and the like."""
    return _ALL.sub(" ", text)


def _by_name(text: str, files: Sequence[str], names: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    people = {plain(name) for name in names}
    found: list[tuple[int, int]] = []
    for number in sorted(range(len(files)), key=lambda n: -len(files[n])):
        whole, stem = plain(files[number]), plain(PurePath(files[number]).stem)
        forms = [whole] + ([stem] if len(stem) > 2 and stem not in people and not stem.isdigit() else [])
        twice = sum(plain(PurePath(file).stem) == stem for file in files) > 1
        for form in forms[: 1 if twice else 2]:
            quoted = (
                rf"(?:\b(?:in|for|of|from|{_ABOUT}) )?(?:\bthe (?:{_NOUN} )?)?"
                rf"[\"'“]?(?<!\w){re.escape(form)}(?!\w)[\"'”]?"
            )
            match = re.search(rf"{quoted}(?: {_NOUN}\b)?", text)
            if match and not (form == stem and re.fullmatch(_NOUN, stem)):
                found.append((match.start(), number))
                text = text[: match.start()] + " " * len(match.group()) + text[match.end() :]
                break
    return " ".join(text.split()) if found else text, tuple(number for _, number in sorted(found))


def _without(text: str, match: re.Match[str]) -> str:
    return " ".join(f"{text[: match.start()]} {text[match.end() :]}".split())
