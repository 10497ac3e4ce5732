"""Who of the gallery is in a video: one decision per enrolled person, made for all of them together.

Whole tracks are judged, never single frames. A track goes to at most one person, a person can own several tracks but
never two that are in the picture at once, and "somebody unknown" is always an option. What people said about a track
goes before all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pvchat.chat.facts import State
from pvchat.errors import ModelError
from pvchat.identity.calibration import LOGIT_LIMIT, SURE_LOGIT
from pvchat.identity.feedback import OVERLAP_S, Rulings, shared_s
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.judging import JudgedTrack, judge_tracks, pair_logits, same_clip_logits
from pvchat.perception.record import PerceptionRecord, PerceptionVectors, Span

_CANNOT_BE: Final = -LOGIT_LIMIT
_SAID_LOGIT: Final = 20.0


@dataclass(frozen=True)
class DecisionConfig:
    """What counts as the same moment, and which unclear tracks may leave a decision open.

    Attributes:
        overlap_s: tracks that share more time than this are two people.
        gap_s: gaps in a person's spans up to this length are closed.
        prominent: an unclear track leaves its candidates "unsure" from this prominence on (0..1; how long it lasts
            and how large it is, against the most prominent track). A passer-by far behind stays below.
    """

    overlap_s: float = OVERLAP_S
    gap_s: float = 0.5
    prominent: float = 0.4


@dataclass(frozen=True)
class IdentityDecision:
    """What is decided about one enrolled person in one video.

    Attributes:
        name: the enrolled name.
        state: "present", "absent" or "unsure".
        score: calibrated probability of being present, 0..1; above 0.65 is present, below 0.35 absent.
        track_ids: tracks of this person; for "unsure" the candidates, for "absent" none.
        track_scores: log-odds of every judged track, -6..6, after the comparison with everyone else in the gallery.
        spans: seconds in which the person (or the candidate) is seen.

    In a video too blurred or dark to see anybody, and in a drawn one, everyone is "unsure", without tracks.
    """

    name: str
    state: State
    score: float
    track_ids: tuple[int, ...]
    track_scores: Mapping[int, float]
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class UnknownPerson:
    """Tracks of one person who is nobody enrolled.

    Attributes:
        number: 1, 2, ... by first appearance in the video.
        track_ids: their tracks.
        first_s: when they appear.
        spans: seconds in which they are seen.
    """

    number: int
    track_ids: tuple[int, ...]
    first_s: float
    spans: tuple[Span, ...]


def decide(
    vectors: PerceptionVectors,
    record: PerceptionRecord,
    gallery: Sequence[GalleryEntry],
    *,
    config: DecisionConfig | None = None,
    rulings: Rulings | None = None,
) -> list[IdentityDecision]:
    """Decide about every entry of the gallery, in its order.

    Args:
        vectors: face vectors of the video.
        record: its tracks.
        gallery: the enrolled people, all with vectors of the engine that described the video.
        config: see `DecisionConfig`.
        rulings: what people said about tracks. A confirmed track is the person's whatever its face, and nobody else's;
            a refused one is never the person's. Names that are not in the gallery are passed over.

    Raises:
        ModelError: an entry was enrolled with another engine than the video was described with.
    """
    config = config or DecisionConfig()
    for entry in gallery:
        if entry.model_id != vectors.face_model:
            raise ModelError(
                f"{entry.name!r} was enrolled with {entry.model_id} but the video was described with "
                f"{vectors.face_model}; enroll again or perceive the video with the other engine"
            )
    if not gallery:
        return []
    tracks = judge_tracks(record, vectors)
    # What describes faces has learned from photographs: it cannot tell one drawn face from another.
    drawn = record.drawn and not (rulings is not None and rulings.confirmed)
    if drawn or (not tracks and not record.legible):
        return [IdentityDecision(entry.name, "unsure", 0.5, (), {}, ()) for entry in gallery]
    overlap = overlaps(tracks, config.overlap_s)
    names = [entry.name for entry in gallery]
    said = _said(rulings or Rulings(), names, tracks)
    described = [index for index, track in enumerate(tracks) if track.mean is not None]
    logits = np.full((len(gallery), len(tracks)), np.nan, np.float32)
    if described:
        judged = [tracks[index] for index in described]
        pairs = pair_logits(judged, gallery, vectors.face_model, overlap[np.ix_(described, described)])
        # Before the comparison: who was said not to be it is no rival of anybody.
        pairs = np.where(said[:, described] < 0, -_SAID_LOGIT, pairs)
        logits[:, described] = _against_each_other(pairs)
    logits = np.where(said != 0, LOGIT_LIMIT * said, logits).astype(np.float32)
    owner = {int(column): int(row) for row, column in zip(*np.nonzero(said > 0), strict=True)}
    owner = _assign(logits, overlap, names, tracks, vectors.face_model, owner)
    return [_decision(row, entry, logits[row], owner, tracks, overlap, config) for row, entry in enumerate(gallery)]


def unknown_tracks(
    record: PerceptionRecord,
    vectors: PerceptionVectors,
    decisions: Sequence[IdentityDecision],
    *,
    config: DecisionConfig | None = None,
) -> list[UnknownPerson]:
    """The people of a video who are nobody enrolled, grouped and numbered by first appearance.

    Tracks of people who are present are left out, candidates of an "unsure" decision are not.
    """
    config = config or DecisionConfig()
    known = {track_id for decision in decisions if decision.state == "present" for track_id in decision.track_ids}
    tracks = [track for track in judge_tracks(record, vectors) if track.id not in known]
    tracks.sort(key=lambda track: (track.spans[0][0] if track.spans else 0.0, track.id))
    overlap = overlaps(tracks, config.overlap_s)
    likeness = same_clip_logits(tracks, vectors.face_model)
    groups: list[list[int]] = []
    for index in range(len(tracks)):
        best: tuple[float, list[int]] | None = None
        for group in groups:
            if any(overlap[index, other] for other in group):
                continue
            alike = float(np.mean([likeness[index, other] for other in group]))
            if alike >= SURE_LOGIT and (best is None or alike > best[0]):
                best = alike, group
        if best is None:
            groups.append([index])
        else:
            best[1].append(index)
    people = []
    for number, group in enumerate(groups, start=1):
        spans = _union([span for index in group for span in tracks[index].spans], config.gap_s)
        first = spans[0][0] if spans else 0.0
        people.append(UnknownPerson(number, tuple(tracks[index].id for index in group), first, spans))
    return people


def overlaps(tracks: Sequence[JudgedTrack], least_s: float) -> NDArray[np.bool_]:
    """(n, n) which tracks of one clip share more than `least_s` seconds, hence are different people."""
    out = np.zeros((len(tracks), len(tracks)), dtype=np.bool_)
    for i, one in enumerate(tracks):
        for j in range(i):
            out[i, j] = out[j, i] = shared_s(one.spans, tracks[j].spans) > least_s
    return out


def _said(rulings: Rulings, names: Sequence[str], tracks: Sequence[JudgedTrack]) -> NDArray[np.int8]:
    """(subjects, tracks): 1 where a track was said to be the person, -1 where not, 0 where nothing was said."""
    out = np.zeros((len(names), len(tracks)), np.int8)
    for column, track in enumerate(tracks):
        if any(track.id in rulings.confirmed.get(name, ()) for name in names):
            out[:, column] = -1
        for row, name in enumerate(names):
            if track.id in rulings.confirmed.get(name, ()):
                out[row, column] = 1
            elif track.id in rulings.refused.get(name, ()):
                out[row, column] = -1
    return out


def _against_each_other(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-odds that a track is subject j rather than another subject or nobody: (subjects, tracks).

    Only a sure rival takes something away: if nobody can be ruled out, many candidates do not rule each other out.
    """
    odds = np.exp(np.clip(logits.astype(np.float64), -30.0, 30.0))
    rivals = np.where(logits >= SURE_LOGIT, odds, 0.0)
    rest = 1.0 + rivals.sum(axis=0, keepdims=True) - rivals
    return np.asarray(np.clip(np.log(odds / rest), -LOGIT_LIMIT, LOGIT_LIMIT), dtype=np.float32)


def _assign(
    logits: NDArray[np.float32],
    overlap: NDArray[np.bool_],
    names: Sequence[str],
    tracks: Sequence[JudgedTrack],
    model_id: str,
    said: Mapping[int, int],
) -> dict[int, int]:
    """Track index -> subject row, surest pairs first; ties go by name and track, never by the gallery's order.

    `said` holds the pairs that are settled.
    """
    pairs = [
        (float(-logits[row, column]), names[row], tracks[column].id, row, column)
        for row in range(logits.shape[0])
        for column in range(logits.shape[1])
        if logits[row, column] >= SURE_LOGIT
    ]
    owner = dict(said)
    for _, _, _, row, column in sorted(pairs):
        if column not in owner and not _conflicts(column, row, owner, overlap):
            owner[column] = row
    # A further stretch of a person found in this clip need only be alike to the stretch already found.
    likeness = same_clip_logits(tracks, model_id)
    anchors = dict(owner)
    further = sorted(
        (float(-likeness[column, anchor]), names[row], tracks[column].id, row, column)
        for column in range(len(tracks))
        for anchor, row in anchors.items()
        if column not in owner and likeness[column, anchor] >= SURE_LOGIT and not logits[row, column] <= -2 * SURE_LOGIT
    )
    for _, _, _, row, column in further:
        if column not in owner and not _conflicts(column, row, owner, overlap):
            owner[column] = row
    return owner


def _conflicts(column: int, row: int, owner: Mapping[int, int], overlap: NDArray[np.bool_]) -> bool:
    return any(taken == row and overlap[column, other] for other, taken in owner.items())


def _decision(
    row: int,
    entry: GalleryEntry,
    logits: NDArray[np.float32],
    owner: Mapping[int, int],
    tracks: Sequence[JudgedTrack],
    overlap: NDArray[np.bool_],
    config: DecisionConfig,
) -> IdentityDecision:
    mine = [column for column in range(len(tracks)) if owner.get(column) == row]
    scores = {tracks[c].id: float(logits[c]) for c in range(len(tracks)) if not np.isnan(logits[c])}
    for column in range(len(tracks)):
        # Somebody else's track, or one seen beside the person's own: it cannot be this person.
        taken = column in owner and owner[column] != row
        if tracks[column].id in scores and (taken or (column not in mine and any(overlap[column, c] for c in mine))):
            scores[tracks[column].id] = min(scores[tracks[column].id], _CANNOT_BE)
    if mine:
        best = max(scores[tracks[column].id] for column in mine)
        for column in mine:
            scores[tracks[column].id] = max(scores[tracks[column].id], SURE_LOGIT)
        return _as_decision(entry.name, "present", best, mine, scores, tracks, config)
    free = [c for c in range(len(tracks)) if c not in owner]
    open_tracks = [
        c for c in free if tracks[c].prominence >= config.prominent and (np.isnan(logits[c]) or logits[c] > -SURE_LOGIT)
    ]
    if open_tracks:
        best = max(0.0 if np.isnan(logits[c]) else float(logits[c]) for c in open_tracks)
        return _as_decision(
            entry.name, "unsure", float(np.clip(best, -0.59, 0.59)), open_tracks, scores, tracks, config
        )
    for column in free:
        if tracks[column].id in scores:
            # An unclear glimpse does not leave the question open.
            scores[tracks[column].id] = min(scores[tracks[column].id], -SURE_LOGIT - 0.1)
    best = max(scores.values(), default=-LOGIT_LIMIT)
    return _as_decision(entry.name, "absent", min(best, -SURE_LOGIT), [], scores, tracks, config)


def _as_decision(
    name: str,
    state: State,
    logit: float,
    columns: Sequence[int],
    scores: Mapping[int, float],
    tracks: Sequence[JudgedTrack],
    config: DecisionConfig,
) -> IdentityDecision:
    spans = _union([span for column in columns for span in tracks[column].spans], config.gap_s)
    ids = tuple(sorted(tracks[column].id for column in columns))
    return IdentityDecision(name, state, float(1.0 / (1.0 + np.exp(-logit))), ids, dict(scores), spans)


def _union(spans: Sequence[Span], gap_s: float) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + gap_s:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)
