"""Stills of the subject in other places, clothes and light: Stable Diffusion with IP-Adapter FaceID (Ye et al. 2023).

The face goes in as a vector of insightface's recognition network, for which the adapter was trained; the rest is words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pvchat.errors import ModelError, SynthesisError
from pvchat.perception.geometry import FloatArray, Image, PixelBox
from pvchat.synthesis.best_faces import best_faces
from pvchat.synthesis.face_id_weights import FACE_DIMENSION, HOW_TO_CONVERT, check_face_id_file, read_face_id
from pvchat.synthesis.hub_config import HubConfig
from pvchat.synthesis.hub_pipelines import (
    HubPipeline,
    PipelineKind,
    device_of,
    first_line,
    generator_of,
    hub_pipeline,
)
from pvchat.synthesis.prompts import NEGATIVE, deal
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import SHOT_FPS, Sample, held

# Of a picture (H, W, 3) uint8 RGB and the box of a face in it: (512,) float32.
FaceEmbedder = Callable[[Image, PixelBox], FloatArray]

_NAME = "ip-adapter-faceid"
_CLASSES = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")


@dataclass(frozen=True)
class FaceIDConfig:
    """What the stills are like.

    Attributes:
        size: width and height in pixels, multiples of 8; None as the model was trained.
        steps: of denoising. guidance: how much the words count.
        scale: how much the face counts, 0 to 1. faces: of so many frames the mean vector is taken.
    """

    size: tuple[int, int] | None = None
    steps: int = 30
    guidance: float = 6.0
    scale: float = 0.7
    faces: int = 5


class FaceIDSynthesizer:
    """Makes stills; see `Synthesizer`.

    Args:
        hub: Stable Diffusion 1.5 or XL, and the adapter that goes with it.
        config: see `FaceIDConfig`.
        embed: describes a face; insightface's "buffalo_l" if None.
    """

    name = _NAME
    fps = SHOT_FPS

    def __init__(
        self, hub: HubConfig | None = None, config: FaceIDConfig | None = None, embed: FaceEmbedder | None = None
    ) -> None:
        self.hub = hub or HubConfig()
        self.config = config or FaceIDConfig()
        self._embed = embed

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
            SynthesisError: no shot shows a face, the adapter or a GPU is missing, or insightface's licence was not
                accepted. While samples are made: the model or the face engine is missing or does not fit, or there is
                too little memory.
        """
        if not self.hub.adapter:
            raise SynthesisError(
                "IP-Adapter FaceID needs its weights as a safetensors file (--synthesizer-adapter); "
                f"convert the published ones: {HOW_TO_CONVERT}"
            )
        check_face_id_file(Path(self.hub.adapter))
        device_of(self.hub)
        if self._embed is None:
            _check_license()
        faces = best_faces(shots, self.config.faces)
        return self._generate([(face.frame, face.box_px) for face in faces], faces[0].source, count, seed, first, check)

    def _generate(
        self,
        faces: Sequence[tuple[Image, PixelBox]],
        source: str,
        count: int,
        seed: int,
        first: int,
        check: Callable[[], None] | None,
    ) -> Iterator[Sample]:
        if first >= count:
            return
        adapter = read_face_id(Path(self.hub.adapter))
        vector = _mean(faces, self._embed or insightface_embedder())
        scale = self.config.scale
        with hub_pipeline(self.hub, _KIND, lambda pipeline: _attach(pipeline, adapter, scale)) as opened:
            for index in range(first, count):
                if check is not None:
                    check()
                yield self._sample(opened, vector, index, source, seed, check)

    def _sample(
        self,
        opened: HubPipeline,
        vector: Tensor,
        index: int,
        source: str,
        seed: int,
        check: Callable[[], None] | None,
    ) -> Sample:
        config = self.config
        prompt = deal(seed, index, medium="a photo")
        width, height = config.size or (None, None)
        # (1, 1, 512): one picture of one face. Without guidance there is no second, empty half of the batch.
        face = vector[None, None].to(opened.pipeline.unet.dtype)
        halves = torch.cat([torch.zeros_like(face), face]) if config.guidance > 1 else face
        picture = opened.frames(
            generator_of(_NAME, seed, index),
            check,
            prompt=prompt.text,
            negative_prompt=NEGATIVE,
            ip_adapter_image_embeds=[halves],
            width=width,
            height=height,
            num_inference_steps=config.steps,
            guidance_scale=config.guidance,
        )[0]
        frames, fps = held(picture)
        return Sample(index, "still", frames, fps, (_NAME, *prompt.parts), source)


def insightface_embedder() -> FaceEmbedder:
    """What the published adapters were trained with: the vectors of insightface's "buffalo_l", of length 1.

    Raises:
        SynthesisError: its licence was not accepted, or it cannot be loaded.
    """
    from pvchat.identity.engines import load_engine

    _check_license()
    try:
        engine = load_engine("insightface")
    except ModelError as error:
        raise SynthesisError(f"IP-Adapter FaceID needs insightface: {error}") from error

    def embed(picture: Image, box: PixelBox) -> FloatArray:
        return np.asarray(engine.describe(picture, [box], [None])[0], np.float32)

    return embed


def _check_license() -> None:
    from pvchat.identity.insightface_license import check_insightface_license

    try:
        check_insightface_license("IP-Adapter FaceID", instead="use another synthesizer")
    except ModelError as error:
        raise SynthesisError(str(error)) from error


def _mean(faces: Sequence[tuple[Image, PixelBox]], embed: FaceEmbedder) -> Tensor:
    """(512,) of length 1: what the frames have in common."""
    vectors = np.stack([np.asarray(embed(picture, box), np.float32) for picture, box in faces])
    if vectors.shape[1:] != (FACE_DIMENSION,):
        raise SynthesisError(
            f"the face engine gives vectors of shape {vectors.shape[1:]}, IP-Adapter FaceID takes ({FACE_DIMENSION},); "
            "use insightface"
        )
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    mean = unit.mean(axis=0)
    return torch.from_numpy(mean / max(float(np.linalg.norm(mean)), 1e-9))


def _attach(pipeline: Any, adapter: dict[str, dict[str, Tensor]], scale: float) -> None:
    width = int(adapter["image_proj"]["norm.weight"].shape[0])
    if width != pipeline.unet.config.cross_attention_dim:
        raise SynthesisError(
            f"the adapter is for a model of width {width}, this one has {pipeline.unet.config.cross_attention_dim}; "
            "take the adapter for Stable Diffusion 1.5 (768) or XL (2048), as the model is"
        )
    try:
        pipeline.load_ip_adapter(adapter, subfolder="", weight_name="", image_encoder_folder=None)
        pipeline.set_ip_adapter_scale(scale)
    except (RuntimeError, ValueError, KeyError) as error:
        raise SynthesisError(
            f"the adapter does not fit the model ({first_line(error)}); give the one for it"
        ) from error


def _choose(index: Mapping[str, Any]) -> str | None:
    found = index.get("_class_name")
    return found if found in _CLASSES else None


_KIND = PipelineKind(
    synthesizer=_NAME,
    usual="stable-diffusion-v1-5/stable-diffusion-v1-5",
    choose=_choose,
    wanted=" or ".join(_CLASSES),
)
