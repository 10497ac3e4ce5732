"""Follow-ups mean whom the conversation is about."""

import pytest

from pipelines.conversation import resolve

KNOWN = ["Maria", "Tom Berg", "Ana María"]


@pytest.mark.parametrize(
    ("question", "earlier", "expected", "names"),
    [
        ("Is Tom Berg here?", ["Is Maria here?"], "Is Tom Berg here?", ["Tom Berg"]),
        ("What is she wearing?", ["Is Maria here?"], "What is Maria wearing?", ["Maria"]),
        ("Where is he?", ["Is Maria here?", "And Tom Berg?"], "Where is Tom Berg?", ["Tom Berg"]),
        ("What colour is her top?", ["Is Ana María here?"], "What colour is Ana María's top?", ["Ana María"]),
        ("Who is with her?", ["Is Maria here?"], "Who is with Maria?", ["Maria"]),
        ("Is his jacket red?", ["Is Tom Berg here?"], "Is Tom Berg's jacket red?", ["Tom Berg"]),
        ("And where are they?", ["Are Maria and Tom Berg here?"], "And where are they?", ["Maria", "Tom Berg"]),
        ("How many people are there?", [], "How many people are there?", []),
        ("The theatre is there?", ["Is Maria here?"], "The theatre is there?", ["Maria"]),
        ("Is she here?", ["What a nice day."], "Is she here?", []),
    ],
)
def test_pronouns_stand_for_the_last_person_named(
    question: str, earlier: list[str], expected: str, names: list[str]
) -> None:
    assert resolve(question, earlier, KNOWN) == (expected, names)
