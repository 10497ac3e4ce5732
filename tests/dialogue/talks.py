"""Conversations about made-up videos: who is seen where and when is said in a line, the answers are read off it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pvchat.chat.facts import State
from pvchat.chat.questions import mentioned
from pvchat.dialogue.compose import compose, with_part
from pvchat.dialogue.following import after
from pvchat.dialogue.read import Scene, read_turn
from pvchat.dialogue.state import DialogueState
from pvchat.dialogue.views import VideoView
from pvchat.perception.record import Attribute, PerceptionRecord, Sighting, Span, Track, VideoInfo

NAMES = ("Maria", "Tom", "Anna", "Bob")


@dataclass(frozen=True)
class Decided:
    name: str
    state: State
    score: float
    track_ids: Sequence[int]
    spans: Sequence[Span] = ()


def video(
    name: str,
    *people: tuple[str, float, Span],
    seconds: float = 10.0,
    doubt: Sequence[str] = (),
    recorded_at: datetime | None = None,
    said: dict[str, list[tuple[str, str]]] | None = None,
) -> VideoView:
    """A video of people: a name ("?" for a stranger), the horizontal centre, from when to when."""
    tracks = []
    for number, (who, x, span) in enumerate(people, start=1):
        place = "left" if x < 1 / 3 else "right" if x > 2 / 3 else "middle"
        told: Any = [("place", place), *(said or {}).get(who, [])]
        box = (x - 0.05, 0.2, x + 0.05, 0.4)
        tracks.append(
            Track(
                id=number,
                spans=(span,),
                sightings=tuple(Sighting(time_s=t, face_box=box, face_quality=0.9) for t in span),
                attributes=tuple(Attribute(name=n, value=v, confidence=0.9) for n, v in told),
                keyframe_s=span[0],
                keyframe_box=box,
                faces_described=3,
            )
        )
    record = PerceptionRecord(
        models={},
        video=VideoInfo(sha256=name, duration_s=seconds, width=640, height=360, fps=30.0, decoder="made up"),
        sampled_s=(0.0,),
        tracks=tuple(tracks),
    )
    decisions = []
    for who in NAMES:
        ids = [n for n, person in enumerate(people, start=1) if person[0] == who]
        state: State = "unsure" if who in doubt else "present" if ids else "absent"
        decisions.append(Decided(who, state, 0.9, ids))
    unknown = [(span,) for who, _, span in people if who == "?"]
    return VideoView(name, record, decisions, unknown, lambda: recorded_at)


@dataclass
class Talk:
    """A conversation; every turn gives its answer."""

    views: Sequence[VideoView]
    state: DialogueState = field(default_factory=DialogueState)
    mentioned: Callable[[str], Sequence[str]] = field(default=lambda text: mentioned(text, NAMES))
    agreed: bool = True

    def __call__(self, text: str) -> str:
        scene = Scene(NAMES, self.views, self.mentioned)
        self.reading = read_turn(text, self.state, scene)
        if self.reading.ask_back:
            self.state = after(self.state, self.reading, ())
            return self.reading.ask_back
        composed = compose(self.reading, self.state, self.views)
        self.state = after(self.state, self.reading, composed.facts, composed.topic)
        self.agreed = self.agreed and composed.agrees
        return with_part(composed.text, self.reading, self.views)
