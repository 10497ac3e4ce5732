"""Instant enrollment: from one video to a gallery entry.

1. check the name and the consent  2. perceive  3. pick the subject  4. build the entry  5. store all of it at once
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.enroll_views import views_of
from pipelines.tools import Tools
from pipelines.videos import PerceivedVideo
from pvchat.chat.facts import clock
from pvchat.errors import AmbiguousSubjectError, ConsentError, NoFaceError
from pvchat.perception.record import FaceSamples, PerceptionRecord, PerceptionVectors, Track

if TYPE_CHECKING:
    from pvchat.identity.gallery import GalleryEntry

DOMINANCE = 3.0
LISTED = 12
FEW_FACES = 3
SMALL_FACE_PX = 32.0
_SHORTEST_S = 0.25


@dataclass(frozen=True)
class Candidate:
    """One person of the enrollment video who can be described.

    Attributes:
        tracks: the tracks that are this person, surest first.
        seconds: how long the person is seen.
        face_px: median face height in pixels.
    """

    tracks: tuple[Track, ...]
    seconds: float
    face_px: float

    @property
    def weight(self) -> float:
        """How much of the video is about this person: seconds times face size."""
        return self.seconds * self.face_px

    @property
    def first_s(self) -> float:
        """When the person is first seen."""
        return min(start for track in self.tracks for start, _ in track.spans)

    @property
    def centre_x(self) -> float:
        """Mean horizontal centre of the first track's face, 0..1."""
        boxes = [sighting.box for sighting in self.tracks[0].sightings] or [self.tracks[0].keyframe_box]
        return float(np.mean([(box[0] + box[2]) / 2 for box in boxes]))

    def describe(self) -> str:
        """Where and when to find the person: "left, first at 0:03"."""
        place = "left" if self.centre_x < 1 / 3 else "right" if self.centre_x > 2 / 3 else "middle"
        return f"{place}, first at {clock(self.first_s)}"


@dataclass(frozen=True)
class NewEntry:
    """What a video gives of one person, ready to be stored.

    Attributes:
        entry: templates and appearance. coverage: what the video showed. warnings: one line each.
    """

    entry: "GalleryEntry"
    coverage: dict[str, Any]
    warnings: tuple[str, ...]


def candidates_of(perceived: PerceivedVideo, tools: Tools) -> list[Candidate]:
    """Everybody in a perceived video who could be enrolled, in the order `--pick` counts."""
    vectors = perceived.vectors
    return find_candidates(perceived.record, vectors, lambda a, b: tools.same_person(a, b, vectors.face_model))


DRAWN_WARNING = (
    "this looks drawn; only real faces are known, and drawn ones look alike: nobody will be told by this one"
)


def build(
    name: str, perceived: PerceivedVideo, pick: int | None, file: Path, tools: Tools, others: "Sequence[GalleryEntry]"
) -> NewEntry:
    """Steps 3 and 4: pick the subject and build the entry.

    Args:
        name: of the person. perceived: the video. pick: which person is meant, from 1. file: for messages.
        tools: identity. others: entries of everybody else, to warn of look-alikes.

    Raises:
        NoFaceError, AmbiguousSubjectError: see `pick_subject`.
    """
    vectors = perceived.vectors
    candidates = candidates_of(perceived, tools)
    candidate = pick_subject(candidates, pick, file, drawn=perceived.record.drawn)
    drawn = [DRAWN_WARNING] if perceived.record.drawn else []
    samples = samples_of(candidate, vectors)
    entry = tools.build_entry(name, samples, appearance_of(candidate, vectors), vectors.face_model)
    return NewEntry(
        entry=entry,
        coverage={
            **entry.coverage,
            **coverage_of(candidate, candidates),
            **views_of(file, candidate.tracks, tools.face_mesh()),
        },
        warnings=(*drawn, *thin_coverage(candidate, samples), *tools.look_alikes(entry, others)),
    )


def check_consent(consent_by: str, purpose: str) -> tuple[str, str]:
    """The two texts of a consent, trimmed.

    Raises:
        ConsentError: one of them is empty, too long, or not printable.
    """
    return _text("who consents", "--consent-by WHO", consent_by, 200), _text(
        "what the enrollment is for", "--purpose TEXT", purpose, 500
    )


def find_candidates(
    record: PerceptionRecord,
    vectors: PerceptionVectors,
    same_person: Callable[[FaceSamples, FaceSamples], bool] | None = None,
) -> list[Candidate]:
    """Everybody in the video whose face can be described, by first time, then from left to right.

    Args:
        record: what perception saw.
        vectors: its face samples.
        same_person: whether the faces of two tracks that never overlap in time are one person's; without it every
            track is a person.
    """
    described = [t for t in record.tracks if t.id in vectors.faces and len(vectors.faces[t.id].vectors) > 0]
    groups: list[list[Track]] = []
    for track in sorted(described, key=lambda t: -_seconds(t) * t.face_px):
        for group in groups:
            if (
                same_person is not None
                and not any(_overlap(track, other) for other in group)
                and same_person(vectors.faces[group[0].id], vectors.faces[track.id])
            ):
                group.append(track)
                break
        else:
            groups.append([track])
    candidates = [
        Candidate(
            tracks=tuple(group),
            seconds=sum(_seconds(track) for track in group),
            face_px=float(np.average([t.face_px for t in group], weights=[_seconds(t) for t in group])),
        )
        for group in groups
    ]
    return sorted(candidates, key=lambda c: (round(c.first_s, 1), c.centre_x))


def pick_subject(candidates: Sequence[Candidate], pick: int | None, file: Path, *, drawn: bool = False) -> Candidate:
    """The person to enroll: the one picked, the only one, or the one the video is clearly about.

    Args:
        candidates: as `find_candidates` gave them.
        pick: number of the person, from 1, or None.
        file: the video, for messages. drawn: whether it looks drawn.

    Raises:
        NoFaceError: there is nobody.
        AmbiguousSubjectError: several are equally likely, or there is no number `pick`.
    """
    if not candidates and drawn:
        raise NoFaceError(
            f"{file.name} looks drawn; only real faces are known: use a video of the person that was filmed"
        )
    if not candidates:
        raise NoFaceError(
            f"{file.name} shows no face that can be described; use a video with a sharp face of at least 24 pixels"
        )
    lines = [f"{number}: {candidate.describe()}" for number, candidate in enumerate(candidates, start=1)]
    people = "; ".join(lines[:LISTED]) + (f"; and {len(lines) - LISTED} more" if len(lines) > LISTED else "")
    if pick is not None:
        if not 1 <= pick <= len(candidates):
            raise AmbiguousSubjectError(f"{file.name} has no person {pick}; pick one of {people}", lines)
        return candidates[pick - 1]
    ranked = sorted(candidates, key=lambda c: -c.weight)
    if len(ranked) == 1 or ranked[0].weight >= DOMINANCE * ranked[1].weight:
        return ranked[0]
    raise AmbiguousSubjectError(
        f"{file.name} shows {len(lines)} people who could be meant; add --pick N: {people}", lines
    )


def samples_of(candidate: Candidate, vectors: PerceptionVectors) -> FaceSamples:
    """All face samples of a candidate, in time order."""
    blocks = [vectors.faces[track.id] for track in candidate.tracks]
    times = np.concatenate([block.times_s for block in blocks])
    order = np.argsort(times, kind="stable")
    return FaceSamples(
        times_s=times[order],
        vectors=np.concatenate([block.vectors for block in blocks])[order],
        quality=np.concatenate([block.quality for block in blocks])[order],
    )


def appearance_of(candidate: Candidate, vectors: PerceptionVectors) -> NDArray[np.float32] | None:
    """Appearance vector of the candidate's longest described track, or None."""
    for track in candidate.tracks:
        if track.id in vectors.appearance:
            return vectors.appearance[track.id]
    return None


def coverage_of(candidate: Candidate, candidates: Sequence[Candidate]) -> dict[str, float | int]:
    """How much the video showed of the person, beside what the gallery entry says itself."""
    return {
        "seconds": round(candidate.seconds, 1),
        "face_px": round(candidate.face_px),
        "other_people": len(candidates) - 1,
    }


def thin_coverage(candidate: Candidate, samples: FaceSamples) -> list[str]:
    """One line for each way in which the video shows too little of the person to be sure of them later."""
    warnings = []
    if len(samples.vectors) < FEW_FACES:
        warnings.append(
            f"only {len(samples.vectors)} usable faces; a few seconds of a sharp, turning head make answers surer"
        )
    if candidate.face_px < SMALL_FACE_PX:
        warnings.append(f"the face is {candidate.face_px:.0f} pixels high; come closer, 60 pixels or more are good")
    return warnings


def _seconds(track: Track) -> float:
    return max(sum(end - start for start, end in track.spans), _SHORTEST_S)


def _overlap(a: Track, b: Track) -> bool:
    return any(s < other_end and other_start < e for s, e in a.spans for other_start, other_end in b.spans)


def _text(what: str, option: str, text: str, longest: int) -> str:
    cleaned = " ".join(text.split())
    if not cleaned:
        raise ConsentError(f"say {what}: {option}; nobody is enrolled without consent")
    if len(cleaned) > longest:
        raise ConsentError(f"{option}: {len(cleaned)} characters; use at most {longest}")
    if not cleaned.isprintable():
        raise ConsentError(f"{option}: holds characters that cannot be printed; use plain text")
    return cleaned
