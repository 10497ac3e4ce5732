"""An answer that speaks of something else than was asked is not taken."""

import pytest

from pvchat.dialogue.on_topic import is_on_topic
from pvchat.dialogue.state import Topic

SEEN = "Maria is seen from 0:00 to 0:04."


@pytest.mark.parametrize(
    ("answer", "by_rule", "topic", "expected"),
    [
        ("Maria is visible from 0:00 to 0:04.", SEEN, "time", True),
        ("I see 2 people in this video.", SEEN, "time", False),
        (SEEN, "Maria is seen from 0:00 to 0:04 and from 0:06 to 0:09.", "time", False),
        (
            "Maria is seen from 0:00 to 0:04 and 0:06 to 0:09.",
            "Maria is seen from 0:00 to 0:04 and from 0:06 to 0:09.",
            "time",
            True,
        ),
        ("Maria is on the left side.", "Maria is on the left.", "location", True),
        ("Maria is near the camera.", "Maria is on the left.", "location", False),
        ("I can't tell where Maria is.", "I can't tell where Maria is from this video.", "location", True),
        ("Maria has a red top on.", "Maria is wearing a red top.", "appearance", True),
        ("Maria is in this video.", "Maria is wearing a red top.", "appearance", False),
        ("Maria is in this video.", "Maria is talking.", "action", False),
        ("Maria and Tom are in this video.", "Yes, Maria and Tom are seen together.", "together", False),
        ("I can't tell what Maria's hair is like.", "Maria is not in this video.", "hair", False),
        ("I can't tell how old Leo is.", "I am not sure whether Leo is in this video.", "unanswerable", False),
        ("I am not sure that it is Leo.", "I am not sure whether Leo is in this video.", "hair", True),
        ("Maria is in this video.", "Maria has long brown hair.", "hair", False),
        ("Maria's hair is brown.", "Maria has long brown hair.", "hair", True),
        ("Maria is in a red top.", "Maria is wearing a striped red sweater.", "garment", True),
        ("Maria is here.", "Maria is wearing a striped red sweater.", "pattern", False),
        ("Maria is here.", "Maria is sitting.", "posture", False),
        ("I see Maria in this video.", "It looks like this video was filmed on a street.", "setting", False),
        ("Maria is here, but Tom is here.", "Maria is on the left and Tom is on the right.", "order", False),
        ("Maria is to the left of Tom.", "Maria is on the left and Tom is on the right.", "order", True),
        ("Maria and Tom are here.", "Maria is seen before Tom.", "earlier", False),
        (".", SEEN, "existence", False),
        ("Maria is here " + "in this video " * 15, SEEN, "existence", False),
    ],
)
def test_what_was_asked_has_to_be_told(answer: str, by_rule: str, topic: Topic, expected: bool) -> None:
    assert is_on_topic(answer, by_rule, topic) is expected
