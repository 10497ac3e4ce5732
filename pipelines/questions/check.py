"""Checks of a row: no name but those asked for, nothing the record contradicts, a refusal where somebody is absent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipelines.questions.rows import QuestionRow
from pvchat.chat.agreement import check
from pvchat.chat.constrain import MAX_WORDS
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.lexicon import ANSWER_WORDS, WORD
from pvchat.chat.questions import TYPE_OF
from pvchat.evaluation.answers import fault_of_form, holds, refuses, without_names
from pvchat.training.names import FAMILY, GIVEN


@dataclass(frozen=True)
class Sifted:
    """Rows apart.

    Attributes:
        kept: nothing is wrong with them. rejected: with what is wrong.
    """

    kept: tuple[QuestionRow, ...]
    rejected: tuple[tuple[QuestionRow, tuple[str, ...]], ...]


def sift(rows: Sequence[QuestionRow], facts: Mapping[str, SceneFacts], names: Collection[str]) -> Sifted:
    """Part the rows that may be trained on from those that may not.

    Args:
        rows: of any clips. facts: by clip, where they are known. names: of everybody enrolled.
    """
    judged = [(row, tuple(problems(row, facts.get(row.clip), names))) for row in rows]
    kept = tuple(row for row, wrong in judged if not wrong)
    return Sifted(kept, tuple((row, wrong) for row, wrong in judged if wrong))


def problems(row: QuestionRow, facts: SceneFacts | None, names: Collection[str]) -> list[str]:
    """What is wrong with a row; nothing when it may be trained on.

    Args:
        row: one question.
        facts: of its clip, None where they are not known; then only the words themselves are judged.
        names: of everybody enrolled, whom the row may name only if it asks about them.
    """
    found = [_fault_of_length(part, text) for part, text in (("question", row.question), ("answer", row.answer))]
    found += [_foreign(part, text, row, names) for part, text in (("question", row.question), ("answer", row.answer))]
    if TYPE_OF[row.kind] != row.type:
        found.append(f"a question of kind {row.kind} is of type {TYPE_OF[row.kind]}, not {row.type}")
    found.append(fault_of_form(row.answer, row.subjects) if row.subjects else None)
    if facts is not None:
        found.append(_contradiction(row, facts))
    if not row.present and len(row.subjects) == 1 and not refuses(row.answer, row.subjects[0]):
        doubted = facts is not None and _state(facts, row.subjects[0]) == "unsure"
        if not doubted:
            found.append(f"{row.subjects[0]} is absent, and the answer does not say so")
    return list(dict.fromkeys(wrong for wrong in found if wrong))


def says_absent(question: str, answer: str, name: str) -> bool:
    """Whether an answer, in whatever words, takes the person asked about for absent."""
    absent, present = (
        check(answer, question, SceneFacts(0.0, (SubjectFacts(name, state),), 1, 1), (name,)).agrees
        for state in ("absent", "present")
    )
    return absent and not present


def foreign_names(text: str, allowed: Collection[str], names: Collection[str]) -> list[str]:
    """Names in a text that are not allowed there: of `names`, and every name that training draws from.

    Args:
        text: a question or an answer. allowed: names it may have. names: others that somebody is known by.
    """
    rest = without_names(text, allowed)
    known = [
        name
        for name in names
        if name not in allowed
        and (holds(rest, name) or (name.lower() not in ANSWER_WORDS and holds(rest.lower(), name.lower())))
    ]
    words = {word.removesuffix("'s").removesuffix("\u2019s") for word in WORD.findall(rest)}
    return [*known, *sorted(words & _names_of_training())]


@cache
def _names_of_training() -> frozenset[str]:
    return frozenset((*GIVEN, *FAMILY))


def _fault_of_length(part: str, text: str) -> str | None:
    if not text.strip():
        return f"the {part} is empty"
    if len(text.split()) > MAX_WORDS:
        return f"the {part} has {len(text.split())} words, more than {MAX_WORDS}"
    return None


def _foreign(part: str, text: str, row: QuestionRow, names: Collection[str]) -> str | None:
    # Questions are written as carelessly as people write: a name without its capitals is still allowed.
    allowed = [form for name in row.subjects for form in (name, name.lower())]
    found = foreign_names(text, allowed, [n for n in names if n not in row.subjects])
    return f"the {part} names {', '.join(found)}" if found else None


def _contradiction(row: QuestionRow, facts: SceneFacts) -> str | None:
    states = [_state(facts, name) for name in row.subjects]
    if row.present != all(state == "present" for state in states):
        told = ", ".join(f"{name} is {state}" for name, state in zip(row.subjects, states, strict=True))
        return f"the row says present: {row.present}, the facts say {told}"
    result = check(row.answer, row.question, facts, row.subjects)
    return None if result.agrees else f"the answer {result.why}"


def _state(facts: SceneFacts, name: str) -> str:
    return next((s.state for s in facts.subjects if s.name == name), "absent")
