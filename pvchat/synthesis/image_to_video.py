"""Clips that begin with a frame of the subject and go on as words say: Wan image-to-video (Wan team 2025).

Stands where the paper animates stills.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pvchat.perception.geometry import Image, resize
from pvchat.synthesis.best_faces import SeenFace, best_faces
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.hub_pipelines import HubPipeline, PipelineKind, device_of, generator_of, hub_pipeline
from pvchat.synthesis.prompts import NEGATIVE, Part, deal
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import SHOT_FPS, Sample

_NAME = "image-to-video"
_CLASS = "WanImageToVideoPipeline"
# Scene, clothes and light are what the first frame shows.
_PARTS: tuple[Part, ...] = ("action",)


@dataclass(frozen=True)
class ImageToVideoConfig:
    """What the clips are like.

    Attributes:
        pixels: of one frame, about; the shape is that of the first frame. frames: 4n + 1. fps: frames per second.
        steps: of denoising. guidance: how much the words count. tokens: of a prompt, at most.
        starts: so many frames of the subject take turns as the first one.
    """

    pixels: int = 480 * 832
    frames: int = 81
    fps: float = 16.0
    steps: int = 40
    guidance: float = 5.0
    tokens: int = 512
    starts: int = 8


class ImageToVideoSynthesizer:
    """Makes clips; see `Synthesizer`.

    Args:
        hub: a Wan model that starts from a picture. config: see `ImageToVideoConfig`.
    """

    name = _NAME
    fps = SHOT_FPS

    def __init__(self, hub: HubConfig | None = None, config: ImageToVideoConfig | None = None) -> None:
        self.hub = hub or HubConfig()
        self.config = config or ImageToVideoConfig()

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
            SynthesisError: no shot shows a face, or there is no GPU. While samples are made: the model is missing or
                does not serve, or there is too little memory.
        """
        device_of(self.hub)
        return self._generate(best_faces(shots, self.config.starts), count, seed, first, check)

    def _generate(
        self, starts: Sequence[SeenFace], count: int, seed: int, first: int, check: Callable[[], None] | None
    ) -> Iterator[Sample]:
        if first >= count:
            return
        with hub_pipeline(self.hub, _KIND) as opened:
            for index in range(first, count):
                if check is not None:
                    check()
                yield self._sample(opened, starts[index % len(starts)], index, seed, check)

    def _sample(
        self, opened: HubPipeline, start: SeenFace, index: int, seed: int, check: Callable[[], None] | None
    ) -> Sample:
        from PIL import Image as Pictures

        config = self.config
        prompt = deal(seed, index, medium="a video", parts=_PARTS)
        picture = self._fitted(start.frame, opened.pipeline)
        height, width = picture.shape[:2]
        frames = opened.frames(
            generator_of(_NAME, seed, index),
            check,
            image=Pictures.fromarray(picture),
            prompt_embeds=self._encode(opened, prompt.text),
            negative_prompt_embeds=self._encode(opened, NEGATIVE),
            width=width,
            height=height,
            num_frames=config.frames,
            num_inference_steps=config.steps,
            guidance_scale=config.guidance,
        )
        return Sample(index, "clip", frames, config.fps, (_NAME, *prompt.parts), start.source)

    def _fitted(self, frame: Image, pipeline: Any) -> Image:
        """A frame with about as many pixels as wished, its sides what the model can cut into patches."""
        height, width = frame.shape[:2]
        # The pipeline itself asks for multiples of 16.
        unit = math.lcm(16, pipeline.vae_scale_factor_spatial * pipeline.transformer.config.patch_size[1])
        scale = math.sqrt(self.config.pixels / (height * width))
        fitted = (max(unit, round(side * scale / unit) * unit) for side in (width, height))
        return resize(frame, *fitted)

    @torch.no_grad()
    def _encode(self, opened: HubPipeline, text: str) -> Tensor:
        """(1, tokens, D): the words of a prompt, and zeros after them.

        As the pipeline does it, but for the repair of broken text, which needs a package of its own.
        """
        pipeline = opened.pipeline
        read = pipeline.tokenizer(
            text,
            padding="max_length",
            max_length=self.config.tokens,
            truncation=True,
            add_special_tokens=True,
            return_attention_mask=True,
            return_tensors="pt",
        )
        device = pipeline._execution_device
        mask = read.attention_mask.to(device)
        encoded: Tensor = pipeline.text_encoder(read.input_ids.to(device), mask).last_hidden_state
        words: Tensor = encoded * mask[..., None].to(encoded.dtype)
        return words


def _choose(index: Mapping[str, Any]) -> str | None:
    # Wan 2.2's model for both text and pictures names the class for text, and is told by this switch.
    either = index.get("_class_name") == "WanPipeline" and bool(index.get("expand_timesteps"))
    return _CLASS if either or index.get("_class_name") == _CLASS else None


_KIND = PipelineKind(
    synthesizer=_NAME,
    usual="Wan-AI/Wan2.1-I2V-14B-480P-Diffusers",
    choose=_choose,
    wanted=_CLASS,
    half=torch.bfloat16,
    # As its authors run it: the autoencoder blurs in half precision.
    exact=("vae", "image_encoder"),
)
