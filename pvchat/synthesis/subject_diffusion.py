"""New stills and clips of a person by diffusion in the latent of their own face, on a CPU in about a minute.

1. the faces of the shots are aligned, and their principal components are the latent
2. a small denoiser learns single latents and windows of them
3. what it makes is decoded and put back into the frames whose faces come closest, at times before another background
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import torch
from torch import Tensor

from pvchat.errors import SynthesisError
from pvchat.synthesis.aligned_faces import FaceCrop, Mesh, face_crops, put_back
from pvchat.synthesis.backgrounds import background, can_be_cut_out
from pvchat.synthesis.latent_diffusion import DiffusionConfig, LatentDiffusion, train_diffusion
from pvchat.synthesis.linear_latent import LinearLatent
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import Sample, held


@dataclass(frozen=True)
class SubjectDiffusionConfig:
    """What is made.

    Attributes:
        side: of the aligned crops, pixels. components: of the latent, at most. window: frames of a clip.
        clip_every: every so many samples one is a clip, the others are stills; 0 makes stills alone.
        backgrounds: share of the samples that are put before another background. diffusion: see `DiffusionConfig`.
    """

    side: int = 96
    components: int = 48
    window: int = 8
    clip_every: int = 5
    backgrounds: float = 0.4
    diffusion: DiffusionConfig = field(default_factory=DiffusionConfig)


@dataclass(frozen=True)
class Learned:
    """What was learned of one person.

    Attributes:
        crops: the faces it was learned from. latent: their latent. latents: (n, k) of the crops.
        starts: numbers of the crops at which a window begins. model: of the latents.
        spacing: median distance between faces of neighbouring frames, as `LinearLatent.distances` tells it.
    """

    crops: tuple[FaceCrop, ...]
    latent: LinearLatent
    latents: Tensor
    starts: tuple[int, ...]
    model: LatentDiffusion
    spacing: float

    def novelty(self, made: Tensor) -> float:
        """How far new latents (T, k) are from the nearest crop, on the average, in spacings of neighbouring crops."""
        nearest = self.latent.distances(made, self.latents).min(dim=1).values
        return float(nearest.mean()) / max(self.spacing, 1e-9)


class SubjectDiffusionSynthesizer:
    """Learns the person of some shots, then makes samples; see `Synthesizer`.

    Args:
        mesh: fits landmarks to a face. config: see `SubjectDiffusionConfig`.
    """

    name = "subject-diffusion"

    def __init__(self, mesh: Mesh, config: SubjectDiffusionConfig | None = None) -> None:
        self._mesh = mesh
        self.config = config or SubjectDiffusionConfig()

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
        """See `Synthesizer.generate`.

        Raises:
            SynthesisError: too few faces can be used, or they are all alike.
        """
        learned = self.learn(shots, seed=seed, check=check)
        for index in range(first, count):
            if check is not None:
                check()
            yield self._sample(index, learned, shots, others, random.Random(f"diffusion {seed} {index}"))

    def learn(self, shots: Sequence[Shot], *, seed: int, check: Callable[[], None] | None = None) -> Learned:
        """Learn a person's face.

        Args:
            shots: of the person. seed: of the training. check: called often; ends the work by what it raises.

        Raises:
            SynthesisError: see `generate`.
        """
        config = self.config
        crops = face_crops(shots, self._mesh, config.side)
        pixels = [one.pixels for one in crops]
        latent = LinearLatent.fit(pixels, config.components)
        latents = latent.encode(pixels)
        steps = [_consecutive(one, other) for one, other in pairwise(crops)]
        between = [
            float(latent.distances(latents[i : i + 1], latents[i + 1 : i + 2])) for i, ok in enumerate(steps) if ok
        ]
        if not between:
            raise SynthesisError("no two faces follow each other; give a video that shows the person without cuts")
        length = config.window
        starts = [i for i in range(len(crops) - length + 1) if all(steps[i : i + length - 1])]
        windows = (
            torch.stack([latents[i : i + length] for i in starts])
            if starts
            else latents.new_empty(0, length, latent.size)
        )
        model = train_diffusion(
            latents, windows, config.diffusion, seed=seed, check=None if check is None else lambda share: check()
        )
        spacing = float(torch.tensor(between).median())
        return Learned(tuple(crops), latent, latents, tuple(starts), model, spacing)

    def _sample(
        self, index: int, learned: Learned, shots: Sequence[Shot], others: Sequence[Shot], rng: random.Random
    ) -> Sample:
        every = self.config.clip_every
        still = not (learned.starts and every and index % every == every - 1)
        made = learned.model.sample(rng.getrandbits(62), still=still)
        under = _nearest(learned, made)
        faces = learned.latent.decode(made)
        shot = shots[under[0].shot].part(under[0].frame, len(under))
        frames = tuple(
            put_back(frame, face, crop.to_crop) for frame, face, crop in zip(shot.frames, faces, under, strict=True)
        )
        shot, recipe = replace(shot, frames=frames), [self.name]
        company: tuple[str, ...] = ()
        if rng.random() < self.config.backgrounds and can_be_cut_out(shot):
            shot, company = background(shot, others, rng)
            recipe.append("background")
        shown, fps = held(shot.frames[0]) if still else (shot.frames, (len(under) - 1) / shot.seconds)
        return Sample(
            index,
            "still" if still else "clip",
            shown,
            fps,
            tuple(recipe),
            shot.source,
            company,
            novelty=round(learned.novelty(made), 3),
        )


def _consecutive(one: FaceCrop, other: FaceCrop) -> bool:
    return one.shot == other.shot and other.frame == one.frame + 1


def _nearest(learned: Learned, made: Tensor) -> list[FaceCrop]:
    """The faces that a new one, or a window of them, is laid over: those that look most like it."""
    distances = learned.latent.distances(made, learned.latents)
    if len(made) == 1:
        return [learned.crops[int(distances[0].argmin())]]
    steps = torch.arange(len(made))
    along = torch.stack([distances[steps, start + steps].mean() for start in learned.starts])
    start = learned.starts[int(along.argmin())]
    return list(learned.crops[start : start + len(made)])
