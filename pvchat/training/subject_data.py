"""What a subject's training data are made of: recipes of clips, kinds of questions, and how much of each."""

from dataclasses import dataclass
from typing import Literal

from pvchat.training.wordings import Kind

Recipe = Literal["own", "hidden", "elsewhere", "stand_in", "other", "other_hidden", "intruder", "simulated"]

POSITIVE: dict[Recipe, float] = {"own": 0.25, "hidden": 0.2, "elsewhere": 0.1, "stand_in": 0.3, "simulated": 0.15}
NEGATIVE: dict[Recipe, float] = {"other": 0.3, "other_hidden": 0.25, "intruder": 0.15, "simulated": 0.3}
NEED_PIXELS: frozenset[Recipe] = frozenset({"hidden", "elsewhere", "other_hidden", "intruder"})
FROM_POSITIVES: frozenset[Recipe] = frozenset({"own", "hidden"})

STILL_KINDS: dict[Kind, float] = {
    "existence": 5.0,
    "appearance": 2.0,
    "upper": 1.5,
    "lower": 0.7,
    "is_colour": 0.8,
    "hair": 0.3,
    "is_hair": 0.2,
    "garment": 0.3,
    "is_garment": 0.3,
    "pattern": 0.2,
}
CLIP_KINDS: dict[Kind, float] = {
    "existence": 4.0,
    "appearance": 1.5,
    "upper": 1.2,
    "lower": 0.6,
    "is_colour": 0.5,
    "hair": 0.3,
    "is_hair": 0.2,
    "garment": 0.2,
    "is_garment": 0.2,
    "pattern": 0.1,
    "action": 2.5,
    "is_action": 0.6,
    "posture": 0.3,
    "hands": 0.3,
    "location": 2.5,
    "is_place": 0.6,
    "distance": 0.4,
    "time": 0.6,
    "count": 0.6,
    "unanswerable": 0.4,
}
LOST_KINDS: dict[Kind, float] = {"existence": 1.0}
LEAST_FRAMES = 2
PAIRS = 96


@dataclass(frozen=True)
class SubjectDataConfig:
    """How much, and of what.

    Attributes:
        seed: of everything random. stills, clips: how many there are of each, positives and negatives together.
        questions: in all of them together. positives: share of the clips that show the subject.
        evidence: share of the clips with sure faces whose prompt has evidence lines.
        mirrored: share of real clips with left and right swapped.
        held_out: clips of the held-out part, with `held_out_questions` each.
        hard_negatives: take the people who look most like the subject, and simulate look-alikes.
    """

    seed: int = 7
    stills: int = 27
    clips: int = 54
    questions: int = 1455
    positives: float = 0.5
    evidence: float = 0.25
    mirrored: float = 0.4
    held_out: int = 12
    held_out_questions: int = 8
    hard_negatives: bool = True

    def __post_init__(self) -> None:
        if self.questions < self.stills + self.clips:
            raise ValueError(f"{self.questions} questions are too few for {self.stills + self.clips} clips; one each")
