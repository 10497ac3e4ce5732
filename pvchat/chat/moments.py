"""When somebody does something: what a question asks for, and when it is seen.

The record knows it for each doing; it is read off there, not worded by the model.
"""

from pvchat.chat.claims import said_actions
from pvchat.chat.facts import SubjectFacts
from pvchat.perception.record import Span


def asked_doings(text: str) -> frozenset[str]:
    """Words of `pvchat.perception.words.DOINGS` that a question or an answer, in lower case, speaks of."""
    return frozenset(word for _, words in said_actions(text) for word in words)


def moments_of(facts: SubjectFacts, text: str) -> list[Span]:
    """When somebody does what a text, in lower case, speaks of; empty where that is not told."""
    words = asked_doings(text)
    return [span for word, spans in facts.moments if word in words for span in spans]
