"""What perception measures about one person in one sampled frame: plain data, pixels of the sampled frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pvchat.perception.geometry import PixelBox, Roi
from pvchat.perception.iris import Eyes
from pvchat.perception.pose import (
    LEFT_EAR,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NOSE,
    RIGHT_EAR,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
    Body,
)
from pvchat.perception.record import Span
from pvchat.perception.spans import spans_of

# Radians: a body that leans less is looked for upright, as its square's turn trembles from look to look.
_LEANS = 0.6
# From look to look.
_GROWS = 1.33


@dataclass(frozen=True)
class FaceSeen:
    """One face.

    Attributes:
        box: pixels of the sampled frame.
        score: detection score, 0..1.
        quality: 0..1 from size, sharpness, frontality and score.
        yaw, pitch, roll: degrees, as in `face_mesh.HeadPose`.
        mouth_open: as in `face_mesh.mouth_opening`.
        mouth_width: as in `face_mesh.mouth_width`.
        corner_lift: how far the mouth corners lie above the middle of the mouth, over its width.
        has_mesh: whether the numbers above were measured; without a mesh only the roll is, by the detector's points.
        nod: as in `face_mesh.upper_pitch`.
        eyes: lids and gaze, None where they were not looked at.
    """

    box: PixelBox
    score: float
    quality: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    mouth_open: float = 0.0
    mouth_width: float = 0.0
    corner_lift: float = 0.0
    has_mesh: bool = False
    nod: float = 0.0
    eyes: Eyes | None = None

    @property
    def height(self) -> float:
        """Height of the box in pixels."""
        return self.box[3] - self.box[1]

    @property
    def centre(self) -> tuple[float, float]:
        """Centre of the box in pixels."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True)
class BodySeen:
    """One body: box in pixels, score, landmarks (33, 4) with x px, y px, visibility, presence, region looked at."""

    box: PixelBox
    score: float
    landmarks: NDArray[np.float32]
    roi: Roi | None = None

    def visible(self, *indices: int, at_least: float = 0.6) -> bool:
        """Whether all these landmarks are seen."""
        return bool((self.landmarks[list(indices), 2:4].min(axis=1) >= at_least).all())

    def head_box(self) -> PixelBox | None:
        """A square about the size of a face box, from nose and ears, or None when the head is not seen."""
        if not self.visible(NOSE, at_least=0.5):
            return None
        x, y = self.landmarks[NOSE, :2]
        shoulders = self.landmarks[[LEFT_SHOULDER, RIGHT_SHOULDER], :2]
        ears = self.landmarks[[LEFT_EAR, RIGHT_EAR], :2]
        # The neck is about as long as half a face; ears give the width when the head faces the camera.
        size = max(float(np.linalg.norm(ears[0] - ears[1])), 0.5 * float(np.linalg.norm(shoulders.mean(0) - (x, y))))
        half = max(size, 4.0) / 2
        return (float(x) - half, float(y) - half, float(x) + half, float(y) + half)


def body_seen(body: Body | None) -> BodySeen | None:
    """What is kept of a body, with the square to look for it in next."""
    if body is None:
        return None
    return BodySeen(body.box, body.score, body.landmarks, _next_roi(body))


def _next_roi(body: Body) -> Roi:
    """At its hips, in a square of its size, turned as it is turned."""
    if body.landmarks[[LEFT_HIP, RIGHT_HIP], 3].min() < 0.5:
        return body.roi
    x, y = body.landmarks[[LEFT_HIP, RIGHT_HIP], :2].mean(0)
    now, then = body.roi, body.next_roi
    size = min(max(then.size, now.size / _GROWS), now.size * _GROWS)
    return Roi(float(x), float(y), size, then.angle if abs(then.angle) > _LEANS else 0.0)


def arms_in_view(body: BodySeen | None) -> bool:
    """Whether hands are seen, or only elbows: then the hands may come up. So too of a body that was never seen."""
    wrists, elbows = (LEFT_WRIST, RIGHT_WRIST), (LEFT_ELBOW, RIGHT_ELBOW)
    return (
        body is None
        or any(body.visible(wrist, at_least=0.3) for wrist in wrists)
        or any(body.visible(elbow, at_least=0.7) for elbow in elbows)
    )


@dataclass(frozen=True)
class PersonSeen:
    """One person in one sample: a face, a body or both."""

    time_s: float
    face: FaceSeen | None = None
    body: BodySeen | None = None

    def head_box(self) -> PixelBox | None:
        """The face box, else where the pose says that the head is."""
        if self.face is not None:
            return self.face.box
        return self.body.head_box() if self.body is not None else None

    @property
    def centre_x(self) -> float:
        """Horizontal centre in pixels: of the face where there is one, else of the body."""
        box = self.face.box if self.face is not None else self.body.box if self.body is not None else None
        if box is None:
            raise ValueError(f"a person at {self.time_s:.2f} s has neither a face nor a body")
        return (box[0] + box[2]) / 2


@dataclass(frozen=True)
class ClothingSeen:
    """Colours of one garment region in one frame.

    Attributes:
        time_s: when.
        votes: share of the region's pixels per colour name.
        coverage: 0..1, how much of the expected region could be used.
    """

    time_s: float
    votes: dict[str, float]
    coverage: float


@dataclass(frozen=True)
class Texture:
    """How a piece of cloth is drawn, see `patterns.texture_of`.

    Attributes:
        contrast: spread of the lightness without its slow part, in CIELAB units.
        one_way: 0..1, how much its edges run in one direction.
        two_ways: 0..1, how much they run in one direction or across it.
        spread: share of them in the third of the cloth, by rows or by columns, that has the fewest; 0.33 at most.
    """

    contrast: float
    one_way: float
    two_ways: float
    spread: float


@dataclass(frozen=True)
class HairSeen:
    """Hair in one frame: its colour's name (None between two names), and how much of what is beside the jaw is hair.

    `beside_jaw` is None where no hair was found above the forehead with which the rest could hang together.
    """

    time_s: float
    colour: str | None
    beside_jaw: float | None


@dataclass(frozen=True)
class HeadSeen:
    """Glasses and hat in one frame: how surely they are worn (logits); no hat where the frame cuts the head off."""

    time_s: float
    glasses: float
    hat: float | None


@dataclass(frozen=True)
class TrackObservation:
    """Everything known about one person when the attributes are read off.

    Attributes:
        width, height: size of the sampled frames in pixels.
        samples_s: all sampled times of the video.
        duration_s: length of the video.
        cuts_s: times of the cuts.
        seen: the person's sightings, ascending in time.
        upper, lower: clothing looks.
        glances: what was seen between the samples (and of quick hands at them): a face without its eyes, or a body.
        hair: looks at the hair. heads: looks at what is worn on the head.
        cloth: how the described torsos are drawn.
        labels: what the appearance network calls the described torsos, see `garments.garment_shares`.
        camera_motion: per sampled time, (dx, dy) in pixels that the picture moved since the sample before.
        camera_still: (start, end) -> whether what is around the people surely kept its size between two samples.
        bridge_s: sightings closer than this belong to one span.
    """

    width: int
    height: int
    samples_s: tuple[float, ...]
    duration_s: float
    cuts_s: tuple[float, ...]
    seen: tuple[PersonSeen, ...]
    upper: tuple[ClothingSeen, ...] = ()
    lower: tuple[ClothingSeen, ...] = ()
    glances: tuple[PersonSeen, ...] = ()
    hair: tuple[HairSeen, ...] = ()
    heads: tuple[HeadSeen, ...] = ()
    cloth: tuple[Texture, ...] = ()
    labels: tuple[dict[str, float], ...] = ()
    camera_motion: dict[float, tuple[float, float]] = field(default_factory=dict)
    camera_still: Callable[[float, float], bool] = lambda start_s, end_s: True
    bridge_s: float = 1.0

    def dense(self) -> tuple[PersonSeen, ...]:
        """Sightings and glances together, ascending in time."""
        return tuple(sorted((*self.seen, *self.glances), key=lambda person: person.time_s))

    def spans(self, times_s: Sequence[float]) -> tuple[Span, ...]:
        """Spans of a subset of the sampled times (see `tracks.spans_of`)."""
        return spans_of(times_s, self.samples_s, self.duration_s, self.bridge_s, self.cuts_s)
