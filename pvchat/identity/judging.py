"""Tracks as identity sees them, and the log-odds of every pair of track and enrolled person."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pvchat.identity.calibration import LOGIT_LIMIT, calibration
from pvchat.identity.gallery import GalleryEntry, usable
from pvchat.identity.reliability import track_reliability
from pvchat.identity.similarity import combined_cosine, cosines
from pvchat.identity.whitening import Whitening
from pvchat.perception.record import FaceSamples, PerceptionRecord, PerceptionVectors, Span, Track

Array = NDArray[np.float32]

_COHORT: Final = 300
_NEAREST: Final = 20
# How much of a common likeness to everybody is taken off a pair's cosine, for each of the two sides.
COHORT_SHARE: Final = 0.5
# A track belongs to a stored negative when it is at least this near to it, compared with the person's templates.
_NEGATIVE_MARGIN: Final = 0.03
_NEGATIVE_LEAST: Final = 0.4
_RAW_LIMIT: Final = 20.0


@dataclass(frozen=True)
class JudgedTrack:
    """A track with what its faces say.

    Attributes:
        id: the track's id.
        spans: when it is seen.
        mean: (d,) whitened, quality-weighted mean of its usable faces; None where no face could be described.
        reliability: 0..1, see `track_reliability`.
        prominence: 0..1, how long and how large against the most prominent track of the clip.
    """

    id: int
    spans: tuple[Span, ...]
    mean: Array | None
    reliability: float
    prominence: float


def track_mean(samples: FaceSamples, model_id: str) -> Array:
    """(d,) whitened, quality-weighted mean of the usable faces of a track."""
    white = Whitening.for_model(model_id).transform(samples.vectors)
    weight = np.clip(samples.quality, 0.02, 1.0).astype(np.float32)
    keep = usable(white, weight)
    return np.average(white[keep], axis=0, weights=weight[keep]).astype(np.float32)


def raw_track_mean(samples: FaceSamples, model_id: str) -> Array:
    """(d,) raw vector behind `track_mean`: the same average of the same faces, before whitening."""
    white = Whitening.for_model(model_id).transform(samples.vectors)
    weight = np.clip(samples.quality, 0.02, 1.0).astype(np.float32)
    keep = usable(white, weight)
    return np.average(samples.vectors[keep], axis=0, weights=weight[keep]).astype(np.float32)


def judge_tracks(record: PerceptionRecord, vectors: PerceptionVectors) -> list[JudgedTrack]:
    """All tracks of a record, in its order."""
    presence = [_seconds(track) * _size(track, record) for track in record.tracks]
    most = max(presence, default=0.0)
    out = []
    for track, weight in zip(record.tracks, presence, strict=True):
        samples = vectors.faces.get(track.id)
        has_faces = samples is not None and len(samples.vectors) > 0
        out.append(
            JudgedTrack(
                id=track.id,
                spans=track.spans,
                mean=track_mean(samples, vectors.face_model) if samples is not None and has_faces else None,
                reliability=(
                    track_reliability(samples.vectors, samples.quality, vectors.face_model)
                    if samples is not None and has_faces
                    else 0.0
                ),
                prominence=weight / most if most > 0 else 0.0,
            )
        )
    return out


def pair_logits(
    tracks: Sequence[JudgedTrack], gallery: Sequence[GalleryEntry], model_id: str, overlap: NDArray[np.bool_]
) -> Array:
    """Log-odds of each track being each person, everyone else left aside.

    Args:
        tracks: n tracks that have a mean.
        gallery: m entries of the same engine.
        model_id: the engine.
        overlap: (n, n) which tracks are in the picture at once, hence different people.

    Returns:
        (m, n), clipped far outside the final -6..6 so that a comparison of two good matches keeps its meaning.
    """
    known = calibration(model_id)
    means = np.stack([_mean_of(track) for track in tracks])
    reliability = np.array([track.reliability for track in tracks], np.float32)
    white = [entry.whitened() for entry in gallery]
    centres = np.stack([np.average(w, axis=0, weights=e.weights) for w, e in zip(white, gallery, strict=True)])
    out = np.zeros((len(gallery), len(tracks)), np.float32)
    track_offset = crowd_offsets(means, overlap, model_id)
    for row, entry in enumerate(gallery):
        others = np.delete(centres, row, axis=0)
        # A person enrolled twice is not a cohort of strangers.
        others = others[cosines(others, centres[row][None])[:, 0] < known.present] if len(others) else others
        offset = _likeness_to_all(centres[row], others, model_id)
        cosine = combined_cosine(means, white[row], entry.weights)
        cosine = cosine - COHORT_SHARE * (offset + track_offset)
        doubt = np.minimum(reliability, entry.reliability)
        logits = known.logits(cosine, doubt, limit=_RAW_LIMIT)
        out[row] = np.where(_refused(means, white[row], entry, model_id), -_RAW_LIMIT, logits)
    return out


def crowd_offsets(means: Array, overlap: NDArray[np.bool_], model_id: str) -> Array:
    """How much more than usual each track resembles strangers; `COHORT_SHARE` of it is taken off a cosine.

    Args:
        means: (n, d) of the tracks of one clip. overlap: (n, n) which of them are surely different people.

    Returns:
        (n,) cosines.
    """
    each = [_likeness_to_all(means[index], means[overlap[index]], model_id) for index in range(len(means))]
    return np.array(each, np.float32)


def same_clip_logits(tracks: Sequence[JudgedTrack], model_id: str) -> Array:
    """(n, n) log-odds that two tracks of one clip show one person; strongly negative where one has no face."""
    known = calibration(model_id)
    out = np.full((len(tracks), len(tracks)), -LOGIT_LIMIT, np.float32)
    index = [i for i, track in enumerate(tracks) if track.mean is not None]
    if index:
        means = np.stack([_mean_of(tracks[i]) for i in index])
        cosine = cosines(means, means)
        out[np.ix_(index, index)] = np.clip(known.slope * (cosine - known.same_clip), -LOGIT_LIMIT, LOGIT_LIMIT)
    return out


def _mean_of(track: JudgedTrack) -> Array:
    if track.mean is None:
        raise ValueError(f"track {track.id} has no described face")
    return track.mean


def _refused(means: Array, white: Array, entry: GalleryEntry, model_id: str) -> NDArray[np.bool_]:
    """Which tracks are nearer to something a user called "not this person" than to the person."""
    if entry.negatives is None or not len(entry.negatives):
        return np.zeros(len(means), dtype=np.bool_)
    wrong = Whitening.for_model(model_id).transform(entry.negatives)
    to_wrong = cosines(means, wrong).max(axis=1)
    to_right = cosines(means, white).max(axis=1)
    refused: NDArray[np.bool_] = (to_wrong >= to_right - _NEGATIVE_MARGIN) & (to_wrong >= _NEGATIVE_LEAST)
    return refused


def _likeness_to_all(vector: Array, others: Array, model_id: str) -> float:
    """How much more than usual a vector resembles its nearest strangers (the mean part of an adaptive s-norm)."""
    cohort, usual = _cohort(model_id)
    everyone = np.concatenate([cohort, others]) if len(others) else cohort
    near = np.sort(cosines(vector[None], everyone)[0])[-_NEAREST:]
    return float(near.mean()) - usual


@cache
def _cohort(model_id: str) -> tuple[Array, float]:
    """Seeded synthetic strangers (n, d), and how alike they are to their nearest ones on average."""
    rng = np.random.default_rng(20250)
    cohort = Whitening.for_model(model_id).draw_people(_COHORT, rng)
    probes = Whitening.for_model(model_id).draw_people(_COHORT, rng)
    near = np.sort(cosines(probes, cohort), axis=1)[:, -_NEAREST:]
    return cohort, float(near.mean())


def _seconds(track: Track) -> float:
    return max(sum(end - start for start, end in track.spans), 0.05)


def _size(track: Track, record: PerceptionRecord) -> float:
    """Height of the person's head in the frame, about, 0..1; a body is some five heads tall in the usual view."""
    heights = []
    for sighting in track.sightings:
        face = sighting.face_box
        if face is not None:
            heights.append(face[3] - face[1])
        elif sighting.body_box is not None:
            heights.append((sighting.body_box[3] - sighting.body_box[1]) / 5)
    return float(np.median(heights)) if heights else 0.0
