"""How the corpus is indexed, and what is mined from it."""

from dataclasses import dataclass

from pipelines.training_material import OTHER_PERSON_LOGIT
from pvchat.errors import CorpusError


@dataclass(frozen=True)
class IndexConfig:
    """How files are looked at.

    Attributes:
        batch: files that are looked up, opened and decoded together.
        commit_s: what was found is stored at least so often.
        max_side: pictures are scaled down to this many pixels on the longer side.
    """

    batch: int = 32
    commit_s: float = 3.0
    max_side: int = 1280


@dataclass(frozen=True)
class MiningConfig:
    """Which faces of the corpus are taken as negatives.

    Attributes:
        hard: look-alikes wanted. easy: other people wanted. seed: of the choice of the latter.
        bound: calibrated log-odds; an item with a face at or above it could show the subject and is never taken.
        random_quantile: of the log-odds of random people. From there up to the bound is the band of look-alikes.
        least_sample: with fewer faces than this, random people are drawn instead of looked up.
        sample: faces looked at to find out how alike random people are.
        nearest: faces the search begins with; more are asked for as long as too few of them are in the band.
        per_person: pictures of the same other person, at most.
        tries: items looked at more closely, as a multiple of those wanted.
        seconds: of a video, around the track.
    """

    hard: int = 12
    easy: int = 6
    seed: int = 7
    bound: float = OTHER_PERSON_LOGIT
    random_quantile: float = 0.9
    least_sample: int = 50
    sample: int = 4096
    nearest: int = 512
    per_person: int = 2
    tries: int = 3
    seconds: float = 15.0

    def __post_init__(self) -> None:
        if self.hard < 0 or self.easy < 0:
            raise CorpusError(f"{self.hard} look-alikes and {self.easy} other people are wanted; give 0 or more")
        if self.bound > OTHER_PERSON_LOGIT:
            raise CorpusError(f"the bound is {self.bound}; above {OTHER_PERSON_LOGIT} it could be the same person")
        if not 0.0 < self.random_quantile < 1.0:
            raise CorpusError(f"the quantile of random people is {self.random_quantile}; give one between 0 and 1")
