"""New samples without a generative model: the same pictures in another light, place, size, pace and company."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from pvchat.errors import SynthesisError
from pvchat.synthesis.backgrounds import background, can_be_cut_out
from pvchat.synthesis.camera import blur, colour, light, noise
from pvchat.synthesis.composites import beside, has_room, together
from pvchat.synthesis.framing import crop, mirror
from pvchat.synthesis.occlusion import occlusion
from pvchat.synthesis.plan import BLOCK, EFFECTS, Effect, Mix, Slot, plan
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import SHOT_FPS, Sample, held

_PLAIN: dict[Effect, Callable[[Shot, random.Random], Shot]] = {
    "mirror": lambda shot, rng: mirror(shot),
    "crop": crop,
    "occlusion": occlusion,
    "light": light,
    "colour": colour,
    "blur": blur,
    "noise": noise,
}


@dataclass(frozen=True)
class AugmentConfig:
    """How long samples are and what is done to them.

    Attributes:
        seconds: shortest and longest clip; a shot that is shorter makes a shorter one.
        least_s: a shot shorter than this makes stills alone.
        slower, faster: by how much a clip is re-timed.
        mix: how much of what.
    """

    seconds: tuple[float, float] = (2.0, 3.0)
    least_s: float = 1.0
    slower: tuple[float, float] = (0.6, 0.8)
    faster: tuple[float, float] = (1.3, 1.7)
    mix: Mix = field(default_factory=Mix)


class AugmentSynthesizer:
    """Changes what is there; see `Synthesizer`.

    Args:
        config: see `AugmentConfig`.
    """

    name = "augment"
    fps = SHOT_FPS

    def __init__(self, config: AugmentConfig | None = None) -> None:
        self.config = config or AugmentConfig()

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
            SynthesisError: there is no shot of the subject.
        """
        if not shots:
            raise SynthesisError(
                "there is no usable frame of the person to make new clips of; give a video that shows them longer"
            )
        return self._generate(_Material(shots, others, self.config.least_s), count, seed, first, check)

    def _generate(
        self, material: "_Material", count: int, seed: int, first: int, check: Callable[[], None] | None
    ) -> Iterator[Sample]:
        slots: list[Slot] = []
        for index in range(first, count):
            if check is not None:
                check()
            if not slots or index % BLOCK == 0:
                slots = plan(seed, index // BLOCK, material.possible, self.config.mix, clips=bool(material.long))
            yield self._sample(index, slots[index % BLOCK], material, random.Random(f"augment {seed} {index}"))

    def _sample(self, index: int, slot: Slot, material: "_Material", rng: random.Random) -> Sample:
        shot = material.shot(slot, index // BLOCK * BLOCK + slot.turn)
        pace = 1.0
        if "retiming" in slot.effects:
            pace = rng.choice((rng.uniform(*self.config.slower), rng.uniform(*self.config.faster)))
        still = slot.kind == "still"
        shot, fps = (_still(shot, rng), 0.0) if still else self._clip(shot, pace, rng)
        company: tuple[str, ...] = ()
        for effect in slot.effects:
            if effect in _PLAIN:
                shot = _PLAIN[effect](shot, rng)
            elif effect == "background":
                shot, company = background(shot, material.others, rng)
            elif effect == "beside":
                shot, other = beside(shot, material.others, rng)
                company = (*company, other)
            elif effect == "together":
                shot, other = together(shot, material.roomy, rng)
                company = (*company, other)
        frames, fps = held(shot.frames[0]) if still else (shot.frames, fps)
        return Sample(index, slot.kind, frames, fps, slot.effects, shot.source, tuple(sorted(set(company))))

    def _clip(self, shot: Shot, pace: float, rng: random.Random) -> tuple[Shot, float]:
        """A stretch of a shot that lasts as long as wished at the new pace, and its frames per second.

        Re-timing shows the same frames faster or slower, so none is made up or lost.
        """
        fps = (len(shot.frames) - 1) / shot.seconds * pace
        wanted = max(2, round(rng.uniform(*self.config.seconds) * fps))
        count = min(wanted, len(shot.frames))
        part = shot.part(rng.randint(0, len(shot.frames) - count), count)
        return replace(part, times_s=tuple(time_s / pace for time_s in part.times_s)), fps


class _Material:
    """The shots by what can be made of them."""

    def __init__(self, shots: Sequence[Shot], others: Sequence[Shot], least_s: float) -> None:
        self.shots = shots
        self.long = [shot for shot in shots if shot.seconds >= least_s]
        self.others = others
        self.roomy = [other for other in others if has_room(other)]
        self.separable = [shot for shot in self.long or shots if can_be_cut_out(shot)]
        possible = {
            "retiming": bool(self.long),
            "background": bool(self.separable),
            "beside": bool(others),
            "together": bool(self.separable) and bool(self.roomy),
        }
        self.possible = [effect for effect in EFFECTS if possible.get(effect, True)]

    def shot(self, slot: Slot, turn: int) -> Shot:
        """The shot whose turn it is among those that serve."""
        serving = self.shots if slot.kind == "still" else self.long
        if not {"background", "together"}.isdisjoint(slot.effects):
            serving = self.separable
        return serving[turn % len(serving)]


def _still(shot: Shot, rng: random.Random) -> Shot:
    """One frame, with a face if there is any."""
    facing = [index for index, face in enumerate(shot.face_boxes) if face is not None]
    return shot.part(rng.choice(facing or range(len(shot.frames))), 1)
