"""Names: what may be one, when two are the same, and which ones a question mentions."""

import re
import unicodedata
from collections.abc import Sequence

from pvchat.errors import SubjectError

MAX_CHARACTERS = 60
MAX_WORDS = 5
_PUNCTUATION = frozenset("'\u2019-\u2010\u00b7.")
_JOINERS = frozenset("\u200c\u200d")
# "is Bob …", "where does Bob …": a capitalised word here is meant as a name.
_ASKED = re.compile(
    r"\b(?i:is|was|are|were|do|does|did|has|have|can|could|where's|who's)\s+(?P<name>[^\W\d_a-z][\w'\u2019-]*)(?=[\s?!.,]|$)"
)
_NO_NAMES = frozenset({"i", "you", "he", "she", "it", "we", "they", "there", "this", "that", "the", "a", "an", "any"})


def clean_name(name: str) -> str:
    """The name as it is kept: NFC, single spaces.

    Raises:
        SubjectError: it is empty, too long, a sentence, or holds characters that no name has.
    """
    text = " ".join(unicodedata.normalize("NFC", name).split(" ")).strip()
    text = re.sub(" +", " ", text)
    if not text:
        raise SubjectError("the name is empty; give the person a name of 1 to 60 characters")
    if len(text) > MAX_CHARACTERS:
        raise SubjectError(f"the name has {len(text)} characters; use at most {MAX_CHARACTERS}")
    for character in text:
        if not _allowed(character):
            raise SubjectError(
                f"the name holds {_describe(character)}; use letters, digits, spaces, hyphens and apostrophes"
            )
    if len(text.split(" ")) > MAX_WORDS or text.endswith("."):
        raise SubjectError(f'"{text}" reads like a sentence; use a name of at most {MAX_WORDS} words')
    if not any(character.isalpha() for character in text):
        raise SubjectError(f'"{text}" has no letter; use a name that can be told from a number in a sentence')
    return text


def name_key(name: str) -> str:
    """Equal for two spellings of one name: case, Unicode form, spaces and invisible joiners do not count."""
    visible = "".join(c for c in name if c not in _JOINERS)
    folded = unicodedata.normalize("NFKC", visible).casefold()
    folded = unicodedata.normalize("NFKC", folded).casefold()
    return " ".join(folded.split())


def fold(text: str) -> str:
    """Without case and accents, so that "jose" finds "José". The length may change."""
    return "".join(_fold_character(c) for c in text)


def find_subject(name: str, enrolled: Sequence[str]) -> str:
    """The enrolled name meant by `name`: the same but for case and Unicode form, else the only one but for accents.

    Raises:
        SubjectError: nobody is called so, or several are; the message lists the enrolled names.
    """
    key = name_key(name)
    for candidate in enrolled:
        if name_key(candidate) == key:
            return candidate
    alike = [candidate for candidate in enrolled if fold(name_key(candidate)) == fold(key)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise SubjectError(f'"{_short(name)}" could be {listed(alike)}; write the name with its accents')
    raise unknown(name, enrolled)


def unknown(name: str, enrolled: Sequence[str]) -> SubjectError:
    """The error for a name nobody has."""
    if not enrolled:
        return SubjectError(f'nobody called "{_short(name)}" is enrolled, nor anybody else; run: pvchat enroll')
    return SubjectError(f'nobody called "{_short(name)}" is enrolled; known: {listed(enrolled)}')


def mentioned(question: str, enrolled: Sequence[str]) -> list[str]:
    """Enrolled names in the question as whole words, in the order of their first mention.

    Longer names win over shorter ones inside them ("Ana María" over "Ana"); case and accents do not count, unless two
    enrolled names differ by nothing else.

    Raises:
        SubjectError: a mention could be several people.
    """
    text, origin = _fold_with_origin(question)
    free = [True] * len(text)
    found: list[tuple[int, str]] = []
    by_folded: dict[str, list[str]] = {}
    for name in enrolled:
        by_folded.setdefault(fold(name_key(name)), []).append(name)
    for folded in sorted(by_folded, key=len, reverse=True):
        for match in re.finditer(_whole_word(folded), text):
            span = range(match.start(), match.end())
            if not all(free[i] for i in span):
                continue
            for i in span:
                free[i] = False
            written = question[origin[match.start()] : origin[match.end() - 1] + 1]
            found.append((match.start(), _choose(written, by_folded[folded])))
    return list(dict.fromkeys(name for _, name in sorted(found)))


def asked_stranger(question: str) -> str | None:
    """A capitalised word that the question asks about as a person ("Is Bob here?"), or None."""
    for match in _ASKED.finditer(question):
        name = match["name"]
        if name.casefold() not in _NO_NAMES and not name.isupper():
            return re.sub("['\u2019]s$", "", name)
    return None


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for an error message, cut after `most`."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _choose(written: str, candidates: Sequence[str]) -> str:
    if len(candidates) == 1:
        return candidates[0]
    exact = [name for name in candidates if name_key(name) == name_key(written)]
    if not exact:
        raise SubjectError(f'"{written}" could be {listed(candidates)}; write the name with its accents')
    return exact[0]


def _whole_word(folded: str) -> re.Pattern[str]:
    # Scripts that are written without spaces have no word boundary to look for.
    before = "" if _spaceless(folded[0]) else r"(?<!\w)"
    after = "" if _spaceless(folded[-1]) else r"(?!\w)"
    return re.compile(before + r"\s+".join(re.escape(word) for word in folded.split(" ")) + after)


def _spaceless(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _fold_character(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold()).casefold()
    # Only the marks of Latin, Greek and Cyrillic: in other scripts marks are vowels.
    return "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f" and c not in _JOINERS)


def _fold_with_origin(text: str) -> tuple[str, list[int]]:
    folded: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for piece in _fold_character(character):
            folded.append(piece)
            origin.append(index)
    return "".join(folded), origin


def _allowed(character: str) -> bool:
    if character == " " or character in _PUNCTUATION or character in _JOINERS:
        return True
    return unicodedata.category(character)[0] in "LM" or unicodedata.category(character) == "Nd"


def _describe(character: str) -> str:
    if unicodedata.category(character)[0] in "CZ":
        return f"the invisible character U+{ord(character):04X}"
    return f'"{character}"'


def _short(name: str) -> str:
    printable = "".join(c if c.isprintable() else "?" for c in name)
    return printable if len(printable) <= MAX_CHARACTERS else printable[: MAX_CHARACTERS - 1] + "…"
