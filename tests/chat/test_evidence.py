"""Evidence lines are short, complete and the same for the same facts."""

import random

import pytest

from pvchat.chat.evidence import (
    LISTED_ACTIONS,
    evidence_lines,
    left_to_right,
    listed_spans,
    rough_amount,
    rough_moment,
    rough_when,
    seen_amount,
    subject_line,
    together_spans,
)
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.facts_from_record import facts_from_record, merge_spans
from pvchat.perception.record import Attribute, PerceptionRecord, Sighting, Track, VideoInfo
from tests.chat.scenes import random_scene

MARIA = SubjectFacts(
    "Maria", "present", 0.9, ((2.0, 9.0),), "left", "near", "black", "blue", ("talking", "smiling"), 0.2
)


def test_a_present_person_has_times_place_clothes_and_actions_in_one_line() -> None:
    assert (
        subject_line(MARIA) == "Maria: present 0:02-0:09 (7 s), left, near; black top, blue bottoms; talking, smiling."
    )


@pytest.mark.parametrize("state", ["absent", "unsure"])
def test_of_someone_not_surely_present_only_the_state_is_said(state: str) -> None:
    assert subject_line(SubjectFacts("Tom", state, 0.5, ((1.0, 2.0),))) == f"Tom: {state}."  # type: ignore[arg-type]


def test_what_is_not_told_leaves_no_trace() -> None:
    assert subject_line(SubjectFacts("Tom", "present", 0.9, ((1.0, 1.2),))) == "Tom: present 0:01 (1 s)."


def test_two_people_are_ordered_and_their_common_time_is_told() -> None:
    tom = SubjectFacts("Tom", "present", 0.9, ((5.0, 12.0),), centre_x=0.8)
    lines = evidence_lines(SceneFacts(12.0, (tom, MARIA), 3, 1)).splitlines()
    assert lines[2:] == ["left to right: Maria, Tom.", "together 0:05-0:09.", "3 people, 1 unknown."]


def test_people_who_never_meet_are_said_never_to_be_together() -> None:
    tom = SubjectFacts("Tom", "present", 0.9, ((9.5, 12.0),), centre_x=0.8)
    assert "never together." in evidence_lines(SceneFacts(12.0, (tom, MARIA), 2, 0))


def test_evidence_has_one_line_per_person_and_lists_few_of_a_kind() -> None:
    rng = random.Random(1)
    for _ in range(300):
        scene = random_scene(rng)
        text = evidence_lines(scene)
        assert text == evidence_lines(scene)
        lines = text.splitlines()
        for line, subject in zip(lines, scene.subjects, strict=False):
            assert line.startswith(f"{subject.name}: {subject.state}")
            assert line.count("0:") + line.count("1:") <= 40
            assert sum(action in line for action in subject.actions) <= LISTED_ACTIONS
        assert lines[-1].startswith((f"{scene.people} people", f"{scene.people} person"))


def test_of_many_spans_the_first_the_last_and_the_longest_between_are_listed() -> None:
    spans = [(0.0, 1.0), (2.0, 2.5), (3.0, 6.0), (7.0, 8.0), (9.0, 9.5)]
    assert listed_spans(spans) == ((0.0, 1.0), (3.0, 6.0), (9.0, 9.5))


@pytest.mark.parametrize(
    ("spans", "amount"),
    [
        (((0.0, 0.2),), (1, "second")),
        (((0.0, 3.0), (5.0, 9.4)), (7, "second")),
        (((0.0, 119.0),), (119, "second")),
        (((0.0, 150.0),), (3, "minute")),
    ],
)
def test_seconds_become_minutes_when_they_are_many(spans: tuple[tuple[float, float], ...], amount: object) -> None:
    assert seen_amount(SubjectFacts("Tom", "present", 1.0, spans)) == amount


def test_people_who_stand_at_one_place_have_no_order() -> None:
    tom = SubjectFacts("Tom", "present", 0.9, ((0.0, 1.0),), centre_x=0.21)
    assert left_to_right((MARIA, tom)) == ()
    assert left_to_right((MARIA, SubjectFacts("Tom", "present", 0.9))) == ()


def test_together_needs_half_a_second_and_presence() -> None:
    brief = SubjectFacts("Tom", "present", 0.9, ((8.7, 12.0),))
    assert together_spans((MARIA, brief)) == ()
    assert together_spans((MARIA, SubjectFacts("Tom", "unsure", 0.5, ((0.0, 12.0),)))) == ()
    assert together_spans((MARIA, SubjectFacts("Tom", "present", 0.9, ((4.0, 5.0), (7.0, 12.0))))) == (
        (4.0, 5.0),
        (7.0, 9.0),
    )


def test_rough_times() -> None:
    def seen(*spans: tuple[float, float]) -> SubjectFacts:
        return SubjectFacts("Tom", "present", 0.9, spans)

    assert rough_when(seen((0.0, 9.0)), 10.0) == "throughout"
    assert rough_when(seen((0.0, 3.0)), 10.0) == "first half"
    assert rough_when(seen((6.0, 9.0)), 10.0) == "second half"
    assert rough_when(seen((3.0, 7.0)), 10.0) == "halfway"
    assert rough_when(seen((0.0, 2.0), (8.0, 10.0)), 10.0) == "parts"
    assert [rough_amount(seen((0.0, t)), 10.0) for t in (9.0, 5.0, 1.0)] == ["most", "some", "little"]
    assert [rough_moment(t, 10.0) for t in (0.0, 3.0, 7.0, 9.9)] == ["start", "first half", "second half", "end"]


class _Decision:
    def __init__(self, name: str, state: str, track_ids: tuple[int, ...]) -> None:
        self.name, self.state, self.track_ids = name, state, track_ids
        self.score = 0.9
        self.spans: tuple[tuple[float, float], ...] = ()


def _track(number: int, span: tuple[float, float], x: float, **told: tuple[str, float]) -> Track:
    box = (x - 0.1, 0.2, x + 0.1, 0.6)
    return Track(
        id=number,
        spans=(span,),
        sightings=(Sighting(time_s=span[0], face_box=box),),
        attributes=tuple(Attribute(name=k, value=v, confidence=c) for k, (v, c) in told.items()),  # type: ignore[arg-type]
        keyframe_s=span[0],
        keyframe_box=box,
        faces_described=2,
    )


def _record(*tracks: Track) -> PerceptionRecord:
    video = VideoInfo(sha256="0" * 64, duration_s=10.0, width=64, height=48, fps=25.0, decoder="pyav")
    return PerceptionRecord(models={}, video=video, sampled_s=(0.0,), tracks=tracks)


def test_facts_weigh_tracks_by_how_long_they_last() -> None:
    record = _record(
        _track(1, (0.0, 1.0), 0.8, upper_colour=("red", 0.9), place=("right", 0.9)),
        _track(2, (2.0, 8.0), 0.2, upper_colour=("blue", 0.7), place=("left", 0.8), action=("talking", 0.9)),
        _track(3, (0.0, 9.0), 0.5),
    )
    scene = facts_from_record(record, [_Decision("Maria", "present", (1, 2))], ["Maria", "Tom"])  # type: ignore[list-item]
    maria, tom = scene.subjects
    assert (maria.upper, maria.place, maria.actions) == ("blue", "left", ("talking",))
    assert maria.spans == ((0.0, 1.0), (2.0, 8.0))
    assert maria.centre_x == pytest.approx((0.8 + 6 * 0.2) / 7)
    assert tom.state == "absent"
    assert (scene.people, scene.unknown_people) == (2, 1)


def test_what_perception_doubts_is_not_told() -> None:
    record = _record(_track(1, (0.0, 5.0), 0.5, upper_colour=("red", 0.1), action=("talking", 0.2)))
    maria = facts_from_record(record, [_Decision("Maria", "present", (1,))], ["Maria"]).subjects[0]  # type: ignore[list-item]
    assert maria.upper is None
    assert maria.actions == ()


def test_an_unsure_person_gets_no_attributes() -> None:
    record = _record(_track(1, (0.0, 5.0), 0.5, upper_colour=("red", 0.9)))
    maria = facts_from_record(record, [_Decision("Maria", "unsure", (1,))], ["Maria"]).subjects[0]  # type: ignore[list-item]
    assert (maria.state, maria.upper, maria.spans) == ("unsure", None, ((0.0, 5.0),))


def test_spans_that_nearly_touch_become_one() -> None:
    assert merge_spans([(3.0, 4.0), (0.0, 1.0), (1.2, 2.0)]) == ((0.0, 2.0), (3.0, 4.0))
