"""Whitening, calibrated similarity and the measured noise."""

import json
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat.errors import ModelError
from pvchat.identity.calibration import LOGIT_LIMIT, SURE_LOGIT, calibration
from pvchat.identity.noise import face_noise
from pvchat.identity.similarity import combined_cosine, cosines, track_scores
from pvchat.identity.whitening import Whitening
from tests.identity.people import MODEL, World


def test_whitening_is_affine_and_can_be_undone() -> None:
    world = World(0)
    raw = world.faces(world.person()).vectors
    white = world.whitening.transform(raw)
    assert white.shape == raw.shape
    assert white.dtype == np.float32
    np.testing.assert_allclose(world.whitening.transform(raw.mean(0)), white.mean(0), atol=1e-3)
    np.testing.assert_allclose(world.whitening.inverse(white), raw, atol=1e-4)


def test_people_are_spread_by_one_per_dimension() -> None:
    whitening = Whitening.for_model(MODEL)
    drawn = whitening.draw_people(4000, np.random.default_rng(0))
    assert drawn.std(axis=0).mean() == pytest.approx(1.0, abs=0.05)
    assert np.abs(drawn.mean(axis=0)).max() < 0.15
    again = whitening.draw_people(4000, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, again)


def test_vectors_of_another_dimension_are_refused() -> None:
    with pytest.raises(ModelError, match="512"):
        Whitening.for_model(MODEL).transform(np.zeros((2, 512), np.float32))
    with pytest.raises(ModelError, match="'nothing'"):
        Whitening.for_model("nothing")


def test_arcface_vectors_keep_their_directions() -> None:
    whitening = Whitening.for_model("insightface:buffalo_l@00000000")
    rows = np.random.default_rng(0).standard_normal((3, 512)).astype(np.float32)
    np.testing.assert_allclose(cosines(whitening.transform(rows), rows).diagonal(), 1.0, atol=1e-5)


def test_only_aggregates_are_shipped() -> None:
    folder = resources.files("pvchat.identity") / "data"
    data = json.loads((folder / "dlib.json").read_text(encoding="utf-8"))
    assert data["people"] >= 20
    whitening = Whitening.for_model(MODEL)
    assert np.linalg.eigvalsh(whitening.population.astype(np.float64)).min() > 0.05


def test_same_person_and_strangers_lie_on_their_sides() -> None:
    world = World(1)
    people = world.whitening.draw_people(40, world.rng)
    noise = face_noise()
    spread = np.hypot(noise.source_std, noise.track_std)
    templates = people[:, None] + spread * world.rng.standard_normal((40, 3, 128))
    tracks = people + spread * world.rng.standard_normal((40, 128))
    scores = track_scores(np.broadcast_to(tracks, (40, 40, 128)), templates)
    assert scores.shape == (40, 40)
    assert (scores.diagonal() > SURE_LOGIT).mean() > 0.95
    assert (scores[~np.eye(40, dtype=bool)] < -SURE_LOGIT).mean() > 0.99
    assert np.abs(scores).max() <= LOGIT_LIMIT


def test_padding_does_not_count() -> None:
    world = World(2)
    tracks = world.whitening.draw_people(5, world.rng)
    templates = world.whitening.draw_people(3, world.rng)
    padded = np.concatenate([templates, 100 * np.ones((2, 128), np.float32)])
    weights = np.array([0.5, 0.3, 0.2, 0.0, 0.0], np.float32)
    np.testing.assert_allclose(
        combined_cosine(tracks, padded, weights), combined_cosine(tracks, templates, weights[:3]), atol=1e-5
    )


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_alike_is_never_less_likely_and_less_reliable_is_never_surer(
    one: float, other: float, weak: float, strong: float
) -> None:
    known = calibration(MODEL)
    low, high = sorted([one, other])
    assert known.logits(np.asarray(low, np.float32), weak) <= known.logits(np.asarray(high, np.float32), weak) + 1e-4
    weak, strong = sorted([weak, strong])
    poor, good = known.logits(np.asarray(one, np.float32), weak), known.logits(np.asarray(one, np.float32), strong)
    if good <= -SURE_LOGIT:
        assert poor >= good - 1e-4
    if good >= SURE_LOGIT:
        assert poor <= good + 1e-4


def test_bounds_are_where_sureness_begins() -> None:
    known = calibration(MODEL)
    assert float(known.logits(np.asarray(known.present, np.float32))) == pytest.approx(SURE_LOGIT, abs=1e-4)
    assert float(known.logits(np.asarray(known.absent, np.float32))) == pytest.approx(-SURE_LOGIT, abs=1e-4)
    assert float(known.logits(np.asarray((known.present + known.absent) / 2, np.float32))) == pytest.approx(
        0.0, abs=1e-4
    )


def test_a_track_too_poor_to_tell_rules_nobody_out() -> None:
    known = calibration(MODEL)
    assert float(known.logits(np.asarray(-0.5, np.float32), 0.1)) > -SURE_LOGIT
