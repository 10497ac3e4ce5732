"""Answers about several people, held to who is there and who is not, word by word.

A small model keeps one person apart from the record's word "absent" well, three people badly. So an answer about
several is read as a walk over its words: which names stand together, which verb they get, what is declined. What a
person's state does not bear out is stopped at the word that would claim it. Answers about one person are not held:
there the model decides, and the agreement check marks it when it errs.
"""

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

from pvchat.chat.agreement import check
from pvchat.chat.evidence import by_first_seen, left_to_right, together_spans
from pvchat.chat.facts import SceneFacts, State, SubjectFacts
from pvchat.chat.lexicon import ANYWHERE_CAPITALS, NUMBER_WORDS, SENTENCE_STARTS
from pvchat.chat.partial_text import continues
from pvchat.chat.questions import QuestionKind
from pvchat.chat.told import talk_told

STATED_ONCE: tuple[QuestionKind, ...] = ("both", "either", "which", "count_named")
"""Kinds whose answer says of everybody once whether they are there."""
PAIRED: tuple[QuestionKind, ...] = ("relation", "order", "together", "earlier", "talks")
"""Kinds that come to the same as soon as one of the people is not there."""

_END = frozenset(".!?;:")
_JOINS = frozenset({"and", "or"})
_TURNS = frozenset({"but", "while", "whereas", "so", "because"})
_BEFORE_A_SUBJECT = frozenset({"only", "both", "yes", "no", "that", "well", "sorry"})
_HAS = frozenset({"is", "are"})
_DECLINING = frozenset({"can't", "cannot", "couldn't", "don't", "doesn't", "isn't", "aren't", "unclear"})
_DOUBTING = frozenset({"might", "may", "maybe", "perhaps", "possibly", "unsure", "uncertain"})
_AWAY = frozenset({"not", "absent", "missing", "nowhere", "never"})
_HERE = frozenset({"in", "both", "all", "seen", "visible", "here", "present"})


@dataclass(frozen=True)
class _Word:
    """One word, name or mark of the text.

    Attributes:
        text: lower case, or the name as it is written.
        person: whom a name means.
        open: it ends where the text ends, so it may be the beginning of a longer one.
    """

    text: str
    person: SubjectFacts | None = None
    open: bool = False


@dataclass
class _Walk:
    """Where the reading stands.

    Attributes:
        group: the people named side by side last. joined: a comma or "and" stands after them.
        governed: a word before them needs no verb behind them ("I see A").
        at: "start" of a clause, "group", "is" (a group's verb), "is not" or "free".
        doubt, decline: the clause says that it is not sure, or that something cannot be told.
        named: everybody named so far. last: the two words before, "#" for a name.
    """

    group: tuple[SubjectFacts, ...] = ()
    joined: bool = False
    governed: bool = False
    at: str = "start"
    doubt: bool = False
    decline: bool = False
    named: frozenset[str] = frozenset()
    last: tuple[str, str] = ("", "")

    @property
    def before(self) -> str:
        return self.last[1]

    def new_clause(self) -> None:
        self.group, self.joined, self.governed, self.at = (), False, False, "start"
        self.doubt = self.decline = False


@dataclass
class StateHold:
    """What may be said of several people.

    Args:
        scene: facts of the video. question: the user's. kind: of the question.
        people: the asked ones, at least two.
    """

    scene: SceneFacts
    question: str
    kind: QuestionKind
    people: Sequence[SubjectFacts]
    _by_name: dict[str, SubjectFacts] = field(init=False)
    _token: re.Pattern[str] = field(init=False)
    _leads: frozenset[str] = field(init=False)
    _present: int = field(init=False)
    _states_only: bool = field(init=False)

    def __post_init__(self) -> None:
        self._by_name = {p.name: p for p in self.people}
        names = "|".join(re.escape(n) for n in sorted(self._by_name, key=len, reverse=True))
        self._token = re.compile(rf"(?:{names})(?!\w)|[A-Za-z']+|\d[\d:]*|\S")
        asked = tuple(self._by_name)
        self._present = sum(p.state == "present" for p in self.people)
        apart = self.kind in PAIRED and self._present < len(self.people)
        self._states_only = self.kind in STATED_ONCE or apart
        self._leads = frozenset(
            lead.lower() for lead in ("Yes", "No") if check(f"{lead}.", self.question, self.scene, asked).agrees
        )

    def allows(self, text: str, tail: bytes = b"") -> bool:
        """Whether a text may be how the answer begins.

        Args:
            text: from its first word. tail: bytes of a letter that is not complete yet.
        """
        walk = _Walk()
        at = 0
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            fresh = at == 0 or not text[at - 1].isalnum()
            if fresh and self._begun(text[at:], tail):
                return self._last(walk, text[at:], tail)
            match = self._token.match(text, at)
            if match is None:
                return False
            at = match.end()
            if at == len(text):
                return self._last(walk, match.group(), tail)
            person = self._by_name.get(match.group())
            if not self._step(walk, _Word(match.group() if person else match.group().lower(), person)):
                return False
        return not tail or self._last(walk, "", tail)

    def _begun(self, rest: str, tail: bytes) -> list[SubjectFacts]:
        """The people whose name the rest of the text begins, or is."""
        return [p for n, p in self._by_name.items() if n.startswith(rest) and continues(n[len(rest) :], tail)]

    def _last(self, walk: _Walk, rest: str, tail: bytes) -> bool:
        """The word at the end, which may be a name begun or a word begun."""
        if any(self._step(copy(walk), _Word(p.name, p, open=True)) for p in self._begun(rest, tail)):
            return True
        word = re.fullmatch(r"[A-Za-z']+|\d[\d:]*|\S", rest)
        if tail or rest in self._by_name or word is None:
            return False
        if rest[0].isupper():
            opens = walk.before in ("", ".", "!", "?")
            ordinary = ANYWHERE_CAPITALS | SENTENCE_STARTS if opens else ANYWHERE_CAPITALS
            if not any(o.startswith(rest) for o in ordinary):
                return False
        return self._step(copy(walk), _Word(rest.lower(), open=True))

    # One step

    def _step(self, walk: _Walk, word: _Word) -> bool:
        fits = self._name(walk, word.person) if word.person else self._word(walk, word)
        walk.last = (walk.before, "#" if word.person else word.text)
        return fits

    def _name(self, walk: _Walk, person: SubjectFacts) -> bool:
        if walk.at in ("is", "is not"):
            return False
        if self._states_only and person.name in walk.named:
            return False
        if walk.joined:
            if any(p.name == person.name or p.state != person.state for p in walk.group):
                return False
        else:
            walk.group = ()
            walk.governed = walk.at != "start" and walk.before not in _BEFORE_A_SUBJECT
            if person.state not in self._sayable(walk):
                return False
        walk.group = (*walk.group, person)
        walk.named |= {person.name}
        walk.joined, walk.at = False, "group"
        return True

    def _sayable(self, walk: _Walk) -> tuple[State, ...]:
        """States of which a name may stand here."""
        if walk.doubt:
            return ("unsure",)
        return ("present",) if walk.decline or walk.governed else ("present", "absent")

    def _word(self, walk: _Walk, word: _Word) -> bool:
        text = word.text
        if text in _END or text in _TURNS:
            return self._ends_clause(walk) and self._may_turn(walk, text)
        if text == "," or text in _JOINS:
            return self._joins(walk, word)
        if walk.at == "group":
            return self._after_group(walk, word)
        if walk.at == "is":
            return self._after_is(walk, word)
        if walk.at == "is not":
            walk.at = "free"
            return _meets(word, frozenset({"in"}))
        if walk.before == "" and text in ("yes", "no") and self.kind != "count_named":
            walk.at = "free"
            return text in self._leads
        fresh = walk.at == "start" and walk.before != ""
        walk.at = "free"
        if self._states_only and fresh and walk.before not in ("yes", "no", ":"):
            # The next one has to be somebody of whom nothing is said yet.
            return _meets(word, _TURNS | ({"i"} if self._unsure_left(walk) else {"only"}))
        return self._free(walk, word)

    def _ends_clause(self, walk: _Walk) -> bool:
        bare = walk.at == "group" and not (walk.governed or walk.doubt or walk.decline)
        complete = not bare and walk.at not in ("is", "is not")
        walk.new_clause()
        return complete

    def _may_turn(self, walk: _Walk, mark: str) -> bool:
        """A sentence ends when everybody is named, and goes on when there is somebody left to speak of."""
        everybody = len(walk.named) == len(self._by_name)
        if mark in (".", "!", "?"):
            return everybody
        return not (everybody and self._states_only)

    def _joins(self, walk: _Walk, word: _Word) -> bool:
        if walk.at in ("is", "is not"):
            return False
        if walk.at != "group":
            if word.text == ",":
                # "I can't tell who is further left, A or B": what is declined goes on behind the comma.
                walk.group, walk.at = (), "start"
            else:
                walk.new_clause()
            return self._may_turn(walk, ";")
        walk.joined = True
        if walk.governed or walk.doubt or walk.decline:
            return True
        state = walk.group[0].state
        grouped = {p.name for p in walk.group}
        return any(p.state == state and p.name not in grouped | walk.named for p in self.people)

    def _after_group(self, walk: _Walk, word: _Word) -> bool:
        if walk.joined:
            # After a comma a list may also have ended; then this is a new clause, which needs one that is complete.
            if not (walk.governed or walk.doubt or walk.decline):
                return False
            walk.new_clause()
            return self._word(walk, word)
        states = {p.state for p in walk.group}
        begins = word.open and any(join.startswith(word.text) for join in _JOINS)
        if begins and self._joins(copy(walk), word):
            return True
        if states == {"absent"}:
            walk.at = "is"
            return _meets(word, _HAS)
        if states == {"present"} and not walk.decline and word.text in _HAS:
            walk.at = "is"
            return True
        walk.at = "free"
        return True

    def _after_is(self, walk: _Walk, word: _Word) -> bool:
        if walk.group[0].state == "absent":
            walk.at = "is not"
            return _meets(word, frozenset({"not"}))
        walk.at = "free"
        return _meets(word, _HERE) if self._states_only else word.text not in _AWAY

    def _free(self, walk: _Walk, word: _Word) -> bool:
        text, before = word.text, walk.before
        if before == "am":
            expected = {"not"} if self._unsure_left(walk) else {"sure"}
            walk.doubt = "not" in expected
            return _meets(word, frozenset(expected))
        if walk.last == ("am", "not"):
            return _meets(word, frozenset({"sure"}))
        if before == "of" and (walk.last[0].isdigit() or walk.last[0] in (*NUMBER_WORDS, "none")):
            return _meets(word, frozenset({"them"}))
        if (self._states_only and before == "in") or walk.last == ("not", "in"):
            return _meets(word, frozenset({"this"}))
        if walk.last == ("in", "this"):
            return _meets(word, frozenset({"video"}))
        if self.kind == "count_named" and before == "":
            return self._counts(word)
        if text in _DOUBTING:
            walk.doubt = True
            return self._unsure_left(walk)
        if text in _DECLINING or (text == "not" and before in ("does", "do", "could", "can", "is")):
            walk.decline = True
            return self._may_decline()
        if text in ("not", "never", "different") and self.kind == "together":
            return not together_spans(self.people)
        if text == "both":
            return self._present > 1
        if text == "only":
            return 0 < self._present < len(self.people) or self.kind not in STATED_ONCE
        if text in ("neither", "none", "nobody"):
            return self._present == 0
        return True

    def _counts(self, word: _Word) -> bool:
        """ "2 of them: ..." and "None of them: ..."."""
        if word.text.isdigit() or word.text in NUMBER_WORDS:
            number = int(word.text) if word.text.isdigit() else NUMBER_WORDS[word.text]
            return 0 < self._present == number
        return self._present == 0 and _meets(word, frozenset({"none"}))

    def _unsure_left(self, walk: _Walk) -> bool:
        return any(p.state == "unsure" and p.name not in walk.named for p in self.people)

    def _may_decline(self) -> bool:
        """Whether anything that was asked cannot be told of the people who are there."""
        if self.kind in (*STATED_ONCE, "together", "count"):
            return False
        if self.kind in ("relation", "order"):
            return self._present == len(self.people) and not left_to_right(self.people)
        if self.kind == "talks":
            told = talk_told(self.scene, self.question, tuple(self._by_name))
            return self._present == len(self.people) and told is None
        if self.kind == "earlier":
            known = by_first_seen(self.people) or together_spans(self.people)
            return self._present == len(self.people) and not known
        return self._present > 0


def _meets(word: _Word, expected: frozenset[str]) -> bool:
    return word.text in expected or (word.open and any(e.startswith(word.text) for e in expected))
