"""The labels of the rich attributes, and how sayings are compared with them."""

import json

from benchmarks.rich.attributes import HALVES, LABELS, Count, judge
from pvchat.perception.record import ACTIONS, RICH_WORDS

SUBJECTS = json.loads(LABELS.read_text("utf-8"))["subjects"]


def test_labels_use_words_that_can_be_said_and_contradict_nobody() -> None:
    known = {f"{name}:{word}" for name, words in RICH_WORDS.items() for word in words}
    known |= {f"action:{word}" for word in ACTIONS}
    for label in SUBJECTS.values():
        assert {*label["true"], *label["false"]} <= known
        assert not set(label["true"]) & set(label["false"])
        assert label["half"] in HALVES


def test_the_photos_of_a_person_are_all_in_one_half() -> None:
    halves: dict[str, set[str]] = {}
    for key, label in SUBJECTS.items():
        halves.setdefault(key.partition(".")[0], set()).add(label["half"])
    assert all(len(half) == 1 for half in halves.values())


def test_right_wrong_and_missed_sayings_are_counted() -> None:
    label = {"true": ["eyes:closed"], "false": ["head:nodding"], "hair_colour": ["brown"], "hair_length": []}
    counts: dict[str, Count] = {}
    judge(label, {"eyes:closed", "head:nodding", "hair_colour:black", "gesture:waving"}, counts, "A")
    judge(label, {"hair_colour:brown", "hair_length:long"}, counts, "B")
    assert counts["eyes:closed"].figure()["recall"] == 0.5
    assert counts["eyes:closed"].figure()["precision"] == 1.0
    assert counts["head:nodding"].figure()["precision"] == 0.0
    assert counts["head:nodding"].errors == ["A"]
    assert counts["hair_colour"].figure()["precision"] == 0.5
    assert counts["hair_length"].errors == ["B: long"]
    assert "gesture:waving" not in counts
