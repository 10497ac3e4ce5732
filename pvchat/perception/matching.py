"""Which of the faces and bodies of a frame belong to one person."""

import math
from collections.abc import Iterable, Sequence

from pvchat.perception.geometry import PixelBox
from pvchat.perception.observation import FaceSeen, PersonSeen
from pvchat.perception.pose import LEFT_SHOULDER, NOSE, RIGHT_SHOULDER, Body
from pvchat.perception.tracks import iou


def same_face(a: PixelBox, b: PixelBox) -> bool:
    """Whether two boxes show the same head, allowing for detectors that draw it larger or smaller."""
    size = max(a[3] - a[1], b[3] - b[1])
    dx, dy = (a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2
    return math.hypot(dx, dy) < 0.6 * size


def follow(face: FaceSeen, expected: Sequence[PersonSeen]) -> PersonSeen | None:
    """The followed person whose head is nearest to a face, or None when nobody is near."""
    near = [(iou(face.box, head), person) for person in expected if (head := person.head_box()) is not None]
    best = max(near, key=lambda item: item[0], default=None)
    return best[1] if best is not None and best[0] > 0.1 else None


def doubled(body: Body, others: Iterable[Body]) -> bool:
    """Whether this body was already found for somebody else."""
    return any(iou(body.box, other.box) > 0.7 for other in others)


def share_inside(box: PixelBox, other: PixelBox) -> float:
    """Share of a box that lies in another one. A second body inside a first is a leg or a pair of hands."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(0.0, width) * max(0.0, height) / max(area, 1e-6)


def turned(body: Body, face: FaceSeen) -> float:
    """Degrees between the roll of a face and the way its neck points, 0..180.

    Where the body of somebody who lies is looked for upright, the pose network makes one up that stands or sits.
    """
    neck = body.landmarks[[LEFT_SHOULDER, RIGHT_SHOULDER], :2].mean(0) - body.landmarks[NOSE, :2]
    roll = math.degrees(math.atan2(-float(neck[0]), float(neck[1])))
    return abs((roll - face.roll + 180.0) % 360.0 - 180.0)


def holds_face(body: Body, faces: Sequence[FaceSeen]) -> bool:
    """Whether the head of a body is one of these faces."""
    nose = body.landmarks[0, :2]
    for face in faces:
        x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
        if math.hypot(float(nose[0]) - x, float(nose[1]) - y) < 0.6 * face.height:
            return True
    return False
