"""Simulated scenes: perception records of videos that never were, with the truth about every asked person.

nano is pretrained on these alone. A scene draws people (some of them look-alikes of the asked person), lays them out in
space and time, dresses them, lets them act, and then degrades all that the way perception does: tracks split, frames
missed, attributes not told, face vectors offset per source, per track and per frame. The result has the types of a
real clip (`PerceptionRecord`, track vectors), so that facts, evidence and tokens come from the same code as for one.

Face vectors live in whitened space: between people every direction has a standard deviation of 1.
"""

import random
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pvchat.chat.facts import State
from pvchat.chat.facts_from_record import facts_from_record
from pvchat.models.config import TokenLayout
from pvchat.models.nano import SubjectArrays, nobody
from pvchat.models.tokens import ClipArrays, clip_arrays, cosine_rows
from pvchat.perception.record import (
    RECORD_VERSION,
    Attribute,
    Box,
    PerceptionRecord,
    Relation,
    Sighting,
    Span,
    Track,
    VideoInfo,
)
from pvchat.training.drawn_words import draw_attributes, draw_scene_words
from pvchat.training.names import sample_name
from pvchat.training.simulated_scene import SimulatedScene, SimulationConfig
from pvchat.training.wordings import Split

Float = NDArray[np.float32]

SURE_LOGIT = 0.6  # between -SURE_LOGIT and +SURE_LOGIT a similarity decides nothing, and the truth reads "unsure"


@dataclass(frozen=True, eq=False)
class _Person:
    face: Float
    appearance: Float
    spans: tuple[Span, ...]
    box: Box
    drift: float
    attributes: tuple[Attribute, ...]
    owner: int  # index of the asked person this is, -1 for a stranger
    lookalike_of: int


@dataclass(frozen=True)
class _Decision:
    name: str
    state: State
    score: float
    track_ids: tuple[int, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Asked:
    """A real person whom simulated scenes are about.

    Attributes:
        name: of the person. face: (face,) whitened. appearance: (appearance,) projected, of length 1, or zeros.
    """

    name: str
    face: Float
    appearance: Float


class SceneSimulator:
    """Draws scenes; two simulators with the same seed draw the same ones.

    Args:
        seed: of both generators. layout: token sizes. config: how scenes are drawn.
        split: "train" or "heldout" names.
    """

    def __init__(
        self, seed: int, layout: TokenLayout, config: SimulationConfig | None = None, split: Split = "train"
    ) -> None:
        self.layout = layout
        self.config = config or SimulationConfig()
        self.split = split
        self.random = random.Random(seed)
        self.numpy = np.random.default_rng(seed)

    def scene(self, asked: Asked | None = None) -> SimulatedScene:
        """The next scene.

        Args:
            asked: the one person it is about; by default up to three people who never were.
        """
        count = self._subject_count()
        if self.random.random() < self.config.nobody_asked:
            count = 0
        if asked is not None:
            count = 1
        names = self._names(count)
        identities = self.numpy.normal(size=(count, self.layout.face)).astype(np.float32)
        torsos = self._unit(count)
        if asked is not None:
            names, identities = [asked.name], asked.face[None]
            torsos = asked.appearance[None] if asked.appearance.any() else torsos
        duration = self._duration()
        people, talking = self._talking(self._people(identities, torsos, duration))
        tracks, seen, faces, appearance = self._observe(people, duration)
        owners = [person.owner for person in seen]
        lookalikes = [person.lookalike_of for person in seen]
        relations = _relations(tracks, [talking.index(person) if person in talking else -1 for person in seen])
        record = self._record(tracks, duration, relations)
        similarity = self._similarities(count, tracks, owners, lookalikes, faces)
        decisions = [self._decide(names[index], similarity[index], tracks, tuple(faces)) for index in range(count)]
        clip = clip_arrays(record, faces, appearance, self.layout)
        subjects = tuple(
            self._subject(identities[index], torsos[index], similarity[index], tracks, clip) for index in range(count)
        )
        unknown = _unknown_people(tracks, seen, decisions)
        present = sum(decision.state == "present" for decision in decisions)
        facts = facts_from_record(record, decisions, names, people=present + unknown, unknown_people=unknown)
        return SimulatedScene(clip, subjects or (nobody(clip, self.layout),), facts)

    # -- who and when ------------------------------------------------------------------------------------------------

    def _subject_count(self) -> int:
        return self.random.choices((1, 2, 3)[: self.config.max_subjects], (70, 20, 10)[: self.config.max_subjects])[0]

    def _names(self, count: int) -> list[str]:
        names: list[str] = []
        while len(names) < count:
            name = sample_name(self.random, self.split)
            if name.casefold() not in {n.casefold() for n in names}:
                names.append(name)
        return names

    def _duration(self) -> float:
        low, high = (1.0, 20.0) if self.random.random() < 0.75 else (20.0, 600.0)
        drawn: float = low * (high / low) ** self.random.random()
        return round(drawn, 2)

    def _people(self, identities: Float, torsos: Float, duration: float) -> list[_Person]:
        count = len(identities)
        present = [index for index in range(count) if self.random.random() < 0.52]
        strangers = self.random.choices((0, 1, 2, 3, 4, 5, 6, 7), (28, 28, 17, 10, 6, 4, 4, 3))[0]
        if not present and not strangers and self.random.random() < 0.8:
            strangers = 1
        owners = (present + [-1] * strangers)[: self.config.max_people]
        self.random.shuffle(owners)
        slots = self._slots(len(owners))
        spans = self._spans(len(owners), duration)
        return [
            self._person(owner, identities, torsos, slots[index], spans[index], duration)
            for index, owner in enumerate(owners)
        ]

    def _slots(self, count: int) -> list[float]:
        """Horizontal centres: apart from each other as people who stand side by side are."""
        if count <= 1 or self.random.random() < 0.25:
            return [self.random.uniform(0.08, 0.92) for _ in range(count)]
        centres = [(index + 0.5) / count + self.random.gauss(0, 0.1 / count) for index in range(count)]
        self.random.shuffle(centres)
        return [min(max(centre, 0.04), 0.96) for centre in centres]

    def _spans(self, count: int, duration: float) -> list[tuple[Span, ...]]:
        if count > 1 and self.random.random() < 0.3:  # one after another, as cuts show people
            edges = [0.0, *sorted(self.random.uniform(0, duration) for _ in range(count - 1)), duration]
            parts = [(edges[i], max(edges[i + 1], edges[i] + 0.3)) for i in range(count)]
            self.random.shuffle(parts)
            return [((round(a, 2), round(min(b, duration), 2)),) for a, b in parts]
        return [self._span(duration) for _ in range(count)]

    def _span(self, duration: float) -> tuple[Span, ...]:
        kind = self.random.random()
        if kind < 0.5:
            return ((0.0, duration),)
        start, end = sorted((self.random.uniform(0, duration), self.random.uniform(0, duration)))
        if kind < 0.65:
            start = 0.0
        elif kind < 0.8:
            end = duration
        if end - start < 0.3:
            start, end = max(0.0, start - 0.3), min(duration, end + 0.3)
        if kind > 0.93 and end - start > 3:
            third = (end - start) / 3
            return ((round(start, 2), round(start + third, 2)), (round(end - third, 2), round(end, 2)))
        return ((round(start, 2), round(end, 2)),)

    def _person(
        self,
        owner: int,
        identities: Float,
        torsos: Float,
        centre: float,
        spans: tuple[Span, ...],
        duration: float,
    ) -> _Person:
        lookalike = -1
        if owner >= 0:
            face = identities[owner]
            same_clothes = self.random.random() < 0.5
            torso = torsos[owner] if same_clothes else self._unit(1)[0]
        else:
            face = self.numpy.normal(size=self.layout.face).astype(np.float32)
            torso = self._unit(1)[0]
            if len(identities) and self.random.random() < self.config.lookalike:
                lookalike = self.random.randrange(len(identities))
                keep = self.random.uniform(0.45, 0.75)
                face = keep * identities[lookalike] + np.float32((1 - keep**2) ** 0.5) * face
        height = 0.05 * (0.62 / 0.05) ** self.random.random()
        width = height * self.random.uniform(0.4, 0.9)
        middle = self.random.uniform(0.25, 0.6)
        box = (centre - width / 2, middle - height / 2, centre + width / 2, middle + height / 2)
        drift = self.random.gauss(0, 0.2) if self.random.random() < 0.12 else self.random.gauss(0, 0.015)
        attributes = draw_attributes(self.random, centre + drift / 2, height, spans, self.config.untold)
        return _Person(face, torso, spans, box, drift, attributes, owner, lookalike)

    def _talking(self, people: list[_Person]) -> tuple[list[_Person], list[_Person]]:
        """The people, and two of them of whom the first talks to the second; or nobody."""
        if len(people) < 2 or self.random.random() >= self.config.talking:
            return people, []
        asked = [number for number, person in enumerate(people) if person.owner >= 0]
        one, other = self.random.sample(asked if len(asked) > 1 else range(len(people)), 2)
        said = tuple(a for a in people[one].attributes if a.value not in ("keeping still", "talking"))
        talks = Attribute.model_construct(
            name="action", value="talking", confidence=round(self.random.uniform(0.6, 1.0), 3), spans=()
        )
        people[one] = replace(people[one], attributes=(*said, talks))
        return people, [people[one], people[other]]

    # -- how perception sees it --------------------------------------------------------------------------------------

    def _observe(
        self, people: list[_Person], duration: float
    ) -> tuple[list[Track], list[_Person], dict[int, Float], dict[int, Float]]:
        """Tracks, the person of each track, and the vectors of those that were described."""
        pieces: list[tuple[_Person, tuple[Span, ...]]] = []
        for person in people:
            if len(person.spans) > 1 and self.random.random() < 0.5:
                pieces += [(person, (span,)) for span in person.spans]
            elif self.random.random() < self.config.split and person.spans[0][1] - person.spans[0][0] > 1:
                start, end = person.spans[0]
                at = round(self.random.uniform(start + 0.3, end - 0.3), 2)
                pieces += [(person, ((start, at),)), (person, ((at, end), *person.spans[1:]))]
            else:
                pieces.append((person, person.spans))
        pieces.sort(key=lambda piece: piece[1][0][0])
        tracks: list[Track] = []
        faces: dict[int, Float] = {}
        appearance: dict[int, Float] = {}
        offsets = {id(p): self._noise(self.config.source_std) for p in people}
        for number, (person, spans) in enumerate(pieces):
            described = 0 if person.owner < 0 and self.random.random() < 0.1 else self.random.randint(1, 8)
            track = self._track(number, person, spans, duration, described)
            tracks.append(track)
            if described:
                frame = self._noise(self.config.frame_std / described**0.5)
                faces[number] = person.face + offsets[id(person)] + self._noise(self.config.track_std) + frame
            if self.random.random() < 0.9:
                appearance[number] = self._near_unit(person.appearance, 0.5)
        return tracks, [person for person, _ in pieces], faces, appearance

    def _track(self, number: int, person: _Person, spans: tuple[Span, ...], duration: float, described: int) -> Track:
        count = max(2, min(24, round(4 * duration)))
        times = [duration * (index + 0.5) / count for index in range(count)]
        miss = 0.0 if self.random.random() < 0.6 else self.random.uniform(0.05, 0.4)
        inside = [t for t in times if any(a <= t <= b for a, b in spans)] or [(spans[0][0] + spans[0][1]) / 2]
        seen = [t for t in inside if self.random.random() >= miss] or inside[:1]
        x0, y0, x1, y1 = person.box
        is_face = described > 0
        sightings = []
        for time_s in seen:
            shift = person.drift * time_s / duration + self.random.gauss(0, 0.006)
            box = (x0 + shift, y0, x1 + shift, y1)
            sightings.append(
                Sighting.model_construct(
                    time_s=time_s,
                    face_box=box if is_face else None,
                    body_box=None if is_face else box,
                    face_quality=0.8,
                )
            )
        return Track.model_construct(
            id=number,
            spans=spans,
            sightings=tuple(sightings),
            attributes=person.attributes,
            keyframe_s=seen[0],
            keyframe_box=sightings[0].box,
            faces_described=described,
            face_px=100.0,
            face_quality=0.8,
        )

    def _record(self, tracks: list[Track], duration: float, relations: tuple[Relation, ...]) -> PerceptionRecord:
        count = max(2, min(24, round(4 * duration)))
        video = VideoInfo.model_construct(
            sha256="", duration_s=duration, width=640, height=360, fps=25.0, decoder="simulated"
        )
        return PerceptionRecord.model_construct(
            version=RECORD_VERSION,
            models={},
            video=video,
            sampled_s=tuple(duration * (index + 0.5) / count for index in range(count)),
            cuts_s=(),
            tracks=tuple(tracks),
            scene=draw_scene_words(self.random),
            relations=relations,
        )

    # -- who perception takes them for -------------------------------------------------------------------------------

    def _similarities(
        self, count: int, tracks: list[Track], owners: list[int], lookalikes: list[int], faces: dict[int, Float]
    ) -> Float:
        """(count, tracks) calibrated similarity in logits; 0 where a track has no described face."""
        config = self.config
        out = self.numpy.normal(config.other_mean, config.other_std, (count, len(tracks))).astype(np.float32)
        for index in range(count):
            undecided = self.random.random() < config.ambiguous
            for slot, track in enumerate(tracks):
                if undecided and (owners[slot] == index or lookalikes[slot] == index):
                    out[index, slot] = self.random.uniform(-SURE_LOGIT, SURE_LOGIT)
                elif owners[slot] == index:
                    drawn = self.random.gauss(config.match_mean, config.match_std)
                    out[index, slot] = max(drawn, self.random.uniform(SURE_LOGIT, 2.0))
                elif lookalikes[slot] == index:
                    out[index, slot] = -self.random.uniform(SURE_LOGIT, 3.0)
                else:
                    out[index, slot] = min(out[index, slot], -SURE_LOGIT)
                if track.id not in faces:
                    out[index, slot] = 0.0
        return out

    def _decide(self, name: str, similarity: Float, tracks: list[Track], described: tuple[int, ...]) -> _Decision:
        judged = [
            (float(value), track) for value, track in zip(similarity, tracks, strict=True) if track.id in described
        ]
        best = max((value for value, _ in judged), default=-6.0)
        state: State = "present" if best >= SURE_LOGIT else "absent" if best <= -SURE_LOGIT else "unsure"
        bound = SURE_LOGIT if state == "present" else -SURE_LOGIT
        mine = [track for value, track in judged if value >= bound] if state != "absent" else []
        spans = tuple(span for track in mine for span in track.spans)
        return _Decision(name, state, 1 / (1 + float(np.exp(-best))), tuple(t.id for t in mine), spans)

    def _subject(
        self, identity: Float, torso: Float, similarity: Float, tracks: list[Track], clip: ClipArrays
    ) -> SubjectArrays:
        face = identity + self._noise(self.config.source_std)
        described = self._near_unit(torso, 0.4)
        by_id = {track.id: float(value) for track, value in zip(tracks, similarity, strict=True)}
        rows = np.asarray([by_id.get(track_id, 0.0) for track_id in clip.track_ids], np.float32)
        return SubjectArrays(
            face=face,
            appearance=described,
            similarity=rows,
            appearance_similarity=cosine_rows(clip.appearance, described),
        )

    # -- noise -------------------------------------------------------------------------------------------------------

    def _noise(self, std: float) -> Float:
        return self.numpy.normal(0.0, std, self.layout.face).astype(np.float32)

    def _unit(self, count: int) -> Float:
        drawn = self.numpy.normal(size=(count, self.layout.appearance)).astype(np.float32)
        unit: Float = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        return unit

    def _near_unit(self, vector: Float, spread: float) -> Float:
        moved = vector + spread * self._unit(1)[0] * np.float32(self.random.random())
        near: Float = (moved / np.linalg.norm(moved)).astype(np.float32)
        return near


def _relations(tracks: list[Track], roles: list[int]) -> tuple[Relation, ...]:
    """Who talks to whom: tracks of role 0 to those of role 1 that are seen at the same time."""
    found = []
    for one, role in zip(tracks, roles, strict=True):
        for other, heard in zip(tracks, roles, strict=True):
            both = [(max(a, c), min(b, d)) for a, b in one.spans for c, d in other.spans if max(a, c) < min(b, d)]
            if role == 0 and heard == 1 and both:
                found.append(
                    Relation.model_construct(
                        name="talking to", subject=one.id, other=other.id, confidence=0.8, spans=tuple(both)
                    )
                )
    return tuple(found)


def _unknown_people(tracks: list[Track], seen: list[_Person], decisions: list[_Decision]) -> int:
    """How many people nobody was recognised as; a stranger whose track was split is still one person."""
    taken = {number for d in decisions if d.state == "present" for number in d.track_ids}
    return len({id(person) for track, person in zip(tracks, seen, strict=True) if track.id not in taken})
