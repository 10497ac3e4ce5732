"""People who are nobody enrolled, grouped over all videos.

Groups grow by average linkage on calibrated log-odds of track means; tracks that are in the picture at once never come
into one group. Two groups join only while their average says "the same person" by the bound that also says "present" of
somebody enrolled, so nothing here is a threshold of its own.

A join needs at least one pair of tracks above the bound. So tracks that no chain of such pairs connects do not change
each other's groups, and a new video changes only the groups it is connected with. What comes out is the same as if
everything were grouped anew, whatever the order in which the videos came.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pvchat.identity.calibration import LOGIT_LIMIT, SURE_LOGIT, calibration
from pvchat.identity.decision import DecisionConfig, IdentityDecision, overlaps
from pvchat.identity.judging import COHORT_SHARE, crowd_offsets, judge_tracks
from pvchat.perception.record import PerceptionRecord, PerceptionVectors, Span

Array = NDArray[np.float32]
Key = tuple[str, int]

ALONE: Final = -1
# Rounded, so that a sum taken in another order does not decide between two equal pairs.
_DIGITS = 3


@dataclass(frozen=True)
class StrangerTrack:
    """A track of somebody who is nobody enrolled.

    Attributes:
        clip: which video, the same text for the same video. id: of the track in it.
        spans: seconds in which it is seen.
        mean: (d,) whitened, quality-weighted mean of its faces.
        offset: how much more than usual it resembles strangers (`crowd_offsets`).
        reliability: 0..1, see `track_reliability`.
    """

    clip: str
    id: int
    spans: tuple[Span, ...]
    mean: Array
    offset: float
    reliability: float

    @property
    def key(self) -> Key:
        """Tells it from every other track."""
        return self.clip, self.id


def stranger_tracks(
    record: PerceptionRecord,
    vectors: PerceptionVectors,
    decisions: Sequence[IdentityDecision],
    *,
    config: DecisionConfig | None = None,
) -> list[StrangerTrack]:
    """The described tracks of a video that belong to nobody who is present; candidates of an "unsure" one included."""
    config = config or DecisionConfig()
    known = {track_id for decision in decisions if decision.state == "present" for track_id in decision.track_ids}
    judged = [track for track in judge_tracks(record, vectors) if track.mean is not None]
    if not judged:
        return []
    means = np.stack([track.mean for track in judged if track.mean is not None])
    offsets = crowd_offsets(means, overlaps(judged, config.overlap_s), vectors.face_model)
    clip = record.video.sha256
    return [
        StrangerTrack(clip, track.id, track.spans, mean, float(offset), track.reliability)
        for track, mean, offset in zip(judged, means, offsets, strict=True)
        if track.id not in known
    ]


class Likeness:
    """Log-odds that two tracks show one person, computed row by row.

    Args:
        tracks: n tracks, all described by one engine. model_id: the engine.
        config: which tracks of a video are seen at once.
    """

    def __init__(self, tracks: Sequence[StrangerTrack], model_id: str, config: DecisionConfig | None = None) -> None:
        self._tracks = tracks
        self._known = calibration(model_id)
        self._overlap_s = (config or DecisionConfig()).overlap_s
        means = np.stack([track.mean for track in tracks]) if tracks else np.zeros((0, 1), np.float32)
        self._unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        self._offset = np.array([track.offset for track in tracks], np.float32)
        self._reliability = np.array([track.reliability for track in tracks], np.float32)
        _, self._clip = np.unique([track.clip for track in tracks], return_inverse=True)

    @property
    def founding(self) -> NDArray[np.bool_]:
        """(n,) which tracks are good enough to make a group; the others can only be attached to one."""
        out: NDArray[np.bool_] = self._reliability >= self._known.tells_apart
        return out

    def rows(self, index: NDArray[np.intp]) -> Array:
        """(r, n) log-odds of some tracks with all of them; minus infinity where they are two people, or the same track.

        Within one video the bound for one video holds, which is higher: light and camera are the same.
        """
        known = self._known
        cosine = self._unit[index] @ self._unit.T
        poorer = np.minimum(self._reliability[index][:, None], self._reliability[None, :])
        across = known.logits(
            cosine - COHORT_SHARE * (self._offset[index][:, None] + self._offset[None, :]), poorer, LOGIT_LIMIT
        )
        bound = known.same_clip + known.present_rise * np.maximum(known.clear - poorer, 0.0)
        within = np.clip(SURE_LOGIT + known.slope * (cosine - bound), -LOGIT_LIMIT, LOGIT_LIMIT)
        same = self._clip[index][:, None] == self._clip[None, :]
        out = np.round(np.where(same, within, across), _DIGITS).astype(np.float32)
        for row, column in zip(*np.nonzero(same), strict=True):
            one, other = self._tracks[int(index[row])], self._tracks[int(column)]
            if one.id == other.id or _shared_s(one.spans, other.spans) > self._overlap_s:
                out[row, column] = -np.inf
        return out


def connected(tracks: Sequence[StrangerTrack], seeds: Collection[Key], model_id: str) -> list[int]:
    """Indices of the tracks whose groups can change when the seeds are new: the seeds and all they are chained to."""
    likeness = Likeness(tracks, model_id)
    reached = np.array([track.key in seeds for track in tracks], dtype=np.bool_)
    fresh = np.nonzero(reached)[0]
    while len(fresh):
        near = (likeness.rows(fresh) >= SURE_LOGIT).any(axis=0)
        fresh = np.nonzero(near & ~reached)[0]
        reached[fresh] = True
    return [int(index) for index in np.nonzero(reached)[0]]


def group_tracks(tracks: Sequence[StrangerTrack], model_id: str) -> list[int]:
    """Group tracks into people.

    Args:
        tracks: of any number of videos; their order does not matter. model_id: the engine that described them.

    Returns:
        For each track the number of its group, from 0 by first member; `ALONE` for a track too poor to make a group
        that resembles none.
    """
    order = sorted(range(len(tracks)), key=lambda index: tracks[index].key)
    likeness = Likeness([tracks[index] for index in order], model_id)
    if not order:
        return []
    alike = likeness.rows(np.arange(len(order)))
    founding = likeness.founding
    members = _linked(alike, [int(index) for index in np.nonzero(founding)[0]])
    _attach(alike, [int(index) for index in np.nonzero(~founding)[0]], members)
    labels = [ALONE] * len(tracks)
    for number, group in enumerate(sorted(members, key=min)):
        for place in group:
            labels[order[place]] = number
    return labels


def keep_numbers(groups: Sequence[Collection[Key]], earlier: Mapping[Key, int]) -> list[int | None]:
    """Which number each group keeps; None for a group that needs a new one.

    The oldest number chooses first, and takes the group with most of its tracks. So where two groups join, the lower
    number stays; where one parts, the number goes with the larger part.

    Args:
        groups: keys of the tracks of each. earlier: the number each track had.
    """
    kept: list[int | None] = [None] * len(groups)
    for number in sorted(set(earlier.values())):
        shares = [sum(earlier.get(key) == number for key in group) for group in groups]
        # Among equal ones the group of the earliest track, whatever the order in which they were given.
        ranked = sorted(range(len(groups)), key=lambda place: (-shares[place], min(groups[place])))
        for place in ranked:
            if shares[place] and kept[place] is None:
                kept[place] = number
                break
    return kept


def _linked(alike: Array, nodes: Sequence[int]) -> list[list[int]]:
    """Average linkage: join the two groups with the highest mean log-odds while it says "the same person"."""
    members = {node: [node] for node in nodes}
    score = np.full(alike.shape, -np.inf, np.float64)
    score[np.ix_(nodes, nodes)] = alike[np.ix_(nodes, nodes)]
    best = score.max(axis=1) if len(nodes) else np.zeros(0)
    while members:
        one = int(best.argmax())
        if not best[one] >= SURE_LOGIT:
            break
        other = int(score[one].argmax())
        one, other = min(one, other), max(one, other)
        a, b = len(members[one]), len(members[other])
        with np.errstate(invalid="ignore"):
            joined = np.round((a * score[one] + b * score[other]) / (a + b), _DIGITS + 3)
        joined[[one, other]] = -np.inf
        touched = np.isfinite(best) & ((best == score[:, one]) | (best == score[:, other]))
        score[one], score[:, one] = joined, joined
        score[other], score[:, other] = -np.inf, -np.inf
        members[one] += members.pop(other)
        touched[one] = True
        best[other] = -np.inf
        best = np.maximum(best, joined)
        best[touched] = score[touched].max(axis=1)
    return list(members.values())


def _attach(alike: Array, poor: Sequence[int], members: list[list[int]]) -> None:
    """Give each poor track to the group it resembles surely, the surest first; the rest stays alone."""
    wanted = sorted(
        (-float(alike[track][group].mean()), track, place)
        for track in poor
        for place, group in enumerate(members)
        if alike[track][group].mean() >= SURE_LOGIT
    )
    taken: set[int] = set()
    for _, track, place in wanted:
        if track not in taken and np.isfinite(alike[track][members[place]]).all():
            members[place].append(track)
            taken.add(track)


def _shared_s(a: Sequence[Span], b: Sequence[Span]) -> float:
    return sum(max(0.0, min(x[1], y[1]) - max(x[0], y[0])) for x in a for y in b)
