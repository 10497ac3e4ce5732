"""A video as a conversation sees it: facts about some people, in all of it or in a part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pvchat.chat.facts import SceneFacts, State
from pvchat.chat.facts_from_record import Decision, facts_from_record
from pvchat.perception.record import PerceptionRecord, Span, Track

SEEN_AT_LEAST_S = 0.3
"""Shorter than this in a part of a video is the blur of its edges: tracks begin and end a few frames off."""


@dataclass(frozen=True)
class _Within:
    """A decision as it stands for a part of the video."""

    name: str
    state: State
    score: float
    track_ids: Sequence[int]
    spans: Sequence[Span]


@dataclass
class VideoView:
    """What may be said of one video.

    Attributes:
        name: of the file, as the user knows it. record: perception. decisions: one for each enrolled person.
        unknown: spans of everybody who is nobody enrolled.
        recorded_at: reads when the recording began from the file; None where it does not say.
    """

    name: str
    record: PerceptionRecord
    decisions: Sequence[Decision]
    unknown: Sequence[Sequence[Span]] = ()
    recorded_at: Callable[[], datetime | None] = field(default=lambda: None)

    @property
    def duration_s(self) -> float:
        """Length of the video."""
        return self.record.video.duration_s

    def present(self) -> list[str]:
        """Who is found in it, by first appearance."""
        found = [d for d in self.decisions if d.state == "present"]
        return [d.name for d in sorted(found, key=lambda d: min(self._spans(d), default=(0.0, 0.0)))]

    def state(self, name: str) -> State:
        """Whether somebody is in it."""
        return next((d.state for d in self.decisions if d.name == name), "absent")

    def facts(self, names: Sequence[str], window: Span | None = None) -> SceneFacts:
        """The facts about some people.

        Args:
            names: who, in order. window: only what is seen between these seconds; who is not seen there counts as
                absent.
        """
        if window is None:
            known = sum(d.state == "present" for d in self.decisions)
            return facts_from_record(
                self.record,
                self.decisions,
                names,
                people=known + len(self.unknown),
                unknown_people=len(self.unknown),
            )
        tracks = tuple(t for track in self.record.tracks if (t := _part_of(track, window)) is not None)
        decisions = [self._within(d, tracks, window) for d in self.decisions]
        unknown = sum(bool(clipped(spans, window)) for spans in self.unknown)
        known = sum(d.state == "present" for d in decisions)
        record = self.record.model_copy(update={"tracks": tracks})
        facts = facts_from_record(record, decisions, names, people=known + unknown, unknown_people=unknown)
        return replace(facts, duration_s=self.duration_s)

    def _spans(self, decision: Decision) -> Sequence[Span]:
        ids = set(decision.track_ids)
        return decision.spans or [s for t in self.record.tracks if t.id in ids for s in t.spans]

    def _within(self, decision: Decision, tracks: Sequence[Track], window: Span) -> Decision:
        spans = clipped(self._spans(decision), window)
        left = {track.id for track in tracks}
        ids = tuple(i for i in decision.track_ids if i in left)
        state: State = decision.state if spans and ids else "absent"
        return _Within(decision.name, state, decision.score, ids, spans)


def clipped(spans: Sequence[Span], window: Span) -> tuple[Span, ...]:
    """The parts of spans that lie in a window; none where they are too short to count."""
    found = tuple(
        (max(start, window[0]), min(end, window[1])) for start, end in spans if start < window[1] and end > window[0]
    )
    least = min(SEEN_AT_LEAST_S, 0.5 * (window[1] - window[0]))
    return found if sum(end - start for start, end in found) >= least else ()


def _part_of(track: Track, window: Span) -> Track | None:
    spans = clipped(track.spans, window)
    if not spans:
        return None
    sightings = tuple(s for s in track.sightings if window[0] <= s.time_s <= window[1])
    attributes = tuple(
        a.model_copy(update={"spans": clipped(a.spans, window)})
        for a in track.attributes
        if not a.spans or clipped(a.spans, window)
    )
    keyframe = track.keyframe_s, track.keyframe_box
    if not window[0] <= track.keyframe_s <= window[1] and sightings:
        best = max(sightings, key=lambda s: s.face_quality)
        keyframe = best.time_s, best.box
    return track.model_copy(
        update={
            "spans": spans,
            "sightings": sightings or track.sightings[:1],
            "attributes": attributes,
            "keyframe_s": keyframe[0],
            "keyframe_box": keyframe[1],
        }
    )
