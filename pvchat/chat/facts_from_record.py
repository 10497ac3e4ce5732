"""Facts from a perception record and identity decisions: what may be said about the asked people of a real video."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Literal, Protocol

from pvchat.chat.facts import SceneFacts, State, SubjectFacts
from pvchat.perception.record import AttributeName, PerceptionRecord, Span, Track
from pvchat.perception.words import DOINGS, GENERAL, POSTURES, SCENE_PLACES, SCENE_THINGS, doings

MIN_CONFIDENCE: dict[AttributeName, float] = {
    "upper_colour": 0.4,
    "lower_colour": 0.4,
    "action": 0.5,
    "place": 0.4,
    "distance": 0.5,
    "head": 0.5,
    "eyes": 0.5,
    "gesture": 0.5,
    "posture": 0.5,
    "motion": 0.5,
    "hair_colour": 0.5,
    "hair_length": 0.5,
    "eyewear": 0.5,
    "headwear": 0.5,
    "upper_garment": 0.5,
    "pattern": 0.5,
}
MIN_SCENE, MIN_TALKING = 0.5, 0.5
SAME_SPAN_GAP_S = 0.3
MAX_ACTIONS = 4
MAX_THINGS = 3


class Decision(Protocol):
    """What is needed of an identity decision about one enrolled person."""

    @property
    def name(self) -> str:
        """The enrolled name."""

    @property
    def state(self) -> State:
        """Present, absent or unsure."""

    @property
    def score(self) -> float:
        """Calibrated probability of being present."""

    @property
    def track_ids(self) -> Sequence[int]:
        """Tracks taken to be this person."""

    @property
    def spans(self) -> Sequence[Span]:
        """Seconds in which the person is seen; empty: those of the tracks."""


def merge_spans(spans: Iterable[Span], gap_s: float = SAME_SPAN_GAP_S) -> tuple[Span, ...]:
    """Spans in time order, those that touch or nearly touch joined."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + gap_s:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def _seen_s(track: Track) -> float:
    return max(sum(end - start for start, end in track.spans), 0.1)


def _strongest(tracks: Sequence[Track], name: AttributeName) -> str | None:
    """The value with the most confident seconds behind it, None when no track tells one surely enough."""
    weight: dict[str, float] = defaultdict(float)
    for track in tracks:
        for attribute in track.said(name):
            if attribute.confidence >= MIN_CONFIDENCE[name]:
                seconds = sum(b - a for a, b in attribute.spans) or _seen_s(track)
                weight[attribute.value] += seconds * attribute.confidence
    return max(sorted(weight), key=lambda v: weight[v]) if weight else None


def _actions(tracks: Sequence[Track]) -> tuple[str, ...]:
    """What is done, surest first; of many things the posture is kept, because people ask for it by itself."""
    order = list(DOINGS)
    said = [a for track in tracks for a in track.attributes if a.confidence >= MIN_CONFIDENCE.get(a.name, 1.1)]
    best = {word: max(a.confidence for a in mine) for word, mine in doings(said).items()}
    telling = [word for word in best if not GENERAL.get(word, frozenset()) & best.keys()]
    ranked = sorted(telling, key=lambda word: (-best[word], order.index(word)))
    posture = [word for word in ranked[MAX_ACTIONS:] if word in POSTURES][:1]
    if posture and not any(word in POSTURES for word in ranked[:MAX_ACTIONS]):
        ranked = [*ranked[: MAX_ACTIONS - 1], *posture]
    return tuple(ranked[:MAX_ACTIONS])


def _moments(tracks: Sequence[Track], actions: Sequence[str]) -> tuple[tuple[str, tuple[Span, ...]], ...]:
    """When actions are seen; what is said of a track without times holds as long as the track lasts."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for track in tracks:
        said = [a for a in track.attributes if a.confidence >= MIN_CONFIDENCE.get(a.name, 1.1)]
        for word, mine in doings(said).items():
            spans[word] += [span for attribute in mine for span in attribute.spans or track.spans]
    return tuple((word, merge_spans(spans[word])) for word in actions if spans[word])


def _talks(
    record: PerceptionRecord, decisions: Sequence[Decision], people: Sequence[SubjectFacts]
) -> tuple[tuple[str, str], ...]:
    """Who of some people talks to whom of them. Whoever talks to somebody is also said to talk."""
    here = {person.name: "talking" in person.actions for person in people if person.state == "present"}
    owner = {track: d.name for d in decisions for track in d.track_ids if d.name in here}
    pairs = [
        (owner[r.subject], owner[r.other])
        for r in sorted(record.relations, key=lambda r: -r.confidence)
        if r.name == "talking to" and r.confidence >= MIN_TALKING and r.subject in owner and r.other in owner
    ]
    return tuple(dict.fromkeys((one, other) for one, other in pairs if one != other and here[one]))


def _scene_words(record: PerceptionRecord, kind: Literal["place", "thing"], known: Collection[str]) -> tuple[str, ...]:
    """Words of one kind about the whole picture, surest first."""
    sure = sorted((w for w in record.scene if w.kind == kind and w.value in known), key=lambda w: -w.confidence)
    return tuple(dict.fromkeys(word.value for word in sure if word.confidence >= MIN_SCENE))


def _centre_x(tracks: Sequence[Track]) -> float | None:
    """Mean horizontal centre, every track weighted by the seconds it lasts."""
    total = weight = 0.0
    for track in tracks:
        centres = [(s.box[0] + s.box[2]) / 2 for s in track.sightings]
        if centres:
            total += _seen_s(track) * sum(centres) / len(centres)
            weight += _seen_s(track)
    return total / weight if weight else None


def subject_facts(name: str, decision: Decision | None, record: PerceptionRecord) -> SubjectFacts:
    """Facts of one asked person; a person nobody decided about is absent."""
    if decision is None or decision.state == "absent":
        return SubjectFacts(name=name, state="absent", score=decision.score if decision else 0.0)
    wanted = set(decision.track_ids)
    tracks = [t for t in record.tracks if t.id in wanted]
    spans = merge_spans(decision.spans or [s for t in tracks for s in t.spans])
    best = max(tracks, key=lambda t: (t.face_quality, _seen_s(t)), default=None)
    keyframe = (best.keyframe_s, best.keyframe_box) if best else (None, None)
    actions = _actions(tracks)
    if decision.state == "unsure":
        return SubjectFacts(name, "unsure", decision.score, spans, keyframe_s=keyframe[0], box=keyframe[1])
    return SubjectFacts(
        name=name,
        state="present",
        score=decision.score,
        spans=spans,
        place=_strongest(tracks, "place"),
        distance=_strongest(tracks, "distance"),
        upper=_strongest(tracks, "upper_colour"),
        lower=_strongest(tracks, "lower_colour"),
        garment=_strongest(tracks, "upper_garment"),
        pattern=_strongest(tracks, "pattern"),
        hair_colour=_strongest(tracks, "hair_colour"),
        hair_length=_strongest(tracks, "hair_length"),
        eyewear=_strongest(tracks, "eyewear"),
        headwear=_strongest(tracks, "headwear"),
        actions=actions,
        moments=_moments(tracks, actions),
        centre_x=_centre_x(tracks),
        keyframe_s=keyframe[0],
        box=keyframe[1],
    )


def at_once(tracks: Sequence[Track]) -> int:
    """The most tracks that are seen at one moment."""
    edges = sorted([(s, 1) for t in tracks for s, _ in t.spans] + [(e, -1) for t in tracks for _, e in t.spans])
    most = now = 0
    for (time_s, step), following in pairwise([*edges, (float("inf"), 0)]):
        now += step
        if following[0] > time_s:
            most = max(most, now)
    return most


def facts_from_record(
    record: PerceptionRecord,
    decisions: Sequence[Decision],
    subjects: Sequence[str],
    *,
    people: int | None = None,
    unknown_people: int | None = None,
) -> SceneFacts:
    """The facts of one video for one question.

    Args:
        record: what perception saw.
        decisions: one per enrolled person; those not asked about still count as known people.
        subjects: asked names, in the order asked.
        people: number of different people where strangers were grouped; else every track that belongs to nobody
            enrolled counts as one person (tracks too short to tell apart are bounded by how many are seen at once).
        unknown_people: how many of them are nobody enrolled, given together with `people`.
    """
    by_name = {d.name: d for d in decisions}
    known = [d for d in decisions if d.state == "present"]
    taken = {i for d in known for i in d.track_ids}
    strangers = [t for t in record.tracks if t.id not in taken]
    if unknown_people is None:
        described = sum(1 for t in strangers if t.faces_described > 0)
        unknown_people = max(described, at_once(strangers))
    total = people if people is not None else len(known) + unknown_people
    asked = tuple(subject_facts(name, by_name.get(name), record) for name in subjects)
    return SceneFacts(
        duration_s=record.video.duration_s,
        subjects=asked,
        people=max(total, len(known)),
        unknown_people=unknown_people,
        talks=_talks(record, known, asked),
        setting=next(iter(_scene_words(record, "place", SCENE_PLACES)), None),
        things=_scene_words(record, "thing", SCENE_THINGS)[:MAX_THINGS],
    )
