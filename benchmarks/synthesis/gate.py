"""The gate asked about real faces: pieces of clips and photos as long as samples are, of the right person and others.

Real people here are a dozen, and strangers so alike that a gate could fall for them are one pair in a thousand. So each
stranger is also asked about as a look-alike: with the stranger's own pictures, quality and trembling, and a face moved
to where people lie who look like the subject (`pvchat.identity.noise`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.remoh.figures import share
from benchmarks.remoh.people import Cast, Person, Studio
from pvchat.errors import NoFaceError
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.noise import face_noise
from pvchat.identity.whitening import Whitening
from pvchat.perception.record import PerceptionVectors
from pvchat.synthesis.gate import Verdict, judge
from pvchat.training.footage import Footage, samples_within, window

Float = NDArray[np.float32]
Say = Callable[[str], None]


@dataclass(frozen=True)
class GateBench:
    """How much is asked.

    Attributes:
        seconds: of a piece, as long as a sample is. pieces: of one clip, at most. alikes: for each piece of a stranger.
        people: how many, None for all. seed: of the look-alikes.
    """

    seconds: float = 1.0
    pieces: int = 12
    alikes: int = 3
    people: int | None = None
    seed: int = 7


QUICK = GateBench(pieces=2, alikes=1, people=3)


@dataclass
class Count:
    """How often something was asked, and how often the gate let it pass."""

    asked: int = 0
    passed: int = 0

    def add(self, verdict: Verdict) -> None:
        """One more."""
        self.asked += 1
        self.passed += verdict.kept


def measure(studio: Studio, cast: Cast, config: GateBench, say: Say) -> dict[str, Any]:
    """Everybody's gallery entry against pieces of everybody's clips and photos that did not enroll them.

    Returns:
        gate_false_accept (strangers and look-alikes), gate_false_reject, and each count.
    """
    rng = np.random.default_rng(config.seed)
    entries: dict[str, GalleryEntry] = {}
    asked: dict[str, list[Footage]] = {}
    left_out: dict[str, str] = {}
    for person in list(cast.people.values())[: config.people]:
        try:
            entries[person.key] = studio.enroll(person)[0]
        except NoFaceError as error:
            left_out[person.key] = str(error)
            continue
        asked[person.key] = list(_pieces(studio, person, config))
        say(f"gate {person.key}: {len(asked[person.key])} pieces")
    counts = {name: Count() for name in ("right", "strangers", "look_alikes")}
    reasons: dict[str, int] = {}
    for key, entry in entries.items():
        for other, pieces in asked.items():
            for piece in pieces:
                verdict = judge(piece.record, piece.vectors, entry)
                counts["right" if key == other else "strangers"].add(verdict)
                if key == other:
                    reasons[verdict.reason] = reasons.get(verdict.reason, 0) + (not verdict.kept)
                    continue
                for _ in range(config.alikes):
                    counts["look_alikes"].add(judge(piece.record, alike(piece.vectors, entry, rng), entry))
    right, strangers, alikes = counts.values()
    return {
        "gate_false_accept": share(strangers.passed + alikes.passed, strangers.asked + alikes.asked),
        "gate_false_reject": share(right.asked - right.passed, right.asked),
        "gate": {
            **{name: {"asked": count.asked, "passed": count.passed} for name, count in counts.items()},
            "reasons_of_right": {reason: count for reason, count in reasons.items() if count},
            "people": len(entries),
            "left_out": left_out,
        },
    }


def alike(vectors: PerceptionVectors, entry: GalleryEntry, rng: np.random.Generator) -> PerceptionVectors:
    """The same tracks, of somebody who looks like the subject: each face keeps how it differs from its track's mean.

    Args:
        vectors: of a stranger. entry: of the subject. rng: how much alike, within what look-alikes are.
    """
    white = Whitening.for_model(vectors.face_model)
    centre = np.average(entry.whitened(), axis=0, weights=entry.weights)
    cosine = rng.uniform(*face_noise(vectors.face_model).lookalike_cosine)
    moved = {}
    for track, faces in vectors.faces.items():
        seen = white.transform(faces.vectors)
        mean = seen.mean(axis=0)
        moved[track] = replace(faces, vectors=white.inverse(seen - mean + _towards(mean, centre, cosine)))
    return replace(vectors, faces=moved)


def _towards(mean: Float, centre: Float, cosine: float) -> Float:
    """A vector as long as `mean`, at this cosine to `centre`, in the plane of both."""
    along = centre / np.linalg.norm(centre)
    aside = mean - (mean @ along) * along
    aside = aside / np.linalg.norm(aside)
    turned = cosine * along + (1 - cosine**2) ** 0.5 * aside
    return np.asarray(turned * np.linalg.norm(mean), np.float32)


def _pieces(studio: Studio, person: Person, config: GateBench) -> Iterator[Footage]:
    """Pieces of the clips that a person is asked about, with a face in each."""
    for recipe in person.ask:
        seen = studio.see(recipe)
        footage = studio.footage(seen)
        times = samples_within(footage, (0.0, seen.record.video.duration_s))
        starts = sorted({times[0] + int((time_s - times[0]) / config.seconds) * config.seconds for time_s in times})
        for start in starts[: config.pieces] if times else ():
            piece = window(footage, start, start + config.seconds)
            if any(len(faces.vectors) for faces in piece.vectors.faces.values()):
                yield piece
