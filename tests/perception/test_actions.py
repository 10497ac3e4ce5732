"""Action words from series of measurements, on people made of numbers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.perception.actions import JUDGES, TOLD_BY_FACES, actions, ramp
from pvchat.perception.attributes import describe
from pvchat.perception.observation import BodySeen, FaceSeen, PersonSeen, TrackObservation
from pvchat.perception.pose import (
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NOSE,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)
from pvchat.perception.record import ACTIONS

WIDTH, HEIGHT = 1280, 720
SAMPLES = tuple(0.125 + 0.25 * i for i in range(32))
Series = Callable[[int], float]


def still(_: int) -> float:
    return 0.0


def figure(
    x: float = 640.0, *, wrist: tuple[float, float] = (60.0, 200.0), knees: float = 460.0, ankles: float = 560.0
) -> BodySeen:
    """An upright body; the left wrist hangs at `wrist` from the middle of the shoulders."""
    landmarks = np.zeros((33, 4), np.float32)
    for index, point in {
        NOSE: (0, -60),
        LEFT_SHOULDER: (50, 0),
        RIGHT_SHOULDER: (-50, 0),
        LEFT_ELBOW: (60, 100),
        RIGHT_ELBOW: (-60, 100),
        LEFT_WRIST: wrist,
        RIGHT_WRIST: (-60, 200),
        LEFT_HIP: (40, 160),
        RIGHT_HIP: (-40, 160),
        LEFT_KNEE: (40, knees - 200),
        RIGHT_KNEE: (-40, knees - 200),
        LEFT_ANKLE: (40, ankles - 200),
        RIGHT_ANKLE: (-40, ankles - 200),
    }.items():
        landmarks[index] = (x + point[0], 150 + point[1], 0.99, 0.99)
    return BodySeen((x - 80, 50, x + 80, 600), 0.95, landmarks)


def watched(
    *,
    mouth: Series = still,
    yaw: Series = still,
    smile: Series = still,
    x: Series = still,
    body: Callable[[int], BodySeen] | None = None,
    face: float = 120.0,
    picture: Series = still,
) -> TrackObservation:
    """A person over eight seconds; every series is a function of the sample's number."""
    seen = []
    for index, time in enumerate(SAMPLES):
        centre = 640 + x(index)
        seen.append(
            PersonSeen(
                time,
                FaceSeen(
                    box=(centre - face / 2, 100, centre + face / 2, 100 + face),
                    score=0.95,
                    quality=0.9,
                    yaw=yaw(index),
                    mouth_open=0.02 + mouth(index),
                    mouth_width=0.55 + 0.2 * smile(index),
                    corner_lift=0.035 * smile(index),
                    has_mesh=True,
                ),
                body(index) if body is not None else None,
            )
        )
    motion = {time: (picture(index), 0.0) for index, time in enumerate(SAMPLES)}
    return TrackObservation(WIDTH, HEIGHT, SAMPLES, 8.0, (), tuple(seen), camera_motion=motion)


def words(track: TrackObservation) -> list[str]:
    return [attribute.value for attribute in describe(track, 0.5, (actions,))]


def test_a_quiet_face_keeps_still_and_does_nothing_else() -> None:
    assert words(watched()) == ["keeping still"]


def test_a_mouth_that_opens_and_closes_talks() -> None:
    assert words(watched(mouth=lambda i: 0.15 * (i % 2)))[0] == "talking"


@pytest.mark.parametrize("held", [0.0, 0.3])
def test_a_mouth_held_open_or_shut_does_not_talk(held: float) -> None:
    assert "talking" not in words(watched(mouth=lambda i: held))


def test_one_yawn_is_not_talking() -> None:
    assert "talking" not in words(watched(mouth=lambda i: 0.4 if 10 <= i < 16 else 0.0))


def test_talking_is_told_for_the_time_it_lasts() -> None:
    track = watched(mouth=lambda i: 0.15 * (i % 2) if i >= 16 else 0.0)
    (said,) = [a for a in actions(track) if a.value == "talking"]
    ((start, end),) = said.spans
    assert start == pytest.approx(4.0, abs=0.8)
    assert end == pytest.approx(8.0, abs=0.8)


def test_a_small_face_is_not_read_from_the_lips() -> None:
    assert words(watched(mouth=lambda i: 0.15 * (i % 2), face=20.0)) == []


def test_a_wide_mouth_with_raised_corners_smiles() -> None:
    assert words(watched(smile=lambda i: 1.0))[0] == "smiling"
    assert "smiling" not in words(watched(smile=lambda i: 0.3))


def test_a_head_that_turns_is_turning_and_a_head_held_aside_is_not() -> None:
    assert words(watched(yaw=lambda i: 25.0 * np.sin(i))) == ["turning the head"]
    assert "turning the head" not in words(watched(yaw=lambda i: 35.0))


def test_one_bad_mesh_is_not_a_turn() -> None:
    assert "turning the head" not in words(watched(yaw=lambda i: 60.0 if i == 9 else 0.0))


def test_arms_that_hang_do_not_move() -> None:
    assert set(words(watched(body=lambda i: figure()))) == {"standing", "keeping still"}


def test_a_wrist_that_travels_moves_the_arms() -> None:
    track = watched(body=lambda i: figure(wrist=(60 + 80 * (i % 2), 200 - 60 * (i % 2))))
    assert "moving the arms" in words(track)
    assert "raising the arms" not in words(track)
    assert "keeping still" not in words(track)


def test_a_wrist_above_the_shoulders_is_a_raised_arm() -> None:
    track = watched(body=lambda i: figure(wrist=(80, -80)))
    assert "raising the arms" in words(track)


def test_a_wrist_seen_high_once_is_not_a_raised_arm() -> None:
    track = watched(body=lambda i: figure(wrist=(80, -80) if i == 12 else (60, 200)))
    assert "raising the arms" not in words(track)


def test_bent_legs_do_not_stand() -> None:
    def seated(_: int) -> BodySeen:
        return figure(knees=380.0, ankles=470.0)

    assert "standing" not in words(watched(body=seated))


@pytest.mark.parametrize(("way", "word"), [(1, "moving right"), (-1, "moving left")])
def test_crossing_the_picture_has_a_direction(way: int, word: str) -> None:
    said = words(watched(x=lambda i: way * 34.0 * (i - 16)))
    assert word in said
    assert [other for other in said if other.startswith("moving ") and other != word] == []


def test_a_camera_that_turns_does_not_make_a_person_move() -> None:
    track = watched(x=lambda i: 34.0 * (i - 16), picture=lambda i: 34.0)
    assert "moving right" not in words(track)


def test_swaying_is_not_crossing() -> None:
    said = words(watched(x=lambda i: 60.0 * np.sin(1.6 * i)))
    assert not {"moving left", "moving right"} & set(said)


def test_nothing_is_said_of_a_person_seen_once() -> None:
    whole = watched(mouth=lambda i: 0.15 * (i % 2))
    once = TrackObservation(WIDTH, HEIGHT, SAMPLES, 8.0, (), whole.seen[:1])
    assert words(once) == []


number = st.floats(-1, 1)


@given(st.lists(st.tuples(number, number, number, number), min_size=1, max_size=32), st.booleans())
@settings(max_examples=25, deadline=None)
def test_whatever_is_measured_the_words_and_confidences_are_valid(
    rows: list[tuple[float, float, float, float]], with_body: bool
) -> None:
    def series(column: int, scale: float) -> Series:
        return lambda i: scale * rows[i % len(rows)][column]

    track = watched(
        mouth=lambda i: abs(series(0, 0.4)(i)),
        yaw=series(1, 60),
        smile=series(2, 1),
        x=series(3, 300),
        body=(lambda i: figure(640 + series(3, 300)(i))) if with_body else None,
    )
    said = actions(track)
    assert [a.value for a in said if a.value not in ACTIONS] == []
    assert len({a.value for a in said}) == len(said)
    for attribute in said:
        assert 0.0 <= attribute.confidence <= 1.0
        assert all(0.0 <= start < end <= 8.0 for start, end in attribute.spans)


def test_every_word_of_the_contract_has_a_judge() -> None:
    assert set(JUDGES) == set(ACTIONS)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_clarity_grows_with_the_measurement(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0.0 <= ramp(low, 1.0, 2.0) <= ramp(high, 1.0, 2.0) <= 1.0
    assert ramp(1.0, 1.0, 2.0) == 0.5


def test_a_body_alone_tells_every_action_but_those_of_the_face() -> None:
    track = watched(x=lambda i: 20.0 * i, body=lambda i: figure(640 + 20.0 * i))
    faceless = replace(track, seen=tuple(replace(person, face=None) for person in track.seen))
    assert {word for word, judge in JUDGES.items() if not judge(faceless)} == TOLD_BY_FACES
