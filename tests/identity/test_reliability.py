"""A face vector tells how much of the face is left in it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pvchat import weights
from pvchat.errors import ModelError
from pvchat.identity.engines import load_engine
from pvchat.identity.reliability import face_reliability, track_reliability
from pvchat.perception.face_detection import FaceDetection
from pvchat.perception.face_mesh import FaceMesh
from pvchat.perception.faces import measure_face
from tests.group_faces import GroupFaces
from tests.identity.people import MODEL, World

Rgb = NDArray[np.uint8]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(2.0, 12.0), st.floats(0.0, 1.0))
def test_a_face_moved_to_where_damaged_faces_lie_is_trusted_less(seed: int, far: float, quality: float) -> None:
    world = World(seed)
    samples = world.faces(world.person(), 1)
    white = world.whitening.transform(samples.vectors)
    # Sideways, so that the length stays what it is.
    moved = white + far * world.damage
    moved *= np.linalg.norm(white) / np.linalg.norm(moved)
    before, after = (
        face_reliability(world.whitening.inverse(w), np.array([quality]), MODEL)[0] for w in (white, moved)
    )
    assert after < before


@given(st.integers(0, 10_000), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
@settings(max_examples=30, deadline=None)
def test_better_pictures_are_trusted_more(seed: int, one: float, other: float) -> None:
    world = World(seed)
    vectors = np.repeat(world.faces(world.person(), 1).vectors, 2, axis=0)
    low, high = face_reliability(vectors, np.array(sorted([one, other])), MODEL)
    assert 0.0 <= low <= high <= 1.0


def test_small_sharp_faces_are_trusted_more_than_large_blurred_ones(group_faces: GroupFaces) -> None:
    engine = load_engine("dlib")
    picture = group_faces.picture
    mesher = FaceMesh(weights.path("mp-face-mesh"))

    def reliability(rgb: Rgb, found: FaceDetection, scale: float) -> float:
        x0, y0, x1, y1 = found.box
        face = replace(found, box=(x0 * scale, y0 * scale, x1 * scale, y1 * scale))
        mesh = mesher.landmarks(rgb, face)
        vectors = engine.describe(rgb, [face.box], [mesh])
        return track_reliability(vectors, np.array([measure_face(rgb, face, mesh).quality]), engine.model_id)

    for face in group_faces.faces[:3]:
        scale = 30 / face.height
        small = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.05 * face.height), np.uint8)
        assert reliability(small, face, scale) > reliability(blurred, face, 1.0) + 0.1


def test_an_engine_without_a_measurement_goes_by_quality() -> None:
    vectors = np.ones((3, 512), np.float32)
    np.testing.assert_allclose(face_reliability(vectors, np.array([0.0, 0.25, 0.9]), "insightface:x"), [0, 0.5, 1])


def test_a_track_goes_by_the_better_half_of_its_faces() -> None:
    vectors = np.ones((4, 512), np.float32)
    assert track_reliability(vectors, np.array([0.0, 0.1, 0.3, 0.4]), "insightface:x") == pytest.approx(0.7)
    assert track_reliability(np.zeros((0, 128), np.float32), np.zeros(0, np.float32), MODEL) == 0.0


def test_vectors_of_another_engine_are_refused() -> None:
    with pytest.raises(ModelError, match="512"):
        face_reliability(np.ones((1, 512), np.float32), np.ones(1), MODEL)
