"""Covered faces are told from bare ones."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat.perception.face_mesh import FaceLandmarks
from pvchat.perception.visibility import visible_share
from tests.group_faces import GroupFaces

Rgb = NDArray[np.uint8]


@pytest.fixture
def faces(group_faces: GroupFaces) -> tuple[Rgb, list[FaceLandmarks]]:
    """Six bare faces of the demo photo."""
    return group_faces.picture, [mesh for mesh in group_faces.meshes if mesh.score > 0.5]


def covered(picture: Rgb, landmarks: FaceLandmarks, top: float, bottom: float, level: int) -> Rgb:
    x0, y0, x1, y1 = landmarks.box
    out = picture.copy()
    height = y1 - y0
    out[round(y0 + top * height) : round(y0 + bottom * height), round(x0) : round(x1)] = level
    return out


def test_bare_faces_are_seen_whole_also_when_small_or_blurred(faces: tuple[Rgb, list[FaceLandmarks]]) -> None:
    picture, found = faces
    assert len(found) == 6
    assert min(visible_share(picture, one) for one in found) > 0.8
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), np.uint8)
    assert np.median([visible_share(blurred, one) for one in found]) == 1.0
    small = np.asarray(cv2.resize(picture, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA), np.uint8)
    shrunk = [FaceLandmarks((one.points * 0.3).astype(np.float32), one.score) for one in found]
    assert np.median([visible_share(small, one) for one in shrunk]) == 1.0


@pytest.mark.parametrize("level", [16, 128, 235])
@pytest.mark.parametrize(("top", "bottom"), [(0.0, 0.45), (0.55, 1.0)], ids=["eyes", "mouth"])
def test_covered_eyes_or_mouth_are_noticed(
    faces: tuple[Rgb, list[FaceLandmarks]], top: float, bottom: float, level: int
) -> None:
    picture, found = faces
    for one in found:
        assert visible_share(covered(picture, one, top, bottom, level), one) < 0.5


def test_without_a_sure_mesh_little_is_said(faces: tuple[Rgb, list[FaceLandmarks]]) -> None:
    picture, found = faces
    assert visible_share(picture, None) == 1.0
    assert visible_share(picture, FaceLandmarks(found[0].points, 0.1)) == 0.5
