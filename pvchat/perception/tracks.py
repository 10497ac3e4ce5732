"""Linking people over the samples of one shot, and joining or splitting the pieces by face.

Two stages. While the video streams by, `Tracker` links detections by position (Hungarian assignment); a cut ends all
links. Afterwards `split_by_identity` and `merge_by_identity` correct the pieces with the face vectors: a piece whose
face changes half-way is split, pieces that never overlap in time and show the same face become one person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pvchat.perception.geometry import PixelBox
from pvchat.perception.observation import PersonSeen
from pvchat.perception.record import Span

_FORBIDDEN = 1e6


def iou(a: PixelBox, b: PixelBox) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


@dataclass
class Tracklet:
    """Sightings of one person linked by position. `seen` is in ascending time."""

    key: int
    seen: list[PersonSeen] = field(default_factory=list)

    @property
    def start_s(self) -> float:
        """Time of the first sighting."""
        return self.seen[0].time_s

    @property
    def end_s(self) -> float:
        """Time of the last sighting."""
        return self.seen[-1].time_s


@dataclass
class _Live:
    tracklet: Tracklet
    last: PersonSeen
    face: PixelBox | None = None
    face_s: float = 0.0
    body: PixelBox | None = None
    body_s: float = 0.0
    velocity: tuple[float, float] = (0.0, 0.0)

    def add(self, person: PersonSeen) -> None:
        if person.face is not None:
            box = person.face.box
            if self.face is not None and person.time_s > self.face_s:
                passed = person.time_s - self.face_s
                (x0, y0), (x1, y1) = _centre(self.face), _centre(box)
                # Half of the measured speed: predicts a steady walk, does not overshoot a nod.
                self.velocity = (0.5 * (x1 - x0) / passed, 0.5 * (y1 - y0) / passed)
            self.face, self.face_s = box, person.time_s
        if person.body is not None:
            self.body, self.body_s = person.body.box, person.time_s
        self.last = person
        self.tracklet.seen.append(person)


class Tracker:
    """Links the people of successive samples by position.

    Args:
        max_gap_s: a tracklet ends when its person was not seen for longer than this.
    """

    def __init__(self, max_gap_s: float) -> None:
        self._max_gap_s = max_gap_s
        self._live: list[_Live] = []
        self._next_key = 0

    def update(self, time_s: float, people: Sequence[PersonSeen]) -> tuple[list[Tracklet], list[Tracklet]]:
        """Add one sample.

        Args:
            time_s: time of the sample, later than all before.
            people: what was detected in it.

        Returns:
            The tracklet of each person (same order as `people`), and the tracklets that have ended.
        """
        ended = [live.tracklet for live in self._live if time_s - live.last.time_s > self._max_gap_s]
        self._live = [live for live in self._live if time_s - live.last.time_s <= self._max_gap_s]
        cost = np.full((len(self._live), len(people)), _FORBIDDEN)
        for row, live in enumerate(self._live):
            for column, person in enumerate(people):
                affinity = _affinity(live, person)
                if affinity > 0:
                    cost[row, column] = 1.0 - affinity
        matched: dict[int, _Live] = {}
        rows, columns = linear_sum_assignment(cost)
        for row, column in zip(rows, columns, strict=True):
            if cost[row, column] < _FORBIDDEN:
                matched[int(column)] = self._live[row]
        result: list[Tracklet] = []
        for column, person in enumerate(people):
            live = matched.get(column) or self._open(person)
            live.add(person)
            result.append(live.tracklet)
        return result, ended

    def cut(self) -> list[Tracklet]:
        """End all tracklets (a cut, or the end of the video) and return them."""
        ended = [live.tracklet for live in self._live]
        self._live = []
        return ended

    def expected(self) -> list[PersonSeen]:
        """The last sighting of every person that is being followed."""
        return [live.last for live in self._live]

    def _open(self, person: PersonSeen) -> _Live:
        live = _Live(tracklet=Tracklet(key=self._next_key), last=person)
        self._next_key += 1
        self._live.append(live)
        return live


def _centre(box: PixelBox) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _affinity(live: _Live, person: PersonSeen) -> float:
    """How well a detection continues a tracklet: 0 (impossible) to 1."""
    face = None
    if live.face is not None and person.face is not None:
        face = _near(live.face, person.face.box, person.time_s - live.face_s, live.velocity)
    body = None
    if live.body is not None and person.body is not None:
        body = iou(live.body, person.body.box)
        body = body if body > 0.2 else 0.0
    if face is None and body is None:
        # A face where only a body was, or the reverse: compare the head of the body with the face.
        seen, new = live.last.head_box(), person.head_box()
        if seen is None or new is None:
            return 0.0
        return 0.5 * _near(seen, new, person.time_s - live.last.time_s, (0.0, 0.0))
    if face is None:
        return 0.8 * (body or 0.0)
    if face == 0.0:
        # Two faces far apart inside the same body box are two people, unless the face was last seen long ago.
        stale = live.face_s < live.last.time_s
        return 0.5 * (body or 0.0) if stale else 0.0
    return face if body is None else 0.75 * face + 0.25 * body


def _near(old: PixelBox, new: PixelBox, passed_s: float, velocity: tuple[float, float]) -> float:
    old_size, new_size = max(old[3] - old[1], 1.0), max(new[3] - new[1], 1.0)
    ratio = min(old_size, new_size) / max(old_size, new_size)
    if ratio < 0.5:
        return 0.0
    (x0, y0), (x1, y1) = _centre(old), _centre(new)
    size = (old_size + new_size) / 2
    ahead = min(passed_s, 0.5)
    still = np.hypot(x1 - x0, y1 - y0)
    moving = np.hypot(x1 - x0 - ahead * velocity[0], y1 - y0 - ahead * velocity[1])
    # A head crosses up to a face height in a quarter of a second, and the doubt grows with the time it was not seen.
    reach = min(0.75 + 2.0 * passed_s, 3.0)
    distance = float(min(still, moving)) / size
    return max(0.0, 1.0 - distance / reach) * (0.5 + 0.5 * ratio)


@dataclass(frozen=True)
class DescribedFaces:
    """Face vectors of one tracklet: times (n,), vectors (n, d), quality (n,) in 0..1; times ascend.

    Times are as exact as those of sightings, with which they are compared.
    """

    times_s: NDArray[np.float64]
    vectors: NDArray[np.float32]
    quality: NDArray[np.float32]

    @classmethod
    def at(cls, times_s: Sequence[float], vectors: NDArray[np.float32], quality: Sequence[float]) -> Self:
        """Faces described at the times of sightings."""
        return cls(np.array(times_s, np.float64), vectors, np.array(quality, np.float32))

    def mean(self) -> NDArray[np.float32]:
        """Quality-weighted mean vector, shape (d,)."""
        weights = np.maximum(self.quality, 1e-3)
        mean: NDArray[np.float32] = (self.vectors * weights[:, None]).sum(0) / weights.sum()
        return mean

    def between(self, start_s: float, end_s: float) -> "DescribedFaces":
        """The samples with start <= time < end."""
        keep = (self.times_s >= start_s) & (self.times_s < end_s)
        return DescribedFaces(self.times_s[keep], self.vectors[keep], self.quality[keep])

    @staticmethod
    def join(parts: Sequence["DescribedFaces"]) -> "DescribedFaces":
        """All samples of the parts, by time."""
        times = np.concatenate([part.times_s for part in parts])
        order = np.argsort(times, kind="stable")
        vectors = np.concatenate([part.vectors for part in parts])[order]
        return DescribedFaces(times[order], vectors, np.concatenate([part.quality for part in parts])[order])


def identity_change(faces: DescribedFaces, distance: float) -> tuple[float, float] | None:
    """Where the face of a tracklet becomes another person's.

    Args:
        faces: the described faces, by time.
        distance: smallest distance of the mean vectors before and after that counts as another person.

    Returns:
        Times of the last face before and the first face after the change, or None. A lone face on one side counts
        only when it is still further away, since one bad crop must not split a track.
    """
    count = len(faces.times_s)
    best: tuple[float, int] | None = None
    for at in range(1, count):
        before, after = faces.vectors[:at], faces.vectors[at:]
        gap = float(np.linalg.norm(before.mean(0) - after.mean(0)))
        bound = distance if min(at, count - at) >= 2 else distance * 1.2
        spread = max(_spread(before), _spread(after))
        if gap > bound and gap > 1.3 * spread and (best is None or gap > best[0]):
            best = gap, at
    if best is None:
        return None
    return float(faces.times_s[best[1] - 1]), float(faces.times_s[best[1]])


def _spread(vectors: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(vectors - vectors.mean(0), axis=1).mean())


def merge_by_identity(
    spans: Sequence[Sequence[Span]],
    faces: Sequence[DescribedFaces | None],
    distance: float,
    blocked: Callable[[int, int], bool] | None = None,
) -> list[list[int]]:
    """Group tracklets that are one person.

    Agglomerative: the closest pair of groups that never overlap in time and whose mean face vectors are closer than
    `distance` is joined first, until no pair is left. A lone face has to be closer, since one crop may mislead.

    Args:
        spans: times of each tracklet.
        faces: described faces of each tracklet, None where there are none.
        distance: bound on the distance of mean vectors.
        blocked: pairs of tracklet indices that must stay apart whatever the faces say.

    Returns:
        Groups of tracklet indices, each ascending, ordered by first index.
    """
    groups = [[index] for index in range(len(spans))]
    joined = list(faces)
    while True:
        best: tuple[float, int, int] | None = None
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                first, second = joined[i], joined[j]
                if first is None or second is None or not len(first.times_s) or not len(second.times_s):
                    continue
                if any(
                    _overlap(spans[a], spans[b]) or (blocked and blocked(a, b)) for a in groups[i] for b in groups[j]
                ):
                    continue
                gap = float(np.linalg.norm(first.mean() - second.mean()))
                lone = min(len(first.times_s), len(second.times_s)) < 2
                bound = distance * (0.9 if lone else 1.0)
                if gap < bound and (best is None or gap < best[0]):
                    best = gap, i, j
        if best is None:
            return sorted((sorted(group) for group in groups), key=lambda group: group[0])
        _, i, j = best
        first, second = joined[i], joined[j]
        if first is not None and second is not None:
            joined[i] = DescribedFaces.join([first, second])
        groups[i] += groups[j]
        del groups[j], joined[j]


def _overlap(a: Sequence[Span], b: Sequence[Span]) -> bool:
    return any(s0 < e1 and s1 < e0 for s0, e0 in a for s1, e1 in b)
