"""Action words that can be told honestly from a face mesh and a pose, each with its times.

Every word is measured in a sliding window of about a second and a half around each sample and said for the samples
where the measurement is clear. All lengths are relative to the person (eye distance, face height, shoulder width), so
that a near and a far person are judged alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pvchat.perception.clarity import Judgement, attribute_of, ramp, windows
from pvchat.perception.joints import ARMS, middle, scale
from pvchat.perception.observation import BodySeen, FaceSeen, PersonSeen, TrackObservation
from pvchat.perception.pose import (
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
)
from pvchat.perception.record import ACTIONS, Attribute

_WINDOW_S = 1.5
_MIN_IN_WINDOW = 4
# Below this height the mesh of a face is mostly noise (its network sees 192 pixels).
_MIN_FACE_PX = 32.0

_NOT_STILL = tuple(word for word in ACTIONS if word not in ("keeping still", "standing"))


def _meshed(track: TrackObservation) -> list[tuple[float, FaceSeen]]:
    return [
        (person.time_s, person.face)
        for person in track.seen
        if person.face is not None and person.face.has_mesh and person.face.height >= _MIN_FACE_PX
    ]


def _windows(times: Sequence[float], step_s: float, cuts: Sequence[float]) -> list[NDArray[np.intp]]:
    """Neighbours of each time about `_WINDOW_S` wide (more in sparse samples), see `clarity.windows`."""
    return windows(times, max(_WINDOW_S / 2, 3 * step_s), cuts)


def _step(track: TrackObservation) -> float:
    return track.duration_s / max(1, len(track.samples_s))


def talking(track: TrackObservation) -> list[Judgement]:
    """The mouth opens and closes again and again; a mouth held open, or one yawn, is not talking."""
    faces = [(time, face) for time, face in _meshed(track) if abs(face.yaw) < 50]
    result: list[Judgement] = []
    times = [time for time, _ in faces]
    opening = np.array([face.mouth_open for _, face in faces])
    for time, inside in zip(times, _windows(times, _step(track), track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW:
            continue
        steps = np.abs(np.diff(opening[inside]))
        # The median step ignores a single yawn, which moves the mouth in one or two steps only.
        moved = float(np.sort(steps)[len(steps) // 2 :].mean())
        typical = float(np.median(steps))
        result.append((time, min(ramp(moved, 0.05, 0.10), ramp(typical, 0.02, 0.05))))
    return result


def smiling(track: TrackObservation) -> list[Judgement]:
    """The mouth is wide and its corners are drawn up."""
    faces = [(time, face) for time, face in _meshed(track) if abs(face.yaw) < 30 and abs(face.pitch) < 30]
    return [
        (time, min(ramp(face.mouth_width, 0.65, 0.73), ramp(face.corner_lift, 0.012, 0.03))) for time, face in faces
    ]


def turning_the_head(track: TrackObservation) -> list[Judgement]:
    """Yaw or pitch changes clearly within a window."""
    faces = _meshed(track)
    times = [time for time, _ in faces]
    angles = np.array([(face.yaw, face.pitch) for _, face in faces]).reshape(-1, 2)
    result: list[Judgement] = []
    for time, inside in zip(times, _windows(times, _step(track), track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW:
            continue
        # Between the second smallest and the second largest value: one bad mesh is not a turn.
        ordered = np.sort(angles[inside], axis=0)
        yaw, pitch = ordered[-2] - ordered[1]
        result.append((time, max(ramp(float(yaw), 16, 28), ramp(float(pitch), 16, 28))))
    return result


_AROUND = 4
# In shoulder widths between two looks.
_TREMBLES = 0.1


def _wrists(person: PersonSeen, width: float | None = None) -> list[tuple[float, float] | None]:
    """Left and right wrist relative to the middle of the shoulders, in shoulder widths; None when not seen.

    Args:
        width: of the shoulders, see `joints.scale`; that of this look where none is given.
    """
    body = person.body
    own = scale(body) if body is not None else None
    if body is None or own is None:
        return [None, None]
    shoulders = middle(body, (LEFT_SHOULDER, RIGHT_SHOULDER))
    result: list[tuple[float, float] | None] = []
    for _, elbow, wrist in ARMS:
        if body.visible(elbow, wrist):
            x, y = (body.landmarks[wrist, :2] - shoulders) / (width or own)
            result.append((float(x), float(y)))
        else:
            result.append(None)
    return result


def _wrist_looks(people: Sequence[PersonSeen]) -> list[tuple[float, list[tuple[float, float] | None]]]:
    """Where the wrists are in looks at one person, see `_wrists`, in their order.

    The width of the shoulders is that of the looks around: of a body seen from the side it trembles, and what lies far
    from it would with it.
    """
    looks = [(p, width) for p in people if p.body is not None and (width := scale(p.body)) is not None]
    widths = [width for _, width in looks]
    steady = [float(np.median(widths[max(0, i - _AROUND) : i + _AROUND + 1])) for i in range(len(widths))]
    return [(person.time_s, _wrists(person, width)) for (person, _), width in zip(looks, steady, strict=True)]


def moving_the_arms(track: TrackObservation) -> list[Judgement]:
    """The wrists travel relative to the shoulders, and get somewhere: a hidden wrist is found here and there."""
    # Between the samples the body is looked at in another square, in which a hidden wrist is found elsewhere.
    seen = _wrist_looks(track.seen)
    result: list[Judgement] = []
    times = [time for time, _ in seen]
    for time, inside in zip(times, _windows(times, _step(track), track.cuts_s), strict=True):
        clear = 0.0
        for side in (0, 1):
            path = [(times[i], wrist) for i in inside if (wrist := seen[i][1][side]) is not None]
            if len(path) < 3:
                continue
            places = np.array([wrist for _, wrist in path])
            lengths = _steps(places)
            # Without the largest jump, which may be a wrist mistaken once, or without whatever comes and goes at once.
            steady = max(lengths.sum() - lengths.max(), _steps(_calm(places)).sum())
            travelled = float(steady) / (path[-1][0] - path[0][0])
            clear = max(clear, min(ramp(travelled, 0.35, 0.8), ramp(_reach(places), 0.3, 0.5)))
        result.append((time, clear))
    return result


def _steps(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths of the steps between (n, 2) places, less what a hand at rest trembles."""
    steps: NDArray[np.float64] = np.linalg.norm(np.diff(places, axis=0), axis=1)
    return np.maximum(steps - _TREMBLES, 0.0)


def _calm(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) places without single misplaced ones; (n - 2, 2) where there are enough."""
    if len(places) < 3:
        return places
    calm: NDArray[np.float64] = np.median(np.stack([places[:-2], places[1:-1], places[2:]]), axis=0)
    return calm


def _reach(places: NDArray[np.float64]) -> float:
    """How far apart the outermost of (n, 2) places lie, single misplaced ones aside."""
    calm = _calm(places)
    return float(np.linalg.norm(calm.max(0) - calm.min(0)))


def raising_the_arms(track: TrackObservation) -> list[Judgement]:
    """A wrist is above the shoulders, in two neighbouring looks."""
    seen = [(person.time_s, _wrists(person)) for person in track.seen if person.body is not None]
    height = [max((-wrist[1] for wrist in wrists if wrist is not None), default=-9.0) for _, wrists in seen]
    result: list[Judgement] = []
    for index, (time, _) in enumerate(seen):
        around = height[max(0, index - 1) : index] + height[index + 1 : index + 2]
        held = min(height[index], max(around, default=-9.0))
        result.append((time, ramp(held, 0.15, 0.45)))
    return result


def standing(track: TrackObservation) -> list[Judgement]:
    """Hips, knees and ankles are seen, one above the other, legs straight."""
    return [(person.time_s, stands(person.body)) for person in track.seen if person.body is not None]


def stands(body: BodySeen) -> float:
    """How clearly one look shows a body stand."""
    if not body.visible(LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE, LEFT_ANKLE, RIGHT_ANKLE, at_least=0.7):
        return 0.0
    points = body.landmarks[:, :2]
    shoulders = (points[LEFT_SHOULDER] + points[RIGHT_SHOULDER]) / 2
    hips = (points[LEFT_HIP] + points[RIGHT_HIP]) / 2
    trunk = max(float(np.linalg.norm(hips - shoulders)), 1.0)
    legs = [
        (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE),
        (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE),
    ]
    # The straighter leg carries: the other may be lifted in a dance or a step.
    best = 0.0
    for hip, knee, ankle in legs:
        thigh, shin = points[knee] - points[hip], points[ankle] - points[knee]
        upright = min(float(thigh[1]), float(shin[1])) / trunk
        best = max(best, min(ramp(upright, 0.45, 0.6), ramp(_cosine(thigh, shin), 0.75, 0.9)))
    lean = float(hips[1] - shoulders[1]) / trunk
    return min(best, ramp(lean, 0.6, 0.85))


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-6))


@dataclass(frozen=True)
class _Drift:
    """Horizontal way of a person within a window: in picture widths, in head widths, and of the picture itself."""

    time_s: float
    way: float
    heads: float
    picture: float


def _drift(track: TrackObservation) -> list[_Drift]:
    times = [person.time_s for person in track.seen]
    centres = np.array([person.centre_x for person in track.seen])
    heads = [head[2] - head[0] for person in track.seen if (head := person.head_box()) is not None]
    head_width = max(float(np.median(heads)) if heads else 0.1 * track.width, 1.0)
    shown = np.cumsum([track.camera_motion.get(time, (0.0, 0.0))[0] for time in times])
    result: list[_Drift] = []
    for time, inside in zip(times, _windows(times, _step(track), track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW:
            continue
        steps = np.diff(centres[inside])
        way = float(steps.sum())
        # A steady walk, not a sway: most steps go the same way.
        if float((np.sign(steps) == np.sign(way)).mean()) < 0.7:
            way = 0.0
        picture = float(shown[inside[-1]] - shown[inside[0]]) / track.width
        result.append(_Drift(time, way / track.width, way / head_width, picture))
    return result


def _moving(track: TrackObservation, sign: float) -> list[Judgement]:
    result: list[Judgement] = []
    for drift in _drift(track):
        # What the whole picture does is the camera's motion, not the person's.
        own = drift.way - drift.picture if abs(drift.picture) > 0.02 else drift.way
        # A head that turns shifts its box by up to half of its width.
        clear = min(
            ramp(sign * drift.way, 0.10, 0.18), ramp(sign * own, 0.08, 0.14), ramp(sign * drift.heads, 0.8, 1.2)
        )
        result.append((drift.time_s, clear))
    return result


def moving_left(track: TrackObservation) -> list[Judgement]:
    """The person crosses the picture toward its left edge."""
    return _moving(track, -1.0)


def moving_right(track: TrackObservation) -> list[Judgement]:
    """The person crosses the picture toward its right edge."""
    return _moving(track, 1.0)


def keeping_still(track: TrackObservation) -> list[Judgement]:
    """Head, mouth and (where seen) hands hardly move, and enough of the person is seen to know."""
    faces = _meshed(track)
    times = [time for time, _ in faces]
    wrists = _wrist_looks(track.seen)
    result: list[Judgement] = []
    for time, inside in zip(times, _windows(times, _step(track), track.cuts_s), strict=True):
        if len(inside) < _MIN_IN_WINDOW:
            continue
        window = [faces[i][1] for i in inside]
        size = float(np.median([face.height for face in window]))
        centres = np.array([((f.box[0] + f.box[2]) / 2, (f.box[1] + f.box[3]) / 2) for f in window]) / size
        angles = np.array([(face.yaw, face.pitch) for face in window])
        mouth = np.array([face.mouth_open for face in window])
        passed = times[inside[-1]] - times[inside[0]]
        head = float(np.linalg.norm(centres.max(0) - centres.min(0))) / max(passed, 0.5)
        clear = min(
            ramp(-head, -0.25, -0.10),
            ramp(-float((angles.max(0) - angles.min(0)).max()), -14.0, -6.0),
            ramp(-float(np.abs(np.diff(mouth)).mean()), -0.05, -0.02),
        )
        for side in (0, 1):
            hands = [at[side] for when, at in wrists if times[inside[0]] <= when <= times[inside[-1]]]
            known = np.array([hand for hand in hands if hand is not None])
            if len(known) >= 2:
                clear = min(clear, ramp(-_reach(known), -0.3, -0.15))
        result.append((time, clear))
    return result


JUDGES: dict[str, Callable[[TrackObservation], list[Judgement]]] = {
    "talking": talking,
    "smiling": smiling,
    "turning the head": turning_the_head,
    "moving the arms": moving_the_arms,
    "raising the arms": raising_the_arms,
    "moving left": moving_left,
    "moving right": moving_right,
    "standing": standing,
    "keeping still": keeping_still,
}

TOLD_BY_FACES = frozenset({"talking", "smiling", "turning the head", "keeping still"})
"""Words that nothing but a face tells: where none is seen, they are never said."""


def actions(track: TrackObservation) -> list[Attribute]:
    """All action words that are clear enough to be considered, surest first.

    Keeping still is what is left when nothing else is seen: it is not said of times in which something else is.
    """
    judged = {word: judge(track) for word, judge in JUDGES.items()}
    busy = {time for word in _NOT_STILL for time, clear in judged[word] if clear >= 0.5}
    judged["keeping still"] = [(time, 0.0 if time in busy else clear) for time, clear in judged["keeping still"]]
    found = [attribute for word, seen in judged.items() for attribute in attribute_of("action", word, seen, track)]
    return sorted(found, key=lambda a: (a.value == "keeping still" and len(found) > 1, -a.confidence))
