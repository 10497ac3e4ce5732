"""Questions as they are asked: what may be one, and whom it means when it names nobody."""

import re
from collections.abc import Sequence

from pipelines import names
from pvchat.errors import QuestionError

LONGEST_QUESTION = 2000

_PRONOUN = re.compile(r"\b(?:he|she|him|they|them|this person|that person|the person)\b", re.IGNORECASE)
# "her" before a noun is a possessive; "with her?" is not.
_POSSESSIVE = re.compile(r"\b(?:his|their|her(?=\s+\w))\b", re.IGNORECASE)
_HER = re.compile(r"\bher\b", re.IGNORECASE)


def resolve(question: str, earlier: Sequence[str], enrolled: Sequence[str]) -> tuple[str, list[str]]:
    """Put names where a follow-up has pronouns.

    Args:
        question: the newest question.
        earlier: the questions before it in this conversation, oldest first.
        enrolled: names of everybody who can be meant.

    Returns:
        The question as it can be asked by itself, and whom it means: the people it names, else those of the newest
        earlier question that names somebody; nobody when none does.

    Raises:
        SubjectError: a mention could be several people.
    """
    here = names.mentioned(question, enrolled)
    if here:
        return question, here
    meant = next((found for text in reversed(earlier) if (found := names.mentioned(text, enrolled))), [])
    if len(meant) != 1:
        return question, meant
    (name,) = meant
    text = _POSSESSIVE.sub(lambda _: f"{name}'s", question)
    text = _HER.sub(lambda _: name, text)
    return _PRONOUN.sub(lambda _: name, text), meant


def check_question(question: str) -> str:
    """The question on one line, without control characters.

    Raises:
        QuestionError: it is empty or longer than 2000 characters.
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in question).split())
    if not text:
        raise QuestionError('the question is empty; ask something like "Is Maria in this video?"')
    if len(question.strip()) > LONGEST_QUESTION:
        raise QuestionError(f"the question has {len(question.strip())} characters; use at most {LONGEST_QUESTION}")
    return text
