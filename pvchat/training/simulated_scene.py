"""What a simulated scene is, and how scenes are drawn."""

from dataclasses import dataclass

from pvchat.chat.facts import SceneFacts
from pvchat.models.nano import SubjectArrays
from pvchat.models.tokens import ClipArrays


@dataclass(frozen=True)
class SimulationConfig:
    """How scenes are drawn. Standard deviations are in whitened space, similarities in logits.

    Attributes:
        source_std: offset of one video against another of the same person. track_std: of one track. frame_std: of one
            described face. frames: described faces per track, at most.
        lookalike: probability that a stranger resembles an asked person. ambiguous: that a match is undecidable.
        match_mean, match_std: similarity of the same person. other_mean, other_std: of different people.
        split: probability that a person's track breaks in two. untold: that an attribute is not told.
        nobody_asked: share of scenes whose questions are about no enrolled person.
        talking: share of scenes with several people in which one talks to another.
    """

    source_std: float = 0.45
    track_std: float = 0.17
    frame_std: float = 0.44
    frames: int = 8
    lookalike: float = 0.25
    ambiguous: float = 0.2
    match_mean: float = 4.2
    match_std: float = 1.8
    other_mean: float = -4.5
    other_std: float = 1.6
    split: float = 0.2
    untold: float = 0.25
    nobody_asked: float = 0.03
    talking: float = 0.3
    max_people: int = 8
    max_subjects: int = 3


@dataclass(frozen=True)
class SimulatedScene:
    """One training scene: what the model reads, and the truth.

    Attributes:
        clip: tokens of the clip. subjects: arrays of the asked people, one of zeros where nobody is asked about.
        facts: the truth, in the order of `subjects`.
    """

    clip: ClipArrays
    subjects: tuple[SubjectArrays, ...]
    facts: SceneFacts
