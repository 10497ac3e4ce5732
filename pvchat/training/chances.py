"""Chances of one clip: everything random about it, whatever other clips were made before it."""

import random
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Chances:
    """What one clip is drawn with.

    Attributes:
        draw: what is shown and asked. noise: of vectors. look: in what light pixels are seen; it stands apart, so that
            a clip without pixels is otherwise the very same clip.
    """

    draw: random.Random
    noise: np.random.Generator
    look: random.Random

    @classmethod
    def of(cls, *about: object) -> "Chances":
        """Those of a clip, the same in every process.

        Args:
            about: what tells the clip from all others, such as a seed and a number; compared as text.
        """
        name = " ".join(map(str, about))
        draw = random.Random(name)
        return cls(draw, np.random.default_rng(draw.getrandbits(64)), random.Random(f"look {name}"))
