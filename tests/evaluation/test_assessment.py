"""What a comparison came to, by kind, type and group."""

import json
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from pvchat.chat.questions import TYPE_OF, QuestionKind, QuestionType
from pvchat.evaluation.assessment import GROUPS, Answered, Assessment, Counts

COUNTS = st.builds(Counts, st.integers(20, 99), st.integers(0, 20), st.integers(0, 20))
ANSWERED = st.builds(Answered, st.sampled_from(get_args(QuestionKind)))
ASSESSMENTS = st.builds(
    Assessment,
    st.dictionaries(st.sampled_from(get_args(QuestionKind)), COUNTS),
    st.dictionaries(st.sampled_from(GROUPS), COUNTS),
    st.lists(ANSWERED, max_size=3).map(tuple),
    st.lists(ANSWERED, max_size=3).map(tuple),
)


def test_every_kind_of_question_has_a_type_and_every_type_a_kind() -> None:
    assert set(TYPE_OF) == set(get_args(QuestionKind))
    assert set(TYPE_OF.values()) == set(get_args(QuestionType))


@given(ASSESSMENTS)
def test_an_assessment_survives_json(found: Assessment) -> None:
    again = Assessment.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert json.dumps(again.to_dict()) == json.dumps(found.to_dict())


@given(ASSESSMENTS)
def test_types_and_kinds_add_up_to_the_same(found: Assessment) -> None:
    total = sum(found.by_type.values(), Counts())
    assert total == found.total
    assert total.instant_right + total.instant_errors == total.asked == total.trained_right + total.trained_errors
    assert found.worse is (total.trained_errors > total.instant_errors)


def test_kinds_of_one_type_are_taken_together() -> None:
    found = Assessment({"upper": Counts(4, 1, 2), "is_colour": Counts(3, 1, 0), "time": Counts(2, 2, 2)})
    assert found.by_type == {"appearance": Counts(7, 2, 2), "location": Counts(2, 2, 2)}
