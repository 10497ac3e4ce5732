"""What a head does: nodding, shaking, looking away, and whether the eyes are closed.

A nod takes less than half a second, so these words rest on the glances between the samples as well. They are said only
of movements that go to and fro several times; one movement is a turn of the head, which is an action of its own.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pvchat.perception.clarity import Judgement, attribute_of, ramp, swings, windows
from pvchat.perception.observation import FaceSeen, TrackObservation
from pvchat.perception.record import Attribute

_HALF_WINDOW_S = 1.0
_MIN_IN_WINDOW = 8
# Samples further apart than this cannot follow a nod.
_LONGEST_STEP_S = 0.2
_MIN_FACE_PX = 40.0
# Of smaller ones the mesh trembles by as much as a nod, more so as every other look fits it in another square.
_MIN_MOVING_PX = 56.0
# In face heights: how far a head gets that only nods, and one that walks or dances.
_STAYS, _GOES = 0.6, 0.9
# A nod is down, up, down; a head that looks left, right and left again is not yet shaken.
_NODS, _SHAKES = 3, 4
# A head that is lifted and wavers on the way moves once by much and then by less; to and fro is about as far each time.
_EVEN = 0.5
# A gaze in the corner of the eye (half of its width aside) is turned by about 60 degrees.
_DEGREES_OF_GAZE = 120.0
_FEW_EYES = 4
# A nod is over soon; a look aside lasts two samples, or is not told at all.
_FULL_S = {"looking away": 0.5}
_FULL_NOD_S = 1.0


def _faces(track: TrackObservation) -> list[tuple[float, FaceSeen]]:
    return [
        (person.time_s, person.face)
        for person in track.dense()
        if person.face is not None
        and person.face.has_mesh
        and person.face.height >= _MIN_FACE_PX
        # Of a face that the frame cuts off the mesh makes up the rest, another one every time.
        and min(person.face.box[:2]) >= 0
        and person.face.box[2] <= track.width
        and person.face.box[3] <= track.height
    ]


def _to_and_fro(
    track: TrackObservation,
    moving: Callable[[FaceSeen], float],
    other: Callable[[FaceSeen], float],
    unsure: float,
    least: int,
    calm: Callable[[float], float],
) -> list[Judgement]:
    """How clearly one angle swings while the other one hardly does, of an upright head that stays where it is."""
    faces = [
        (time, face)
        for time, face in _faces(track)
        if abs(face.yaw) < 45 and abs(face.roll) < 45 and face.height >= _MIN_MOVING_PX
    ]
    times = [time for time, _ in faces]
    result: list[Judgement] = []
    for time, inside in zip(times, windows(times, _HALF_WINDOW_S, track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW or float(np.median(np.diff(np.asarray(times)[inside]))) > _LONGEST_STEP_S:
            continue
        seen = [faces[i][1] for i in inside]
        # What changes with every look is not the head; a nod takes several looks.
        angle = _pairs([moving(face) for face in seen])
        across = _pairs([other(face) for face in seen])
        found = sorted(swings(angle, 0.6 * unsure), reverse=True)
        if len(found) < least:
            result.append((time, 0.0))
            continue
        # An opening mouth pulls at the whole mesh: of somebody who talks, small nods cannot be told.
        mouth = float(np.ptp([face.mouth_open for face in seen]))
        away = float(np.ptp([face.centre for face in seen], axis=0).max()) / float(np.median([f.height for f in seen]))
        aside = float(np.ptp(across)) / max(float(np.ptp(angle)), 1e-3)
        even = ramp(found[least - 1] / found[0], _EVEN, 1.3 * _EVEN)
        stays = ramp(-away, -_GOES, -_STAYS)
        clear = min(ramp(found[least - 1], unsure, 1.6 * unsure), even, ramp(-aside, -1.0, -0.5), calm(mouth), stays)
        result.append((time, clear))
    return result


def _pairs(values: list[float]) -> NDArray[np.float64]:
    """(n - 1,) means of neighbours."""
    series = np.asarray(values, dtype=np.float64)
    means: NDArray[np.float64] = (series[1:] + series[:-1]) / 2
    return means


def nodding(track: TrackObservation) -> list[Judgement]:
    """The head goes down and up again and again, without turning as much, while the mouth is about still."""
    return _to_and_fro(
        track, lambda face: face.nod, lambda face: face.yaw, 7.0, _NODS, lambda mouth: ramp(-mouth, -0.12, -0.07)
    )


def shaking_the_head(track: TrackObservation) -> list[Judgement]:
    """The head turns left and right again and again, without nodding as much."""
    return _to_and_fro(track, lambda face: face.yaw, lambda face: face.nod, 10.0, _SHAKES, lambda mouth: 1.0)


def gaze_yaw(face: FaceSeen) -> float:
    """Degrees to the image's right (left: negative) in which somebody looks: the head's turn and the eyes'."""
    aside = face.eyes.gaze_x * _DEGREES_OF_GAZE if face.eyes is not None else 0.0
    return face.yaw + aside


def looking_away(track: TrackObservation) -> list[Judgement]:
    """Head and eyes together point well past the camera, for two samples in a row."""
    clear = [
        (
            p.time_s,
            ramp(abs(gaze_yaw(p.face)), 19.0, 27.0) if p.face.eyes is not None else ramp(abs(p.face.yaw), 32, 42),
        )
        for p in track.seen
        if p.face is not None and p.face.has_mesh and p.face.height >= _MIN_FACE_PX
    ]
    return held(clear)


def eyes_closed(track: TrackObservation) -> list[Judgement]:
    """The lids are closed, compared with how wide this person's eyes are otherwise; a blink is too short to count."""
    read = [(p.time_s, p.face.eyes) for p in track.seen if p.face is not None and p.face.eyes is not None]
    if len(read) < _FEW_EYES:
        return []
    wide = float(np.quantile([eyes.opening for _, eyes in read], 0.8))
    if wide < 0.2:
        return []
    return held([(time, ramp(-eyes.opening / wide, -0.45, -0.3)) for time, eyes in read])


def held(judgements: list[Judgement]) -> list[Judgement]:
    """Only what a neighbouring look confirms: each is as clear as itself and the clearer of its two neighbours."""
    result: list[Judgement] = []
    for index, (time, clear) in enumerate(judgements):
        around = [value for _, value in judgements[max(0, index - 1) : index] + judgements[index + 1 : index + 2]]
        result.append((time, min(clear, max(around, default=0.0))))
    return result


HEAD_JUDGES: dict[str, Callable[[TrackObservation], list[Judgement]]] = {
    "nodding": nodding,
    "shaking the head": shaking_the_head,
    "looking away": looking_away,
}


def head_moves(track: TrackObservation) -> list[Attribute]:
    """Words about the head."""
    return [
        attribute
        for word, judge in HEAD_JUDGES.items()
        for attribute in attribute_of("head", word, judge(track), track, _FULL_S.get(word, _FULL_NOD_S))
    ]


def eyes(track: TrackObservation) -> list[Attribute]:
    """Closed eyes; open ones go without saying."""
    return attribute_of("eyes", "closed", eyes_closed(track), track, _FULL_NOD_S)
