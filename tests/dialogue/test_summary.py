"""Summaries say what the record says, in two to five sentences, and nothing else."""

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from pvchat.chat.agreement import check
from pvchat.dialogue.summary import MOST_SENTENCES, about, asked_by, summary
from tests.chat.scenes import random_scene
from tests.dialogue.talks import Talk, video


def test_a_summary_goes_by_time_and_counts_strangers() -> None:
    talk = Talk([video("c.mp4", ("Tom", 0.8, (5, 9)), ("Maria", 0.2, (0, 7)), ("?", 0.5, (1, 2)))])
    assert talk("Summarise the video") == (
        "Maria is seen from 0:00 to 0:07, on the left. Tom is seen from 0:05 to 0:09, on the right. "
        "Maria and Tom are seen together, from 0:05 to 0:07. There is 1 unknown person."
    )


def test_a_summary_of_one_person() -> None:
    said = {"Maria": [("upper_colour", "red"), ("action", "talking")]}
    talk = Talk([video("c.mp4", ("Maria", 0.2, (0, 7)), ("Tom", 0.8, (5, 9)), said=said)])
    assert talk("What did Maria do?") == (
        "Maria is seen from 0:00 to 0:07, on the left. Maria is wearing a red top. Maria is talking. "
        "Maria and Tom are seen together, from 0:05 to 0:07."
    )
    assert talk("Tell me about Anna.") == "Anna is not in this video."


def test_nobody_is_said_plainly() -> None:
    assert Talk([video("c.mp4")])("What happened?") == "I see nobody."


@given(st.integers(0, 10_000))
def test_whatever_was_seen_the_sentences_agree_with_it(seed: int) -> None:
    scene = random_scene(random.Random(seed))
    names = [person.name for person in scene.subjects]
    for text in (*summary(scene), *(line for person in scene.subjects for line in about(person, scene))):
        agreed = check(text, asked_by(text, names), scene, names)
        assert agreed.agrees, (text, agreed.why)
    assert len(summary(scene)) <= MOST_SENTENCES
    assert all(re.search(r"\.$", line) for line in summary(scene))
