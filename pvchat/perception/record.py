"""The perception record: what was seen in one video, typed, versioned, without any biometric vector.

The record is plain JSON and can be shown to a user. Vectors (faces, appearance) travel beside it in
`PerceptionVectors` and are stored apart, because they fall under other rules (consent, erase, encryption).

Conventions: times in seconds from the start of the video as displayed; boxes are (x0, y0, x1, y1) as fractions of the
displayed frame's width and height (after rotation); confidences lie in 0..1.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

RECORD_VERSION = 3

Box = tuple[float, float, float, float]
Span = tuple[float, float]
AttributeName = Literal[
    "upper_colour",
    "lower_colour",
    "action",
    "place",
    "distance",
    "head",
    "eyes",
    "gesture",
    "posture",
    "motion",
    "hair_colour",
    "hair_length",
    "eyewear",
    "headwear",
    "upper_garment",
    "pattern",
    "picture",
]
RelationName = Literal["left of", "near", "facing", "talking to", "together with"]

COLOURS = (
    "black",
    "gray",
    "white",
    "beige",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
)
ACTIONS = (
    "talking",
    "smiling",
    "turning the head",
    "moving the arms",
    "raising the arms",
    "moving left",
    "moving right",
    "standing",
    "keeping still",
)
PLACES = ("left", "middle", "right")
DISTANCES = ("near", "far")

RICH_WORDS: dict[AttributeName, tuple[str, ...]] = {
    "head": ("nodding", "shaking the head", "looking away"),
    "eyes": ("closed",),
    "gesture": ("waving", "arms raised", "clapping", "gesturing", "hand to face"),
    "posture": ("sitting", "standing", "lying", "bending"),
    "motion": ("walking", "falling", "approaching", "leaving", "dancing"),
    "hair_colour": ("black", "brown", "blond", "red", "gray"),
    "hair_length": ("long",),
    "eyewear": ("glasses", "no glasses"),
    "headwear": ("hat", "no hat"),
    "upper_garment": ("suit", "coat", "sweater", "dress", "jersey", "uniform", "lab coat", "robe"),
    "pattern": ("plain", "striped", "checked", "printed"),
    "picture": ("not a live person",),
}
"""Words beside colours, actions and places, by attribute. They have names of their own, and who does not know a name
passes it over; `pvchat.perception.words` says what facts and answers call them."""

RELATIONS: tuple[RelationName, ...] = ("left of", "near", "facing", "talking to", "together with")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VideoInfo(_Frozen):
    """What the probe and the decoder found out about the file."""

    sha256: str
    duration_s: float
    width: int
    height: int
    fps: float
    decoder: str


class Attribute(_Frozen):
    """One thing said about a track, with how sure perception is and when it holds (no span: the whole track)."""

    name: AttributeName
    value: str
    confidence: float
    spans: tuple[Span, ...] = ()


class Sighting(_Frozen):
    """A track in one sampled frame. At least one of the two boxes is set."""

    time_s: float
    face_box: Box | None = None
    body_box: Box | None = None
    face_quality: float = 0.0

    @property
    def box(self) -> Box:
        """The face box where there is one, else the body box."""
        box = self.face_box or self.body_box
        if box is None:
            raise ValueError(f"a sighting at {self.time_s:.2f} s has neither a face nor a body box")
        return box


class Track(_Frozen):
    """One person over the whole clip, as far as pictures alone can tell."""

    id: int
    spans: tuple[Span, ...]
    sightings: tuple[Sighting, ...]
    attributes: tuple[Attribute, ...] = ()
    keyframe_s: float
    keyframe_box: Box
    faces_described: int = 0
    face_px: float = Field(default=0.0, description="median face height in pixels of the source video")
    face_quality: float = 0.0

    def said(self, name: AttributeName) -> tuple[Attribute, ...]:
        """Attributes of one kind, surest first."""
        return tuple(sorted((a for a in self.attributes if a.name == name), key=lambda a: -a.confidence))


class SceneWord(_Frozen):
    """A word about the picture as a whole: what kind of place it is, or a thing in it (no span: the whole clip)."""

    kind: Literal["place", "thing"]
    value: str
    confidence: float
    spans: tuple[Span, ...] = ()


class Relation(_Frozen):
    """Something that holds between two tracks, `subject` being left of (near, facing ...) `other`, with its times."""

    name: RelationName
    subject: int
    other: int
    confidence: float
    spans: tuple[Span, ...]


class PerceptionRecord(_Frozen):
    """Everything perception says about one video."""

    version: int = RECORD_VERSION
    models: dict[str, str]
    video: VideoInfo
    sampled_s: tuple[float, ...]
    cuts_s: tuple[float, ...] = ()
    tracks: tuple[Track, ...] = ()
    scene: tuple[SceneWord, ...] = ()
    relations: tuple[Relation, ...] = ()
    legible: bool = Field(
        default=True, description="False: no track, and pictures too blurred or dark to say that nobody is there"
    )
    drawn: bool = Field(
        default=False, description="True: the faces are drawn, or nobody is found in drawn pictures; see `drawn`"
    )

    @classmethod
    def from_json(cls, data: dict[str, Any] | str) -> Self:
        """Parse a stored record.

        Raises:
            ValueError: the record was written by another version of the schema.
        """
        record = cls.model_validate_json(data) if isinstance(data, str) else cls.model_validate(data)
        if record.version != RECORD_VERSION:
            raise ValueError(f"perception record has version {record.version}, this program reads {RECORD_VERSION}")
        return record


@dataclass(frozen=True)
class FaceSamples:
    """Raw face vectors of one track, as the recognition engine gave them (not centred, not normalised).

    Attributes:
        times_s: (n,) float32.
        vectors: (n, d) float32.
        quality: (n,) float32 in 0..1 (size, sharpness, frontality).
    """

    times_s: NDArray[np.float32]
    vectors: NDArray[np.float32]
    quality: NDArray[np.float32]


@dataclass(frozen=True)
class PerceptionVectors:
    """Vectors of one video, by track id.

    Attributes:
        face_model: id of the recognition engine, e.g. "dlib-resnet-v1"; vectors of two engines are never compared.
        faces: track id -> samples; tracks without a describable face are missing.
        appearance_model: id of the appearance network.
        appearance: track id -> (a,) float32, L2-normalised torso descriptor.
    """

    face_model: str
    faces: dict[int, FaceSamples] = field(default_factory=dict)
    appearance_model: str = ""
    appearance: dict[int, NDArray[np.float32]] = field(default_factory=dict)
