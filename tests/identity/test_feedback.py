"""What was said about a track holds whatever the faces look like, and is found again in another record."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.errors import FeedbackConflictError, ModelError
from pvchat.identity.decision import IdentityDecision, decide, unknown_tracks
from pvchat.identity.feedback import Rulings, Statement, anchors_of, check, rulings_of, tracks_of
from pvchat.identity.gallery import MAX_CONFIRMED
from pvchat.identity.judging import judge_tracks, raw_track_mean
from pvchat.identity.whitening import Whitening
from pvchat.perception.record import Box, PerceptionRecord, PerceptionVectors, Sighting, Span, Track, VideoInfo
from tests.identity.people import MODEL, Shown, World, clip

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=6, deadline=None)
WHOLE = ((0.0, 4.0),)


def by_name(decisions: Sequence[IdentityDecision]) -> dict[str, IdentityDecision]:
    return {decision.name: decision for decision in decisions}


def three_people(seed: int) -> tuple[World, PerceptionVectors, PerceptionRecord, list]:
    """Ana (track 1), a stranger (track 2) at once, somebody without a face (track 3) later; Ana and Ben enrolled."""
    world = World(seed)
    ana, ben = world.person(), world.person()
    gallery = [world.entry("Ana", ana), world.entry("Ben", ben)]
    shown = [Shown(world.faces(ana), WHOLE), Shown(world.faces(world.person()), WHOLE), Shown(None, ((5.0, 9.0),))]
    vectors, record = clip(shown)
    return world, vectors, record, gallery


@FEW
@given(SEEDS, st.sampled_from([1, 2, 3]), st.sampled_from(["Ana", "Ben"]))
def test_a_refused_track_is_never_the_person(seed: int, track: int, name: str) -> None:
    _world, vectors, record, gallery = three_people(seed)
    rulings = Rulings(refused={name: frozenset({track})})
    decision = by_name(decide(vectors, record, gallery, rulings=rulings))[name]
    assert track not in decision.track_ids
    assert decision.track_scores[track] == -6.0


@FEW
@given(SEEDS, st.sampled_from([1, 2, 3]), st.sampled_from(["Ana", "Ben"]))
def test_a_confirmed_track_is_the_person_and_nobody_else(seed: int, track: int, name: str) -> None:
    _world, vectors, record, gallery = three_people(seed)
    found = by_name(decide(vectors, record, gallery, rulings=Rulings(confirmed={name: frozenset({track})})))
    other = "Ben" if name == "Ana" else "Ana"
    assert found[name].state == "present"
    assert track in found[name].track_ids
    assert found[name].score > 0.99
    assert track not in found[other].track_ids
    together = {1, 2} - {track} if track != 3 else set()
    assert not together & set(found[name].track_ids), "somebody was in the picture twice"
    assert all(track not in person.track_ids for person in unknown_tracks(record, vectors, list(found.values())))


@FEW
@given(SEEDS)
def test_who_was_refused_is_no_rival_any_more(seed: int) -> None:
    world = World(seed)
    ana = world.person()
    twin = world.look_alike(ana, 0.93)
    gallery = [world.entry("Ana", ana), world.entry("Eva", twin)]
    vectors, record = clip([Shown(world.faces(twin))])
    found = by_name(decide(vectors, record, gallery, rulings=Rulings(refused={"Ana": frozenset({1})})))
    assert (found["Ana"].state, found["Eva"].state) == ("absent", "present")


@FEW
@given(SEEDS)
def test_nothing_said_changes_nothing(seed: int) -> None:
    _world, vectors, record, gallery = three_people(seed)
    plain = decide(vectors, record, gallery)
    assert decide(vectors, record, gallery, rulings=Rulings()) == plain
    assert decide(vectors, record, gallery, rulings=Rulings({"Zoe": frozenset({1})}, {"Zoe": frozenset({2})})) == plain


@FEW
@given(SEEDS)
def test_a_negative_pulls_a_look_alike_away_elsewhere_and_leaves_the_person(seed: int) -> None:
    world = World(seed)
    ana = world.person()
    eva = world.look_alike(ana, 0.75)
    entry = world.entry("Ana", ana)
    said = world.faces(eva)
    corrected = entry.add_negative(raw_track_mean(said, MODEL))
    there, record = clip([Shown(world.faces(ana))])
    alike, _ = clip([Shown(world.faces(eva))])
    assert decide(there, record, [corrected])[0].state == "present"
    assert decide(alike, record, [corrected])[0].state == "absent"


def test_the_raw_mean_of_a_track_is_the_one_that_is_judged() -> None:
    world = World(3)
    vectors, record = clip([Shown(world.faces(world.person()))])
    judged = judge_tracks(record, vectors)[0].mean
    white = Whitening.for_model(MODEL).transform(raw_track_mean(vectors.faces[1], MODEL)[None])[0]
    assert judged is not None
    assert np.allclose(judged, white, atol=1e-4)


def test_confirmed_faces_are_bounded_and_leave_half_to_the_enrollment() -> None:
    world = World(1)
    entry = world.entry("Ana", world.person())
    more = np.stack([world.faces(world.person()).vectors.mean(axis=0) for _ in range(MAX_CONFIRMED + 3)])
    grown = entry.add_confirmed(more)
    assert len(grown.templates) == len(entry.templates) + MAX_CONFIRMED
    assert np.array_equal(grown.templates[-1], more[-1])
    assert grown.weights.sum() == pytest.approx(1.0)
    assert grown.weights[: len(entry.weights)].sum() == pytest.approx(0.5)
    assert entry.add_confirmed(more[:1]).weights[-1] == pytest.approx(0.2)
    assert entry.add_confirmed(more[:0]) is entry
    with pytest.raises(ModelError, match="do not fit"):
        entry.add_confirmed(np.zeros((1, 512), np.float32))


def track(number: int, box: Box, *spans: Span, every: float = 0.25, shift: float = 0.0, face: bool = True) -> Track:
    """A track that stays at one place, or moves by `shift` of the picture in a second."""
    times = np.concatenate([np.arange(start, end, every) for start, end in spans])

    def at(time_s: float) -> Box:
        across = shift * (time_s - spans[0][0])
        return (box[0] + across, box[1], box[2] + across, box[3])

    sightings = tuple(
        Sighting(time_s=t, face_box=at(t)) if face else Sighting(time_s=t, body_box=at(t)) for t in times.tolist()
    )
    return Track(id=number, spans=spans, sightings=sightings, keyframe_s=float(times[0]), keyframe_box=box)


def record_of(*tracks: Track) -> PerceptionRecord:
    video = VideoInfo(sha256="0" * 64, duration_s=10.0, width=640, height=360, fps=25.0, decoder="test")
    return PerceptionRecord(models={}, video=video, sampled_s=(0.0,), tracks=tracks)


def said(of: Track, subject: str = "Ana", verdict: str = "is_not", number: str = "s1") -> Statement:
    return Statement(number, subject, verdict, of.id, anchors_of(of))  # type: ignore[arg-type]


LEFT: Box = (0.1, 0.2, 0.2, 0.4)
RIGHT: Box = (0.7, 0.2, 0.8, 0.4)


@settings(max_examples=30, deadline=None)
@given(st.permutations([7, 8, 9]), st.sampled_from([0.2, 0.25, 0.4]), st.floats(-0.02, 0.02))
def test_a_statement_finds_its_track_whatever_it_is_called_later(ids: list[int], every: float, off: float) -> None:
    left, right = track(1, LEFT, (0, 5)), track(2, RIGHT, (0, 5))
    moved = tuple(edge + off for edge in LEFT)
    again = record_of(
        track(ids[0], moved, (0, 5), every=every),  # type: ignore[arg-type]
        track(ids[1], RIGHT, (0, 5), every=every),
        track(ids[2], LEFT, (6, 9), every=every),
    )
    assert tracks_of(said(left), again) == {ids[0]}
    assert tracks_of(said(right), again) == {ids[1]}


def test_a_track_that_was_cut_in_two_is_meant_as_a_whole() -> None:
    whole = track(1, LEFT, (0, 8), shift=0.03)
    first = track(4, LEFT, (0, 4), shift=0.03)
    second = track(5, (0.22, 0.2, 0.32, 0.4), (4, 8), shift=0.03)
    assert tracks_of(said(whole), record_of(first, second)) == {4, 5}


def test_a_place_where_nobody_is_any_more_has_no_effect() -> None:
    old = said(track(1, LEFT, (0, 3)))
    elsewhere = record_of(track(1, RIGHT, (0, 3)), track(2, LEFT, (5, 9)))
    assert tracks_of(old, elsewhere) == frozenset()
    rulings, idle = rulings_of([old], elsewhere)
    assert (rulings, idle) == (Rulings(), {"s1"})


def test_tracks_at_one_place_are_told_apart_by_their_number() -> None:
    one, two = track(1, LEFT, (0, 4)), track(2, LEFT, (0, 4))
    both = record_of(one, two)
    assert tracks_of(said(one), both) == {1}
    assert tracks_of(said(two), both) == {2}


def test_contradictions_are_refused() -> None:
    left, right, later = track(1, LEFT, (0, 5)), track(2, RIGHT, (4, 9)), track(3, LEFT, (6, 9))
    record = record_of(left, right, later)
    is_left = said(left, verdict="is", number="a1")
    assert check(said(left, verdict="is"), [is_left], record) is is_left
    with pytest.raises(FeedbackConflictError, match="this is Ana; undo a1"):
        check(said(left), [is_left], record)
    with pytest.raises(FeedbackConflictError, match="this is Ana; undo a1"):
        check(said(left, "Ben", "is"), [is_left], record)
    with pytest.raises(FeedbackConflictError, match="cannot be in the picture twice"):
        check(said(right, verdict="is"), [is_left], record)
    for fine in (said(right), said(later, verdict="is"), said(right, "Ben", "is"), said(left, "Ben")):
        assert check(fine, [is_left], record) is None
    with pytest.raises(FeedbackConflictError, match="is not Ana"):
        check(said(left, verdict="is"), [said(left, number="n1")], record)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["Ana", "Ben"]), st.sampled_from(["is", "is_not"]), st.integers(0, 3)), max_size=8
    )
)
def test_rulings_never_contradict_themselves(told: list[tuple[str, str, int]]) -> None:
    tracks = [
        track(1, LEFT, (0, 5)),
        track(2, RIGHT, (0, 5)),
        track(3, LEFT, (6, 9)),
        track(4, RIGHT, (4, 9)),
    ]
    record = record_of(*tracks)
    statements = [said(tracks[n], subject, verdict, f"s{i}") for i, (subject, verdict, n) in enumerate(told)]
    rulings, idle = rulings_of(statements, record)
    owners = [number for numbers in rulings.confirmed.values() for number in numbers]
    assert len(owners) == len(set(owners))
    for name, numbers in rulings.confirmed.items():
        assert not numbers & rulings.refused.get(name, frozenset())
        assert not any(both <= numbers for both in ({1, 2}, {2, 4}, {1, 4}, {3, 4}))
    if statements:
        assert statements[-1].id not in idle, "what was said last counts"


def test_a_body_is_found_again_by_its_body() -> None:
    body = track(1, (0.4, 0.1, 0.6, 0.9), (0, 3), face=False)
    assert tracks_of(said(body), record_of(body.model_copy(update={"id": 9}))) == {9}
