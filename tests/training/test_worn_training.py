"""Training what tells glasses and hats: drawn from a seed, where they belong, and learned."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pvchat import weights
from pvchat.errors import TrainingError
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import FaceMesh
from pvchat.training.worn_faces import BareHead, bare_heads
from pvchat.training.worn_glasses import draw_glasses
from pvchat.training.worn_hats import draw_hat
from pvchat.training.worn_training import WornConfig, drawn_pictures, train_worn

TINY = WornConfig(pictures=128, epochs=2, hat_variety=1, batch_size=32)
EYES, HAIRLINE, CHIN = (33, 263), 10, 152


@pytest.fixture(scope="module")
def bare() -> list[BareHead]:
    faces, mesh = FaceDetector(weights.path("mp-face-detection-full")), FaceMesh(weights.path("mp-face-mesh"))
    files = [Path(weights.demo_photo()), Path(weights.path("demo-carphone")), Path(__file__)]
    lines: list[str] = []
    found = bare_heads(files, faces, mesh, frames=2, report=lines.append)
    assert len(lines) == 1, "this file is no video"
    return found


def test_heads_come_from_photos_and_videos(bare: list[BareHead]) -> None:
    assert {Path(head.source).suffix for head in bare} == {".jpg", ".mp4"}
    assert len(bare) >= 7
    assert all(head.picture.shape == (160, 160, 3) and head.points.shape == (468, 2) for head in bare)


def test_the_same_seed_draws_the_same(bare: list[BareHead]) -> None:
    for thing in ("glasses", "hat"):
        one, labels = drawn_pictures(bare, thing, 6, np.random.default_rng(1))
        again, _ = drawn_pictures(bare, thing, 6, np.random.default_rng(1))
        assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
        assert set(labels) == {0.0, 1.0}


def test_glasses_are_drawn_at_the_eyes_and_hats_above(bare: list[BareHead]) -> None:
    rng = np.random.default_rng(2)
    for head in bare[:6]:
        eyes = float(head.points[list(EYES), 1].mean())
        for draw, above in ((draw_glasses, False), (draw_hat, True)):
            rows = []
            for _ in range(12):
                drawn = draw(head.picture, head.points, rng)
                assert drawn is not None
                changed = np.abs(drawn.astype(int) - head.picture).sum(-1) > 60
                rows.append(float(np.median(np.nonzero(changed)[0])))
            middle = float(np.median(rows))
            tall = float(np.linalg.norm(head.points[CHIN] - head.points[HAIRLINE]))
            assert (middle < eyes - 0.1 * tall) if above else abs(middle - eyes) < 0.2 * tall


def test_eyes_too_close_to_draw_on_are_left_alone(bare: list[BareHead]) -> None:
    points = np.full((468, 2), 80.0, dtype=np.float32)
    rng = np.random.default_rng(0)
    assert draw_glasses(bare[0].picture, points, rng) is None
    assert draw_hat(bare[0].picture, points, rng) is None


def test_training_is_the_same_twice_and_learns(bare: list[BareHead]) -> None:
    told: list[float] = []
    first = train_worn(bare, TINY, report=lambda figures: told.append(figures["loss"]))
    second = train_worn(bare, TINY)
    assert len(told) == 4
    assert told[1] < told[0]
    assert all(torch.equal(a, second.state_dict()[name]) for name, a in first.state_dict().items())


def test_without_a_face_there_is_nothing_to_train() -> None:
    with pytest.raises(TrainingError, match="no faces"):
        train_worn([])
