"""How a person holds the body: sitting, standing, lying, bending.

Each needs hips and knees in view: of a portrait nothing is said. A camera that lies on its side turns everybody in the
picture, which joints alone cannot tell.
"""

from collections.abc import Callable

import numpy as np

from pvchat.perception.actions import standing
from pvchat.perception.clarity import Judgement, attribute_of, ramp
from pvchat.perception.joints import LEGS, bodies, legs_seen, tilt, trunk
from pvchat.perception.observation import BodySeen, TrackObservation
from pvchat.perception.record import Attribute


def _each(track: TrackObservation, clear: Callable[[BodySeen], float]) -> list[Judgement]:
    return [(time, clear(body)) for time, body in bodies(track)]


def sitting(track: TrackObservation) -> list[Judgement]:
    """The trunk is upright, and both knees lie hardly lower than the hips, the feet below them."""

    def clear(body: BodySeen) -> float:
        down = trunk(body)
        if down is None or not body.visible(*(joint for leg in LEGS for joint in leg[:2]), at_least=0.7):
            return 0.0
        tall = float(np.linalg.norm(down))
        result = ramp(-tilt(down), -40.0, -25.0)
        for hip, knee, ankle in LEGS:
            drop = float(body.landmarks[knee, 1] - body.landmarks[hip, 1]) / tall
            # Knees far above the hips belong to somebody who lies.
            result = min(result, ramp(-drop, -0.45, -0.3), ramp(drop, -0.35, -0.15))
            if body.visible(ankle, at_least=0.7):
                result = min(result, ramp(float(body.landmarks[ankle, 1] - body.landmarks[knee, 1]) / tall, 0.15, 0.35))
        return result

    return _each(track, clear)


def lying(track: TrackObservation) -> list[Judgement]:
    """Trunk and thighs lie rather across the picture than upright."""

    def clear(body: BodySeen) -> float:
        down = trunk(body)
        if down is None or not body.visible(*(joint for leg in LEGS for joint in leg[:2]), at_least=0.6):
            return 0.0
        thighs = [body.landmarks[knee, :2] - body.landmarks[hip, :2] for hip, knee, _ in LEGS]
        flat = min(_flat(tilt(down)), *(_flat(tilt(thigh)) + 15.0 for thigh in thighs))
        return ramp(flat, 55.0, 70.0)

    return _each(track, clear)


def _flat(degrees: float) -> float:
    """90 for a vector that lies, less the more it points up or down."""
    return 90.0 - abs(degrees - 90.0)


def bending(track: TrackObservation) -> list[Judgement]:
    """The trunk leans far over legs that stand."""

    def clear(body: BodySeen) -> float:
        down = trunk(body)
        if down is None or not legs_seen(body, at_least=0.6):
            return 0.0
        stand = min(
            ramp(-tilt(body.landmarks[ankle, :2] - body.landmarks[hip, :2]), -30.0, -20.0) for hip, _, ankle in LEGS
        )
        return min(stand, ramp(tilt(down), 42.0, 55.0))

    return _each(track, clear)


POSTURE_JUDGES: dict[str, Callable[[TrackObservation], list[Judgement]]] = {
    "sitting": sitting,
    "standing": standing,
    "lying": lying,
    "bending": bending,
}


def posture(track: TrackObservation) -> list[Attribute]:
    """Words about the posture."""
    return [a for word, judge in POSTURE_JUDGES.items() for a in attribute_of("posture", word, judge(track), track)]
