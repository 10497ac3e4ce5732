"""Facts: what may be said about the asked people in one video.

The same structure is built from a real perception record plus identity decisions, and from a simulated scene, so that
evidence lines, training questions and the agreement check never drift apart.
"""

from dataclasses import dataclass
from typing import Literal

from pvchat.perception.record import Box, Span

State = Literal["present", "absent", "unsure"]


@dataclass(frozen=True)
class SubjectFacts:
    """What is known about one asked person.

    Attributes:
        name: the name as the user wrote it (one or two words, any script with spaces).
        state: the identity decision.
        score: calibrated probability of being present, 0..1.
        spans: seconds; empty unless present (or, for unsure, where the candidate is).
        place: "left", "middle" or "right" in the frame, None when it is not told.
        distance: "near" or "far", None when it is not told.
        upper: colour of the upper clothing, lower: of the lower clothing; None when not told.
        actions: words of `pvchat.perception.words.DOINGS`, surest first.
        moments: when each of the actions is seen, where that is known: words and seconds.
        centre_x: mean horizontal centre, 0..1, for relations between people.
        keyframe_s, box: a moment and a place in the picture that show the person well.
        garment: kind of upper clothing, pattern: of it, hair_colour, hair_length: words of `pvchat.perception.words`;
            None when not told.
        eyewear, headwear: "glasses" or "no glasses", "hat" or "no hat"; None when not told.
    """

    name: str
    state: State
    score: float = 0.0
    spans: tuple[Span, ...] = ()
    place: str | None = None
    distance: str | None = None
    upper: str | None = None
    lower: str | None = None
    actions: tuple[str, ...] = ()
    centre_x: float | None = None
    keyframe_s: float | None = None
    box: Box | None = None
    garment: str | None = None
    pattern: str | None = None
    hair_colour: str | None = None
    hair_length: str | None = None
    eyewear: str | None = None
    headwear: str | None = None
    moments: tuple[tuple[str, tuple[Span, ...]], ...] = ()


@dataclass(frozen=True)
class SceneFacts:
    """Facts of one video for one question.

    Attributes:
        duration_s: length of the video.
        subjects: the asked people, in the order asked.
        people: how many different people are in the video, known or not.
        unknown_people: how many of them are nobody enrolled.
        talks: (who, to whom) of asked people, surest first, as far as it is seen.
        setting: what kind of place it is, of `pvchat.perception.words.SCENE_PLACES`; None when not told.
        things: in the picture, of `SCENE_THINGS`, surest first.
    """

    duration_s: float
    subjects: tuple[SubjectFacts, ...]
    people: int
    unknown_people: int
    talks: tuple[tuple[str, str], ...] = ()
    setting: str | None = None
    things: tuple[str, ...] = ()


def clock(seconds: float) -> str:
    """Seconds as people write them in a chat: 0:07, 12:30, 1:02:05."""
    total = int(seconds + 0.5)
    hours, rest = divmod(total, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"
