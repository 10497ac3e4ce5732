"""Which effects go into which sample: dealt like cards, so that sixteen samples have them all.

The plan of a block of sixteen follows from the seed and the block's number alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pvchat.synthesis.synthesizer import Kind

Effect = Literal[
    "retiming",
    "mirror",
    "background",
    "crop",
    "beside",
    "together",
    "occlusion",
    "light",
    "colour",
    "blur",
    "noise",
]

# In the order they are applied: first the scene, then what stands before it, then the camera.
EFFECTS: tuple[Effect, ...] = get_args(Effect)
COMPOSITES: frozenset[Effect] = frozenset({"beside", "together"})
BLOCK = 16
# Two of these at once leave too little of a face to go by.
_HARD: frozenset[Effect] = frozenset({"occlusion", "blur", "noise"})
# What a composite does anyway, or would undo.
_NOT_WITH: dict[Effect, frozenset[Effect]] = {
    "beside": frozenset({"crop", "together"}),
    "together": frozenset({"crop", "background", "beside"}),
}


@dataclass(frozen=True)
class Slot:
    """What one sample will be.

    Attributes:
        kind: still or clip. effects: one to three, in the order of `EFFECTS`. turn: whose turn it is among the shots.
    """

    kind: Kind
    effects: tuple[Effect, ...]
    turn: int


@dataclass(frozen=True)
class Mix:
    """How much of what, in sixteen samples.

    Attributes:
        stills: so many. composites: so many with other people. most: effects in one sample.
    """

    stills: int = 4
    composites: int = 4
    most: int = 3


def plan(seed: int, block: int, possible: Sequence[Effect], mix: Mix, *, clips: bool = True) -> list[Slot]:
    """Sixteen slots.

    Args:
        seed: of the job. block: which sixteen, from 0.
        possible: effects the material allows. mix: see `Mix`. clips: False makes stills alone.
    """
    rng = random.Random(f"plan {seed} {block}")
    numbers = list(range(BLOCK))
    stills = set(rng.sample(numbers, mix.stills if clips else BLOCK))
    composites = [effect for effect in possible if effect in COMPOSITES]
    with_others = rng.sample(numbers, mix.composites if composites else 0)
    chosen: dict[int, list[Effect]] = {number: [] for number in numbers}
    for turn, number in enumerate(with_others):
        chosen[number].append(composites[turn % len(composites)])
    plain = [effect for effect in possible if effect not in COMPOSITES]
    sizes = [1 + number % mix.most for number in numbers]
    rng.shuffle(sizes)
    hand: list[Effect] = []
    for number, size in zip(numbers, sizes, strict=True):
        kind: Kind = "still" if number in stills else "clip"
        while len(chosen[number]) < size:
            fitting = [effect for effect in hand if _fits(effect, chosen[number], kind)]
            if not fitting:
                deck = [effect for effect in plain if _fits(effect, chosen[number], kind)]
                if not deck:
                    break
                hand += rng.sample(plain, len(plain))
                continue
            hand.remove(fitting[0])
            chosen[number].append(fitting[0])
    turns = rng.sample(numbers, BLOCK)
    return [
        Slot("still" if number in stills else "clip", tuple(sorted(chosen[number], key=EFFECTS.index)), turns[number])
        for number in numbers
    ]


def _fits(effect: Effect, chosen: Sequence[Effect], kind: Kind) -> bool:
    if effect in chosen or (effect == "retiming" and kind == "still"):
        return False
    if effect in _HARD and not _HARD.isdisjoint(chosen):
        return False
    return not any(effect in _NOT_WITH.get(other, ()) for other in chosen)
