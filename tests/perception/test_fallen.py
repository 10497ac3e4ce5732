"""A fall tears a track in two: the pieces are found again, and nothing else is taken for one."""

from collections.abc import Callable

import pytest

from pvchat.perception.fallen import torn_by_falls, without_ghost
from pvchat.perception.observation import FaceSeen, PersonSeen
from tests.perception.people_of_numbers import figure

SIZE = 60.0


def head(time_s: float, x: float, y: float, roll: float = 0.0) -> PersonSeen:
    half = SIZE / 2
    return PersonSeen(time_s, FaceSeen(box=(x - half, y - half, x + half, y + half), score=0.8, roll=roll))


def upright(x: float = 300.0, until_s: float = 2.0) -> list[PersonSeen]:
    return [head(0.25 * i, x, 150.0) for i in range(int(4 * until_s) + 1)]


def on_the_floor(x: float = 380.0, roll: float = 80.0, from_s: float = 2.5, y: float = 400.0) -> list[PersonSeen]:
    return [head(from_s + 0.25 * i, x, y, roll) for i in range(6)]


def test_a_face_that_is_lost_upright_and_begins_lying_below_is_one_person() -> None:
    assert torn_by_falls([upright(), on_the_floor()], ()) == [(0, 1)]
    assert torn_by_falls([on_the_floor(), upright()], ()) == [(1, 0)]


@pytest.mark.parametrize(
    "after",
    [
        lambda: on_the_floor(roll=5.0),
        lambda: on_the_floor(from_s=4.0),
        lambda: on_the_floor(x=900.0),
        lambda: on_the_floor(y=160.0),
    ],
    ids=["sits up", "much later", "elsewhere", "not below"],
)
def test_other_people_who_begin_are_not_the_one_who_was_lost(after: Callable[[], list[PersonSeen]]) -> None:
    assert torn_by_falls([upright(), after()], ()) == []


def test_a_cut_is_no_fall() -> None:
    assert torn_by_falls([upright(), on_the_floor()], (2.2,)) == []


def test_of_two_who_fall_each_is_the_nearest() -> None:
    people = [upright(300.0), upright(700.0), on_the_floor(760.0), on_the_floor(350.0)]
    assert sorted(torn_by_falls(people, ())) == [(0, 3), (1, 2)]


def test_a_body_that_goes_on_standing_where_nobody_is_any_more_is_left_out() -> None:
    ghost = [PersonSeen(2.25 + 0.25 * i, None, figure()) for i in range(8)]
    seen = without_ghost([*upright(), *ghost], on_the_floor())
    assert [p.time_s for p in seen if p.body is not None] == []
    assert [p.time_s for p in seen] == sorted(p.time_s for p in seen)
    assert len(seen) == len(upright()) + len(on_the_floor())
