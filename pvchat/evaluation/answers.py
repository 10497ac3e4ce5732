"""Read what an answer says: presence, refusals, words, names, form. For benchmarks and the demo; pure functions."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from pvchat.chat.lexicon import ANYWHERE_CAPITALS, SENTENCE_STARTS

Existence = Literal["present", "absent", "unsure", "unread"]

MOST_WORDS = 40
WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")


def read_existence(text: str) -> Existence:
    """What an answer to "is NAME in this video" says: it begins "Yes", "No" or "I am not sure"; else it is unread."""
    head = text.strip()
    if re.match(r"Yes\b", head):
        return "present"
    if re.match(r"No\b", head):
        return "absent"
    return "unsure" if head.startswith("I am not sure") else "unread"


def refuses(text: str, name: str) -> bool:
    """Whether the answer says "NAME is not in this video", word for word."""
    return re.search(rf"(?<!\w){re.escape(name)} is not in this video(?!\w)", text) is not None


def holds(text: str, word: str) -> bool:
    """Whether the text has exactly this word or name, not as a part of a longer word."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def without_names(text: str, names: Iterable[str]) -> str:
    """The text with names (longest first, also in the possessive) taken out."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?:['’]s)?(?!\w)", " ", text)
    return text


def holds_any(text: str, words: Iterable[str]) -> bool:
    """Whether the text has one of these words, in lower case."""
    lower = text.lower()
    return any(holds(lower, word.lower()) for word in words)


def fault_of_form(text: str, asked: Sequence[str], enrolled: Iterable[str] = ()) -> str | None:
    """What is wrong with the form of an answer, None when nothing is.

    It ends in . ! or ?, has at most 40 words, holds the asked name exactly (of several asked names at least one), and
    no other name: neither somebody else's nor a capitalised word that is no ordinary one.
    """
    if not text.rstrip().endswith((".", "!", "?")):
        return "does not end in . ! ?"
    if len(text.split()) > MOST_WORDS:
        return f"{len(text.split())} words"
    if not any(holds(text, name) for name in asked):
        return "lacks the asked name"
    rest = without_names(text, asked)
    for other in enrolled:
        if other not in asked and holds(rest, other):
            return f"names {other}"
    for sentence in re.split(r"(?<=[.!?:])\s+", _without_names_kept(text, asked)):
        for number, match in enumerate(WORD.finditer(sentence)):
            word = match.group()
            ordinary = word in ANYWHERE_CAPITALS or (number == 0 and word in SENTENCE_STARTS)
            if word[0].isupper() and not ordinary:
                return f"has the strange name {word}"
    return None


def _without_names_kept(text: str, names: Iterable[str]) -> str:
    """The text with every name replaced by a small letter, so that the words after it do not begin a sentence."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?:['’]s)?(?!\w)", "x", text)
    return text
