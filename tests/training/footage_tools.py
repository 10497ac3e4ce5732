"""Footage of people who never were, with pictures of noise and a note of which were asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pvchat.identity.whitening import Whitening
from pvchat.perception.geometry import Image
from pvchat.perception.patches import FrameSource
from pvchat.perception.record import (
    Attribute,
    FaceSamples,
    PerceptionRecord,
    PerceptionVectors,
    Sighting,
    Track,
    VideoInfo,
)
from pvchat.training.footage import Footage

ENGINE = "dlib-resnet-v1"
SIZE = (36, 64)


@dataclass
class Asked:
    """A source of frames that notes the times asked for; each frame has a colour of its own."""

    times: list[float] = field(default_factory=list)

    def __call__(self, times: Sequence[float]) -> list[Image]:
        self.times += times
        return [self.picture(t) for t in times]

    @staticmethod
    def picture(time_s: float) -> Image:
        return np.random.default_rng(round(time_s * 1000)).integers(0, 255, (*SIZE, 3), dtype=np.uint8)


def face(person: int) -> np.ndarray:
    """Whitened face vector of a person."""
    return Whitening.for_model(ENGINE).draw_people(person + 1, np.random.default_rng(0))[person]


def face_samples(person: int, times: Sequence[float], seed: int = 0) -> FaceSamples:
    rng = np.random.default_rng(1000 * seed + person)
    whitened = face(person) + rng.normal(0, 0.3, (len(times), 128))
    vectors = Whitening.for_model(ENGINE).inverse(whitened)
    return FaceSamples(np.asarray(times, np.float32), vectors, np.full(len(times), 0.9, np.float32))


def seen_at(start_s: float, end_s: float, every_s: float = 0.25) -> list[float]:
    count = int((end_s - start_s) / every_s + 1e-9)
    return [round(start_s + index * every_s, 3) for index in range(count + 1)]


def track(number: int, spans: Sequence[tuple[float, float]], left: float = 0.1) -> Track:
    box = (left, 0.2, left + 0.15, 0.45)
    body = (left - 0.05, 0.15, left + 0.25, 0.95)
    times = [t for start, end in spans for t in seen_at(start, end)]
    end = spans[-1][1]
    return Track(
        id=number,
        spans=tuple(spans),
        sightings=tuple(Sighting(time_s=t, face_box=box, body_box=body, face_quality=0.5 + t / 100) for t in times),
        attributes=(
            Attribute(name="place", value="left" if left < 0.4 else "right", confidence=0.9),
            Attribute(name="upper_colour", value="red", confidence=0.9),
            Attribute(name="action", value="moving left", confidence=0.8, spans=((spans[0][0], end / 2),)),
            Attribute(name="action", value="smiling", confidence=0.8, spans=((end / 2, end),)),
        ),
        keyframe_s=times[-1],
        keyframe_box=box,
        faces_described=len(times),
        face_px=90.0,
        face_quality=0.9,
    )


def footage(
    key: str,
    people: Sequence[int],
    *,
    subject: int | None = None,
    duration_s: float = 10.0,
    spans: Sequence[tuple[float, float]] = (),
    frames: FrameSource | None = None,
) -> Footage:
    """Everybody from the first second to the last, or in the given spans; track n is the n-th of the people."""
    tracks = [track(n, spans or ((0.0, duration_s),), 0.1 + 0.5 * n) for n in range(len(people))]
    record = PerceptionRecord(
        models={"face": ENGINE},
        video=VideoInfo(sha256=key, duration_s=duration_s, width=64, height=36, fps=25.0, decoder="test"),
        sampled_s=tuple(seen_at(0.0, duration_s)),
        cuts_s=(duration_s / 2,),
        tracks=tuple(tracks),
    )
    faces = {t.id: face_samples(people[t.id], [s.time_s for s in t.sightings], len(key)) for t in tracks}
    clothes = {t.id: np.random.default_rng(people[t.id]).normal(size=1280).astype(np.float32) for t in tracks}
    clothes = {i: vector / np.linalg.norm(vector) for i, vector in clothes.items()}
    mine = tuple(n for n, person in enumerate(people) if person == subject)
    return Footage(key, record, PerceptionVectors(ENGINE, faces, "clothes", clothes), mine, frames)
