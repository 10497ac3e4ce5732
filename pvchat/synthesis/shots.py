"""Shots: pieces of footage that show one person, as a synthesizer sees them.

A shot takes times from the first to the last sighting inside the span it is made of and none beyond, so what is made of
the training part holds nothing of the held-out part.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from pvchat.perception.geometry import FloatArray, Image, resize
from pvchat.perception.patches import person_box
from pvchat.perception.record import Box, Sighting, Span, Track
from pvchat.training.footage import Footage
from pvchat.video.geometry import fit

LONGEST_PX = 480
# A person unseen for longer than this may have moved anywhere.
_BRIDGE_S = 1.0
# The segmenter is shown a little more than the person's box, and its mask fades out towards the border of that.
_MARGIN = 0.1
_FADE = 0.05
_FACE_SHARE = 0.5
# Where only a body was found, its head is taken for this part of it: a standing person is some seven heads tall.
_HEAD_HEIGHT, _HEAD_ASIDE = 0.15, 0.3

Segment = Callable[[Image], FloatArray]


@dataclass(frozen=True)
class Shot:
    """One person for a few seconds, without a cut.

    Attributes:
        source: key of the footage. start_s: of the first frame in the video.
        times_s: of the frames, from the first one.
        frames: (H, W, 3) uint8 RGB, all of one size; even sides, at most `LONGEST_PX` pixels long.
        face_boxes: the person's face in each frame, as fractions, None where it is not seen.
        body_boxes: the person in each frame; guessed from the face where no body was found.
        masks: (H, W) float32 in 0..1 of each frame, which pixels are the person; None where that is not known.
    """

    source: str
    start_s: float
    times_s: tuple[float, ...]
    frames: tuple[Image, ...]
    face_boxes: tuple[Box | None, ...]
    body_boxes: tuple[Box, ...]
    masks: tuple[FloatArray, ...] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.frames[0].shape[:2]
        return width, height

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return self.times_s[-1] - self.times_s[0]

    @property
    def head_boxes(self) -> tuple[Box, ...]:
        """The face in each frame, or where it would be in the body."""
        return tuple(face or _head(body) for face, body in zip(self.face_boxes, self.body_boxes, strict=True))

    def part(self, first: int, count: int, *, every: int = 1) -> "Shot":
        """`count` frames from the one numbered `first`, of every so many one."""
        taken = slice(first, first + (count - 1) * every + 1, every)
        return Shot(
            source=self.source,
            start_s=self.start_s + self.times_s[first],
            times_s=tuple(time_s - self.times_s[first] for time_s in self.times_s[taken]),
            frames=self.frames[taken],
            face_boxes=self.face_boxes[taken],
            body_boxes=self.body_boxes[taken],
            masks=None if self.masks is None else self.masks[taken],
        )


def shots_of(
    footage: Footage,
    span: Span,
    *,
    seconds: float = 3.0,
    fps: float = 8.0,
    segment: Segment | None = None,
    most: int = 8,
    most_frames: int = 400,
) -> list[Shot]:
    """The shots of the subject inside a span; of anybody in footage of others.

    Args:
        footage: any; none of it outside the span is looked at. span: seconds of it.
        seconds: of one shot, about. fps: frames per second.
        segment: a mask of all people in a picture, see `PersonSegmenter.mask`; None leaves masks out.
        most: shots in all, spread over the span; those with a face go first. most_frames: in all, which ends it sooner
            where there are many a second; with masks a frame is about 1 MB.

    Returns:
        by time; none where nobody is seen or the pixels cannot be had.
    """
    if footage.frames is None:
        return []
    tracks = [track for track in footage.record.tracks if not footage.subject or track.id in footage.subject]
    pieces = [piece for track in tracks for piece in _pieces(track, span, footage.record.cuts_s)]
    parts = sorted((part for piece in pieces for part in _parts(piece, seconds)), key=lambda part: part.start_s)
    facing = [part for part in parts if part.face_share >= _FACE_SHARE]
    chosen = facing or parts
    most = min(most, max(1, int(most_frames / (seconds * fps))))
    if len(chosen) > most:
        chosen = [chosen[int((index + 0.5) * len(chosen) / most)] for index in range(most)]
    return [_shot(footage, part, fps, segment) for part in chosen]


@dataclass(frozen=True)
class _Part:
    """A stretch of a track: all sightings around it, and from when to when it goes."""

    seen: tuple[Sighting, ...]
    start_s: float
    end_s: float

    @property
    def face_share(self) -> float:
        inside = [s for s in self.seen if self.start_s <= s.time_s <= self.end_s]
        return sum(s.face_box is not None for s in inside) / max(1, len(inside))


def _pieces(track: Track, span: Span, cuts_s: Sequence[float]) -> list[tuple[Sighting, ...]]:
    """Runs of sightings inside a span, without a cut or a long gap."""
    seen = [sighting for sighting in track.sightings if span[0] <= sighting.time_s <= span[1]]
    if not seen:
        return []
    runs = [[seen[0]]]
    for before, after in pairwise(seen):
        broken = any(before.time_s < cut <= after.time_s for cut in cuts_s)
        if broken or after.time_s - before.time_s > _BRIDGE_S:
            runs.append([])
        runs[-1].append(after)
    return [tuple(run) for run in runs]


def _parts(piece: tuple[Sighting, ...], seconds: float) -> list[_Part]:
    start, end = piece[0].time_s, piece[-1].time_s
    count = max(1, round((end - start) / seconds))
    edges = [start + (end - start) * index / count for index in range(count + 1)]
    return [_Part(piece, first, last) for first, last in pairwise(edges)]


def _shot(footage: Footage, part: _Part, fps: float, segment: Segment | None) -> Shot:
    count = int((part.end_s - part.start_s) * fps + 1e-6) + 1
    times = [part.start_s + index / fps for index in range(count)]
    frames = [_small(image) for image in footage.pictures(times)]
    faces = tuple(_face_at(part.seen, time_s) for time_s in times)
    known = [(s.time_s, s.body_box) for s in part.seen if s.body_box is not None]
    # A body is measured less often than a face: between two measurements it moves evenly.
    guesses = known or [(s.time_s, person_box(s)) for s in part.seen]
    bodies = tuple(_around(_body_at(guesses, time_s), face) for time_s, face in zip(times, faces, strict=True))
    masks = None
    if segment is not None:
        masks = tuple(_mask(frame, body, segment) for frame, body in zip(frames, bodies, strict=True))
    return Shot(
        source=footage.key,
        start_s=footage.start_s + times[0],
        times_s=tuple(index / fps for index in range(count)),
        frames=tuple(frames),
        face_boxes=faces,
        body_boxes=bodies,
        masks=masks,
    )


def _small(image: Image) -> Image:
    width, height = fit(image.shape[1], image.shape[0], LONGEST_PX)
    return resize(image, max(2, width // 2 * 2), max(2, height // 2 * 2))


def _face_at(seen: Sequence[Sighting], time_s: float) -> Box | None:
    """Between two sightings with a face the face moves evenly; beside one without it there is none."""
    after = min(bisect_left([s.time_s for s in seen], time_s), len(seen) - 1)
    before = after if seen[after].time_s <= time_s else max(after - 1, 0)
    one, other = seen[before], seen[after]
    if one.face_box is None or other.face_box is None:
        return None
    return _body_at([(one.time_s, one.face_box), (other.time_s, other.face_box)], time_s)


def _body_at(known: Sequence[tuple[float, Box]], time_s: float) -> Box:
    times = [time for time, _ in known]
    x0, y0, x1, y1 = (float(np.interp(time_s, times, [box[side] for _, box in known])) for side in range(4))
    return x0, y0, x1, y1


def _around(body: Box, face: Box | None) -> Box:
    boxes = [body] if face is None else [body, face]
    x0, y0 = (max(0.0, min(box[side] for box in boxes)) for side in (0, 1))
    x1, y1 = (min(1.0, max(box[side] for box in boxes)) for side in (2, 3))
    return x0, y0, x1, y1


def _head(body: Box) -> Box:
    x0, y0, x1, y1 = body
    aside = _HEAD_ASIDE * (x1 - x0)
    return x0 + aside, y0, x1 - aside, y0 + _HEAD_HEIGHT * (y1 - y0)


def _mask(frame: Image, body: Box, segment: Segment) -> FloatArray:
    """The mask inside a person's box: other people beside them stay out of it."""
    height, width = frame.shape[:2]
    across, down = _MARGIN * (body[2] - body[0]), _MARGIN * (body[3] - body[1])
    left = min(max(0, int((body[0] - across) * width)), width - 1)
    top = min(max(0, int((body[1] - down) * height)), height - 1)
    right, bottom = min(width, int((body[2] + across) * width) + 1), min(height, int((body[3] + down) * height) + 1)
    mask = np.zeros((height, width), np.float32)
    crop = np.ascontiguousarray(frame[top:bottom, left:right])
    # Of a person who leaves the picture nothing is cut off there, so nothing fades.
    ends = (left > 0, top > 0, right < width, bottom < height)
    mask[top:bottom, left:right] = segment(crop) * _faded(crop.shape[1], crop.shape[0], ends)
    return mask


def _faded(width: int, height: int, ends: tuple[bool, bool, bool, bool]) -> FloatArray:
    inside = np.ones((height, width), np.uint8)
    left, top, right, bottom = (int(end) for end in ends)
    padded = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L1, 3)[top : top + height, left : left + width]
    return np.asarray(np.clip(distance / max(1.0, _FADE * max(width, height)), 0.0, 1.0), np.float32)
