"""Falls: a head goes down quickly, and then lies.

Trunks alone do not tell: while somebody falls, the pose network still draws the body that stood, and where no face is
seen it may go on drawing it, or draw one upright over somebody who lies. A face is plain, and so is a body on its feet.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pvchat.perception.actions import stands
from pvchat.perception.clarity import Judgement, ramp
from pvchat.perception.joints import sprawl, tilt, trunk
from pvchat.perception.observation import PersonSeen, TrackObservation

# Degrees of roll of a face, or of tilt of a trunk.
_UPRIGHT, _LIES = 40.0, 60.0
# Between the last look that shows somebody upright and the first that shows the same person lie; and how long a head
# is on its way down, knees first.
_TURNS_S, _DROPS_S = 1.3, 2.5
# Looks that show somebody upright before, and lie after, within this time.
_LOOKS, _STAYS_S = 2, 1.0
# In face heights: from a chair to the floor or from standing to a bed about three, from standing to the floor six.
_UNSURE_DROP, _SURE_DROP = 3.2, 4.2
_FACES_PER_TRUNK = 2.5
# Two pieces of a track that a fall has torn: in seconds, and in face heights down and aside.
_TORN_S, _LEAST_DOWN, _MOST_AWAY = 1.1, 1.2, 6.0


def _look(person: PersonSeen, frame_height: int) -> tuple[float, float] | None:
    """Degrees by which somebody is turned, by the face where one is seen, and how far down the head is in pixels.

    Of a body without a face whose outline lies, the middle of that: a head drawn over it is made up. None where nothing
    tells.
    """
    body, head = person.body, person.head_box()
    if person.face is None and body is not None and sprawl(body, frame_height) >= 0.5:
        return 90.0, (body.box[1] + body.box[3]) / 2
    if head is None:
        return None
    middle = (head[1] + head[3]) / 2
    if person.face is not None:
        return abs(person.face.roll), middle
    down = trunk(body) if body is not None else None
    return (tilt(down), middle) if down is not None else None


def _face_px(seen: Sequence[PersonSeen]) -> float | None:
    """Median height of the faces, else about what it would be below the trunks; None where neither is seen."""
    heights = [person.face.height for person in seen if person.face is not None]
    if not heights:
        trunks = [down for person in seen if person.body is not None and (down := trunk(person.body)) is not None]
        heights = [float(np.linalg.norm(down)) / _FACES_PER_TRUNK for down in trunks]
    return float(np.median(heights)) if heights else None


def falling(track: TrackObservation) -> list[Judgement]:
    """The head of somebody upright goes down by more than from a chair to a bed, and lies within about a second."""
    looks = [(p.time_s, *look) for p in track.seen if (look := _look(p, track.height)) is not None]
    plain = {p.time_s for p in track.seen if p.face is not None or (p.body is not None and stands(p.body) >= 0.5)}
    size = _face_px(track.seen)
    clear = {person.time_s: 0.0 for person in track.seen}
    if size is None:
        return list(clear.items())
    for time, angle, _ in looks:
        before = [
            look for look in looks if time - _DROPS_S <= look[0] < time and look[1] <= _UPRIGHT and look[0] in plain
        ]
        after = [look for look in looks if time <= look[0] <= time + _STAYS_S and look[1] >= _LIES]
        if angle < _LIES or min(len(before), len(after)) < _LOOKS or time - before[-1][0] > _TURNS_S:
            continue
        # The second highest and the median: one face found where there is none is no fall.
        top = sorted(y for _, _, y in before)[1]
        start = max(at for at, _, y in before if y <= top + 0.5 * size)
        if any(start < cut <= after[1][0] for cut in track.cuts_s):
            continue
        dropped = ramp((float(np.median([y for _, _, y in after])) - top) / size, _UNSURE_DROP, _SURE_DROP)
        for at in clear:
            if start <= at <= time:
                clear[at] = max(clear[at], dropped)
    return list(clear.items())


def torn_by_falls(people: Sequence[Sequence[PersonSeen]], cuts_s: Sequence[float]) -> list[tuple[int, int]]:
    """Pairs of people, by index, of whom the second is the first one after a fall.

    The face of the first is lost while upright; soon after, lower in the picture, a face begins that comes to lie.

    Args:
        people: sightings of each, ascending in time. cuts_s: times of cuts.
    """
    found: list[tuple[float, int, int]] = []
    for first, before in enumerate(people):
        faces = [p for p in before if p.face is not None]
        if not faces or faces[-1].face is None or abs(faces[-1].face.roll) > _UPRIGHT:
            continue
        last = faces[-1].face
        for second, after in enumerate(people):
            begins = next((p for p in after if p.face is not None), None)
            if second == first or begins is None or begins.face is None or after[0].time_s <= faces[0].time_s:
                continue
            gap = begins.time_s - faces[-1].time_s
            soon = [p.face for p in after if p.face is not None and p.time_s <= begins.time_s + _TURNS_S]
            if not 0 < gap <= _TORN_S or any(faces[-1].time_s < cut <= begins.time_s for cut in cuts_s):
                continue
            down = (begins.face.centre[1] - last.centre[1]) / last.height
            aside = abs(begins.face.centre[0] - last.centre[0]) / last.height
            away = float(np.hypot(down, aside))
            if down >= _LEAST_DOWN and away <= _MOST_AWAY and any(abs(face.roll) >= _LIES for face in soon):
                found.append((away, first, second))
    taken: set[int] = set()
    pairs = []
    for _, first, second in sorted(found):
        if first not in taken and second not in taken:
            taken |= {first, second}
            pairs.append((first, second))
    return pairs


def without_ghost(before: Sequence[PersonSeen], after: Sequence[PersonSeen]) -> tuple[PersonSeen, ...]:
    """Sightings of somebody before and after a fall, without bodies drawn where that person no longer was.

    Args:
        before, after: ascending in time.
    """
    begins = next(p.time_s for p in after if p.face is not None)
    last = max(p.time_s for p in before if p.face is not None)
    bodies = [replace(p, face=None) for p in after if p.time_s < begins and p.time_s > last]
    return (*[p for p in before if p.time_s <= last], *bodies, *[p for p in after if p.time_s >= begins])
