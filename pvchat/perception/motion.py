"""Where a whole body goes: walking, falling, approaching, leaving, dancing."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pvchat.perception.actions import moving_left, moving_right, stands
from pvchat.perception.clarity import Judgement, attribute_of, ramp, swings, windows
from pvchat.perception.fallen import falling
from pvchat.perception.joints import ARMS, LEGS, bodies, legs_seen, middle, scale
from pvchat.perception.observation import BodySeen, TrackObservation
from pvchat.perception.pose import LEFT_ANKLE, LEFT_HIP, RIGHT_ANKLE, RIGHT_HIP
from pvchat.perception.record import Attribute

_HALF_WINDOW_S = 1.25
_SLOW_HALF_WINDOW_S = 1.75
_MIN_IN_WINDOW = 5
_MIN_HEAD_PX = 16.0
# A lunge is one or two.
_STEPS = 3
# Shoulder widths between the thirds of a window: a metre is two, a step aside or two less.
_GETS = (1.5, 2.5)
# Falling and going out of the picture are over soon.
_FULL_S = {"falling": 0.8, "leaving": 1.0}
# Somebody who left was last seen this near to the edge, in head widths, and for so long nobody is seen there any more.
_EDGE = 0.7
_GONE_S = 0.7


def walking(track: TrackObservation) -> list[Judgement]:
    """The legs pass each other while the person gets somewhere, across the picture or toward or from the camera."""
    looks = [
        (time, body, size)
        for time, body in bodies(track)
        if legs_seen(body, at_least=0.6) and (size := scale(body)) is not None
    ]
    if not looks:
        return []
    across = _either(moving_left(track), moving_right(track))
    along = _either(approaching(track), receding(track))
    feet = [body.landmarks[LEFT_ANKLE, :2] - body.landmarks[RIGHT_ANKLE, :2] for _, body, _ in looks]
    apart = np.array([float(way.sum()) / size for way, (_, _, size) in zip(feet, looks, strict=True)])
    times = [time for time, _, _ in looks]
    result: list[Judgement] = []
    hips = np.array([middle(body, (LEFT_HIP, RIGHT_HIP))[0] / size for _, body, size in looks])
    for time, inside in zip(times, windows(times, _HALF_WINDOW_S, track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW:
            continue
        steps = sorted(swings(apart[inside], 0.15), reverse=True)
        stepping = ramp(steps[_STEPS - 1], 0.25, 0.5) if len(steps) >= _STEPS else 0.0
        third = len(inside) // 3
        way = float(abs(np.median(hips[inside[-third:]]) - np.median(hips[inside[:third]])))
        going = max(min(_nearest(across, time), ramp(way, *_GETS)), _nearest(along, time))
        result.append((time, min(stepping, going, _on_feet([looks[i][1] for i in inside]))))
    return result


def _either(one: Sequence[Judgement], other: Sequence[Judgement]) -> dict[float, float]:
    clear = dict(one)
    for time, value in other:
        clear[time] = max(clear.get(time, 0.0), value)
    return clear


def _nearest(judged: dict[float, float], time_s: float) -> float:
    return judged[min(judged, key=lambda at: abs(at - time_s))] if judged else 0.0


def _on_feet(seen: Sequence[BodySeen]) -> float:
    """Whether somebody stands in a part of the looks: legs of one who sits or lies may pass each other, too."""
    return ramp(float(np.mean([stands(body) >= 0.5 for body in seen])), 0.2, 0.4)


def _growth(track: TrackObservation, sign: float) -> list[Judgement]:
    """How clearly a head steadily becomes larger (smaller) while the picture around it does not."""
    heads = [
        (person.time_s, person.face.height)
        for person in track.seen
        if person.face is not None and person.face.height >= _MIN_HEAD_PX and abs(person.face.pitch) < 30
    ]
    times = [time for time, _ in heads]
    sizes = np.log2([height for _, height in heads]) if heads else np.zeros(0)
    step = track.duration_s / max(1, len(track.samples_s))
    result: list[Judgement] = []
    for time, inside in zip(times, windows(times, max(_SLOW_HALF_WINDOW_S, 4 * step), track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW:
            continue
        third = max(1, len(inside) // 3)
        grown = sign * float(np.median(sizes[inside[-third:]]) - np.median(sizes[inside[:third]]))
        steady = float((sign * np.diff(sizes[inside]) > -0.01).mean())
        clear = min(ramp(grown, 0.2, 0.35), ramp(steady, 0.65, 0.8))
        if clear >= 0.5 and not track.camera_still(times[inside[0]], times[inside[-1]]):
            clear = 0.0
        result.append((time, clear))
    return result


def approaching(track: TrackObservation) -> list[Judgement]:
    """The person comes nearer: the head grows, and what is around it does not."""
    return _growth(track, 1.0)


def receding(track: TrackObservation) -> list[Judgement]:
    """The person goes away from the camera."""
    return _growth(track, -1.0)


def leaving(track: TrackObservation) -> list[Judgement]:
    """The person goes away from the camera, or out of the picture while the shot goes on."""
    clear = dict(receding(track))
    last = track.seen[-1].time_s
    goes_on = last + _GONE_S <= track.duration_s and not any(last < cut <= last + _GONE_S for cut in track.cuts_s)
    ends = [p for p in track.seen if last - 1.5 <= p.time_s and not any(p.time_s < cut <= last for cut in track.cuts_s)]
    head = ends[-1].head_box() if ends else None
    if goes_on and head is not None and len(ends) >= 3:
        wide = head[2] - head[0]
        way = ends[-1].centre_x - ends[0].centre_x
        to_edge = ends[-1].centre_x if way < 0 else track.width - ends[-1].centre_x
        steps = np.diff([p.centre_x for p in ends])
        if to_edge <= _EDGE * wide + 0.02 * track.width and float((np.sign(steps) == np.sign(way)).mean()) >= 0.7:
            gone = ramp(abs(way) / wide, 0.6, 1.0)
            for person in ends:
                clear[person.time_s] = max(clear.get(person.time_s, 0.0), gone)
    return sorted(clear.items())


def dancing(track: TrackObservation) -> list[Judgement]:
    """For a while both arms and both feet move, and the hips sway to and fro above feet that stay about."""
    looks = [
        (time, body, size)
        for time, body in bodies(track)
        if legs_seen(body, at_least=0.6) and (size := scale(body)) is not None
    ]
    times = [time for time, _, _ in looks]
    feet = np.array([middle(body, [leg[2] for leg in LEGS])[0] for _, body, _ in looks])
    hips = np.array([middle(body, (LEFT_HIP, RIGHT_HIP))[0] for _, body, _ in looks]) - feet
    wrists, ankles = ([_places([body for _, body, _ in looks], limb[2]) for limb in limbs] for limbs in (ARMS, LEGS))
    result: list[Judgement] = []
    for time, inside in zip(times, windows(times, _SLOW_HALF_WINDOW_S, track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW or times[inside[-1]] - times[inside[0]] < 1.5:
            continue
        size = float(np.median([looks[i][2] for i in inside]))
        arms = min(_way(places[inside], size) for places in wrists)
        stays = float(np.ptp(feet[inside])) / size
        # To and fro: who leans over once does something else.
        swayed = sorted(swings(hips[inside] / size, 0.15), reverse=True)
        sway = swayed[1] if len(swayed) >= 2 else 0.0
        steps = min(_reach(places[inside], size) for places in ankles)
        upright = _on_feet([looks[i][1] for i in inside])
        moves = min(ramp(arms, 1.6, 2.6), ramp(sway, 0.3, 0.55), ramp(steps, 0.3, 0.5))
        result.append((time, min(upright, moves, ramp(-stays, -1.8, -1.2))))
    return result


def _places(seen: list[BodySeen], joint: int) -> NDArray[np.float32]:
    """(n, 2) places of a joint, not a number where it is hidden."""
    places = [body.landmarks[joint, :2] if body.visible(joint, at_least=0.5) else (np.nan, np.nan) for body in seen]
    return np.asarray(places, dtype=np.float32).reshape(-1, 2)


def _way(places: NDArray[np.float32], size: float) -> float:
    """How far a wrist travels within a window, without its largest jump, in shoulder widths."""
    known = places[np.isfinite(places[:, 0])]
    if len(known) < _MIN_IN_WINDOW:
        return 0.0
    lengths = np.linalg.norm(np.diff(known, axis=0), axis=1) / size
    return float(lengths.sum() - lengths.max())


def _reach(places: NDArray[np.float32], size: float) -> float:
    """How far a foot gets within a window, in shoulder widths; the outermost twentieths aside."""
    known = places[np.isfinite(places[:, 0])]
    if len(known) < _MIN_IN_WINDOW:
        return 0.0
    low, high = np.quantile(known, (0.05, 0.95), axis=0)
    return float(np.max(high - low)) / size


MOTION_JUDGES: dict[str, Callable[[TrackObservation], list[Judgement]]] = {
    "walking": walking,
    "falling": falling,
    "approaching": approaching,
    "leaving": leaving,
    "dancing": dancing,
}


def motion(track: TrackObservation) -> list[Attribute]:
    """Words about where the whole body goes."""
    return [
        attribute
        for word, judge in MOTION_JUDGES.items()
        for attribute in attribute_of("motion", word, judge(track), track, _FULL_S.get(word, 2.0))
    ]
