"""What makes new clips of a person out of the few there are, and what comes out of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.shots import Shot

if TYPE_CHECKING:
    from pvchat.synthesis.aligned_faces import Mesh

NAMES = ("augment", "subject-diffusion", "ip-adapter-faceid", "consisid", "image-to-video")
SHOT_FPS = 8.0
"""Frames per second of shots where nothing is learned from each of them."""
# How a still is shown.
_STILL_FRAMES, _STILL_FPS = 4, 8.0

Kind = Literal["still", "clip"]


@dataclass(frozen=True)
class Sample:
    """A new still or clip of the subject.

    Attributes:
        index: its number in the job. kind: a still is one frame, repeated.
        frames: (H, W, 3) uint8 RGB, all of one size. fps: frames per second.
        recipe: what was done, in order. source: key of the footage the subject was taken from.
        others: keys of other people's footage of which something is seen.
        novelty: of a face that a model made: how far it is from the nearest one it has seen, in spacings of faces in
            neighbouring frames; below 1 it is a copy. None where the face is as it was filmed.
    """

    index: int
    kind: Kind
    frames: tuple[Image, ...]
    fps: float
    recipe: tuple[str, ...]
    source: str
    others: tuple[str, ...] = ()
    novelty: float | None = None


class Synthesizer(Protocol):
    """Makes samples that show the subject of some shots.

    Attributes:
        name: of the way they are made.
        fps: frames per second that the subject's shots are to have, at most; a video that has fewer gives what it has.
    """

    name: str
    fps: float

    def generate(
        self,
        shots: Sequence[Shot],
        others: Sequence[Shot],
        count: int,
        *,
        seed: int,
        first: int = 0,
        check: Callable[[], None] | None = None,
    ) -> Iterator[Sample]:
        """Samples `first` to `count` - 1, made one by one.

        A sample depends on its number, the seed and the shots alone, not on those made before it.

        Args:
            shots: of the subject. others: of other people, in whose frames the subject is not; may be empty.
            count: samples of the whole job. seed: of all that is random.
            first: where to go on, after those that are there already.
            check: called before each sample; ends the work by what it raises.

        Raises:
            SynthesisError: the shots are of no use.
        """
        ...


def held(frame: Image) -> tuple[tuple[Image, ...], float]:
    """A still as a short clip: its frames, and frames per second."""
    return (frame,) * _STILL_FRAMES, _STILL_FPS


def synthesizer(name: str, hub: HubConfig | None = None, *, mesh: "Mesh | None" = None) -> Synthesizer:
    """Make a synthesizer by name; nothing is loaded before it generates.

    Args:
        name: one of `NAMES`. hub: for those that run a diffusers pipeline; `docs/synthesis.md` says what they need.
        mesh: fits landmarks to a face; needed by "subject-diffusion".

    Raises:
        SynthesisError: the name is unknown, or what it needs is missing.
    """
    if name == "augment":
        from pvchat.synthesis.augment import AugmentSynthesizer

        return AugmentSynthesizer()
    if name == "subject-diffusion":
        from pvchat.synthesis.subject_diffusion import SubjectDiffusionSynthesizer

        if mesh is None:
            raise SynthesisError("subject-diffusion needs facial landmarks, which perception here does not give")
        return SubjectDiffusionSynthesizer(mesh)
    if name == "ip-adapter-faceid":
        from pvchat.synthesis.ip_adapter_faceid import FaceIDSynthesizer

        return FaceIDSynthesizer(hub)
    if name == "consisid":
        from pvchat.synthesis.consisid import ConsisIDSynthesizer

        return ConsisIDSynthesizer(hub)
    if name == "image-to-video":
        from pvchat.synthesis.image_to_video import ImageToVideoSynthesizer

        return ImageToVideoSynthesizer(hub)
    raise SynthesisError(f"unknown synthesizer {name!r}; use {', '.join(map(repr, NAMES))}")
