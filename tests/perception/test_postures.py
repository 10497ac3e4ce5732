"""Postures, gestures and motions, on bodies made of numbers."""

from dataclasses import replace

import numpy as np
import pytest

from pvchat.perception.attributes import describe
from pvchat.perception.gestures import gestures
from pvchat.perception.motion import motion
from pvchat.perception.observation import BodySeen, TrackObservation
from pvchat.perception.pose import (
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_WRIST,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_WRIST,
)
from pvchat.perception.posture import posture
from tests.perception.people_of_numbers import STANDING, Series, figure, portrait, to_and_fro

SEATED = {LEFT_KNEE: (55, 175), RIGHT_KNEE: (-55, 175), LEFT_ANKLE: (55, 285), RIGHT_ANKLE: (-55, 285)}
# The trunk turned by seventy degrees about the hips, which stay above the feet.
BENT = {
    index: (-140 * (150 - y) / 150 + 0.3 * x, 150 - 50 * (150 - y) / 150)
    for index, (x, y) in {0: (0, -60), 9: (8, -48), 10: (-8, -48), 11: (50, 0), 12: (-50, 0)}.items()
}


def words(track: TrackObservation) -> set[str]:
    return {a.value for a in describe(track, 0.5, (posture, gestures, motion))}


def held(body: BodySeen) -> TrackObservation:
    return portrait(body=lambda _: body)


def test_postures_are_told_apart() -> None:
    assert words(held(figure())) == {"standing"}
    assert words(held(figure(SEATED))) == {"sitting"}
    assert words(held(figure(turned=88))) == {"lying"}
    assert words(held(figure(turned=-88))) == {"lying"}
    assert words(held(figure(BENT))) == {"bending"}


def test_an_upside_down_body_and_a_portrait_have_no_posture() -> None:
    assert not words(held(figure(turned=180)))
    bust = figure()
    bust.landmarks[23:, 2:] = 0.1
    assert not words(held(bust))


def test_hands_of_somebody_who_lies_do_not_wave_and_legs_that_swing_there_do_not_dance() -> None:
    swing = to_and_fro(70, 1.5)
    assert "waving" not in words(
        portrait(body=lambda t: figure(hand(100 + swing(t), -40, (95, 50)), turned=88), face=False)
    )


def test_who_squats_for_a_moment_does_not_sit() -> None:
    assert "sitting" not in words(portrait(body=lambda t: figure(SEATED) if 3 < t < 3.9 else figure()))
    assert "sitting" in words(portrait(body=lambda t: figure(SEATED) if 3 < t < 6 else figure()))


def test_who_lies_with_knees_drawn_up_lies_and_who_crawls_does_not() -> None:
    up = {LEFT_KNEE: (150, 160), RIGHT_KNEE: (150, 150), LEFT_ANKLE: (60, 260), RIGHT_ANKLE: (60, 250)}
    assert "lying" in words(portrait(body=lambda _: figure(up, turned=-88), face=False))
    assert "lying" not in words(portrait(body=lambda _: figure(up, turned=88)))


def test_a_face_that_stays_on_its_side_lies_and_one_that_tilts_for_a_moment_does_not() -> None:
    assert "lying" in words(portrait(roll=lambda t: 85.0 if t > 3 else 0.0))
    assert "lying" not in words(portrait(roll=lambda t: 85.0 if 3 < t < 3.3 else 0.0))
    assert "lying" not in words(portrait(roll=lambda t: 45.0))


def outlined(box: tuple[float, float, float, float]) -> TrackObservation:
    return portrait(body=lambda _: replace(figure(), box=box), face=False)


def test_an_outline_that_is_wider_than_tall_lies_whatever_joints_are_drawn_over_it() -> None:
    assert "lying" in words(outlined((300, 400, 700, 600)))
    assert "lying" not in words(outlined((300, 300, 700, 650)))
    # A bust at the lower edge is wide, too; what lies at the very bottom is not a bust.
    assert "lying" not in words(outlined((300, 300, 980, 720)))
    assert "lying" in words(outlined((300, 500, 700, 720)))


def hand(x: float, y: float, elbow: tuple[float, float]) -> dict[int, tuple[float, float]]:
    return {LEFT_WRIST: (x, y), LEFT_ELBOW: elbow}


def test_a_raised_hand_that_swings_waves_and_a_still_one_does_not() -> None:
    swing = to_and_fro(70, 1.5)
    waves = portrait(body=lambda t: figure(hand(100 + swing(t), -40, (95, 50))))
    assert "waving" in words(waves)
    assert "waving" not in words(held(figure(hand(100, -40, (95, 50)))))


def test_a_hand_that_swings_while_the_other_one_boxes_does_not_wave() -> None:
    swing, box = to_and_fro(70, 1.5), to_and_fro(160, 1.4)
    boxes = portrait(body=lambda t: figure({**hand(100 + swing(t), -40, (95, 50)), RIGHT_WRIST: (-60, 100 + box(t))}))
    assert "waving" not in words(boxes)


@pytest.mark.parametrize("per_second", [0.9, 1.5])
def test_a_hand_that_swings_before_the_chest_gestures_and_does_not_wave(per_second: float) -> None:
    swing = to_and_fro(110, per_second)
    said = words(portrait(body=lambda t: figure(hand(60 + swing(t), 50, (70, 90)))))
    assert "gesturing" in said
    assert "waving" not in said


def test_a_hidden_hand_that_is_found_here_and_there_between_the_samples_does_not_gesture() -> None:
    def found(t: float) -> BodySeen:
        sampled = round(t * 8) % 2 == 1
        return figure(hand(95 if sampled else 60, 40 if sampled else 70, (90, 40)))

    assert "gesturing" not in words(portrait(body=found))


def test_one_gesture_of_a_second_is_told() -> None:
    def lifts(t: float) -> BodySeen:
        part = float(np.clip(min(t - 3, 4 - t) / 0.4, 0, 1))
        return figure(hand(60 - 20 * part, 150 - 100 * part, (70, 80)))

    assert "gesturing" in words(portrait(body=lifts))
    assert "gesturing" not in words(held(figure(hand(40, 50, (70, 80)))))


def test_hands_that_meet_again_and_again_clap() -> None:
    gap = to_and_fro(60, 2.0)

    def clap(t: float) -> BodySeen:
        apart = 32 + gap(t)
        return figure({LEFT_WRIST: (apart, 70), RIGHT_WRIST: (-apart, 70)})

    assert "clapping" in words(portrait(body=clap))
    assert "clapping" not in words(held(figure({LEFT_WRIST: (5, 70), RIGHT_WRIST: (-5, 70)})))


def test_a_hand_at_the_chin_is_at_the_face_and_one_beside_the_head_is_not() -> None:
    assert "hand to face" in words(held(figure(hand(10, -45, (60, 40)))))
    assert "hand to face" not in words(held(figure(hand(90, -60, (80, 40)))))


def test_arms_above_the_shoulders_are_raised() -> None:
    assert "arms raised" in words(held(figure(hand(90, -90, (80, -20)))))


def stepping(t: float, x: float) -> BodySeen:
    stride = 70 * float(np.sin(2 * np.pi * 0.9 * t))
    legs = {LEFT_ANKLE: (stride, 370), RIGHT_ANKLE: (-stride, 370), LEFT_KNEE: (stride / 2, 260)}
    return figure({**legs, RIGHT_KNEE: (-stride / 2, 260)}, at=(x, 200))


def walk(t: float) -> BodySeen:
    return stepping(t, 150 + 120 * t)


def test_legs_that_pass_each_other_walk_only_when_they_get_somewhere() -> None:
    assert "walking" in words(portrait(x=lambda t: 150 + 120 * t, body=walk))
    assert "walking" not in words(portrait(body=lambda t: figure(at=(640, 200))))
    # A picture of somebody that is moved across the screen does not walk.
    assert "walking" not in words(portrait(x=lambda t: 150 + 120 * t, body=lambda t: figure(at=(150 + 120 * t, 200))))


def down(depth: float, start_s: float = 3.0, takes_s: float = 0.6) -> Series:
    return lambda t: depth * float(np.clip((t - start_s) / takes_s, 0, 1))


def test_who_lunges_once_or_steps_on_the_spot_does_not_walk() -> None:
    def lunges(t: float) -> BodySeen:
        stride = 70 * float(np.clip(4 - abs(t - 4), 0, 1))
        return figure({LEFT_ANKLE: (stride, 370), RIGHT_ANKLE: (-stride, 370)}, at=(150 + 120 * t, 200))

    assert "walking" not in words(portrait(x=lambda t: 150 + 120 * t, body=lunges))
    there = to_and_fro(60, 0.2)
    assert "walking" not in words(portrait(x=lambda t: 640 + there(t), body=lambda t: stepping(t, 640 + there(t))))


def test_falling_is_an_upright_body_that_soon_lies() -> None:
    turns, sinks = down(88), down(230)
    said = words(portrait(body=lambda t: figure(turned=turns(t), at=(640, 200 + sinks(t))), face=False))
    assert {"falling", "lying", "standing"} <= said
    slowly = portrait(body=lambda t: figure(turned=min(88, 12 * t), at=(640, 200 + 29 * t)), face=False)
    assert "falling" not in words(slowly)


def test_a_head_that_drops_to_the_floor_falls_and_one_that_goes_to_bed_does_not() -> None:
    size, turns = 60.0, down(85)

    def head(y: Series, roll: Series) -> set[str]:
        return words(portrait(y=lambda t: 150 + y(t), roll=roll, height=lambda _: size))

    assert "falling" in head(down(5 * size), turns)
    # From sitting to lying; to the floor and no further; a head on its side that stays where it is.
    assert "falling" not in head(down(2.7 * size), turns)
    assert "falling" not in head(down(5 * size), lambda t: 5.0)
    assert "falling" not in head(lambda t: 0.0, turns)
    # Down on the knees first, and lying some seconds later.
    assert "falling" not in head(down(5 * size), down(85, start_s=6.0))


@pytest.mark.parametrize("still", [True, False])
def test_a_head_that_grows_approaches_unless_the_camera_may_have_done_it(still: bool) -> None:
    comes = portrait(height=lambda t: 60 * 2 ** (t / 5), still=still)
    assert words(comes) == ({"approaching"} if still else set())


def test_who_goes_out_of_the_picture_leaves_and_who_is_hidden_does_not() -> None:
    goes = portrait(x=lambda t: 900 + 90 * t, until_s=4.0)
    assert "leaving" in words(goes)
    assert "leaving" not in words(portrait(until_s=4.0))
    assert "leaving" not in words(portrait(x=lambda t: 500 + 90 * t))


def dances(t: float, steps: float = 50.0) -> BodySeen:
    sway, arm = (size * float(np.sin(2 * np.pi * per_second * t)) for size, per_second in ((45, 0.7), (70, 0.8)))
    step = max(0.0, steps * float(np.sin(2 * np.pi * 0.7 * t)))
    back = max(0.0, -steps * float(np.sin(2 * np.pi * 0.7 * t)))
    places = {LEFT_HIP: (40 + sway, 150), RIGHT_HIP: (-40 + sway, 150), LEFT_WRIST: (120, arm)}
    feet = {LEFT_ANKLE: (40 + step, 370), RIGHT_ANKLE: (-40 - back, 370)}
    return figure({**places, **feet, RIGHT_WRIST: (-120, -arm)})


def test_arms_feet_and_swaying_hips_dance() -> None:
    assert "dancing" in words(portrait(body=dances))
    assert "dancing" not in words(held(figure()))


def test_arms_that_move_above_feet_that_do_not_are_no_dance() -> None:
    assert "dancing" not in words(portrait(body=lambda t: dances(t, steps=0.0)))


def test_who_moves_hands_and_feet_while_lying_does_not_dance() -> None:
    def kicks(t: float) -> BodySeen:
        moved = dances(t)
        return figure({index: tuple(moved.landmarks[index, :2] - (640, 200)) for index in STANDING}, turned=88)

    assert "dancing" not in words(portrait(body=kicks, face=False))
