"""Constraint on generated answers: no name, time, number, place, colour or action that the record does not bear out.

Used token by token: the decoder offers its likeliest tokens in order and takes the first one that is allowed. The
text so far is read anew each time (an answer has at most forty words), so that the constraint has no state to keep in
step with the decoder.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pvchat.chat.clocks import Times
from pvchat.chat.evidence import left_to_right, seen_amount
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.hold_states import StateHold
from pvchat.chat.lexicon import (
    ACTION_WORDS,
    ANSWER_WORDS,
    ANYWHERE_CAPITALS,
    AWAY_AFTER,
    COLOUR_WORDS,
    DISTANCE_WORDS,
    GARMENT_WORDS,
    HAIR_WORDS,
    LOWER_NOUNS,
    NUMBER_WORDS,
    PATTERN_WORDS,
    PLACE_WORDS,
    SENTENCE_STARTS,
    UNTOLD_WORDS,
    UPPER_NOUNS,
    WORD,
)
from pvchat.chat.partial_text import REPLACEMENT, continues, split_incomplete, string
from pvchat.chat.questions import asked_names, kind_of, plain
from pvchat.chat.told import DECLINING, DOUBTING, is_told, opens_declining, tells

MAX_WORDS = 40
EXISTENCE_LEADS = ("Yes", "No", "I am not sure")

_TOKEN = re.compile(r"\d[\d:]*|[A-Za-z]+(?:['\-][A-Za-z]+)*|\s+|.", re.DOTALL)
_BREAK = re.compile(r"[.!?;:](?=\s|$)|, (?:and|but|while|so|because)\b| (?:but|while)\b")
_DECLINES = re.compile(r"\b(?:can't|cannot|don't know|not clear|does not|whether|is not|not sure)\b")
_RUN_ON = re.compile(r"[a-z][.!?][A-Za-z]")
_PLURALS = {"second": "second", "seconds": "second", "minute": "minute", "minutes": "minute"}
_HEADS = frozenset({"person", "persons", "people", "individuals", "faces"})


@dataclass(frozen=True)
class _Piece:
    """A name, word or number of the text, with where it stands."""

    text: str
    start: int
    end: int
    name: bool = False


@cache
def _words_by_beginning() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for word in sorted(ANSWER_WORDS):
        for end in range(1, len(word) + 1):
            found.setdefault(word[:end], []).append(word)
    return {beginning: tuple(words) for beginning, words in found.items()}


class Constraint:
    """What may be generated as an answer to one question.

    Args:
        scene: facts of the video.
        question: the user's; it decides which of the subjects may be named, and which words may be declined.
        use_record: hold times, numbers, places, colours and actions to the facts, and with several people also who is
            there; decline what they do not tell, and only that. Names are always held.
        asked: the people asked about, where the caller knows; None reads them from the question.
    """

    def __init__(
        self,
        scene: SceneFacts,
        question: str,
        *,
        use_record: bool = True,
        asked: Sequence[str] | None = None,
    ) -> None:
        self.scene = scene
        self.use_record = use_record
        self.required = tuple(asked) if asked is not None else asked_names(question, scene)
        allowed = set(self.required) or {s.name for s in scene.subjects}
        self.people = {s.name: s for s in scene.subjects if s.name in allowed}
        self.names = sorted(allowed, key=len, reverse=True)
        self.kind = kind_of(question, tuple(self.people))
        self.banned = frozenset("\n\r\t<>{}[]|#*_@\\") - set("".join(allowed))
        self.question_words = frozenset(w.lower() for w in WORD.findall(question))
        self.question_stems = {_stem(w) for w in re.findall(r"[a-z]+", plain(question))}
        self.times = Times(list(self.people.values()), self.kind)
        self.counts = self._counts()
        self.told = is_told(self.kind, list(self.people.values())) if use_record else None
        several = use_record and len(self.people) > 1
        self.states = StateHold(scene, question, self.kind, list(self.people.values())) if several else None

    def _counts(self) -> set[int]:
        present = sum(1 for s in self.people.values() if s.state == "present")
        counts = {self.scene.people, self.scene.unknown_people}
        return counts | {present} if len(self.people) > 1 else counts

    # What the decoder asks

    def allows(self, text_so_far: str | bytes, piece: str | bytes) -> bool:
        """Whether a token may follow.

        Args:
            text_so_far: the answer up to here.
            piece: the token's text, with its leading space where it has one. Bytes are exact; in a string a
                replacement character stands for a part of a character, which only a name may contain.
        """
        if not piece:
            return False
        if isinstance(text_so_far, bytes) and isinstance(piece, bytes):
            try:
                text, tail = split_incomplete(text_so_far + piece)
            except UnicodeDecodeError:
                return False
        else:
            whole = string(text_so_far) + string(piece)
            text = whole.rstrip(REPLACEMENT)
            tail = REPLACEMENT.encode() if len(text) < len(whole) else b""
        text = text.lstrip()
        if REPLACEMENT in text or not self.banned.isdisjoint(text) or "  " in text or _RUN_ON.search(text):
            return False
        if len(text.split()) > MAX_WORDS or not self._told_ok(text):
            return False
        return self._scan(text, tail) and (self.states is None or self.states.allows(text, tail))

    def must_continue(self, text: str) -> bool:
        """Whether the answer may not end here: no final . ! or ?, or an asked name still missing."""
        text = text.strip()
        if not text or text[-1] not in ".!?":
            return True
        return any(not _contains(text, name) for name in self.required)

    def must_stop(self, text: str) -> bool:
        """Whether no further word fits into the answer."""
        return len(text.split()) >= MAX_WORDS

    def closing(self, text: str) -> str:
        """A cut-off answer made to end well: back to its last sentence if that has the names, else with a full stop."""
        text = text.replace(REPLACEMENT, "").rstrip()
        ends = [m.end() for m in re.finditer(r"[.!?](?=\s|$)", text)]
        if ends and not self.must_continue(text[: ends[-1]]):
            return text[: ends[-1]]
        return text.rstrip(" ,;:-") + "."

    def _told_ok(self, text: str) -> bool:
        """What the record tells is said before a sentence ends; what it does not is declined at once."""
        if self.told is None:
            return True
        declines = DECLINING.search(text)
        if self.told:
            return not declines and (text[-1:] not in (".", "!", "?") or tells(self.kind, text))
        # "I am not sure whether that is Maria" would doubt who is there, and she is.
        return not DOUBTING.search(text) and opens_declining(text)

    # Reading

    def _scan(self, text: str, tail: bytes) -> bool:
        pieces: list[_Piece] = []
        at = 0
        while at < len(text):
            boundary = at == 0 or not text[at - 1].isalnum()
            if boundary:
                name = self._name_at(text, at, tail)
                if name is not None:
                    end = at + len(name)
                    pieces.append(_Piece(name, at, min(end, len(text)), name=end <= len(text)))
                    if end >= len(text):
                        return self._complete(text)
                    at = end
                    continue
            match = _TOKEN.match(text, at)
            if match is None:
                return False
            token = match.group()
            if not token.isascii():
                return False
            if token[0].isalnum():
                if token[0].isalpha() and text[match.end() : match.end() + 1].isalpha():
                    return False
                open_ended = match.end() == len(text)
                pieces.append(_Piece(token, at, match.end()))
                if not self._piece_ok(text, pieces, open_ended):
                    return False
            at = match.end()
        return self._tail_ok(text, tail) and self._complete(text)

    def _name_at(self, text: str, at: int, tail: bytes) -> str | None:
        """The asked name that stands here, whole or begun at the end of the text; None for neither."""
        for name in self.names:
            end = at + len(name)
            if text.startswith(name, at) and not (text[end : end + 1].isalnum() or (end == len(text) and tail)):
                return name
        rest = text[at:]
        for name in self.names:
            if len(rest) < len(name) and name.startswith(rest) and continues(name[len(rest) :], tail):
                return name
        return None

    def _tail_ok(self, text: str, tail: bytes) -> bool:
        if not tail:
            return True
        fresh = not text or not text[-1].isalnum()
        return fresh and any(continues(name, tail) for name in self.names)

    def _piece_ok(self, text: str, pieces: list[_Piece], open_ended: bool) -> bool:
        piece = pieces[-1]
        word = piece.text
        if word[0].isdigit():
            return not self.use_record or self._number_ok(text, pieces, open_ended)
        if word[0].isupper() and not self._capital_ok(text, piece, open_ended):
            return False
        if not word[1:].islower() and len(word) > 1:
            return word in ANYWHERE_CAPITALS
        if open_ended or text[piece.end :] in ("'", "-"):
            # What is begun has to lead somewhere: to one word that may stand here.
            return any(self._fits(text, pieces, other) for other in self._words_from(word.lower()))
        return self._fits(text, pieces, word)

    def _words_from(self, beginning: str) -> Iterator[str]:
        """The words an answer can have that begin so."""
        yield from _words_by_beginning().get(beginning, ())
        yield from (word for word in self.question_words if word.startswith(beginning))

    def _fits(self, text: str, pieces: list[_Piece], word: str) -> bool:
        """Whether a word may stand in the place of the last piece."""
        if word.lower() not in ANSWER_WORDS and word.lower() not in self.question_words:
            return False
        return not self.use_record or self._word_ok(text, [*pieces[:-1], replace(pieces[-1], text=word)])

    def _capital_ok(self, text: str, piece: _Piece, open_ended: bool) -> bool:
        before = text[: piece.start].rstrip()
        first = not before or before[-1] in ".!?"
        fits = ANYWHERE_CAPITALS | SENTENCE_STARTS if first else ANYWHERE_CAPITALS
        if piece.text in fits:
            return True
        return open_ended and any(word.startswith(piece.text) for word in fits)

    # Facts

    def _clause(self, text: str, pieces: list[_Piece]) -> tuple[str, list[SubjectFacts]]:
        """The clause up to the last piece, and the people it is about."""
        end = pieces[-1].start
        breaks = [m.end() for m in _BREAK.finditer(text, 0, end)]
        start = breaks[-1] if breaks else 0
        names = [p for p in pieces[:-1] if p.name]
        inside = [p.text for p in names if p.start >= start]
        chosen = inside or [p.text for p in names[-1:]] or list(self.people)
        return text[start:end].lower(), [self.people[n] for n in chosen if n in self.people]

    def _word_ok(self, text: str, pieces: list[_Piece]) -> bool:
        word = pieces[-1].text.lower()
        known = word in COLOUR_WORDS or word in PLACE_WORDS or word in DISTANCE_WORDS
        garment = word in UPPER_NOUNS or word in LOWER_NOUNS
        number = word in NUMBER_WORDS or word in _PLURALS or word in _HEADS or word in ("nobody", "unknown", "them")
        looks = self._is_look(word)
        if not (known or garment or number or looks or word in ACTION_WORDS or word in UNTOLD_WORDS or word == "away"):
            return True
        clause, people = self._clause(text, pieces)
        before = [p.text.lower() for p in pieces[:-1]]
        if _DECLINES.search(clause) and (_stem(word) in self.question_stems or self._free_to_decline(word)):
            return True
        if word in UNTOLD_WORDS:
            return False
        if looks:
            return any(self._look_ok(word, p) for p in people if p.state == "present")
        if word == "away":
            needed = AWAY_AFTER.get(before[-1], "") if before else ""
            return not needed or any(needed in p.actions for p in people)
        if garment:
            return self._garment_ok(word, before, people)
        if number:
            return self._counted_ok(word, before)
        present = [p for p in people if p.state == "present"]
        if word in COLOUR_WORDS:
            return any(COLOUR_WORDS[word] in self._slots(p, clause, before) for p in present)
        if word in DISTANCE_WORDS:
            return before[-1:] in (["as"], ["how"]) or any(p.distance == DISTANCE_WORDS[word] for p in present)
        if word in ACTION_WORDS:
            return self._action_ok(word, before, present)
        return self._place_ok(word, before, present, pieces)

    def _is_look(self, word: str) -> bool:
        """Whether a word says something of hair, or of what the upper clothing is beside its colour."""
        if word in PATTERN_WORDS or (self.kind == "hair" and (word in HAIR_WORDS or word in ("long", "short"))):
            return True
        # What a top is called in passing is no claim.
        passing = word in UPPER_NOUNS and self.kind != "garment"
        return (word in GARMENT_WORDS and not passing) or (word in HAIR_WORDS and word not in COLOUR_WORDS)

    def _look_ok(self, word: str, person: SubjectFacts) -> bool:
        if word in ("long", "short"):
            return person.hair_length == word
        said = (PATTERN_WORDS.get(word), GARMENT_WORDS.get(word), HAIR_WORDS.get(word))
        told = (person.pattern, person.garment, person.hair_colour)
        return any(one is not None and one == other for one, other in zip(said, told, strict=True))

    def _free_to_decline(self, word: str) -> bool:
        return self.kind in ("relation", "order") and word in ("left", "right")

    def _slots(self, person: SubjectFacts, clause: str, before: list[str]) -> tuple[str | None, ...]:
        words = re.findall(r"[a-z\-]+", clause)
        for i in range(len(words) - 1, -1, -1):
            if words[i] in UPPER_NOUNS | LOWER_NOUNS and (i == 0 or words[i - 1] not in COLOUR_WORDS):
                return (person.upper,) if words[i] in UPPER_NOUNS else (person.lower,)
        if before[-1:] in (["a"], ["an"]):
            return (person.upper,)
        if self.kind in ("upper", "is_colour"):
            return (person.upper,)
        if self.kind == "lower":
            return (person.lower,)
        return (person.upper, person.lower)

    def _garment_ok(self, word: str, before: list[str], people: list[SubjectFacts]) -> bool:
        """A garment with a colour in front of it has to be the one that has this colour."""
        colour = COLOUR_WORDS.get(before[-1]) if before else None
        if colour is None:
            return True
        return any(colour == (p.upper if word in UPPER_NOUNS else p.lower) for p in people)

    def _action_ok(self, word: str, before: list[str], present: list[SubjectFacts]) -> bool:
        actions = {a for p in present for a in p.actions}
        needed = ACTION_WORDS[word]
        if word in ("arms", "arm"):
            verb = next((w for w in reversed(before) if w in ("moving", "moves", "raising", "raises", "raised")), "")
            needed = frozenset({"moving the arms"}) if verb.startswith("mov") else frozenset({"raising the arms"})
        return bool(needed & actions)

    def _place_ok(self, word: str, before: list[str], present: list[SubjectFacts], pieces: list[_Piece]) -> bool:
        place = PLACE_WORDS[word]
        if any(w in ("moving", "moves") for w in before[-3:]):
            return any(f"moving {place}" in p.actions for p in present)
        if self.kind in ("relation", "order") and len(self.people) == 2:
            names = [p.text for p in pieces[:-1] if p.name]
            order = left_to_right(list(self.people.values()))
            if order and place in ("left", "right"):
                first = names[-1] if names else None
                beside = order[0] if place == "left" else order[-1]
                return first is None or first == beside
        return any(p.place == place for p in present)

    # Numbers

    def _number_ok(self, text: str, pieces: list[_Piece], open_ended: bool) -> bool:
        number = pieces[-1].text
        if not open_ended:
            number = number.rstrip(":")
        clause, people = self._clause(text, pieces)
        before = [p.text for p in pieces[:-1]]
        fits = set(self.times.clocks(before, [p.name for p in people]))
        if ":" not in number:
            fits |= {str(n) for n in self._numbers(people)}
        elif self.kind in ("count", "count_named") and not clause:
            return False
        if number in fits:
            return True
        return open_ended and any(f.startswith(number) for f in fits)

    def _numbers(self, people: list[SubjectFacts]) -> set[int]:
        durations = {seen_amount(p)[0] for p in people if p.state == "present" and p.spans}
        if self.kind == "duration":
            return durations
        if self.kind in ("count", "count_named"):
            return self.counts
        return durations | self.counts

    def _counted_ok(self, word: str, before: list[str]) -> bool:
        """A number word, or the noun after a number, has to make a true count together with it."""
        if word == "nobody":
            return self.scene.people == 0
        if word in NUMBER_WORDS:
            value = NUMBER_WORDS[word]
            return word == "one" or value in self._numbers(list(self.people.values()))
        number = _value(before[-1]) if before else None
        if word == "them":
            # "2 of them" counts the asked people; "one of them" is said of one.
            counted = before[-2] if before[-1:] == ["of"] and len(before) > 1 and before[-2].isdigit() else None
            return counted is None or int(counted) == sum(1 for p in self.people.values() if p.state == "present")
        if number is None:
            return True
        if word in _HEADS:
            return number == self.scene.people
        if word == "unknown":
            return number == self.scene.unknown_people
        amounts = [seen_amount(p) for p in self.people.values() if p.state == "present" and p.spans]
        return (number, _PLURALS[word]) in amounts

    def _complete(self, text: str) -> bool:
        """What is judged by the whole text: how it opens, and who is said to be there."""
        return self.kind != "existence" or len(self.people) != 1 or _opens(text, doubt=not self.told)


def _opens(text: str, *, doubt: bool) -> bool:
    """Whether a text begins, or can still begin, as answers about existence do; without doubt with yes or no."""
    leads = EXISTENCE_LEADS if doubt else EXISTENCE_LEADS[:2]
    return any(lead.startswith(text) or (text.startswith(lead) and not text[len(lead)].isalnum()) for lead in leads)


def _contains(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _value(word: str) -> int | None:
    return int(word) if word.isdigit() else NUMBER_WORDS.get(word.lower())


def _stem(word: str) -> str:
    for ending in ("ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)]
    return word
