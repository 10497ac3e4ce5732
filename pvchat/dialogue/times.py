"""Parts of a video as people name them: "after 0:10", "in the first minute", "before that", "then"."""

import re
from dataclasses import dataclass

from pvchat.chat.facts import clock
from pvchat.chat.lexicon import seconds_of
from pvchat.dialogue.state import Moment
from pvchat.dialogue.wording import number_of
from pvchat.perception.record import Span

AROUND_S = 1.0
EDGE_SHARE = 0.2
"""What counts as the start or the end of a video."""

_CLOCK = r"(?:\d+:)?\d{1,2}:\d{2}"
_AMOUNT = r"(?:\d+(?:\.\d+)?|[a-z]+) (?:seconds?|secs?|s|minutes?|mins?)"
_TIME = rf"(?:(?:second |minute )?{_CLOCK}|(?:the )?(?:first )?{_AMOUNT}|second \d+|minute \d+)"
_BETWEEN = re.compile(rf"\b(?:between|from) (?P<a>{_TIME}) (?:and|to|until|till|-) (?P<b>{_TIME})")
_AFTER = re.compile(
    rf"\b(?:(?:from )?(?:after|since|past|later than)|from|starting (?:at|from)|once) (?P<a>{_TIME})"
    r"(?: (?:on(?:wards?)?|is (?:over|past)|has passed|until the end))?"
)
_BEFORE = re.compile(rf"\b(?:before|until|till|up to|earlier than|prior to) (?P<a>{_TIME})")
_AT = re.compile(rf"\b(?:at|around|about) (?P<a>(?:second |minute )?{_CLOCK}|second \d+|minute \d+)")
_EDGE = re.compile(
    r"\b(?:in|during|within|for|over|throughout)? ?(?:the )?(?P<which>first|last|final|opening) "
    r"(?:(?P<n>\d+(?:\.\d+)?|[a-z]+) )?(?P<unit>seconds?|secs?|minutes?|mins?)\b"
)
_HALF = re.compile(r"\b(?:in|during|within)? ?(?:the )?(?P<which>first|second|last) half\b")
_END = re.compile(r"\b(?:at|in|near|towards?) (?:the )?(?P<which>very beginning|beginning|start|very end|end)\b")
_OF_VIDEO = re.compile(r"^ of (?:it|this|the (?:video|clip|film|recording))\b")

_LATER = re.compile(
    r"\b(?:right |just |directly )?after(?: that| this| it)?(?=\W*$|\W+(?:where|when|who|what|is|are|does|can))"
    r"|\b(?:after (?:that|this|it)|afterwards?|subsequently|later on|thereafter)\b"
    r"|^(?:and |ok |so )*(?:later|then|next|then what|what then)\W*$"
    r"|^(?:and )?(?P<next>who|what)(?:'s| is| comes| happens| goes on| do (?:we|you|i) see| appears)*"
    r" (?:next|then|later)\W*$"
)
_SOONER = re.compile(
    r"\b(?:right |just |directly )?before(?: that| this| it| then)?(?=\W*$|\W+(?:where|when|who|what|is|are|does|can))"
    r"|\bbefore (?:that|this|it|then)\b|\b(?:beforehand|previously|earlier on)\b"
    r"|^(?:and |ok |so )*(?:earlier)\W*$|^(?:and )?(?:who|what)(?: \w+){1,3} earlier\W*$"
)
_MEANWHILE = re.compile(
    r"\b(?:at|in|during) (?:that|this|the same) (?:time|moment|point|part)\b|\bmeanwhile\b"
    r"|\bwhile (?:that|this|it) (?:happens|happened|is happening|goes on)\b|\b(?:just |right )?then(?=\W*$)"
)


@dataclass(frozen=True)
class Named:
    """A part of a video that a text names.

    Attributes:
        rest: the text without it. window: in seconds, None where none is named. unknown: it hangs on a moment that
            nobody knows. words: the words that were taken out.
    """

    rest: str
    window: Span | None = None
    unknown: bool = False
    words: str = ""


def find_part(text: str, duration_s: float, moment: Moment | None) -> Named:
    """The part of a video that a masked text names.

    Args:
        duration_s: of the video. moment: what "that" and "then" mean.
    """
    for pattern in (_BETWEEN, _EDGE, _HALF, _AFTER, _BEFORE, _AT, _END):
        match = pattern.search(text)
        if match is None:
            continue
        window = _window(pattern, match, duration_s)
        if window is not None:
            return _cut(text, match, window)
    for pattern in (_LATER, _SOONER, _MEANWHILE):
        match = pattern.search(text)
        if match is None:
            continue
        if moment is None:
            return Named(text, None, True, match.group())
        window = {
            _LATER: (moment.end, max(duration_s, moment.end)),
            _SOONER: (0.0, moment.start),
        }.get(pattern, (moment.start, moment.end))
        found = _cut(text, match, window)
        if pattern is _LATER and match["next"]:
            return Named(f"{match['next']} is there", window, False, match.group())
        return found
    return Named(text)


def part_phrase(window: Span, duration_s: float) -> str:
    """How an answer names a part: "after 0:04", "before 0:10", "from 0:04 to 0:10"; nothing for the whole video."""
    start, end = window
    if start <= 0.5 and end >= duration_s - 0.5:
        return ""
    if end >= duration_s - 0.5:
        return f"after {clock(start)}"
    return f"before {clock(end)}" if start <= 0.5 else f"from {clock(start)} to {clock(end)}"


def _cut(text: str, match: re.Match[str], window: Span) -> Named:
    after = _OF_VIDEO.sub("", text[match.end() :])
    return Named(f"{text[: match.start()]} {after}", window, False, match.group())


def _window(pattern: re.Pattern[str], match: re.Match[str], duration_s: float) -> Span | None:
    if pattern is _HALF:
        half = duration_s / 2
        return (0.0, half) if match["which"] == "first" else (half, duration_s)
    if pattern is _END:
        edge = EDGE_SHARE * duration_s
        return (duration_s - edge, duration_s) if match["which"].endswith("end") else (0.0, edge)
    if pattern is _EDGE:
        number = 1 if match["n"] is None else _number(match["n"])
        if number is None:
            return None
        length = min(number * (60 if match["unit"].startswith("m") else 1), duration_s)
        return (0.0, length) if match["which"] in ("first", "opening") else (duration_s - length, duration_s)
    first = _seconds(match["a"])
    if first is None:
        return None
    if pattern is _BETWEEN:
        second = _seconds(match["b"])
        return None if second is None or second <= first else (first, second)
    if pattern is _AFTER:
        return first, max(duration_s, first)
    if pattern is _BEFORE:
        return 0.0, min(first, duration_s)
    return max(0.0, first - AROUND_S), min(duration_s, first + AROUND_S)


def _seconds(text: str) -> float | None:
    found = re.search(_CLOCK, text)
    if found:
        return float(seconds_of(found.group()))
    words = re.sub(r"^(?:the )?(?:first )?", "", text).split()
    if words[0] in ("second", "minute"):
        words = [words[1], words[0]]
    number = _number(words[0])
    return None if number is None else number * (60.0 if words[1].startswith("m") else 1.0)


def _number(word: str) -> float | None:
    if word in ("a", "an", "few", "couple"):
        return {"a": 1.0, "an": 1.0}.get(word)
    try:
        return float(word)
    except ValueError:
        return number_of(word)
