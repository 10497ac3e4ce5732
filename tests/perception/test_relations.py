"""Relations between people, and counts and order over a record, on people made of numbers."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.perception.observation import TrackObservation
from pvchat.perception.record import (
    Attribute,
    PerceptionRecord,
    Relation,
    RelationName,
    Sighting,
    Span,
    Track,
    VideoInfo,
)
from pvchat.perception.relations import MOST_PEOPLE, Related, relations_of
from pvchat.perception.timeline import arrivals, happenings, most_at_once, order, people_at, together
from tests.perception.people_of_numbers import DURATION_S, portrait

Yaw = Callable[[float], float]


def at(x: float, yaw: Yaw = lambda _: 0.0, height: float = 120.0, until_s: float = DURATION_S) -> TrackObservation:
    return portrait(x=lambda _: x, yaw=yaw, height=lambda _: height, until_s=until_s)


def told(*people: TrackObservation, talking: tuple[Span, ...] = ()) -> dict[tuple[RelationName, int, int], Relation]:
    related = [Related(i, who, talking if i == 1 else ()) for i, who in enumerate(people, start=1)]
    return {(r.name, r.subject, r.other): r for r in relations_of(related, 0.5)}


def test_people_side_by_side_are_near_together_and_in_order() -> None:
    held = told(at(500), at(750))
    assert set(held) == {("left of", 1, 2), ("near", 1, 2), ("together with", 1, 2)}


def test_far_and_large_heads_are_not_near_and_heads_above_each_other_have_no_side() -> None:
    assert set(told(at(200, height=200), at(900, height=60))) == {("left of", 1, 2)}
    assert ("left of", 1, 2) not in told(at(640), at(650))


def test_who_turns_to_a_neighbour_faces_them_and_talks_to_them_while_talking() -> None:
    held = told(at(500, yaw=lambda t: 32.0 if t > 4 else 0.0), at(750), talking=((5.0, 7.0),))
    assert held["facing", 1, 2].spans == ((4.0, 8.0),)
    (start, end) = held["talking to", 1, 2].spans[0]
    assert start == pytest.approx(5.0, abs=0.2)
    assert end == pytest.approx(7.0, abs=0.2)
    assert ("facing", 2, 1) not in held
    assert ("facing", 1, 2) not in told(at(500, yaw=lambda _: -32.0), at(750))


def test_relations_of_a_crowd_are_bounded() -> None:
    held = told(*(at(40 + 60 * i, height=40) for i in range(20)))
    assert len({r.subject for r in held.values()} | {r.other for r in held.values()}) <= MOST_PEOPLE


@given(st.lists(st.floats(50, 1230), min_size=2, max_size=4))
@settings(max_examples=12, deadline=None)
def test_nobody_is_left_and_right_of_the_same_person(places: list[float]) -> None:
    held = told(*(at(x) for x in places))
    assert not any(("left of", r.other, r.subject) in held for r in held.values() if r.name == "left of")


def record(*tracks: tuple[tuple[Span, ...], tuple[Attribute, ...]]) -> PerceptionRecord:
    info = VideoInfo(sha256="0" * 64, duration_s=10, width=64, height=64, fps=25, decoder="none")
    box = (0.1, 0.1, 0.2, 0.2)
    people = [
        Track(
            id=number,
            spans=spans,
            sightings=(Sighting(time_s=spans[0][0], face_box=box),),
            attributes=said,
            keyframe_s=spans[0][0],
            keyframe_box=box,
        )
        for number, (spans, said) in enumerate(tracks, start=1)
    ]
    return PerceptionRecord(models={}, video=info, sampled_s=(0.5,), tracks=tuple(people))


def test_people_are_counted_when_they_are_seen() -> None:
    seen = record((((0, 4),), ()), (((3, 9),), ()), (((3.5, 4), (8, 9)), ()))
    assert [people_at(seen, t) for t in (1, 3.7, 5, 8.5, 9.5)] == [1, 3, 1, 2, 0]
    assert most_at_once(seen) == (3, (3.5, 4))
    assert arrivals(seen) == [(0, 1), (3, 2), (3.5, 3)]
    assert most_at_once(record()) == (0, None)


def test_what_happens_is_listed_by_its_beginning() -> None:
    smile = Attribute(name="action", value="smiling", confidence=0.9, spans=((6, 7), (1, 2)))
    sits = Attribute(name="posture", value="sitting", confidence=0.9)
    long = Attribute(name="hair_length", value="long", confidence=0.9)
    told = happenings(record((((0, 8),), (smile, sits, long))))
    assert [(one.value, one.span) for one in told] == [("sitting", (0, 8)), ("smiling", (1, 2)), ("smiling", (6, 7))]


@given(st.tuples(st.floats(0, 9), st.floats(0.3, 5)), st.tuples(st.floats(0, 9), st.floats(0.3, 5)))
def test_order_is_the_same_seen_from_either_side(a: tuple[float, float], b: tuple[float, float]) -> None:
    first, second = (a[0], a[0] + a[1]), (b[0], b[0] + b[1])
    other_way = {"before": "after", "after": "before", "at the same time": "at the same time"}
    assert order(second, first) == other_way[order(first, second)]


def test_first_then_and_at_the_same_time() -> None:
    assert order((0, 2), (2, 4)) == "before"
    assert order((5, 6), (1, 2)) == "after"
    assert order((0, 4), (1, 3)) == "at the same time"
    assert together(((0, 4),), ((1, 2), (3, 6))) == ((1, 2), (3, 4))
