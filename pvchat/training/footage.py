"""Parts of perceived videos: windows, stills, mirror images and hidden faces, as records of their own.

A video is perceived once; what a part of it would have shown follows from its record. So a subject's training clips
cost no second look, and nothing of one part can leak into another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pvchat.perception.geometry import Image
from pvchat.perception.patches import FrameSource, person_box
from pvchat.perception.record import (
    Box,
    FaceSamples,
    PerceptionRecord,
    PerceptionVectors,
    Sighting,
    Span,
    Track,
)

STILL_S = 0.2
GAP_S = 1.0
HELD_OUT_SHARE = 0.2
# Of a short track a second is much; then the gap is this share of it.
_GAP_SHARE = 0.15
_OTHER_WAY = {"left": "right", "right": "left", "moving left": "moving right", "moving right": "moving left"}


@dataclass(frozen=True)
class Veil:
    """How a face is covered.

    Attributes:
        above, below, aside: how far the cover stands out, in face heights and widths; detectors leave out the forehead
            and the chin.
        shade: its grey, 0-255, or None for the mean colour of the picture.
    """

    above: float = 0.3
    below: float = 0.15
    aside: float = 0.15
    shade: int | None = None


@dataclass(frozen=True)
class Footage:
    """A video, or a part of one, as perceived.

    Attributes:
        key: tells videos apart. record, vectors: of perception.
        subject: tracks that are the subject; none in footage of other people.
        frames: by time in the video, or None where its pixels cannot be had. start_s: of this part in the video.
        mirrored: whether left and right are swapped. hidden: boxes to cover, by time in this part; None shows faces.
        veil: how they are covered.
    """

    key: str
    record: PerceptionRecord
    vectors: PerceptionVectors
    subject: tuple[int, ...] = ()
    frames: FrameSource | None = None
    start_s: float = 0.0
    mirrored: bool = False
    hidden: Mapping[float, Sequence[Box]] | None = None
    veil: Veil = Veil()

    @property
    def span(self) -> Span:
        """First and last moment of the subject; of anybody in footage of other people."""
        tracks = [t for t in self.record.tracks if not self.subject or t.id in self.subject]
        spans = [span for track in tracks for span in track.spans] or [(0.0, self.record.video.duration_s)]
        return min(s for s, _ in spans), max(e for _, e in spans)

    def pictures(self, times: Sequence[float]) -> list[Image]:
        """Frames at times of this part, mirrored and covered as this part is.

        Raises:
            ValueError: there are no pixels.
        """
        if self.frames is None:
            raise ValueError(f"the pixels of {self.key} cannot be had")
        shown = []
        for time_s, image in zip(times, self.frames([self.start_s + t for t in times]), strict=True):
            picture = np.ascontiguousarray(image[:, ::-1]) if self.mirrored else image
            if self.hidden is not None:
                nearest = min(self.hidden, key=lambda t: abs(t - time_s), default=None)
                picture = cover(picture, [] if nearest is None else self.hidden[nearest], self.veil.shade)
            shown.append(picture)
        return shown


def parts(footage: Footage) -> tuple[Span, Span]:
    """The part to train on and the held-out part: the last 20 % of the subject's time, after a gap of a second."""
    start, end = footage.span
    held_from = end - HELD_OUT_SHARE * (end - start)
    gap = min(GAP_S, _GAP_SHARE * (end - start))
    return (start, max(held_from - gap, start)), (held_from, end)


def samples_within(footage: Footage, span: Span) -> list[float]:
    """Times inside a span at which the subject (or anybody, in footage of others) was seen."""
    tracks = [t for t in footage.record.tracks if not footage.subject or t.id in footage.subject]
    return sorted({s.time_s for t in tracks for s in t.sightings if span[0] <= s.time_s <= span[1]})


def window(footage: Footage, start_s: float, end_s: float) -> Footage:
    """What the seconds from `start_s` to `end_s` show."""
    record = footage.record
    tracks = [cut for track in record.tracks if (cut := _cut_track(track, start_s, end_s)) is not None]
    kept = {track.id for track in tracks}
    faces = {i: _cut_faces(found, start_s, end_s) for i, found in footage.vectors.faces.items() if i in kept}
    faces = {i: found for i, found in faces.items() if len(found.times_s)}
    tracks = [
        t.model_copy(update={"faces_described": len(faces[t.id].times_s) if t.id in faces else 0}) for t in tracks
    ]
    part = record.model_copy(
        update={
            "video": record.video.model_copy(update={"duration_s": end_s - start_s}),
            "sampled_s": tuple(round(t - start_s, 3) for t in record.sampled_s if start_s <= t <= end_s),
            "cuts_s": tuple(round(t - start_s, 3) for t in record.cuts_s if start_s < t < end_s),
            "tracks": tuple(tracks),
        }
    )
    appearance = {i: vector for i, vector in footage.vectors.appearance.items() if i in kept}
    hidden = footage.hidden
    if hidden is not None:
        hidden = {round(t - start_s, 3): boxes for t, boxes in hidden.items() if start_s <= t <= end_s}
    return replace(
        footage,
        record=part,
        vectors=replace(footage.vectors, faces=faces, appearance=appearance),
        subject=tuple(i for i in footage.subject if i in kept),
        start_s=footage.start_s + start_s,
        hidden=hidden,
    )


def still(footage: Footage, time_s: float) -> Footage:
    """The one frame at a sampled time, as a very short clip; nothing moves in it."""
    around = window(footage, time_s - STILL_S / 2, time_s + STILL_S / 2)
    tracks = tuple(
        track.model_copy(
            update={"attributes": tuple(a for a in track.attributes if a.name != "action" or not _moves(a.value))}
        )
        for track in around.record.tracks
    )
    return replace(around, record=around.record.model_copy(update={"tracks": tracks}))


def mirror(footage: Footage) -> Footage:
    """Left and right swapped."""
    tracks = tuple(
        track.model_copy(
            update={
                "sightings": tuple(
                    s.model_copy(update={"face_box": _mirrored(s.face_box), "body_box": _mirrored(s.body_box)})
                    for s in track.sightings
                ),
                "attributes": tuple(
                    a.model_copy(update={"value": _OTHER_WAY.get(a.value, a.value)}) for a in track.attributes
                ),
                "keyframe_box": _mirrored(track.keyframe_box),
            }
        )
        for track in footage.record.tracks
    )
    record = footage.record.model_copy(update={"tracks": tracks})
    hidden = footage.hidden
    if hidden is not None:
        hidden = {time_s: [(1 - b[2], b[1], 1 - b[0], b[3]) for b in boxes] for time_s, boxes in hidden.items()}
    return replace(footage, record=record, mirrored=not footage.mirrored, hidden=hidden)


def hide_faces(footage: Footage, veil: Veil | None = None) -> Footage:
    """Every face covered: no vector, no face box, and in the pictures a plain patch in its place."""
    veil = veil or Veil()
    covered: dict[float, list[Box]] = {}
    tracks = []
    for track in footage.record.tracks:
        sightings = []
        for sighting in track.sightings:
            if sighting.face_box is not None:
                covered.setdefault(sighting.time_s, []).append(_widened(sighting.face_box, veil))
            sightings.append(_without_face(sighting))
        hidden = {"sightings": tuple(sightings), "faces_described": 0, "face_px": 0.0, "face_quality": 0.0}
        tracks.append(track.model_copy(update=hidden))
    return replace(
        footage,
        record=footage.record.model_copy(update={"tracks": tuple(tracks)}),
        vectors=replace(footage.vectors, faces={}),
        hidden=covered,
        veil=veil,
    )


def lose_people(footage: Footage) -> Footage:
    """The same pictures, in which nobody was found: what often becomes of somebody whose face is covered."""
    return replace(
        footage,
        record=footage.record.model_copy(update={"tracks": ()}),
        vectors=replace(footage.vectors, faces={}, appearance={}),
        subject=(),
    )


def cover(image: Image, boxes: Sequence[Box], shade: int | None = None) -> Image:
    """A copy with some boxes (fractions) filled with a grey, by default with the mean colour of the picture."""
    picture = image.copy()
    height, width = picture.shape[:2]
    fill = image.reshape(-1, 3).mean(axis=0).astype(np.uint8) if shade is None else np.uint8(shade)
    for x0, y0, x1, y1 in boxes:
        left, right = int(max(x0, 0) * width), int(np.ceil(min(x1, 1) * width))
        top, bottom = int(max(y0, 0) * height), int(np.ceil(min(y1, 1) * height))
        picture[top:bottom, left:right] = fill
    return picture


def _cut_track(track: Track, start_s: float, end_s: float) -> Track | None:
    seen = [s for s in track.sightings if start_s <= s.time_s <= end_s]
    if not seen:
        return None
    spans = _cut_spans(track.spans, start_s, end_s) or ((0.0, end_s - start_s),)
    best = max(seen, key=lambda s: s.face_quality)
    attributes = []
    for attribute in track.attributes:
        within = _cut_spans(attribute.spans, start_s, end_s)
        if within or not attribute.spans:
            attributes.append(attribute.model_copy(update={"spans": within}))
    return track.model_copy(
        update={
            "spans": spans,
            "sightings": tuple(s.model_copy(update={"time_s": round(s.time_s - start_s, 3)}) for s in seen),
            "attributes": tuple(attributes),
            "keyframe_s": round(best.time_s - start_s, 3),
            "keyframe_box": best.box,
        }
    )


def _cut_spans(spans: Sequence[Span], start_s: float, end_s: float) -> tuple[Span, ...]:
    cut = ((max(a, start_s) - start_s, min(b, end_s) - start_s) for a, b in spans)
    return tuple((round(a, 3), round(b, 3)) for a, b in cut if b > a)


def _cut_faces(faces: FaceSamples, start_s: float, end_s: float) -> FaceSamples:
    inside = (faces.times_s >= start_s) & (faces.times_s <= end_s)
    return FaceSamples(faces.times_s[inside] - np.float32(start_s), faces.vectors[inside], faces.quality[inside])


def _moves(action: str) -> bool:
    return action not in ("standing", "keeping still", "smiling", "raising the arms")


def _mirrored(box: Box | None) -> Box | None:
    return None if box is None else (1 - box[2], box[1], 1 - box[0], box[3])


def _widened(box: Box, veil: Veil) -> Box:
    width, height = box[2] - box[0], box[3] - box[1]
    aside = veil.aside * width
    return (box[0] - aside, box[1] - veil.above * height, box[2] + aside, box[3] + veil.below * height)


def _without_face(sighting: Sighting) -> Sighting:
    """What would be seen of the person: the body, or where it would be."""
    x0, y0, x1, y1 = person_box(sighting)
    box = (max(x0, 0.0), max(y0, 0.0), min(x1, 1.0), min(y1, 1.0))
    return sighting.model_copy(update={"face_box": None, "body_box": box, "face_quality": 0.0})
