"""Stand-ins for perception, identity and the model: a "video" is a JSON file that says who is in it.

    {"duration": 10, "people": [{"face": 1, "x": 0.5, "px": 60, "spans": [[0, 10]], "every": 0.5}]}

`every` seconds a person is sighted; without it, once. `faces` of them are described, by default three.

`"drawn": true` beside the people makes the "video" a cartoon.

Two people are the same when their `face` numbers are. Everything else about the tools' protocol is kept.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.errors import VideoError
from pvchat.identity.feedback import Rulings
from pvchat.identity.gallery import GalleryEntry
from pvchat.perception.record import (
    FaceSamples,
    PerceptionRecord,
    PerceptionVectors,
    Sighting,
    Track,
    VideoInfo,
)
from pvchat.perception.stills import StillFace
from pvchat.synthesis.gate import Verdict

Float = NDArray[np.float32]
APPEARANCE_WIDTH = 1280


def face_vector(number: int) -> Float:
    """The vector of face `number`."""
    return np.random.default_rng(1000 + number).normal(size=128).astype(np.float32)


CELL_PX = 16


def picture_of(*numbers: int, white: int = 255) -> NDArray[np.uint8]:
    """A picture of faces side by side: each a square of 4 x 4 cells, the bits of its number. 0 is nobody.

    `white` makes other bytes of the same faces.
    """
    squares = []
    for number in numbers or (0,):
        bits = np.array([number >> bit & 1 for bit in range(16)], np.uint8).reshape(4, 4)
        squares.append(np.kron(bits, np.full((CELL_PX, CELL_PX), white, np.uint8)))
    return np.repeat(np.concatenate(squares, axis=1)[..., None], 3, axis=2)


def numbers_of(picture: NDArray[np.uint8]) -> list[int]:
    """The reverse of `picture_of`, also when the picture was compressed."""
    side = 4 * CELL_PX
    found = []
    for start in range(0, picture.shape[1], side):
        square = picture[:side, start : start + side].mean(axis=2)
        bits = square.reshape(4, CELL_PX, 4, CELL_PX).mean(axis=(1, 3)).reshape(-1) > 100
        found.append(sum(1 << bit for bit in range(16) if bits[bit]))
    return [number for number in found if number]


@dataclass(frozen=True)
class Entry:
    name: str
    templates: Float
    weights: Float
    appearance: Float | None
    model_id: str
    coverage: dict[str, Any]


@dataclass(frozen=True)
class Decision:
    name: str
    state: str
    score: float
    track_ids: tuple[int, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    track_scores: Mapping[int, float] = field(default_factory=dict)


@dataclass
class SceneTools:
    """Keeps count of what was called in `calls`; `slow_s` makes perceiving take long, step by step.

    Without `sampled_s` no frame of a "video" was looked at, and nobody asks for its pixels.
    """

    face_model: str = "dlib-resnet-v1"
    sampled_s: tuple[float, ...] = (0.0,)
    slow_s: float = 0.0
    on_perceive: Callable[[], None] | None = None
    calls: list[str] = field(default_factory=list)
    clips: list[Any] = field(default_factory=list)
    asked: list[tuple[str, tuple[str, ...], bool, bool]] = field(default_factory=list)
    base: str = "nano"
    load_adapter: Callable[[str], Any] | None = None
    trainer: Callable[[], Any] | None = None

    def adapters_from(self, load: Callable[[str], Any]) -> None:
        self.load_adapter = load

    def training(self) -> Any:
        self.calls.append("training")
        assert self.trainer is not None, "this test trains nobody"
        return self.trainer()

    def prepare(self, *, answering: bool) -> None:
        self.calls.append("prepare")

    def perception_models(self) -> Mapping[str, str]:
        self.calls.append("models")
        return {"face": self.face_model, "detector": "1"}

    def probe(self, video: Path) -> str:
        self.calls.append("probe")
        try:
            return str(json.loads(video.read_bytes()).get("recorded_at", ""))
        except ValueError as error:
            raise VideoError(f"{video.name} is not a video") from error

    def scene_of(self, content: bytes) -> Any:
        """Who is in a "video"."""
        return json.loads(content)

    def perceive(
        self, video: Path, progress: Callable[[float, str], None] | None, *, untrusted: bool = True
    ) -> tuple[PerceptionRecord, PerceptionVectors]:
        self.calls.append("perceive")
        content = video.read_bytes()
        try:
            scene = self.scene_of(content)
        except ValueError as error:
            raise VideoError(f"{video.name} is not a video") from error
        if self.on_perceive is not None:
            self.on_perceive()
        for step in range(10):
            if progress is not None:
                progress(step / 10, "watching")
            time.sleep(self.slow_s / 10)
        tracks, faces = [], {}
        for number, person in enumerate(scene["people"], start=1):
            x, px, spans = person.get("x", 0.5), person.get("px", 60), person.get("spans", [[0, scene["duration"]]])
            box = (x - 0.05, 0.2, x + 0.05, 0.4)
            described = 0 if person.get("face") is None else person.get("faces", 3)
            if described:
                faces[number] = FaceSamples(
                    times_s=np.linspace(spans[0][0], spans[0][1], described, dtype=np.float32),
                    vectors=self.vectors_of(person["face"])[:described],
                    quality=np.ones(described, np.float32),
                )
            tracks.append(
                Track(
                    id=number,
                    spans=tuple((float(a), float(b)) for a, b in spans),
                    sightings=tuple(Sighting(time_s=t, face_box=box) for t in _times(person, spans)),
                    keyframe_s=spans[0][0],
                    keyframe_box=box,
                    faces_described=described,
                    face_px=px,
                    face_quality=0.9,
                )
            )
        record = PerceptionRecord(
            models={"face": self.face_model, "detector": "1"},
            video=VideoInfo(
                sha256=hashlib.sha256(content).hexdigest(),
                duration_s=scene["duration"],
                width=640,
                height=360,
                fps=30.0,
                decoder="json",
            ),
            sampled_s=self.sampled_s,
            tracks=tuple(tracks),
            drawn=scene.get("drawn", False),
        )
        appearance = {track.id: np.full(APPEARANCE_WIDTH, track.id, np.float32) for track in tracks}
        return record, PerceptionVectors(self.face_model, faces, "clothes-1", appearance)

    def vectors_of(self, number: int) -> Float:
        """Three descriptions of a face."""
        return np.stack([face_vector(number)] * 3)

    def faces_of_picture(self, picture: NDArray[np.uint8]) -> list[StillFace]:
        self.calls.append("picture")
        found = []
        for place, number in enumerate(numbers_of(picture)):
            samples = FaceSamples(np.zeros(1, np.float32), self.vectors_of(number)[:1], np.ones(1, np.float32))
            found.append(StillFace((0.1 * place, 0.2, 0.1 * place + 0.08, 0.4), samples))
        return found

    def people_mask(self) -> None:
        return None

    def face_mesh(self) -> None:
        return None

    def judge(self, vectors: PerceptionVectors, record: PerceptionRecord, entry: Any, novelty: float | None) -> Verdict:
        same = [track for track, faces in vectors.faces.items() if _same(entry, faces.vectors[0])]
        if not same:
            return Verdict(False, "somebody else" if vectors.faces else "no face")
        return Verdict(True, "", same[0], 6.0, 1.0, 1.0)

    def same_person(self, a: FaceSamples, b: FaceSamples, model_id: str) -> bool:
        return bool(np.allclose(a.vectors[0], b.vectors[0]))

    def build_entry(self, name: str, samples: FaceSamples, appearance: Float | None, model_id: str) -> Any:
        return GalleryEntry(name, model_id, samples.vectors[:1], np.ones(1, np.float32), appearance, {"faces": 3})

    def entry(self, name: str, vectors: Any, coverage: Mapping[str, Any]) -> Any:
        # The library's own: training hands it on.
        return GalleryEntry(
            name, vectors.face_model, vectors.templates, vectors.weights, vectors.appearance, dict(coverage)
        )

    def look_alikes(self, entry: Entry, gallery: Sequence[Entry]) -> list[str]:
        return [f"{other.name} looks like {entry.name}" for other in gallery if _same(entry, other.templates[0])]

    def decide(
        self,
        vectors: PerceptionVectors,
        record: PerceptionRecord,
        gallery: Sequence[Entry],
        *,
        rulings: Rulings | None = None,
    ) -> list[Decision]:
        self.calls.append("decide")
        decisions = []
        rulings = rulings or Rulings()
        taken = {track: name for name, tracks in rulings.confirmed.items() for track in tracks}
        for entry in gallery:
            assert entry.model_id == vectors.face_model, "vectors of two engines were compared"
            tracks = [
                t
                for t in record.tracks
                if (taken[t.id] == entry.name if t.id in taken else _found(entry, t.id, vectors))
                and t.id not in rulings.refused.get(entry.name, ())
            ]
            spans = tuple(span for track in tracks for span in track.spans)
            state = "present" if tracks else "absent"
            ids = tuple(t.id for t in tracks)
            scores = {track: 6.0 if track in ids else -6.0 for track in vectors.faces}
            decisions.append(Decision(entry.name, state, 0.99 if tracks else 0.01, ids, spans, scores))
        return decisions

    def clip(self, record: Any, vectors: Any, decisions: Any, entries: Any, video: Any, adapters: Any) -> Any:
        clip = SimpleNamespace(
            record=record, vectors=vectors, decisions=decisions, entries=entries, video=video, adapters=adapters
        )
        self.clips.append(clip)
        return clip

    def answer(
        self,
        clip: Any,
        question: str,
        subjects: Sequence[str],
        *,
        use_evidence: bool,
        use_identity_bias: bool,
        on_text: Callable[[str], None] | None,
    ) -> Any:
        self.asked.append((question, tuple(subjects), use_evidence, use_identity_bias))
        by_name = {decision.name: decision for decision in clip.decisions}
        facts = []
        for name in subjects:
            decision = by_name[name]
            track = next((t for t in clip.record.tracks if t.id in decision.track_ids), None)
            facts.append(
                SubjectFacts(
                    name=name,
                    state=decision.state,
                    score=decision.score,
                    spans=decision.spans,
                    keyframe_s=track.keyframe_s if track else None,
                    box=track.keyframe_box if track else None,
                )
            )
        known = {track_id for decision in clip.decisions for track_id in decision.track_ids}
        count = len(clip.record.tracks)
        scene = SceneFacts(clip.record.video.duration_s, tuple(facts), count, count - len(known))
        yes = all(item.state == "present" for item in facts)
        text = f"{'Yes' if yes else 'No'}, {' and '.join(subjects)}."
        for end in range(1, len(text) + 1):
            if on_text is not None:
                on_text(text[:end])
        return SimpleNamespace(
            text=text, facts=scene, agrees_with_evidence=True, model={"base": "nano"}, timing_s={"generate": 0.01}
        )

    def warm_up(self) -> None:
        self.calls.append("warm_up")

    def release(self) -> None:
        self.calls.append("release")


def _times(person: Mapping[str, Any], spans: Any) -> list[float]:
    start, end = spans[0]
    return np.arange(start, end, person["every"]).tolist() if "every" in person else [start]


def _found(entry: Any, track: int, vectors: PerceptionVectors) -> bool:
    if track not in vectors.faces:
        return False
    vector = vectors.faces[track].vectors[0]
    negatives = getattr(entry, "negatives", None)
    if negatives is not None and any(np.allclose(vector, negative) for negative in negatives):
        return False
    return any(np.allclose(vector, template) for template in entry.templates)


def _same(entry: Entry, vector: Float) -> bool:
    return bool(np.allclose(entry.templates[0], vector))


def write_scene(path: Path, *people: Mapping[str, Any], duration: float = 10.0) -> Path:
    """Write a "video"; the file's name stands in it, so that no two files have the same hash."""
    path.write_text(json.dumps({"file": path.name, "duration": duration, "people": list(people)}))
    return path
