"""Left, middle, right, near and far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat.perception.observation import FaceSeen, PersonSeen, TrackObservation
from pvchat.perception.place import distance, mean_centre, order, place, place_of

WIDTH, HEIGHT = 900, 600
SAMPLES = tuple(0.125 + 0.25 * i for i in range(40))


def track(centres: list[float], height: float = 0.2) -> TrackObservation:
    """A person at these horizontal centres (fractions), one per sample."""
    half = height * HEIGHT / 2
    seen = tuple(
        PersonSeen(time, FaceSeen((x * WIDTH - half, 300 - half, x * WIDTH + half, 300 + half), 0.9))
        for time, x in zip(SAMPLES, centres, strict=False)
    )
    return TrackObservation(WIDTH, HEIGHT, SAMPLES, 10.0, (), seen)


@pytest.mark.parametrize(
    ("x", "word"), [(0.1, "left"), (0.5, "middle"), (0.9, "right"), (0.25, "left"), (0.75, "right")]
)
def test_thirds_of_the_picture(x: float, word: str) -> None:
    assert place_of(x) == (word, 1.0)


@given(st.floats(0, 1))
def test_a_place_near_a_border_is_less_sure(x: float) -> None:
    nearest = min(abs(x - 1 / 3), abs(x - 2 / 3))
    confidence = place_of(x)[1]
    assert 0.5 <= confidence <= 1.0
    assert (confidence < 1.0) == (nearest < 0.04)


@given(st.floats(0, 1))
def test_mirroring_the_picture_swaps_left_and_right(x: float) -> None:
    mirrored = {"left": "right", "right": "left", "middle": "middle"}
    if min(abs(x - 1 / 3), abs(x - 2 / 3)) > 1e-6:
        assert place_of(1 - x)[0] == mirrored[place_of(x)[0]]


def test_a_person_who_stays_has_one_place_without_spans() -> None:
    (said,) = place(track([0.2] * 40))
    assert (said.value, said.spans) == ("left", ())


def test_a_person_who_crosses_has_a_place_per_third_with_its_times() -> None:
    said = {a.value: a.spans for a in place(track([0.1] * 20 + [0.9] * 20))}
    assert said == {"left": ((0.0, 5.0),), "right": ((5.0, 10.0),)}


def test_one_bad_box_does_not_move_a_person() -> None:
    centres = [0.15] * 40
    centres[7] = 0.95
    assert [a.value for a in place(track(centres))] == ["left"]


@pytest.mark.parametrize(("height", "words"), [(0.4, ["near"]), (0.2, ["near"]), (0.14, []), (0.06, ["far"])])
def test_near_and_far_by_the_height_of_the_face_and_nothing_in_between(height: float, words: list[str]) -> None:
    assert [a.value for a in distance(track([0.5] * 8, height))] == words


def test_distance_is_not_told_without_a_face() -> None:
    assert distance(TrackObservation(WIDTH, HEIGHT, SAMPLES, 10.0, (), ())) == []


def test_people_are_ordered_from_left_to_right() -> None:
    assert order([(1, 0.8), (2, 0.1), (3, 0.5)]) == [2, 3, 1]


def test_the_mean_centre_of_a_span_ignores_the_rest() -> None:
    crossing = track([0.1] * 20 + [0.9] * 20)
    assert mean_centre(crossing, (0.0, 5.0)) == pytest.approx(0.1)
    assert mean_centre(crossing) == pytest.approx(0.5)
