"""From pieces of tracks to the tracks of a record: split, joined, numbered and described."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pvchat.perception.attributes import describe
from pvchat.perception.background import Backgrounds
from pvchat.perception.config import PerceptionConfig
from pvchat.perception.faces import CropKeeper
from pvchat.perception.fallen import torn_by_falls, without_ghost
from pvchat.perception.geometry import FloatArray, PixelBox
from pvchat.perception.glancing import Glances
from pvchat.perception.observation import ClothingSeen, HairSeen, HeadSeen, PersonSeen, Texture, TrackObservation
from pvchat.perception.piece import Piece
from pvchat.perception.record import Box, FaceSamples, Relation, Sighting, Track
from pvchat.perception.relations import Related, relations_of
from pvchat.perception.tracks import DescribedFaces, Tracklet, identity_change, merge_by_identity

_SURE_BODY = 0.9


@dataclass(frozen=True)
class Scene:
    """What all tracks of a video share.

    Attributes:
        width, height: sampled frames in pixels.
        source_scale: pixels of the source video per pixel of a sampled frame.
        duration_s: length of the video.
        samples_s: sampled times.
        cuts_s: times of the cuts.
        motion: per sampled time, how far the whole picture moved (dx, dy) in pixels.
        backgrounds: a small picture of every sample.
        everybody: all sightings.
    """

    width: int
    height: int
    source_scale: float
    duration_s: float
    samples_s: tuple[float, ...]
    cuts_s: tuple[float, ...]
    motion: dict[float, tuple[float, float]]
    backgrounds: Backgrounds = field(default_factory=Backgrounds)
    everybody: tuple[PersonSeen, ...] = ()

    def kept_size(self, start_s: float, end_s: float) -> bool:
        """See `TrackObservation.camera_still`."""
        shown = [p for p in self.everybody if p.time_s in (start_s, end_s)]
        boxes = [box for p in shown for box in (_body_around(p), p.body.box if p.body is not None else None) if box]
        return self.backgrounds.kept_size(start_s, end_s, [_fractions(box, self) for box in boxes])

    def observe(self, seen: Sequence[PersonSeen], bridge_s: float) -> TrackObservation:
        """These sightings as one person."""
        return TrackObservation(
            width=self.width,
            height=self.height,
            samples_s=self.samples_s,
            duration_s=self.duration_s,
            cuts_s=self.cuts_s,
            seen=tuple(seen),
            camera_motion=self.motion,
            camera_still=self.kept_size,
            bridge_s=bridge_s,
        )


@dataclass(frozen=True)
class Person:
    """One person of the video, before numbering.

    Attributes:
        seen: sightings by time.
        upper, lower: clothing looks by time.
        glances: what was seen between the samples, by time.
        hair, heads, labels, cloth: see `TrackObservation`.
        faces: described faces, or None.
        appearance: (n, a) vectors of the described torsos, n may be 0.
    """

    seen: tuple[PersonSeen, ...]
    upper: tuple[ClothingSeen, ...]
    lower: tuple[ClothingSeen, ...]
    faces: DescribedFaces | None
    appearance: tuple[FloatArray, ...]
    glances: tuple[PersonSeen, ...] = ()
    hair: tuple[HairSeen, ...] = ()
    heads: tuple[HeadSeen, ...] = ()
    labels: tuple[dict[str, float], ...] = ()
    cloth: tuple[Texture, ...] = ()


def is_credible(piece: Piece, samples: int, height: int) -> bool:
    """Whether a piece shows a person rather than a detector's slip.

    A detector errs now and then on cloth, lamps and leaves; two networks that agree hardly do. So a face counts when
    the mesh fits it, when a body hangs below it, or when it is large and lasts (a profile, which no mesh fits).

    Args:
        piece: what was linked.
        samples: number of frames looked at in all; with very few, little can be asked of a track.
        height: of the frames, in pixels.
    """
    seen = piece.tracklet.seen
    lasting = len(seen) >= min(2, samples)
    faces = [person.face for person in seen if person.face is not None]
    bodies = [person.body.score for person in seen if person.body is not None and person.body.score >= _SURE_BODY]
    if not faces:
        return len(bodies) >= min(3, samples)
    score = float(np.mean([face.score for face in faces]))
    meshed = sum(face.has_mesh for face in faces) / len(faces)
    if not lasting:
        return meshed > 0 and score >= 0.85
    large = float(np.median([face.height for face in faces])) >= 0.2 * height
    return meshed >= 0.25 or len(bodies) >= min(2, samples) or (large and score >= 0.6)


def split(piece: Piece, distance: float) -> list[Piece]:
    """Cut a piece in two (or more) where its face becomes another person's.

    Between the last face before and the first face after the change, the border lies where the picture changed most.
    """
    change = identity_change(piece.faces, distance) if piece.faces is not None else None
    if change is None:
        return [piece]
    between = [p.time_s for p in piece.tracklet.seen if change[0] < p.time_s <= change[1]]
    border = max(between, key=lambda time: piece.changes.get(time, 0.0))
    parts = []
    for start, end in ((-np.inf, border), (border, np.inf)):
        seen = [person for person in piece.tracklet.seen if start <= person.time_s < end]
        part = Piece(
            tracklet=Tracklet(piece.tracklet.key, seen),
            crops=CropKeeper(0),
            upper=[look for look in piece.upper if start <= look.time_s < end],
            lower=[look for look in piece.lower if start <= look.time_s < end],
            faces=piece.faces.between(start, end) if piece.faces is not None else None,
            appearance=[(time, vector) for time, vector in piece.appearance if start <= time < end],
            changes=piece.changes,
            hair=[look for look in piece.hair if start <= look.time_s < end],
            heads=[look for look in piece.heads if start <= look.time_s < end],
            labels=[(time, shares) for time, shares in piece.labels if start <= time < end],
            cloth=[(time, texture) for time, texture in piece.cloth if start <= time < end],
            glances=Glances(seen=[person for person in piece.glances.seen if start <= person.time_s < end]),
        )
        parts += split(part, distance)
    return parts


def people_of(pieces: Sequence[Piece], scene: Scene, config: PerceptionConfig) -> list[Person]:
    """The people behind the pieces, by order of appearance (from left to right when they appear together)."""
    parts = [part for piece in pieces for part in split(piece, config.split_distance)]
    spans = [scene.observe(p.tracklet.seen, config.bridge_s).spans([s.time_s for s in p.tracklet.seen]) for p in parts]
    groups = merge_by_identity(spans, [part.faces for part in parts], config.merge_distance)
    people = []
    for group in groups:
        members = [parts[index] for index in group]
        faces = [member.faces for member in members if member.faces is not None and len(member.faces.times_s)]
        people.append(
            Person(
                seen=tuple(sorted((p for m in members for p in m.tracklet.seen), key=lambda p: p.time_s)),
                upper=tuple(sorted((look for m in members for look in m.upper), key=lambda look: look.time_s)),
                lower=tuple(sorted((look for m in members for look in m.lower), key=lambda look: look.time_s)),
                faces=DescribedFaces.join(faces) if faces else None,
                appearance=tuple(vector for m in members for _, vector in m.appearance),
                glances=tuple(sorted((p for m in members for p in m.glances.seen), key=lambda p: p.time_s)),
                hair=tuple(look for m in members for look in m.hair),
                heads=tuple(look for m in members for look in m.heads),
                labels=tuple(shares for m in members for _, shares in m.labels),
                cloth=tuple(texture for m in members for _, texture in m.cloth),
            )
        )
    people = _whole_falls(people, scene.cuts_s)
    return sorted(people, key=lambda person: (person.seen[0].time_s, person.seen[0].centre_x))


def _whole_falls(people: Sequence[Person], cuts_s: Sequence[float]) -> list[Person]:
    """The people, with those who fell out of their track and into another one in one piece again."""
    pairs = torn_by_falls([person.seen for person in people], cuts_s)
    joined = [_joined(people[first], people[second]) for first, second in pairs]
    torn = {index for pair in pairs for index in pair}
    return [person for index, person in enumerate(people) if index not in torn] + joined


def _joined(before: Person, after: Person) -> Person:
    described = [person.faces for person in (before, after) if person.faces is not None]
    return Person(
        seen=without_ghost(before.seen, after.seen),
        upper=(*before.upper, *after.upper),
        lower=(*before.lower, *after.lower),
        faces=DescribedFaces.join(described) if described else None,
        appearance=(*before.appearance, *after.appearance),
        glances=tuple(sorted((*before.glances, *after.glances), key=lambda person: person.time_s)),
        hair=(*before.hair, *after.hair),
        heads=(*before.heads, *after.heads),
        labels=(*before.labels, *after.labels),
        cloth=(*before.cloth, *after.cloth),
    )


def observation_of(person: Person, scene: Scene, config: PerceptionConfig) -> TrackObservation:
    """Everything known about a person, as the words are read off it."""
    return replace(
        scene.observe(person.seen, config.bridge_s),
        upper=person.upper,
        lower=person.lower,
        glances=person.glances,
        hair=person.hair,
        heads=person.heads,
        labels=person.labels,
        cloth=person.cloth,
    )


def track_of(
    number: int, person: Person, observation: TrackObservation, scene: Scene, config: PerceptionConfig
) -> Track:
    """Write a person down as the track of a record.

    Args:
        number: id of the track, from 1.
        person: who.
        observation: see `observation_of`.
        scene: the video.
        config: bounds on what is said.
    """
    best = max(person.seen, key=_shows)
    heights = [seen.face.height for seen in person.seen if seen.face is not None]
    qualities = sorted((seen.face.quality for seen in person.seen if seen.face is not None), reverse=True)
    return Track(
        id=number,
        spans=observation.spans([seen.time_s for seen in person.seen]),
        sightings=tuple(_sighting(seen, scene) for seen in person.seen),
        attributes=describe(observation, config.min_confidence),
        keyframe_s=round(best.time_s, 3),
        keyframe_box=_sighting(best, scene).box,
        faces_described=len(person.faces.times_s) if person.faces is not None else 0,
        face_px=round(float(np.median(heights)) * scene.source_scale, 1) if heights else 0.0,
        # The better half: a person who also looks away is not a worse match for it.
        face_quality=round(float(np.mean(qualities[: (len(qualities) + 1) // 2])), 3) if qualities else 0.0,
    )


def relations_between(
    tracks: Sequence[Track], observations: Sequence[TrackObservation], config: PerceptionConfig
) -> tuple[Relation, ...]:
    """Relations between the people of a video. observations: of the tracks, in the same order."""
    people = []
    for track, observation in zip(tracks, observations, strict=True):
        spoken = next((said for said in track.said("action") if said.value == "talking"), None)
        talking = (spoken.spans or track.spans) if spoken is not None else ()
        people.append(Related(track.id, observation, talking))
    return relations_of(people, config.min_confidence)


def samples_of(person: Person) -> FaceSamples | None:
    """The described faces of a person as they are stored."""
    if person.faces is None:
        return None
    return FaceSamples(person.faces.times_s.astype(np.float32), person.faces.vectors, person.faces.quality)


def appearance_of(person: Person) -> FloatArray | None:
    """Mean torso descriptor, of length 1."""
    if not person.appearance:
        return None
    mean = np.mean(person.appearance, axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


def _shows(seen: PersonSeen) -> tuple[float, float]:
    if seen.face is not None:
        return 1.0 + seen.face.quality, seen.face.score
    return (seen.body.score if seen.body is not None else 0.0), 0.0


def _sighting(seen: PersonSeen, scene: Scene) -> Sighting:
    return Sighting(
        time_s=round(seen.time_s, 3),
        face_box=_fractions(seen.face.box, scene) if seen.face is not None else None,
        body_box=_fractions(seen.body.box, scene) if seen.body is not None else None,
        face_quality=round(seen.face.quality, 3) if seen.face is not None else 0.0,
    )


def _body_around(seen: PersonSeen) -> PixelBox | None:
    """Where the body of a face is at most, whatever its pose; None without a face."""
    if seen.face is None:
        return None
    x0, y0, x1, y1 = seen.face.box
    wide, tall = x1 - x0, y1 - y0
    return x0 - 1.2 * wide, y0 - 0.7 * tall, x1 + 1.2 * wide, y1 + 8.0 * tall


def _fractions(box: PixelBox, scene: Scene) -> Box:
    x0, x1 = (round(min(max(x / scene.width, 0.0), 1.0), 4) for x in (box[0], box[2]))
    y0, y1 = (round(min(max(y / scene.height, 0.0), 1.0), 4) for y in (box[1], box[3]))
    return x0, y0, x1, y1
