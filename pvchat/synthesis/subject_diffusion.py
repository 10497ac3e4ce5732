"""New stills and clips of a person by diffusion in the latent of their own face, on a CPU in a minute or two.

1. the faces of the shots are aligned; the principal components of their pixels are the latent of stills, those of how
   they move for a second the latent of clips
2. a small denoiser for each of the two learns where latents lie
3. what it makes is decoded and put back into the frames whose faces come closest, at times before another background
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from pvchat.errors import SynthesisError
from pvchat.one_thread import one_thread
from pvchat.perception.geometry import Image
from pvchat.synthesis.aligned_faces import FaceCrop, Mesh, face_crops, put_back
from pvchat.synthesis.backgrounds import background, can_be_cut_out
from pvchat.synthesis.latent_diffusion import DiffusionConfig, LatentDiffusion, train_diffusion
from pvchat.synthesis.linear_latent import LinearLatent, pictures_of
from pvchat.synthesis.novelty import inner_face, inside, spacing
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import Sample, held

LEAST_FACES = 12
"""With fewer faces the components are the faces themselves, and nothing new lies between them."""
# With fewer windows there is nothing to learn of how the person moves.
_LEAST_WINDOWS = 4
_CLIP_FPS = 8.0


@dataclass(frozen=True)
class SubjectDiffusionConfig:
    """What is made.

    Attributes:
        side: of the aligned crops, pixels. components, movements: of the latents of stills and of clips, at most.
        window: frames of a clip, 8 a second.
        reach, reach_clip: how far from a face the model is to learn, in spacings of faces in neighbouring frames; of
            stills and of clips. jitter: the most noise that is put on the latents for that, in standard deviations.
        novelty: what is nearer than this to the faces that were seen is drawn again; draws: so many times at most.
        clip_every: every so many samples one is a clip, the others are stills; 0 makes stills alone.
        backgrounds: share of the samples that are put before another background. diffusion: see `DiffusionConfig`.
    """

    side: int = 96
    components: int = 48
    movements: int = 32
    window: int = 8
    reach: float = 2.0
    reach_clip: float = 1.25
    jitter: float = 0.6
    novelty: float = 2.0
    draws: int = 6
    clip_every: int = 5
    backgrounds: float = 0.4
    diffusion: DiffusionConfig = field(default_factory=DiffusionConfig)


@dataclass(frozen=True)
class Clips:
    """What was learned of how a face moves.

    Attributes:
        windows: numbers of the crops in each second that was learned from. latent: of their latents, scaled and one
            after another. model: of that.
    """

    windows: tuple[tuple[int, ...], ...]
    latent: LinearLatent
    model: LatentDiffusion


@dataclass(frozen=True)
class Learned:
    """What was learned of one person.

    Attributes:
        crops: the faces it was learned from. side: of these, pixels. latent: of their inner parts. latents: (n, k).
        model: of the latents. clips: of how they follow each other, None where too few do.
        spacing: median distance between faces of neighbouring frames, as `LinearLatent.distances` tells it.
    """

    crops: tuple[FaceCrop, ...]
    side: int
    latent: LinearLatent
    latents: Tensor
    model: LatentDiffusion
    clips: Clips | None
    spacing: float

    def still(self, seed: int) -> Tensor:
        """The latent (1, k) of a new face."""
        return self.model.sample(seed)[None]

    def clip(self, seed: int) -> Tensor:
        """The latents (T, k) of a face that moves for a second.

        Raises:
            SynthesisError: too few faces follow each other.
        """
        if self.clips is None:
            raise SynthesisError("the person is never seen for a second at a stretch; only stills can be made")
        moved = self.clips.latent.decode(self.clips.model.sample(seed)[None])[0]
        return moved.view(-1, self.latent.size) / self.latent.scale

    def novelty(self, made: Tensor) -> float:
        """How far new latents (T, k) are from the nearest crop, on the average, in spacings of neighbouring crops."""
        nearest = self.latent.distances(made, self.latents).min(dim=1).values
        return float(nearest.mean()) / self.spacing

    def under(self, made: Tensor) -> list[FaceCrop]:
        """The faces that a new one, or a clip of them (T, k), is laid over: those that look most like it."""
        distances = self.latent.distances(made, self.latents)
        if len(made) == 1 or self.clips is None:
            return [self.crops[int(row.argmin())] for row in distances]
        windows = torch.tensor(self.clips.windows)
        along = distances[torch.arange(len(made)), windows].mean(dim=1)
        return [self.crops[index] for index in self.clips.windows[int(along.argmin())]]


class SubjectDiffusionSynthesizer:
    """Learns the person of some shots, then makes samples; see `Synthesizer`.

    Args:
        mesh: fits landmarks to a face. config: see `SubjectDiffusionConfig`.
    """

    name = "subject-diffusion"
    # Faces of neighbouring frames hardly differ, but what lies between them is what can be learned.
    fps = 25.0

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
        with one_thread():
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
        if len(crops) < LEAST_FACES:
            raise SynthesisError(
                f"only {len(crops)} faces can be used, a diffusion model needs {LEAST_FACES} or more; "
                "give a video that shows the face larger or longer"
            )
        vectors = inner_face(crops)
        latent = LinearLatent.fit(vectors, config.components)
        latents = latent.encode(vectors)
        numbers = {(one.shot, one.frame): index for index, one in enumerate(crops)}
        between = spacing(latents * latent.scale, crops)

        def jitter(reach: float, of: LinearLatent) -> float:
            """Noise that moves what this latent stands for by so many spacings."""
            return min(config.jitter, reach * between / float(of.scale.norm()))

        def told(share: float) -> None:
            if check is not None:
                check()

        model = train_diffusion(latents, config.diffusion, jitter=jitter(config.reach, latent), seed=seed, check=told)
        windows = _windows(numbers, shots, config.window)
        clips = None
        if len(windows) >= _LEAST_WINDOWS:
            moving = (latents * latent.scale)[torch.tensor(windows)].flatten(1)
            movement = LinearLatent.fit(moving, config.movements)
            noise = jitter(config.reach_clip * config.window**0.5, movement)
            of_clips = train_diffusion(movement.encode(moving), config.diffusion, jitter=noise, seed=seed, check=told)
            clips = Clips(tuple(windows), movement, of_clips)
        return Learned(tuple(crops), config.side, latent, latents, model, clips, between)

    def _sample(
        self, index: int, learned: Learned, shots: Sequence[Shot], others: Sequence[Shot], rng: random.Random
    ) -> Sample:
        every = self.config.clip_every
        still = not (learned.clips and every and index % every == every - 1)
        made, novelty = self._draw(learned, learned.still if still else learned.clip, rng)
        under = learned.under(made)
        shot = shots[under[0].shot]
        shot = shot.part(under[0].frame, len(under), every=1 if still else _stride(shot))
        frames = tuple(
            put_back(frame, face, crop.to_crop)
            for frame, face, crop in zip(shot.frames, _faces(learned, made), under, strict=True)
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
            novelty=round(novelty, 3),
        )

    def _draw(self, learned: Learned, draw: Callable[[int], Tensor], rng: random.Random) -> tuple[Tensor, float]:
        """The first draw that is new enough, else the newest of all, and how new it is."""
        best: tuple[Tensor, float] | None = None
        for _ in range(self.config.draws):
            with one_thread():
                made = draw(rng.getrandbits(62))
            novelty = learned.novelty(made)
            if best is None or novelty > best[1]:
                best = made, novelty
            if novelty >= self.config.novelty:
                break
        if best is None:
            raise SynthesisError(f"draws is {self.config.draws}; give 1 or more")
        return best


def _faces(learned: Learned, made: Tensor) -> list[Image]:
    seen = inside(learned.side)
    whole = made.new_zeros(len(made), len(seen))
    whole[:, seen] = learned.latent.decode(made)
    return pictures_of(whole, learned.side)


def _windows(numbers: dict[tuple[int, int], int], shots: Sequence[Shot], length: int) -> list[tuple[int, ...]]:
    """Crops that are seen one after another, about 8 a second."""
    found = []
    for shot, frame in numbers:
        places = [(shot, frame + step * _stride(shots[shot])) for step in range(length)]
        if all(place in numbers for place in places):
            found.append(tuple(numbers[place] for place in places))
    return found


def _stride(shot: Shot) -> int:
    between = shot.seconds / max(1, len(shot.times_s) - 1)
    return max(1, round(1 / (_CLIP_FPS * between))) if between else 1
