"""Names in a turn stand as private characters, so that no rule takes one for a word."""

import re
import unicodedata
from collections.abc import Sequence

from pvchat.chat.questions import plain

MARK = 0xE000
NAME = "[\ue000-\ue3ff]"
NUMBERS = {
    **dict(zip("first second third fourth fifth sixth seventh eighth ninth tenth".split(), range(1, 11), strict=True)),
    **dict(zip("one two three four five six seven eight nine ten".split(), range(1, 11), strict=True)),
    **{f"{n}{'st' if n == 1 else 'nd' if n == 2 else 'rd' if n == 3 else 'th'}": n for n in range(1, 11)},
}


def masked(text: str, names: Sequence[str]) -> str:
    """The plain text on one line with a private character for each of some names."""
    found = plain(text)
    for number in sorted(range(len(names)), key=lambda n: -len(names[n])):
        name = plain(names[number])
        before, after = ("" if unicodedata.east_asian_width(c) in "WF" else r"\w" for c in (name[0], name[-1]))
        pattern = (rf"(?<!{before})" if before else "") + re.escape(name) + (rf"(?!{after})" if after else "")
        found = re.sub(pattern, chr(MARK + number), found)
    return " ".join(found.split())


def unmasked(text: str, names: Sequence[str]) -> str:
    """The names again in the place of their marks."""
    return re.sub(NAME, lambda m: names[ord(m.group()) - MARK], text)


def marked(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """The names whose marks a text has, in its order."""
    return tuple(dict.fromkeys(names[ord(c) - MARK] for c in re.findall(NAME, text)))


def number_of(word: str) -> int | None:
    """1 for "first", "one", "1st" and "1"."""
    return int(word) if word.isdigit() else NUMBERS.get(word)


def listed(names: Sequence[str], word: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}" if names else ""


def tidy(text: str) -> str:
    """One space between words, none before a stop, nothing loose at the ends."""
    text = re.sub(r"\s+([,.?!])", r"\1", " ".join(text.split()))
    return re.sub(r"^[\s,.;:!?]+|[\s,.;:]+$", "", re.sub(r"[,.]+(?=[,.?!])", "", text))
