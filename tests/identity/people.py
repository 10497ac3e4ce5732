"""Synthetic people, clips and galleries for identity tests: nobody real."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pvchat.identity.gallery import GalleryEntry, build_entry
from pvchat.identity.reliability import measured_reliability
from pvchat.identity.whitening import Whitening
from pvchat.perception.record import FaceSamples, PerceptionRecord, PerceptionVectors, Sighting, Span, Track, VideoInfo

MODEL = "dlib-resnet-v1"
DAMAGE, UNDAMAGED = 5.0, -1.4
"""How far badly damaged and flawless faces lie along the direction of damage, in the whitened space."""
Array = NDArray[np.float32]


class World:
    """Draws people, and vectors of their faces, from one seed."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.whitening = Whitening.for_model(MODEL)
        measured = measured_reliability(MODEL)
        if measured is None:
            raise LookupError(f"no reliability was measured for {MODEL}")
        self.damage = measured.direction

    def person(self) -> Array:
        """(d,) somebody, in the whitened space."""
        drawn = self.whitening.draw_people(1, self.rng)[0]
        return np.asarray(drawn + (UNDAMAGED - drawn @ self.damage) * self.damage, np.float32)

    def look_alike(self, person: Array, cosine: float) -> Array:
        """(d,) somebody else at about this cosine."""
        unit = person / np.linalg.norm(person)
        other = self.rng.standard_normal(len(person))
        other -= (other @ unit) * unit
        other /= np.linalg.norm(other)
        mixed = cosine * unit + np.sqrt(1 - cosine**2) * other
        return np.asarray(mixed * np.linalg.norm(person), np.float32)

    def faces(self, person: Array, count: int = 8, *, noise: float = 0.35, quality: float = 0.85) -> FaceSamples:
        """Raw samples of one stretch of video."""
        source = 0.25 * self.rng.standard_normal(len(person))
        white = person + source + noise * self.rng.standard_normal((count, len(person)))
        return FaceSamples(
            times_s=(np.arange(count) / 4).astype(np.float32),
            vectors=self.whitening.inverse(white),
            quality=np.full(count, quality, np.float32),
        )

    def damaged(self, person: Array, count: int = 8) -> FaceSamples:
        """Samples of a recording so poor that little of the face is left."""
        white = 0.4 * person + DAMAGE * self.damage + 0.3 * self.rng.standard_normal((count, len(person)))
        samples = self.faces(person, count)
        return replace(samples, vectors=self.whitening.inverse(white), quality=np.full(count, 0.12, np.float32))

    def entry(self, name: str, person: Array, *, quality: float = 0.85) -> GalleryEntry:
        """An enrolled person."""
        return build_entry(name, self.faces(person, quality=quality), None, MODEL)


@dataclass(frozen=True)
class Shown:
    """Somebody in a clip: their faces (None: none could be described), when, and how tall the face is (0..1)."""

    faces: FaceSamples | None
    spans: tuple[Span, ...] = ((0.0, 4.0),)
    height: float = 0.3


def clip(people: Sequence[Shown]) -> tuple[PerceptionVectors, PerceptionRecord]:
    """A clip that shows these people; track ids count from 1."""
    tracks, faces = [], {}
    for number, shown in enumerate(people, start=1):
        box = (0.4, 0.2, 0.6, 0.2 + shown.height)
        sightings = tuple(Sighting(time_s=start + 0.1, face_box=box, face_quality=0.8) for start, _ in shown.spans)
        tracks.append(
            Track(id=number, spans=shown.spans, sightings=sightings, keyframe_s=sightings[0].time_s, keyframe_box=box)
        )
        if shown.faces is not None:
            faces[number] = shown.faces
    video = VideoInfo(sha256="0" * 64, duration_s=10.0, width=640, height=360, fps=25.0, decoder="test")
    record = PerceptionRecord(models={}, video=video, sampled_s=(0.1,), tracks=tuple(tracks))
    return PerceptionVectors(face_model=MODEL, faces=faces), record
