"""Constraint on generated answers: no name, time, number, place, colour or action that the record does not bear out.

Used token by token: the decoder offers its likeliest tokens in order and takes the first one that is allowed. The
text so far is read anew each time (an answer has at most forty words), so that the constraint has no state to keep in
step with the decoder.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from pvchat.chat.agreement import check
from pvchat.chat.facts import SceneFacts, State, SubjectFacts
from pvchat.chat.hold_numbers import NumberHold
from pvchat.chat.hold_states import StateHold
from pvchat.chat.hold_words import Place, WordHold
from pvchat.chat.lexicon import ANSWER_WORDS, ANYWHERE_CAPITALS, SENTENCE_STARTS, WORD
from pvchat.chat.looks import claims_garments
from pvchat.chat.partial_text import REPLACEMENT, continues, split_incomplete, string
from pvchat.chat.questions import asked_names, kind_of, masked, mentioned, plain
from pvchat.chat.told import DECLINING, DOUBTING, is_told, opens_declining, tells

MAX_WORDS = 40
_SAID_OF: dict[State, str] = {"absent": "{} is not in this video", "unsure": "not sure"}
EXISTENCE_LEADS = ("Yes", "No", "I am not sure")

_TOKEN = re.compile(r"\d[\d:]*|[A-Za-z]+(?:['\-][A-Za-z]+)*|\s+|.", re.DOTALL)
_BREAK = re.compile(r"[.!?;:](?=\s|$)|, (?:and|but|while|so|because)\b| (?:but|while)\b")
_RUN_ON = re.compile(r"[a-z][.!?][A-Za-z]")


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
        self.kind = kind_of(question, self.required or tuple(s.name for s in scene.subjects))
        if self.kind == "setting" and not mentioned(question, self.required):
            # It is about the picture, whoever is in it.
            self.required = ()
        allowed = set(self.required) or {s.name for s in scene.subjects}
        self.people = {s.name: s for s in scene.subjects if s.name in allowed}
        self.names = sorted(allowed, key=len, reverse=True)
        self.banned = frozenset("\n\r\t<>{}[]|#*_@\\") - set("".join(allowed))
        self.question_words = frozenset(w.lower() for w in WORD.findall(question))
        people = list(self.people.values())
        self.asked_text = masked(question, tuple(self.people))
        self.numbers = NumberHold(scene, self.kind, self.people)
        stems = re.findall(r"[a-z]+", plain(question))
        garments = claims_garments(self.kind, self.asked_text)
        self.words = WordHold(scene, self.kind, self.people, stems, garments, self.numbers)
        self.told = is_told(self.kind, people, self.asked_text) if use_record else None
        about_people = use_record and self.kind != "setting"
        if use_record and not about_people:
            self.told = bool(scene.setting or scene.things)
        self.states = StateHold(scene, question, self.kind, people) if about_people and len(people) > 1 else None
        one = people[0] if about_people and len(people) == 1 else None
        self.state_said = _SAID_OF.get(one.state, "").format(one.name) if one is not None else ""
        self.false_leads = self._false_leads(question, one) if one is not None else ()

    def _false_leads(self, question: str, person: SubjectFacts) -> tuple[str, ...]:
        """Which of yes and no the record does not bear out, where one thing is asked about somebody who is there."""
        if person.state != "present" or not self.kind.startswith("is_"):
            return ()
        leads = ("Yes", "No")
        return tuple(lead for lead in leads if not check(f"{lead}.", question, self.scene, tuple(self.people)).agrees)

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
        declines = DECLINING.search(text)
        ends = text[-1:] in (".", "!", "?")
        if self.state_said and declines and ends:
            # Of somebody who is not surely there, that is what there is to say.
            return self.state_said in text
        if self.told is None:
            return True
        if self.told:
            return not declines and (not ends or tells(self.kind, text, list(self.people.values()), self.asked_text))
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
            if not self.use_record:
                return True
            place = self._place(text, pieces)
            return self.numbers.allows(word, place.clause, [p.text for p in pieces[:-1]], place.about, open_ended)
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
        word = word.lower()
        return not self.use_record or not self.words.claims(word) or self.words.allows(word, self._place(text, pieces))

    def _capital_ok(self, text: str, piece: _Piece, open_ended: bool) -> bool:
        before = text[: piece.start].rstrip()
        first = not before or before[-1] in ".!?"
        fits = ANYWHERE_CAPITALS | SENTENCE_STARTS if first else ANYWHERE_CAPITALS
        if piece.text in fits:
            return True
        return open_ended and any(word.startswith(piece.text) for word in fits)

    # Facts

    def _place(self, text: str, pieces: list[_Piece]) -> Place:
        """Where the last piece stands: the clause before it, and the people that is about."""
        end = pieces[-1].start
        breaks = [m.end() for m in _BREAK.finditer(text, 0, end)]
        start = breaks[-1] if breaks else 0
        names = [p for p in pieces[:-1] if p.name]
        inside = [p.text for p in names if p.start >= start]
        chosen = inside or [p.text for p in names[-1:]] or list(self.people)
        return Place(
            clause=text[start:end].lower(),
            about=[self.people[n] for n in chosen if n in self.people],
            before=[p.text.lower() for p in pieces[:-1]],
            names=[p.text for p in names],
        )

    def _complete(self, text: str) -> bool:
        """What is judged by the whole text: how it opens, and who is said to be there."""
        if any(text.startswith(lead) or (len(text) > 1 and lead.startswith(text)) for lead in self.false_leads):
            return False
        return self.kind != "existence" or len(self.people) != 1 or _opens(text, doubt=not self.told)


def _opens(text: str, *, doubt: bool) -> bool:
    """Whether a text begins, or can still begin, as answers about existence do; without doubt with yes or no."""
    leads = EXISTENCE_LEADS if doubt else EXISTENCE_LEADS[:2]
    return any(lead.startswith(text) or (text.startswith(lead) and not text[len(lead)].isalnum()) for lead in leads)


def _contains(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None
