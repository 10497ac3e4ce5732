"""Clips of the subject in other places, clothes and light: ConsisID (Yuan et al. 2024).

The face goes in as vectors of a recognition network and of EVA-CLIP, see `pvchat.synthesis.consisid_faces`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from pvchat.perception.geometry import Image
from pvchat.synthesis.best_faces import SeenFace, best_faces
from pvchat.synthesis.consisid_faces import FaceConditions, check_face_models, read_faces
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.hub_pipelines import HubPipeline, PipelineKind, device_of, generator_of, hub_pipeline
from pvchat.synthesis.prompts import NEGATIVE, deal
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import SHOT_FPS, Sample

# Of a picture (H, W, 3) uint8 RGB of one person.
FaceReader = Callable[[Image], FaceConditions]

_NAME = "consisid"
_CLASS = "ConsisIDPipeline"
# So much of a face's size stays around it, so that the detectors find the head.
_AROUND = 0.8


@dataclass(frozen=True)
class ConsisIDConfig:
    """What the clips are like.

    Attributes:
        size: width and height in pixels. frames: of a clip. fps: frames per second.
        steps: of denoising. guidance: how much the words count. starts: so many frames of the subject take turns.
    """

    size: tuple[int, int] = (720, 480)
    frames: int = 49
    fps: float = 8.0
    steps: int = 50
    guidance: float = 6.0
    starts: int = 4


class ConsisIDSynthesizer:
    """Makes clips; see `Synthesizer`.

    Args:
        hub: ConsisID. config: see `ConsisIDConfig`. read: describes a face; ConsisID's own models if None.
    """

    name = _NAME
    fps = SHOT_FPS

    def __init__(
        self, hub: HubConfig | None = None, config: ConsisIDConfig | None = None, read: FaceReader | None = None
    ) -> None:
        self.hub = hub or HubConfig()
        self.config = config or ConsisIDConfig()
        self._read = read

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
        """See `Synthesizer.generate`. `check` is also called after each denoising step.

        Raises:
            SynthesisError: no shot shows a face; a GPU, or a package that describes faces, is missing. While samples
                are made: the model is missing or does not serve, or there is too little memory.
        """
        device_of(self.hub)
        if self._read is None:
            check_face_models()
        return self._generate(best_faces(shots, self.config.starts), count, seed, first, check)

    def _generate(
        self, starts: Sequence[SeenFace], count: int, seed: int, first: int, check: Callable[[], None] | None
    ) -> Iterator[Sample]:
        if first >= count:
            return
        # The face models are gone before the pipeline comes: both at once need more memory.
        used = starts[: max(1, min(len(starts), count))]
        with self._faces() as read:
            conditions = [read(_around_face(start)) for start in used]
        with hub_pipeline(self.hub, _KIND) as opened:
            for index in range(first, count):
                if check is not None:
                    check()
                turn = index % len(used)
                yield self._sample(opened, conditions[turn], used[turn].source, index, seed, check)

    def _faces(self) -> AbstractContextManager[FaceReader]:
        return nullcontext(self._read) if self._read is not None else read_faces(self.hub, _KIND)

    def _sample(
        self,
        opened: HubPipeline,
        face: FaceConditions,
        source: str,
        index: int,
        seed: int,
        check: Callable[[], None] | None,
    ) -> Sample:
        from PIL import Image as Pictures

        config = self.config
        prompt = deal(seed, index, medium="a video")
        width, height = config.size
        frames = opened.frames(
            generator_of(_NAME, seed, index),
            check,
            image=Pictures.fromarray(face.picture),
            prompt=prompt.text,
            negative_prompt=NEGATIVE,
            id_cond=face.identity,
            id_vit_hidden=list(face.details),
            kps_cond=face.points,
            width=width,
            height=height,
            num_frames=config.frames,
            num_inference_steps=config.steps,
            guidance_scale=config.guidance,
            max_sequence_length=opened.pipeline.transformer.config.max_text_seq_length,
        )
        return Sample(index, "clip", frames, config.fps, (_NAME, *prompt.parts), source)


def _around_face(seen: SeenFace) -> Image:
    """The head with some room, without whoever else is in the frame."""
    height, width = seen.frame.shape[:2]
    x0, y0, x1, y1 = seen.box_px
    room = _AROUND * max(x1 - x0, y1 - y0)
    left, top = max(0, int(x0 - room)), max(0, int(y0 - room))
    right, bottom = min(width, int(x1 + room) + 1), min(height, int(y1 + room) + 1)
    return seen.frame[top:bottom, left:right].copy()


def _choose(index: Mapping[str, Any]) -> str | None:
    return _CLASS if index.get("_class_name") == _CLASS else None


_KIND = PipelineKind(
    synthesizer=_NAME,
    usual="BestWishYsh/ConsisID-preview",
    choose=_choose,
    wanted=_CLASS,
    half=torch.bfloat16,
)
