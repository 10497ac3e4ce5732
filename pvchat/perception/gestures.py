"""What hands do: waving, clapping, arms raised, a hand at the face, gesturing.

Waving and clapping go to and fro a few times a second. They rest on the looks between the samples, which are taken as
soon as a hand has gone somewhere (see `glancing`), and are never said of sparser ones.
"""

from collections.abc import Callable

import numpy as np

from pvchat.perception.actions import moving_the_arms, raising_the_arms
from pvchat.perception.clarity import Judgement, attribute_of, ramp, swings, windows
from pvchat.perception.head_moves import held
from pvchat.perception.joints import ARMS, HANDS, bodies, middle, scale, tilt, trunk
from pvchat.perception.motion import dancing
from pvchat.perception.observation import BodySeen, TrackObservation
from pvchat.perception.pose import LEFT_SHOULDER, LEFT_WRIST, NOSE, RIGHT_SHOULDER, RIGHT_WRIST
from pvchat.perception.record import Attribute

_HALF_WINDOW_S = 1.0
_MIN_IN_WINDOW = 6
_LONGEST_STEP_S = 0.2
_SWINGS = 3
_MOUTH = (9, 10)
_WAVED_BELOW_SHOULDER = 0.3
# Share of the way of the hand that waves.
_OTHER_ARM = 0.6
# A single gesture takes about a second.
_FULL_S = {"gesturing": 1.0}


def _quick(
    track: TrackObservation, measure: Callable[[BodySeen], tuple[float, bool] | None], unsure: float, sure: float
) -> list[Judgement]:
    """How clearly a measured length (in shoulder widths) swings while the hands are where they should be."""
    looks = [(time, body, measure(body)) for time, body in bodies(track)]
    known = [(time, found) for time, _, found in looks if found is not None]
    times = [time for time, _ in known]
    clear = {time: 0.0 for time, _, _ in looks}
    for time, inside in zip(times, windows(times, _HALF_WINDOW_S, track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW or float(np.median(np.diff(np.asarray(times)[inside]))) > _LONGEST_STEP_S:
            continue
        placed = float(np.mean([known[i][1][1] for i in inside]))
        found = sorted(swings([known[i][1][0] for i in inside], 0.6 * unsure), reverse=True)
        if len(found) >= _SWINGS:
            clear[time] = min(ramp(found[_SWINGS - 1], unsure, sure), ramp(placed, 0.7, 0.9))
    return list(clear.items())


def arms_raised(track: TrackObservation) -> list[Judgement]:
    """A wrist is above the shoulders of somebody whose head is, too: not of one who lies or hangs upside down."""
    upright = {time: _head_up(body) for time, body in bodies(track)}
    return [(time, min(clear, upright.get(time, 0.0))) for time, clear in raising_the_arms(track)]


def _head_up(body: BodySeen) -> float:
    size = scale(body)
    if size is None or not body.visible(NOSE, at_least=0.5):
        return 0.0
    above = middle(body, (LEFT_SHOULDER, RIGHT_SHOULDER))[1] - body.landmarks[NOSE, 1]
    down = trunk(body)
    upright = ramp(-tilt(down), -55.0, -40.0) if down is not None else 1.0
    return min(upright, ramp(float(above) / size, 0.2, 0.35))


def waving(track: TrackObservation) -> list[Judgement]:
    """A hand about as high as the shoulder swings from side to side above its elbow."""

    def of(shoulder: int, elbow: int, wrist: int) -> Callable[[BodySeen], tuple[float, bool] | None]:
        def measure(body: BodySeen) -> tuple[float, bool] | None:
            size = scale(body)
            if size is None or not body.visible(shoulder, elbow, wrist) or _head_up(body) < 0.5:
                return None
            points = body.landmarks[:, :2]
            lift = float(points[elbow, 1] - points[wrist, 1]) / size
            # Lower, in front of the chest, hands swing as people talk.
            high = float(points[wrist, 1] - points[shoulder, 1]) / size < _WAVED_BELOW_SHOULDER
            return float(points[wrist, 0] - points[elbow, 0]) / size, lift > 0.2 and high

        return measure

    sides = [_beside_a_still_arm(track, side, _quick(track, of(*arm), 0.2, 0.4)) for side, arm in enumerate(ARMS)]
    # Two arms that swing alike are a dance or a cheer.
    both = {time for time in sides[0] if min(side[time] for side in sides) >= 0.5}
    both |= {time for time, clear in dancing(track) if clear >= 0.5}
    return [(time, 0.0 if time in both else max(side[time] for side in sides)) for time in sides[0]]


def _beside_a_still_arm(track: TrackObservation, side: int, judged: list[Judgement]) -> dict[float, float]:
    """What one hand does where the other one goes clearly less far: who boxes or trains moves both."""
    wrists = [arm[2] for arm in ARMS]
    looks = [(time, body, size) for time, body in bodies(track) if (size := scale(body)) is not None]
    times = [time for time, _, _ in looks]
    clear = dict(judged)
    for time, inside in zip(times, windows(times, _HALF_WINDOW_S, track.cuts_s), strict=True):
        if clear.get(time, 0.0) < 0.5:
            continue
        ways = []
        for wrist in (wrists[side], wrists[1 - side]):
            places = np.array(
                [b.landmarks[wrist, :2] / s for _, b, s in (looks[i] for i in inside) if b.visible(wrist)]
            )
            ways.append(float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum()) if len(places) > 1 else 0.0)
        clear[time] = min(clear[time], ramp(-ways[1] / max(ways[0], 1e-3), -_OTHER_ARM, 0.15 - _OTHER_ARM))
    return clear


def clapping(track: TrackObservation) -> list[Judgement]:
    """Both hands, in front of the body, meet and part again and again."""

    def measure(body: BodySeen) -> tuple[float, bool] | None:
        size = scale(body)
        if size is None or not body.visible(LEFT_WRIST, RIGHT_WRIST):
            return None
        points = body.landmarks[:, :2]
        shoulders = middle(body, (LEFT_SHOULDER, RIGHT_SHOULDER))
        apart = float(np.linalg.norm(points[LEFT_WRIST] - points[RIGHT_WRIST])) / size
        between = (points[LEFT_WRIST] + points[RIGHT_WRIST]) / 2 - shoulders
        front = abs(float(between[0])) < 0.6 * size and -1.2 * size < float(between[1]) < 1.6 * size
        level = abs(float(points[LEFT_WRIST, 1] - points[RIGHT_WRIST, 1])) < 0.5 * size
        return apart, front and level and apart < 1.3

    apart = [(time, found[0]) for time, body in bodies(track) if (found := measure(body)) is not None]
    met = np.array([time for time, gap in apart if gap < 0.5])
    return [
        (time, clear if clear and len(met) and float(np.abs(met - time).min()) <= _HALF_WINDOW_S else 0.0)
        for time, clear in _quick(track, measure, 0.2, 0.4)
    ]


def hand_to_face(track: TrackObservation) -> list[Judgement]:
    """A hand is at the mouth, the chin or a cheek, in two looks in a row."""
    result: list[Judgement] = []
    for time, body in bodies(track):
        size = scale(body)
        if size is None or not body.visible(NOSE, *_MOUTH):
            continue
        face = (body.landmarks[NOSE, :2] + middle(body, _MOUTH)) / 2
        clear = 0.0
        for hand in HANDS:
            if body.visible(*hand, at_least=0.75):
                away = float(np.linalg.norm(body.landmarks[list(hand[1:]), :2].mean(0) - face)) / size
                clear = max(clear, ramp(-away, -0.32, -0.22))
        result.append((time, clear))
    return held(result)


def gesturing(track: TrackObservation) -> list[Judgement]:
    """The arms move, with a hand in front of the body or beside it at about the height of the chest."""
    placed = {time: max((_at_chest(body, arm) for arm in ARMS), default=0.0) for time, body in bodies(track)}
    return [(time, min(clear, placed.get(time, 0.0))) for time, clear in moving_the_arms(track)]


def _at_chest(body: BodySeen, arm: tuple[int, int, int]) -> float:
    size = scale(body)
    shoulder, elbow, wrist = arm
    if size is None or not body.visible(shoulder, elbow, wrist):
        return 0.0
    below = float(body.landmarks[wrist, 1] - body.landmarks[shoulder, 1]) / size
    return min(ramp(-below, -1.0, -0.85), ramp(below, -1.0, -0.8))


GESTURE_JUDGES: dict[str, Callable[[TrackObservation], list[Judgement]]] = {
    "waving": waving,
    "arms raised": arms_raised,
    "clapping": clapping,
    "gesturing": gesturing,
    "hand to face": hand_to_face,
}


def gestures(track: TrackObservation) -> list[Attribute]:
    """Words about the hands."""
    return [
        attribute
        for word, judge in GESTURE_JUDGES.items()
        for attribute in attribute_of("gesture", word, judge(track), track, _FULL_S.get(word, 2.0))
    ]
