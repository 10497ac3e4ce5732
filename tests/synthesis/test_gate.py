"""What passes the gate: the subject's own face, seen well enough, and new."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.perception.record import PerceptionRecord, PerceptionVectors
from pvchat.synthesis.gate import GateConfig, judge
from tests.identity.people import Shown, World, clip

FEW = settings(max_examples=12, deadline=None)


@FEW
@given(st.integers(0, 10_000))
def test_the_subject_passes_and_a_stranger_does_not(seed: int) -> None:
    world = World(seed)
    ana, eve = world.person(), world.person()
    entry = world.entry("Ana", ana)
    own = judge(*_seen(Shown(world.faces(ana))), entry)
    assert own.kept
    assert own.reason == ""
    assert own.logit > 2
    assert own.agreeing > 0.5
    other = judge(*_seen(Shown(world.faces(eve))), entry)
    assert not other.kept
    assert other.reason in ("somebody else", "doubtful")


def test_look_alikes_hardly_ever_pass() -> None:
    passed = 0
    for seed in range(40):
        world = World(seed)
        ana = world.person()
        alike = world.look_alike(ana, 0.45)
        passed += judge(*_seen(Shown(world.faces(alike))), world.entry("Ana", ana)).kept
    assert passed <= 1


def test_of_two_people_the_one_most_like_the_subject_is_judged() -> None:
    world = World(3)
    ana, eve = world.person(), world.person()
    verdict = judge(*_seen(Shown(world.faces(eve)), Shown(world.faces(ana))), world.entry("Ana", ana))
    assert verdict.kept
    assert verdict.track_id == 2


def test_a_sample_without_a_face_is_no_sample() -> None:
    world = World(0)
    verdict = judge(*_seen(Shown(None)), world.entry("Ana", world.person()))
    assert (verdict.kept, verdict.reason, verdict.track_id) == (False, "no face", None)


def test_a_copy_is_refused_and_what_nobody_made_cannot_be_one() -> None:
    world = World(1)
    ana = world.person()
    entry, seen = world.entry("Ana", ana), _seen(Shown(world.faces(ana)))
    assert judge(*seen, entry, novelty=0.4).reason == "near copy"
    assert judge(*seen, entry, novelty=3.0).kept
    assert judge(*seen, entry, novelty=None).kept


def test_a_face_seen_too_badly_is_refused() -> None:
    world = World(2)
    ana = world.person()
    poor = replace(world.faces(ana), quality=np.full(8, 0.3, np.float32))
    entry = world.entry("Ana", ana)
    assert judge(*_seen(Shown(poor)), entry, config=GateConfig(quality=0.5)).reason == "low quality"


@pytest.mark.parametrize("config", [GateConfig(logit=6.1), GateConfig(agreeing=1.1)])
def test_a_stricter_gate_refuses_more(config: GateConfig) -> None:
    world = World(4)
    ana = world.person()
    assert judge(*_seen(Shown(world.faces(ana))), world.entry("Ana", ana), config=config).reason == "doubtful"


def _seen(*people: Shown) -> tuple[PerceptionRecord, PerceptionVectors]:
    vectors, record = clip(people)
    return record, vectors
