"""Short looks between the samples: enough for a nod, a wave or a clap, at a tenth of the price of a sample.

Between two samples nobody is searched for. The mesh is fitted again where it was a moment ago, and the pose of people
whose hands or feet went somewhere since the look before, as they may be doing something quick.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pvchat.perception.face_mesh import FaceLandmarks, head_pose, mouth_opening, upper_pitch
from pvchat.perception.geometry import Image, Roi
from pvchat.perception.models import PerceptionModels
from pvchat.perception.observation import BodySeen, FaceSeen, PersonSeen
from pvchat.perception.pose import (
    LEFT_ANKLE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    RIGHT_ANKLE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)

_MIN_MESH_SCORE = 0.5
_STRAYED = 0.04
# In shoulder widths; what a resting hand's landmark trembles is below a tenth.
_MOVED = 0.2
LEAST_FACE_PX = 40.0
"""Below this height a mesh that is fitted without a detection slips off the face."""


@dataclass
class Glances:
    """What is remembered of one person to look again, and what was seen.

    Attributes:
        roi: where the face was last.
        fitted: in the last sample, the square its mesh was fitted in and the one the mesh then gave.
        height: of the face, in pixels.
        body: the body as last seen.
        busy: whether it had moved then.
        seen: the glances, ascending in time.
    """

    roi: Roi | None = None
    fitted: tuple[Roi, Roi] | None = None
    height: float = 0.0
    body: BodySeen | None = None
    busy: bool = False
    seen: list[PersonSeen] = field(default_factory=list)

    def remember(self, person: PersonSeen, mesh: FaceLandmarks | None, square: Roi | None) -> None:
        """Take over where a sample saw the person. square: what the mesh was fitted in."""
        face = person.face
        self.roi = mesh.roi if mesh is not None and face is not None and face.has_mesh else None
        self.fitted = (square, self.roi) if square is not None and self.roi is not None else None
        self.height = face.height if face is not None else 0.0
        if person.body is not None:
            self.show(person.body)

    def show(self, body: BodySeen) -> None:
        """Take over where the body is now."""
        self.busy = self.body is not None and moved(self.body, body)
        self.body = body

    def forget_after(self, time_s: float) -> None:
        """Drop what was seen later: it lies behind a cut."""
        self.seen = [person for person in self.seen if person.time_s <= time_s]


def moved(before: BodySeen, now: BodySeen) -> bool:
    """Whether a hand or a foot went somewhere between two looks: then the next looks may show what it does."""
    for body in (before, now):
        if not body.visible(LEFT_SHOULDER, RIGHT_SHOULDER, at_least=0.5):
            return False
    across = max(float(np.linalg.norm(now.landmarks[LEFT_SHOULDER, :2] - now.landmarks[RIGHT_SHOULDER, :2])), 1.0)
    for joint in (LEFT_WRIST, RIGHT_WRIST, LEFT_ANKLE, RIGHT_ANKLE):
        if not (before.visible(joint, at_least=0.5) and now.visible(joint, at_least=0.5)):
            continue
        if float(np.linalg.norm(now.landmarks[joint, :2] - before.landmarks[joint, :2])) > _MOVED * across:
            return True
    return False


class Glancer:
    """Looks again at people that are being followed.

    Args:
        models: the mesh and the pose of these are used.
        most: people looked at per glance, largest face first.
    """

    def __init__(self, models: PerceptionModels, most: int) -> None:
        self._models = models
        self._most = most

    def glance(self, rgb: Image, time_s: float, people: Sequence[Glances]) -> None:
        """Look between two samples; what is seen is added to `Glances.seen`.

        Args:
            rgb: (H, W, 3) uint8 frame. time_s: its time. people: those seen in the sample before.
        """
        bodies = 0
        for one in sorted(people, key=lambda one: -one.height)[: self._most]:
            face = self._face(rgb, one)
            body = None
            if bodies < 1 and one.busy:
                body = self.body(rgb, one)
                bodies += 1
            if face is not None or body is not None:
                one.seen.append(PersonSeen(time_s, face, body))

    def body(self, rgb: Image, one: Glances) -> BodySeen | None:
        """The body where it was a moment ago, without its mask."""
        roi = one.body.roi if one.body is not None else None
        found = self._models.pose.estimate(rgb, roi, mask=False) if roi is not None else None
        if found is None:
            return None
        body = BodySeen(found.box, found.score, found.landmarks, roi)
        one.show(body)
        return body

    def _face(self, rgb: Image, one: Glances) -> FaceSeen | None:
        if one.roi is None or one.height < LEAST_FACE_PX:
            return None
        mesh = self._models.mesh.landmarks(rgb, one.roi)
        if max(abs(mesh.roi.cx - one.roi.cx), abs(mesh.roi.cy - one.roi.cy)) > _STRAYED * one.roi.size:
            # Out of the middle of its square a face is fitted askew, which next to a centred one reads as a nod.
            mesh = self._models.mesh.landmarks(rgb, mesh.roi)
        if mesh.score < _MIN_MESH_SCORE:
            one.roi = None
            return None
        one.roi = mesh.roi
        pose = head_pose(mesh.points)
        return FaceSeen(
            box=mesh.box,
            score=mesh.score,
            yaw=pose.yaw,
            pitch=pose.pitch,
            roll=pose.roll,
            mouth_open=mouth_opening(mesh.points),
            has_mesh=True,
            nod=upper_pitch(mesh.points),
        )
