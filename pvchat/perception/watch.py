"""Looking at one sampled frame after the other: who is there, and what is kept of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.background import Backgrounds
from pvchat.perception.carrying import can_be_carried, carry, chest_of, room_of
from pvchat.perception.clothing import look_at_clothing
from pvchat.perception.config import PerceptionConfig
from pvchat.perception.cuts import CutBetween, CutDetector, shift, signature
from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.face_mesh import FaceLandmarks, roi_of
from pvchat.perception.faces import CropKeeper, cut_out, measure_face
from pvchat.perception.geometry import Image, PixelBox, Roi, clip_box
from pvchat.perception.glancing import LEAST_FACE_PX, Glancer
from pvchat.perception.hair import look_at_hair
from pvchat.perception.matching import doubled, follow, holds_face, same_face, share_inside, turned
from pvchat.perception.models import PerceptionModels
from pvchat.perception.observation import BodySeen, FaceSeen, PersonSeen, arms_in_view, body_seen
from pvchat.perception.piece import Piece
from pvchat.perception.pose import Body, roi_from_face
from pvchat.perception.torsos import cut_torso
from pvchat.perception.tracks import Tracker, Tracklet, iou
from pvchat.perception.worn import look_at_head

_LOCAL_REACH = 2.5
_HALVE_FROM = 800
# Degrees: of a face of somebody who lies, of one whose body lay a moment ago, and from which on a body does not go with
# a face.
_LYING_ROLL = 50.0
_TILTED_ROLL = 25.0
_TURNED = 70.0
_MIN_BODY_FACE_PX = 14.0
# Share of what is below a face that changes between two samples while an arm moves there; a portrait stays below it.
_MOVES = 0.05
# Share of a body's box inside another one from which the two are one body.
_CONTAINED = 0.8


@dataclass(frozen=True)
class _Found:
    """A person of the current frame with the pictures that are not kept."""

    person: PersonSeen
    mesh: FaceLandmarks | None = None
    body: Body | None = None
    square: Roi | None = None


class Watcher:
    """Finds and follows the people of one video.

    Args:
        models: the networks.
        config: how closely to look.
        step_s: distance of two samples.
    """

    def __init__(self, models: PerceptionModels, config: PerceptionConfig, step_s: float) -> None:
        self._models = models
        self._config = config
        self._tracker = Tracker(max_gap_s=max(config.bridge_s, 2.1 * step_s))
        self._detector = CutDetector(config.cut_threshold)
        self._glancer = Glancer(models, config.max_glanced)
        self._pieces: dict[int, Piece] = {}
        self._searched_s = -math.inf
        self.cuts: list[CutBetween] = []
        self.backgrounds = Backgrounds()
        self.motion: dict[float, tuple[float, float]] = {}
        self._before_s = self._last_s = 0.0
        self._was_carried = False

    def look(self, time_s: float, rgb: Image) -> list[Piece]:
        """Look at the next frame.

        Args:
            time_s: later than all before.
            rgb: (H, W, 3) uint8.

        Returns:
            The pieces that have ended; nothing will be added to them any more.
        """
        small = _halved(rgb)
        before, now = self._detector.last, signature(small)
        cut = self._detector.update(now)
        ended: list[Tracklet] = []
        if cut and before is not None:
            ended = self._tracker.cut()
            for piece in self._pieces.values():
                piece.glances.forget_after(self._last_s)
            self.cuts.append(CutBetween(self._last_s, time_s, before, now))
        elif before is not None:
            moved = shift(before, now)
            if moved is not None:
                self.motion[time_s] = (moved[0] * rgb.shape[1], moved[1] * rgb.shape[0])
        self._before_s, self._last_s = self._last_s, time_s
        self.backgrounds.add(time_s, small)

        search = cut or time_s - self._searched_s >= self._config.tiles_every_s
        if search:
            self._searched_s = time_s
        carried = None if search else self._carried(rgb, self._before_s, time_s)
        self._was_carried = carried is not None
        found = self._find(rgb, small, time_s, search, carried)
        tracklets, stale = self._tracker.update(time_s, [one.person for one in found])
        for one, tracklet in zip(found, tracklets, strict=True):
            others = [other.person.face for other in found if other is not one and other.person.face is not None]
            self._keep(rgb, one, self._piece(tracklet), others)
        self._look_closer(rgb, time_s, found, tracklets)
        return [self._pieces.pop(tracklet.key) for tracklet in ended + stale]

    def glance(self, time_s: float, rgb: Image) -> None:
        """Look shortly at a frame between two samples, at those whom the sample before showed."""
        live = [piece.glances for piece in self._pieces.values() if piece.tracklet.end_s == self._last_s]
        self._glancer.glance(rgb, time_s, live)

    def _look_closer(self, rgb: Image, time_s: float, found: Sequence[_Found], tracklets: Sequence[Tracklet]) -> None:
        """Remember where people are for the glance that follows; look at hands that were not due but may be quick."""
        bodies = 0
        for one, tracklet in zip(found, tracklets, strict=True):
            glances = self._pieces[tracklet.key].glances
            glances.remember(one.person, one.mesh, one.square)
            if one.person.body is None and bodies < 1 and glances.busy:
                body = self._glancer.body(rgb, glances)
                bodies += 1
                if body is not None:
                    glances.seen.append(PersonSeen(time_s, None, body))

    def finish(self) -> list[Piece]:
        """End all pieces."""
        return [self._pieces.pop(tracklet.key) for tracklet in self._tracker.cut()]

    def _piece(self, tracklet: Tracklet) -> Piece:
        if tracklet.key not in self._pieces:
            self._pieces[tracklet.key] = Piece(tracklet, CropKeeper(3 * self._config.crops_per_track))
        return self._pieces[tracklet.key]

    def _carried(self, rgb: Image, before_s: float, time_s: float) -> list[tuple[FaceDetection, FaceLandmarks]] | None:
        """The faces of the sample before where they are now; None where faces have to be looked for."""
        followed = self._tracker.expected()
        pieces = [self._piece_of(person) for person in followed]
        people = [
            (person.face, piece.glances)
            for person, piece in zip(followed, pieces, strict=True)
            if piece is not None and person.face is not None and person.time_s == before_s
        ]
        known = followed and len(people) == len(followed) <= self._config.max_glanced
        # Of samples that lie far apart each is precious.
        soon = time_s - before_s < self._config.glance_below_s
        if (
            self._was_carried
            or not (known and soon)
            or not all(can_be_carried(face, glances) for face, glances in people)
        ):
            return None
        height, width = rgb.shape[:2]
        rooms = [room for face, _ in people for room in room_of(face.box, width, height)]
        return carry(rgb, people, self._models.mesh) if self.backgrounds.same_around(before_s, time_s, rooms) else None

    def _find(
        self,
        rgb: Image,
        small: Image,
        time_s: float,
        search: bool,
        carried: Sequence[tuple[FaceDetection, FaceLandmarks]] | None,
    ) -> list[_Found]:
        expected = self._tracker.expected()
        faces = carried
        if faces is None:
            detected = self._faces(rgb, small, expected, search)[: self._config.max_people]
            faces = [(face, self._models.mesh.landmarks(rgb, face)) for face in detected]
        measured = []
        for index, (face, mesh) in enumerate(faces):
            seen = measure_face(rgb, face, mesh)
            if index < self._config.max_glanced and seen.has_mesh and seen.height >= LEAST_FACE_PX:
                seen = replace(
                    seen, eyes=self._models.eyes.look(rgb, mesh.points, right=len(self.backgrounds) % 2 == 0)
                )
            measured.append((seen, mesh, roi_of(face)))
        bodies = self._bodies(rgb, time_s, expected, [face for face, _, _ in measured], search)
        found = []
        for index, (seen, mesh, square) in enumerate(measured):
            body = bodies.pop(index, None)
            found.append(_Found(PersonSeen(time_s, seen, body_seen(body)), mesh, body, square))
        found += [_Found(PersonSeen(time_s, None, body_seen(body)), None, body) for body in bodies.values()]
        return found

    def _faces(self, rgb: Image, small: Image, expected: Sequence[PersonSeen], search: bool) -> list[FaceDetection]:
        """Faces of the frame, largest first; between searches, far faces are looked for where they were."""
        if search:
            faces = self._models.faces.detect(rgb, tiles="auto")
        else:
            # The network sees 192 pixels of the whole frame either way.
            scale = rgb.shape[1] / small.shape[1]
            faces = [_scaled(face, scale) for face in self._models.faces.detect(small)]
        if not search:
            for person in expected:
                old = person.face
                if old is None or any(same_face(face.box, old.box) for face in faces):
                    continue
                faces += self._local_faces(rgb, old, faces)
        faces = [face for face in faces if face.score >= self._config.min_face_score]
        return sorted(faces, key=lambda face: -face.height)

    def _local_faces(self, rgb: Image, old: FaceSeen, known: Sequence[FaceDetection]) -> list[FaceDetection]:
        height, width = rgb.shape[:2]
        reach = _LOCAL_REACH * old.height
        x, y = (old.box[0] + old.box[2]) / 2, (old.box[1] + old.box[3]) / 2
        x0, y0, x1, y1 = (round(v) for v in clip_box((x - reach, y - reach, x + reach, y + reach), width, height))
        if min(x1 - x0, y1 - y0) < 16:
            return []
        result = []
        for face in self._models.faces.detect(rgb[y0:y1, x0:x1])[:4]:
            box = (face.box[0] + x0, face.box[1] + y0, face.box[2] + x0, face.box[3] + y0)
            if not any(iou(box, other.box) > 0.2 for other in known):
                moved = face.keypoints + np.array([x0, y0], dtype=np.float32)
                result.append(replace(face, box=box, keypoints=moved))
        return result

    def _bodies(
        self, rgb: Image, time_s: float, expected: Sequence[PersonSeen], faces: Sequence[FaceSeen], search: bool
    ) -> dict[int, Body]:
        """Bodies by face index; bodies without a face get the indices after the last face."""
        result: dict[int, Body] = {}
        followed = {i: follow(face, expected) for i, face in enumerate(faces)}
        taken = {id(person) for person in followed.values() if person is not None}
        # Bodies of the people whose faces are seen now, as far as they were measured lately.
        known = [old.box for person in followed.values() if person is not None and (old := self._lately(person))]
        detections = self._models.bodies.detect(rgb) if search else []
        due = []
        for i, face in enumerate(faces):
            person = followed[i]
            last = -math.inf if person is None else self._last_body_s(person)
            # Of a portrait the pose tells nothing new; with the arms in view it tells what they do.
            arms = person is None or arms_in_view(self._lately(person))
            pause = self._config.body_every_s * (1 if arms else 4)
            if i < self._config.max_glanced and self._moves_below(face, time_s, rgb):
                pause = 0.0 if arms else self._config.body_every_s
            if time_s - last >= pause - 1e-3 and face.height >= _MIN_BODY_FACE_PX:
                due.append((last, -face.height, i))
        for _, _, i in sorted(due)[: self._config.max_bodies]:
            near = [d.roi for d in detections if same_face(d.box, faces[i].box)]
            person = followed[i]
            lately = self._lately(person) if person is not None else None
            if lately is not None and lately.roi is not None and lately.roi.angle:
                near += [lately.roi] if abs(faces[i].roll) > _TILTED_ROLL else []
            body = self._body_of_face(rgb, faces[i], near, [face.box for face in faces if face is not faces[i]])
            if body is None or doubled(body, result.values()):
                continue
            others = [other.box for other in result.values()] + (known if followed[i] is None else [])
            # A doubtful face inside somebody's body is a hand or a print, whatever the pose network makes of it.
            if faces[i].has_mesh or not any(share_inside(body.box, box) > _CONTAINED for box in others):
                result[i] = body
        # People whose face is turned away or hidden, where they were; then bodies that nobody follows yet.
        lost = [person.body for person in expected if id(person) not in taken]
        rois = [seen.roi for seen in lost if seen is not None and seen.roi is not None]
        free = [d for d in detections if not any(same_face(d.box, face.box) for face in faces)]
        rois += [d.roi for d in free if d.score >= self._config.min_body_score]
        index = len(faces)
        for roi in rois[: self._config.max_bodies]:
            hidden = [face.box for face in faces]
            body = self._models.pose.estimate(rgb, roi, hide=hidden)
            if body is None and roi.angle:
                body = self._models.pose.estimate(rgb, replace(roi, angle=0.0), hide=hidden)
            if body is None or doubled(body, result.values()) or holds_face(body, faces):
                continue
            if any(
                share_inside(body.box, box) > _CONTAINED for box in [*known, *(other.box for other in result.values())]
            ):
                continue
            result[index] = body
            index += 1
        return result

    def _piece_of(self, person: PersonSeen) -> Piece | None:
        return next((piece for piece in self._pieces.values() if piece.tracklet.seen[-1] is person), None)

    def _moves_below(self, face: FaceSeen, time_s: float, rgb: Image) -> bool:
        """Whether something moved since the sample before where the chest and the arms of a face are."""
        height, width = rgb.shape[:2]
        return self.backgrounds.moved_in(self._before_s, time_s, chest_of(face.box, width, height)) >= _MOVES

    def _last_body_s(self, person: PersonSeen) -> float:
        piece = self._piece_of(person)
        return -math.inf if piece is None else piece.body_s

    def _lately(self, person: PersonSeen) -> BodySeen | None:
        piece = self._piece_of(person)
        return piece.body if piece is not None else None

    def _body_of_face(self, rgb: Image, face: FaceSeen, rois: Sequence[Roi], others: Sequence[PixelBox]) -> Body | None:
        # A head tilts by half a right angle at most while the body stands or sits.
        lies = abs(face.roll) > _LYING_ROLL
        for roi in [*rois, roi_from_face(face.box, math.radians(face.roll) if lies else 0.0)]:
            body = self._models.pose.estimate(rgb, roi, hide=others)
            if body is not None and holds_face(body, [face]) and not (lies and turned(body, face) > _TURNED):
                return body
        return None

    def _keep(self, rgb: Image, one: _Found, piece: Piece, others: Sequence[FaceSeen]) -> None:
        person = one.person
        time_s = person.time_s
        piece.changes[time_s] = self._detector.last_difference
        if person.body is not None:
            piece.body, piece.body_s = person.body, time_s
        if person.face is not None and piece.crops.wants(time_s, person.face.quality):
            piece.crops.add(cut_out(rgb, time_s, person.face, one.mesh))
        looked = time_s - piece.last_look_s >= piece.look_every_s - 1e-3
        if not looked or (person.body is None and time_s - piece.body_s < self._config.body_every_s):
            return
        piece.last_look_s = time_s
        face = person.face
        height, width = rgb.shape[:2]
        upper, lower = look_at_clothing(
            rgb,
            time_s,
            body=person.body,
            mask=one.body.full_mask(width, height) if one.body is not None and one.body.mask is not None else None,
            face_box=face.box if face is not None else None,
            portrait_mask=partial(self._portrait_mask, rgb, face, others) if face is not None else None,
        )
        if upper is not None:
            piece.upper.append(upper)
        if lower is not None:
            piece.lower.append(lower)
        piece.keep_torso(cut_torso(rgb, person), self._config.torsos_per_track)
        if one.mesh is not None and face is not None and face.has_mesh:
            self._keep_head(rgb, time_s, one.mesh, face, piece)
        if max(len(piece.upper), len(piece.lower)) > 2 * self._config.looks_per_track:
            piece.upper, piece.lower = piece.upper[::2], piece.lower[::2]
            piece.look_every_s *= 2

    def _keep_head(self, rgb: Image, time_s: float, mesh: FaceLandmarks, face: FaceSeen, piece: Piece) -> None:
        if len(piece.hair) < self._config.head_looks:
            hair = look_at_hair(rgb, time_s, mesh, face.yaw, self._models.people)
            piece.hair += [hair] if hair is not None else []
        if len(piece.heads) < self._config.head_looks:
            head = look_at_head(rgb, time_s, mesh, face.yaw, self._models.worn)
            piece.heads += [head] if head is not None else []

    def _portrait_mask(self, rgb: Image, face: FaceSeen, others: Sequence[FaceSeen]) -> NDArray[np.float32] | None:
        """Mask of the person around a face: people nearer to it than to another face beside it, zero elsewhere."""
        height, width = rgb.shape[:2]
        tall, x = face.height, face.centre[0]
        left, right = x - 2.5 * tall, x + 2.5 * tall
        for other in others:
            if abs(other.centre[1] - face.centre[1]) < 2 * tall:
                # The border between two people, nearer to the smaller one.
                border = x + (other.centre[0] - x) * tall / (tall + other.height)
                left, right = (max(left, border), right) if other.centre[0] < x else (left, min(right, border))
        around = (left, face.box[1] - 1.5 * tall, right, face.box[3] + 2.5 * tall)
        x0, y0, x1, y1 = (round(v) for v in clip_box(around, width, height))
        if min(x1 - x0, y1 - y0) < 8:
            return None
        mask = np.zeros((height, width), dtype=np.float32)
        mask[y0:y1, x0:x1] = self._models.people.mask(rgb[y0:y1, x0:x1])
        return mask


def _halved(rgb: Image) -> Image:
    """Half the size where that still is more than any network sees of a whole frame; halving is cheap."""
    height, width = rgb.shape[:2]
    if max(height, width) < _HALVE_FROM:
        return rgb
    return np.asarray(cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _scaled(face: FaceDetection, scale: float) -> FaceDetection:
    x0, y0, x1, y1 = (v * scale for v in face.box)
    return replace(face, box=(x0, y0, x1, y1), keypoints=face.keypoints * np.float32(scale))
