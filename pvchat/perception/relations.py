"""What holds between two people of a video: left of, near, facing, talking to, together with; each with its times.

Everything is read off head boxes and head turns of samples that show both. A picture that is itself put together from
several (a video call) shows people beside each other who are not; pictures alone do not tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from pvchat.perception.clarity import Judgement, ramp
from pvchat.perception.geometry import PixelBox
from pvchat.perception.head_moves import gaze_yaw
from pvchat.perception.observation import PersonSeen, TrackObservation
from pvchat.perception.record import RELATIONS, Relation, RelationName, Span

MOST_PEOPLE = 8
"""Relations are told between so many people, those who are seen longest; in a crowd there would be hundreds."""

_LEAST_TOGETHER_S = 1.0
_TOGETHER_SHARE = 0.6
_MIN_HEAD_PX = 14.0


@dataclass(frozen=True)
class Related:
    """A track as its relations need it: what was seen of it, and when it talks (from its attributes)."""

    id: int
    observation: TrackObservation
    talking: tuple[Span, ...] = ()


def relations_of(people: Sequence[Related], min_confidence: float) -> tuple[Relation, ...]:
    """All relations that are clear enough, by name, then by track."""
    longest = sorted(people, key=lambda person: -len(person.observation.seen))[:MOST_PEOPLE]
    found: list[Relation] = []
    for one, other in permutations(sorted(longest, key=lambda person: person.id), 2):
        for name, judged in _judged(one, other).items():
            # What holds both ways is written down once.
            if name in ("near", "together with") and one.id > other.id:
                continue
            relation = _relation(name, one, other, judged)
            if relation is not None and relation.confidence >= min_confidence:
                found.append(relation)
    return tuple(sorted(found, key=lambda r: (RELATIONS.index(r.name), r.subject, r.other)))


def _judged(one: Related, other: Related) -> dict[RelationName, list[Judgement]]:
    theirs = {person.time_s: person for person in other.observation.seen}
    both = [(p.time_s, p, theirs[p.time_s]) for p in one.observation.seen if p.time_s in theirs]
    result: dict[RelationName, list[Judgement]] = {name: [] for name in RELATIONS}
    width = one.observation.width
    for time, a, b in both:
        boxes = a.head_box(), b.head_box()
        if boxes[0] is None or boxes[1] is None or min(_tall(boxes[0]), _tall(boxes[1])) < _MIN_HEAD_PX:
            continue
        near, facing = _near(boxes[0], boxes[1]), _facing(a, boxes[0], boxes[1])
        result["left of"].append((time, _left(boxes[0], boxes[1], width)))
        result["near"].append((time, near))
        result["facing"].append((time, facing))
        says = any(start <= time <= end for start, end in one.talking)
        result["talking to"].append((time, facing if says else 0.0))
    result["together with"] = _together(result["near"], one, other)
    return result


def _tall(box: PixelBox) -> float:
    return box[3] - box[1]


def _middle(box: PixelBox) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _left(a: PixelBox, b: PixelBox, width: int) -> float:
    """Heads one above the other are neither left nor right of each other."""
    wide = (a[2] - a[0] + b[2] - b[0]) / 2
    ahead = _middle(b)[0] - _middle(a)[0]
    return min(ramp(ahead / max(wide, 1.0), 0.4, 0.8), ramp(ahead / width, 0.02, 0.05))


def _depth(a: PixelBox, b: PixelBox) -> float:
    """How clearly two heads are about as far from the camera, going by their size."""
    ratio = min(_tall(a), _tall(b)) / max(_tall(a), _tall(b))
    return ramp(ratio, 0.55, 0.7)


def _near(a: PixelBox, b: PixelBox) -> float:
    (ax, ay), (bx, by) = _middle(a), _middle(b)
    heads = float(np.hypot(ax - bx, ay - by)) / max((_tall(a) + _tall(b)) / 2, 1.0)
    return min(_depth(a, b), ramp(-heads, -4.0, -3.0))


def _facing(person: PersonSeen, a: PixelBox, b: PixelBox) -> float:
    """The head is turned to the side on which the other one is, at about the same height and depth."""
    face = person.face
    if face is None or not face.has_mesh:
        return 0.0
    (ax, ay), (bx, by) = _middle(a), _middle(b)
    side = 1.0 if bx > ax else -1.0
    aside = abs(bx - ax) / max(_tall(a), 1.0)
    level = abs(by - ay) / max(abs(bx - ax), 1.0)
    turned = min(ramp(side * face.yaw, 18.0, 28.0), ramp(side * gaze_yaw(face), 16.0, 26.0))
    return min(turned, _depth(a, b), ramp(aside, 0.8, 1.1), ramp(-level, -0.9, -0.6))


def _together(near: Sequence[Judgement], one: Related, other: Related) -> list[Judgement]:
    """Near each other most of the time in which the one seen shorter is seen at all."""
    shorter = min(len(one.observation.seen), len(other.observation.seen))
    share = sum(clear >= 0.5 for _, clear in near) / max(1, shorter)
    return [(time, min(clear, ramp(share, _TOGETHER_SHARE, 0.85))) for time, clear in near]


def _relation(name: RelationName, one: Related, other: Related, judged: Sequence[Judgement]) -> Relation | None:
    seen = [(time, clear) for time, clear in judged if clear >= 0.5]
    few = len(one.observation.samples_s) < 2
    if not seen or (len(seen) < 2 and not few):
        return None
    spans = one.observation.spans([time for time, _ in seen])
    if name == "together with" and sum(end - start for start, end in spans) < _LEAST_TOGETHER_S:
        return None
    confidence = float(np.mean([clear for _, clear in seen]))
    return Relation(name=name, subject=one.id, other=other.id, confidence=round(confidence, 3), spans=spans)


def of_track(relations: Sequence[Relation], track_id: int) -> Mapping[RelationName, tuple[Relation, ...]]:
    """The relations a track has part in, by name."""
    mine = [relation for relation in relations if track_id in (relation.subject, relation.other)]
    return {name: tuple(r for r in mine if r.name == name) for name in RELATIONS if any(r.name == name for r in mine)}
