"""Open-set decisions: who is in a clip, decided for everybody together."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.errors import ModelError
from pvchat.identity.calibration import SURE_LOGIT
from pvchat.identity.decision import IdentityDecision, _against_each_other, decide, unknown_tracks
from pvchat.identity.feedback import Rulings
from pvchat.identity.judging import track_mean
from pvchat.perception.record import PerceptionVectors
from tests.identity.people import MODEL, Shown, World, clip

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=12, deadline=None)


def states(decisions: Sequence[IdentityDecision]) -> dict[str, str]:
    return {decision.name: decision.state for decision in decisions}


@FEW
@given(SEEDS)
def test_the_enrolled_person_is_found_and_others_are_not(seed: int) -> None:
    world = World(seed)
    ana, ben, eve = (world.person() for _ in range(3))
    gallery = [world.entry("Ana", ana), world.entry("Ben", ben)]
    vectors, record = clip([Shown(world.faces(eve), ((0.0, 2.0),)), Shown(world.faces(ana), ((1.0, 4.0),))])
    decisions = decide(vectors, record, gallery)
    assert states(decisions) == {"Ana": "present", "Ben": "absent"}
    assert decisions[0].track_ids == (2,)
    assert decisions[0].spans == ((1.0, 4.0),)
    assert decisions[0].score > 0.65
    assert decisions[1].score < 0.35
    assert decisions[1].spans == ()


@FEW
@given(SEEDS)
def test_a_stranger_is_never_named(seed: int) -> None:
    world = World(seed)
    gallery = [world.entry(name, world.person()) for name in ("Ana", "Ben", "Cem", "Dora")]
    vectors, record = clip([Shown(world.faces(world.person())), Shown(world.faces(world.person()))])
    assert "present" not in states(decide(vectors, record, gallery)).values()


def test_strangers_are_hardly_ever_doubted() -> None:
    found = []
    for seed in range(60):
        world = World(seed)
        gallery = [world.entry(name, world.person()) for name in ("Ana", "Ben", "Cem", "Dora")]
        vectors, record = clip([Shown(world.faces(world.person())), Shown(world.faces(world.person()))])
        decisions = decide(vectors, record, gallery)
        found += list(states(decisions).values())
        if "unsure" not in states(decisions).values():
            assert [person.track_ids for person in unknown_tracks(record, vectors, decisions)] == [(1,), (2,)]
    assert found.count("absent") / len(found) >= 0.98


@FEW
@given(SEEDS, st.permutations(range(4)))
def test_the_order_of_the_gallery_does_not_matter(seed: int, order: list[int]) -> None:
    world = World(seed)
    people = [world.person() for _ in range(3)]
    people.append(world.look_alike(people[0], 0.6))
    gallery = [world.entry(f"P{index}", person) for index, person in enumerate(people)]
    vectors, record = clip(
        [Shown(world.faces(people[0])), Shown(world.faces(people[3])), Shown(world.faces(people[1]), ((5.0, 6.0),))]
    )
    straight = {d.name: d for d in decide(vectors, record, gallery)}
    shuffled = {d.name: d for d in decide(vectors, record, [gallery[index] for index in order])}
    for name, decision in straight.items():
        assert shuffled[name].state == decision.state
        assert shuffled[name].track_ids == decision.track_ids
        assert shuffled[name].score == pytest.approx(decision.score, abs=1e-3)


@FEW
@given(SEEDS, st.floats(0.5, 0.95))
def test_tracks_seen_at_once_are_never_one_person_and_a_track_has_one_owner(seed: int, likeness: float) -> None:
    world = World(seed)
    ana = world.person()
    twin = world.look_alike(ana, likeness)
    gallery = [world.entry("Ana", ana), world.entry("Twin", twin)]
    shown = [
        Shown(world.faces(ana), ((0.0, 3.0),)),
        Shown(world.faces(ana), ((2.0, 5.0),)),
        Shown(world.faces(twin), ((0.0, 5.0),)),
        Shown(world.faces(ana), ((6.0, 8.0),)),
    ]
    vectors, record = clip(shown)
    decisions = decide(vectors, record, gallery)
    present = [decision for decision in decisions if decision.state == "present"]
    owned = [track for decision in present for track in decision.track_ids]
    assert len(owned) == len(set(owned))
    for decision in present:
        for one in decision.track_ids:
            for other in decision.track_ids:
                shared = [(a, b) for a in shown[one - 1].spans for b in shown[other - 1].spans if one != other]
                assert all(a[1] <= b[0] or b[1] <= a[0] for a, b in shared)


@FEW
@given(SEEDS)
def test_a_person_owns_all_separate_stretches_and_small_gaps_are_closed(seed: int) -> None:
    world = World(seed)
    ana = world.person()
    vectors, record = clip(
        [
            Shown(world.faces(ana), ((0.0, 1.0),)),
            Shown(world.faces(ana), ((1.3, 2.0),)),
            Shown(world.faces(ana), ((5.0, 6.0),)),
        ]
    )
    (decision,) = decide(vectors, record, [world.entry("Ana", ana)])
    assert decision.track_ids == (1, 2, 3)
    assert decision.spans == ((0.0, 2.0), (5.0, 6.0))
    assert unknown_tracks(record, vectors, [decision]) == []


@FEW
@given(SEEDS)
def test_enrolling_somebody_unrelated_does_not_change_a_sure_answer(seed: int) -> None:
    world = World(seed)
    ana, ben = world.person(), world.person()
    gallery = [world.entry("Ana", ana), world.entry("Ben", ben)]
    vectors, record = clip([Shown(world.faces(ana))])
    before = states(decide(vectors, record, gallery))
    more = [*gallery, *(world.entry(f"X{index}", world.person()) for index in range(5))]
    after = states(decide(vectors, record, more))
    assert before == {"Ana": "present", "Ben": "absent"}
    assert after["Ana"] == "present"
    assert after["Ben"] == "absent"


@FEW
@given(SEEDS)
def test_not_this_person_changes_the_next_answer(seed: int) -> None:
    world = World(seed)
    ana = world.person()
    similar = world.look_alike(ana, 0.8)
    entry = world.entry("Ana", ana)
    faces = world.faces(similar)
    vectors, record = clip([Shown(faces)])
    wrong = decide(vectors, record, [entry])
    assert wrong[0].state == "present"
    corrected = entry.add_negative(faces.vectors.mean(axis=0))
    assert decide(vectors, record, [corrected])[0].state == "absent"
    vectors, record = clip([Shown(world.faces(ana))])
    assert decide(vectors, record, [corrected])[0].state == "present"


@FEW
@given(SEEDS)
def test_two_enrolled_people_who_cannot_be_told_apart_leave_the_answer_open_or_give_one_owner(seed: int) -> None:
    world = World(seed)
    ana = world.person()
    faces = world.faces(ana)
    vectors, record = clip([Shown(faces)])
    entry = world.entry("Ana", ana)
    decisions = decide(vectors, record, [entry, replace(entry, name="Copy")])
    assert [decision.state for decision in decisions] == ["unsure", "unsure"]


@FEW
@given(SEEDS)
def test_poor_pictures_make_doubt_not_a_wrong_answer(seed: int) -> None:
    world = World(seed)
    ana = world.person()
    gallery = [world.entry("Ana", ana)]
    # What damage does to a face: it fades, and moves to where all damaged faces lie.
    vectors, record = clip([Shown(world.damaged(ana))])
    assert decide(vectors, record, gallery)[0].state != "absent"


def test_a_person_without_a_describable_face_leaves_the_answer_open() -> None:
    world = World(1)
    gallery = [world.entry("Ana", world.person())]
    vectors, record = clip([Shown(None)])
    (decision,) = decide(vectors, record, gallery)
    assert decision.state == "unsure"
    assert decision.track_ids == (1,)
    assert 0.35 < decision.score < 0.65


def test_a_passer_by_far_behind_does_not_leave_the_answer_open() -> None:
    world = World(2)
    gallery = [world.entry("Ana", world.person())]
    stranger = Shown(world.faces(world.person()), ((0.0, 8.0),), height=0.4)
    vectors, record = clip([stranger, Shown(None, ((2.0, 3.0),), height=0.05)])
    assert decide(vectors, record, gallery)[0].state == "absent"


def test_nobody_in_the_picture_is_a_sure_no() -> None:
    world = World(3)
    vectors, record = clip([])
    (decision,) = decide(vectors, record, [world.entry("Ana", world.person())])
    assert decision.state == "absent"
    assert decision.score < 0.05
    assert decide(vectors, record, []) == []


def test_vectors_of_another_engine_are_refused() -> None:
    world = World(4)
    entry = replace(world.entry("Ana", world.person()), model_id="insightface:buffalo_l@00000000")
    vectors, record = clip([Shown(world.faces(world.person()))])
    with pytest.raises(ModelError, match="buffalo_l"):
        decide(vectors, record, [entry])
    with pytest.raises(ModelError, match="other-engine"):
        decide(PerceptionVectors(face_model="other-engine"), record, [world.entry("Ana", world.person())])


@FEW
@given(SEEDS)
def test_stretches_of_one_stranger_are_grouped_and_numbered_by_first_appearance(seed: int) -> None:
    world = World(seed)
    one, two = world.person(), world.person()
    vectors, record = clip(
        [
            Shown(world.faces(one), ((4.0, 5.0),)),
            Shown(world.faces(two), ((2.0, 3.0),)),
            Shown(world.faces(one), ((7.0, 8.0),)),
        ]
    )
    people = unknown_tracks(record, vectors, [])
    assert [(person.number, person.track_ids) for person in people] == [(1, (2,)), (2, (1, 3))]
    assert people[1].spans == ((4.0, 5.0), (7.0, 8.0))


def test_a_stray_face_does_not_spoil_a_track() -> None:
    world = World(5)
    ana = world.person()
    faces = world.faces(ana)
    spoiled = replace(faces, vectors=faces.vectors.copy())
    spoiled.vectors[3] = world.whitening.inverse(world.person())
    clean, dirty = track_mean(faces, MODEL), track_mean(spoiled, MODEL)
    cosine = float(clean @ dirty / np.linalg.norm(clean) / np.linalg.norm(dirty))
    assert cosine > 0.97


def test_many_candidates_of_an_unclear_track_do_not_rule_each_other_out() -> None:
    unclear = np.zeros((6, 1), np.float32)
    assert (_against_each_other(unclear) > -SURE_LOGIT).all()
    one_sure = np.array([[4.0], [0.5], [-3.0]], np.float32)
    after = _against_each_other(one_sure)[:, 0]
    assert after[0] >= SURE_LOGIT
    assert after[1] < -SURE_LOGIT
    assert after[2] < -3.0


def test_nobody_is_absent_from_a_video_in_which_nothing_can_be_seen() -> None:
    world = World(4)
    gallery = [world.entry("Ana", world.person())]
    vectors, record = clip([])
    assert states(decide(vectors, record, gallery)) == {"Ana": "absent"}
    (decision,) = decide(vectors, record.model_copy(update={"legible": False}), gallery)
    assert decision.state == "unsure"
    assert 0.35 < decision.score < 0.65
    assert decision.track_ids == decision.spans == ()


def test_drawn_faces_are_nobody_for_sure_but_whoever_somebody_says() -> None:
    world = World(4)
    ana = world.person()
    gallery = [world.entry("Ana", ana), world.entry("Ben", world.person())]
    vectors, record = clip([Shown(world.faces(ana))])
    drawn = record.model_copy(update={"drawn": True})
    assert states(decide(vectors, record, gallery)) == {"Ana": "present", "Ben": "absent"}
    assert states(decide(vectors, drawn, gallery)) == {"Ana": "unsure", "Ben": "unsure"}
    said = Rulings(confirmed={"Ben": frozenset({1})})
    assert states(decide(vectors, drawn, gallery, rulings=said))["Ben"] == "present"
