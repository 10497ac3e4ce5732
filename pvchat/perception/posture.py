"""How a person holds the body: sitting, standing, lying, bending.

Each needs hips and knees in view: of a portrait nothing is said. A camera that lies on its side turns everybody in the
picture, which joints alone cannot tell.
"""

from collections.abc import Callable, Sequence

import numpy as np

from pvchat.perception.actions import standing
from pvchat.perception.clarity import Judgement, attribute_of, ramp, windows
from pvchat.perception.head_moves import held
from pvchat.perception.joints import LEGS, bodies, legs_seen, sprawl, tilt, trunk
from pvchat.perception.observation import BodySeen, PersonSeen, TrackObservation
from pvchat.perception.record import Attribute

_LASTS_S, _SHARE = 1.0, 0.6


def lasting(judgements: list[Judgement], cuts_s: Sequence[float]) -> list[Judgement]:
    """Only what is seen in most looks around: who squats or lunges is up again at once."""
    times = [time for time, _ in judgements]
    seen = np.array([clear >= 0.5 for _, clear in judgements])
    around = windows(times, _LASTS_S, cuts_s)
    return [
        (time, clear if float(seen[inside].mean()) >= _SHARE else 0.0)
        for (time, clear), inside in zip(judgements, around, strict=True)
    ]


def _each(track: TrackObservation, clear: Callable[[BodySeen], float]) -> list[Judgement]:
    return [(time, clear(body)) for time, body in bodies(track)]


def sitting(track: TrackObservation) -> list[Judgement]:
    """The trunk is upright, and both knees lie hardly lower than the hips, the feet below them, for a while."""

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

    return lasting(_each(track, clear), track.cuts_s)


def lying(track: TrackObservation) -> list[Judgement]:
    """The trunk lies rather across the picture than upright, no legs hanging; or a face or an outline does."""

    def clear(body: BodySeen) -> float:
        down = trunk(body)
        if down is None or not body.visible(*(joint for leg in LEGS for joint in leg[:2]), at_least=0.6):
            return 0.0
        # Knees may be drawn up; they hang down below somebody who bends or crawls.
        thighs = [tilt(body.landmarks[knee, :2] - body.landmarks[hip, :2]) for hip, knee, _ in LEGS]
        return min(ramp(_flat(tilt(down)), 55.0, 70.0), *(ramp(thigh, 42.0, 55.0) for thigh in thighs))

    found = dict(_each(track, clear))
    # A face is found on its side where there is none, too, but hardly twice in a row.
    for time, on_side in held([(p.time_s, _on_side(p, track.height)) for p in track.seen]):
        found[time] = max(found.get(time, 0.0), on_side)
    return sorted(found.items())


def _on_side(person: PersonSeen, frame_height: int) -> float:
    """Of a face by its roll, of a body without one by its outline: upright joints are drawn over a lying body, too."""
    if person.face is not None:
        return ramp(_flat(abs(person.face.roll)), 62.0, 80.0)
    return sprawl(person.body, frame_height) if person.body is not None else 0.0


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
