"""Score replies against the truth: pure functions from cases and replies to figures.

A reply has a text when the language model answered. Without one (identity and perception measured alone) the decision
and the facts are scored instead, by the same rules.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil

from benchmarks.people.cases import Case, Row
from pvchat.chat.evidence import left_to_right
from pvchat.chat.facts import SceneFacts, State
from pvchat.chat.lexicon import COLOUR_WORDS
from pvchat.evaluation.answers import WORD, Existence, fault_of_form, holds, read_existence, refuses, without_names
from pvchat.perception.record import Span

NO_SPAN_ERROR_S = 60.0
SPAN_MISS_S = 0.5
_NEGATION = re.compile(r"\b(?:not|no|none|neither|nobody|nor|cannot)\b|n['’]t\b", re.IGNORECASE)
_EXCEPTION = re.compile(r"\b(?:only|but|except|just)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    """What came back for a case.

    Attributes:
        text: the answer; None when only decisions were made.
        states: decision per asked name. spans: seconds per asked name.
        agrees: the model's own agreement check, None without a model.
        facts: the facts, where they are known.
        seconds: wall time of the question.
    """

    text: str | None
    states: dict[str, State]
    spans: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    agrees: bool | None = None
    facts: SceneFacts | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """A case and its reply."""

    case: Case
    reply: Reply


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        value: the figure, None when nothing was measured. n: over how many cases.
        misses: one line per case that counts against it.
    """

    value: float | None
    n: int
    misses: tuple[str, ...] = ()


def says(reply: Reply, name: str) -> Existence:
    """What the reply says about one person's presence."""
    return reply.states.get(name, "absent") if reply.text is None else read_existence(reply.text)


def names_someone(case: Case, reply: Reply) -> list[str]:
    """Asked people, none of whom is in the clip, whom the reply calls present: by decision or in words."""
    strangers = [n for n, there in zip(case.names, case.present, strict=True) if not there]
    named = {n for n in strangers if reply.states.get(n) == "present"}
    if reply.text is not None:
        # Who is refused by name, or doubted, is not named; what is left of the text is read.
        rest = _without_refused_or_doubted(reply.text, strangers)
        negated = _NEGATION.search(rest) is not None and _EXCEPTION.search(rest) is None
        if not negated or read_existence(reply.text) == "present":
            named |= {n for n in strangers if holds(rest, n)}
    return sorted(named)


def _without_refused_or_doubted(text: str, names: Sequence[str]) -> str:
    one = "(?:" + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) + r")(?!\w)"
    # Of "not sure about A and B is here" only A is doubted: a list that a verb follows is shortened by its last name.
    doubted = rf"I am not sure (?:about {one}(?:(?:, | and ){one})*(?! (?:is|are|appears?|can)\b)|(?:whether|if) {one})"
    return re.sub(rf"(?<!\w){one} is not in this video(?!\w)|{doubted}", "", text)


def right_existence(case: Case, reply: Reply) -> bool:
    """The text says what is true and, where evidence lines were used, the decision does too."""
    truth = "present" if case.present[0] else "absent"
    by_decision = not case.use_evidence or reply.states.get(case.names[0], "absent") == truth
    return says(reply, case.names[0]) == truth and by_decision


def wrong_and_sure(case: Case, reply: Reply) -> bool:
    """A plain Yes or No that is wrong."""
    wrong = "absent" if case.present[0] else "present"
    return says(reply, case.names[0]) == wrong


def is_unsure(case: Case, reply: Reply) -> bool:
    """The reply does not commit itself."""
    return says(reply, case.names[0]) in ("unsure", "unread")


def right_place(case: Case, reply: Reply) -> bool:
    """The answer holds the right place word and no other."""
    if reply.text is None:
        return reply.facts is not None and reply.facts.subjects[0].place == case.place
    words = set(WORD.findall(without_names(reply.text, case.names).lower()))
    said = {"middle" if w in ("centre", "center") else w for w in words} & {"left", "middle", "right"}
    return said == {case.place}


def right_order(case: Case, reply: Reply) -> bool:
    """Yes or No about a relation, or the right person on the asked side, as the question asks."""
    first_left = case.first_left
    if first_left is None:
        return False
    if reply.text is None:
        order = left_to_right(reply.facts.subjects) if reply.facts else ()
        return order == (case.names if first_left else case.names[::-1])
    if case.kind == "relation" and read_existence(reply.text) in ("present", "absent"):
        true = first_left == (case.side == "left")
        return (read_existence(reply.text) == "present") == true
    said = first_is_left(reply.text, case.names)
    return said is not None and said == first_left


def first_is_left(text: str, names: Sequence[str]) -> bool | None:
    """Whether a sentence puts the first of two people left of the second; None when it does not say.

    It reads "A is to the left of B", "A is on the left, and B is on the right", "B is further right than A", "A, then
    B from left to right": the side word that follows a name speaks of that name.
    """
    found = sorted(
        (match.start(), word)
        for word in ("left", "right", *names)
        for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text)
    )
    order = [word for _, word in found]
    if "from left to right" in text.lower():
        people = [w for w in order if w in names]
        return people[0] == names[0] if people else None
    for person, word in pairwise(order):
        if person in names and word in ("left", "right"):
            return (word == "left") == (person == names[0])
    return None


def span_error_s(case: Case, reply: Reply) -> float:
    """Largest distance of the first start and the last end from the truth, in seconds."""
    spans = reply.spans.get(case.names[0], ())
    if case.span is None or not spans:
        return NO_SPAN_ERROR_S
    return max(abs(min(s for s, _ in spans) - case.span[0]), abs(max(e for _, e in spans) - case.span[1]))


def right_words(case: Case, reply: Reply) -> bool:
    """An accepted word and no excluded one; for colours, no colour that is not accepted either."""
    if reply.text is None:
        subject = reply.facts.subjects[0] if reply.facts else None
        said = "" if subject is None else (subject.upper or "") if case.row == "colour" else " ".join(subject.actions)
    else:
        said = without_names(reply.text, case.names).lower()
    if case.row == "colour":
        words = set(WORD.findall(said))
        accepted = {COLOUR_WORDS.get(w, w) for w in case.accept} | set(case.accept)
        colours = {w for w in words if w in COLOUR_WORDS}
        return bool(words & set(case.accept) or {COLOUR_WORDS[w] for w in colours} & accepted) and all(
            COLOUR_WORDS[w] in accepted for w in colours
        )
    return any(holds(said, w) for w in case.accept) and not any(holds(said, w) for w in case.exclude)


def right_refusal(case: Case, reply: Reply) -> bool:
    """ "NAME is not in this video", word for word."""
    if reply.text is None:
        return reply.states.get(case.names[0], "absent") == "absent"
    return refuses(reply.text, case.names[0])


def share(outcomes: Iterable[Outcome], good: Callable[[Case, Reply], bool], *, count_bad: bool = False) -> Figure:
    """The share of outcomes that are good; with `count_bad`, `good` marks the bad ones and their share is given."""
    chosen = list(outcomes)
    marked = [good(o.case, o.reply) for o in chosen]
    bad = [o for o, mark in zip(chosen, marked, strict=True) if mark == count_bad]
    return Figure(sum(marked) / len(marked) if marked else None, len(chosen), tuple(describe(o) for o in bad))


def describe(outcome: Outcome) -> str:
    """One line about a case: what was asked, what is true, what came back."""
    case, reply = outcome.case, outcome.reply
    truth = ", ".join(f"{p} {'present' if t else 'absent'}" for p, t in zip(case.people, case.present, strict=True))
    wanted = "; ".join(
        str(x)
        for x in (
            case.place if case.row == "place" else None,
            f"first left: {case.first_left}" if case.row == "order" else None,
            f"any of {'/'.join(case.accept)}" if case.accept else None,
        )
        if x
    )
    states = ", ".join(f"{p} {reply.states.get(n, 'absent')}" for p, n in zip(case.people, case.names, strict=True))
    said = _said_by_facts(reply) if reply.text is None else f'"{reply.text}"'
    return (
        f"[{case.label}] {case.question} truth: {truth}{'; ' + wanted if wanted else ''}; got {states} {said}".strip()
    )


def _said_by_facts(reply: Reply) -> str:
    if reply.facts is None:
        return ""
    return "; ".join(
        " ".join(str(x) for x in (f"{s.score:.2f}", s.place, s.upper, "/".join(s.actions), s.spans) if x)
        for s in reply.facts.subjects
    )


def percentile(values: Sequence[float], p: float) -> float | None:
    """The smallest value that at least p (0..1) of the values do not exceed; None of nothing."""
    return sorted(values)[max(0, ceil(p * len(values)) - 1)] if values else None


def figures(outcomes: Sequence[Outcome], enrolled: Sequence[str]) -> dict[str, Figure]:
    """Every figure that answers give, over these outcomes.

    Args:
        outcomes: cases and replies.
        enrolled: all names of the run, for `wellformed`.
    """

    def rows(*wanted: Row) -> list[Outcome]:
        return [o for o in outcomes if o.case.row in wanted]

    def labelled(row: Row, *, own: bool) -> list[Outcome]:
        return [o for o in rows(row) if o.case.own_label == own]

    def there(chosen: Iterable[Outcome], present: bool) -> list[Outcome]:
        return [o for o in chosen if o.case.present[0] == present]

    answered = [o for o in outcomes if o.reply.text is not None]
    checked = [o for o in answered if o.case.use_evidence and o.reply.agrees is not None]
    spans = [o for o in there(rows("same"), True) if o.case.span is not None and " > " in o.case.label]
    errors = [span_error_s(o.case, o.reply) for o in spans]
    strangers = rows("stranger")
    named = [(o, names_someone(o.case, o.reply)) for o in strangers]
    return {
        "present": share(there(rows("same"), True), right_existence),
        "absent": share(there(rows("same"), False), right_existence),
        "cross_present": share(there(rows("cross"), True), right_existence),
        "cross_absent": share(there(rows("cross"), False), right_existence),
        "model_present": share(there(rows("model"), True), right_existence),
        "model_absent": share(there(rows("model"), False), right_existence),
        "strangers_named": Figure(
            float(sum(len(n) for _, n in named)) if strangers else None,
            sum(len(o.case.names) for o in strangers),
            tuple(describe(o) for o, n in named if n),
        ),
        "wrong_and_sure": share(rows("degraded"), wrong_and_sure, count_bad=True),
        "unsure_clean": share(rows("same", "cross"), is_unsure, count_bad=True),
        "place": share(rows("place"), right_place),
        "order": share(rows("order"), right_order),
        "span_error_s_p95": Figure(
            percentile(errors, 0.95),
            len(errors),
            tuple(
                f"{e:.2f} s off: {describe(o)} true {o.case.span}"
                for o, e in zip(spans, errors, strict=True)
                if e > 0.5
            ),
        ),
        "colour": share(labelled("colour", own=False), right_words),
        "action": share(labelled("action", own=False), right_words),
        "colour_own": share(labelled("colour", own=True), right_words),
        "action_own": share(labelled("action", own=True), right_words),
        "refusal": share(rows("refusal"), right_refusal),
        "wellformed": _wellformed(answered, enrolled),
        "disagreement": share(checked, lambda _, reply: reply.agrees is False, count_bad=True),
    }


def _wellformed(answered: Sequence[Outcome], enrolled: Sequence[str]) -> Figure:
    faults = [(o, fault_of_form(o.reply.text or "", o.case.names, enrolled)) for o in answered]
    bad = tuple(f"{fault}: {describe(o)}" for o, fault in faults if fault)
    return Figure(1 - len(bad) / len(faults) if faults else None, len(faults), bad)
