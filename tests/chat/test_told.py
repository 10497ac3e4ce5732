"""What the record tells is said and not declined; what it does not tell is declined."""

import pytest

from pvchat.chat.constrain import Constraint
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.questions import QuestionKind
from pvchat.chat.told import is_told

FULL = SubjectFacts("Ana", "present", 0.9, ((0.0, 4.0),), place="left", upper="red", actions=("talking",))
BARE = SubjectFacts("Bo", "present", 0.9, ((0.0, 4.0),))
GONE = SubjectFacts("Cem", "absent", 0.1)


@pytest.mark.parametrize("kind", ["existence", "appearance", "upper", "action", "location", "time"])
def test_told_needs_the_fact_for_everybody_asked(kind: QuestionKind) -> None:
    always = kind in ("existence", "time")
    assert is_told(kind, [FULL]) is True
    assert is_told(kind, [BARE]) is always
    assert is_told(kind, [FULL, BARE]) is (True if always else None)
    assert is_told(kind, [FULL, GONE]) is None
    assert is_told(kind, []) is None


@pytest.mark.parametrize(
    ("facts", "question", "text", "allowed"),
    [
        (FULL, "What is Ana wearing?", "I can't tell", False),
        (FULL, "What is Ana wearing?", "Ana is wearing a red top", True),
        (FULL, "What is Ana wearing on the legs?", "I can't tell", True),
        (BARE, "What is Bo wearing?", "I can't tell", True),
        (GONE, "What is Cem wearing?", "I can't tell, because Cem is not in this video", True),
        (FULL, "How old is Ana?", "I can't tell", True),
        (FULL, "How old is Ana?", "Ana", False),
        (FULL, "Is Ana wearing a hat?", "Yes, Ana", False),
        (BARE, "What is Bo wearing?", "Bo", False),
        (BARE, "What is Bo wearing?", "I am not sure", False),
        (BARE, "What is Bo wearing?", "I can't tell what Bo is wearing", True),
        (FULL, "What is Ana doing?", "Ana is wearing a red top.", False),
        (FULL, "What is Ana doing?", "Ana is talking.", True),
        (FULL, "Can you see Ana anywhere?", "I am not", False),
        (FULL, "Can you see Ana anywhere?", "Yes, Ana", True),
        (FULL, "Where is Ana?", "Ana is in this video.", False),
    ],
)
def test_declining_is_for_what_the_record_does_not_tell(
    facts: SubjectFacts, question: str, text: str, allowed: bool
) -> None:
    constraint = Constraint(SceneFacts(4.0, (facts,), 1, 0), question)
    assert all(constraint.allows(text[:i], text[i]) for i in range(len(text))) is allowed
    free = Constraint(SceneFacts(4.0, (facts,), 1, 0), question, use_record=False)
    assert all(free.allows(text[:i], text[i]) for i in range(len(text)))
