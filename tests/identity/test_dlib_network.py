"""dlib's descriptor network in torch, against dlib itself."""

from pathlib import Path

import dlib
import numpy as np
import pytest
import torch

from pvchat import weights
from pvchat.errors import WeightsError
from pvchat.identity.dlib_engine import DlibEngine
from pvchat.identity.dlib_network import DlibDescriptor, load_descriptor
from tests.group_faces import GroupFaces


@pytest.fixture(scope="module")
def published() -> Path:
    return weights.path("dlib-descriptor")


@pytest.fixture(scope="module")
def network(published: Path) -> DlibDescriptor:
    return load_descriptor(published)


def test_gives_the_vectors_dlib_gives(published: Path, network: DlibDescriptor, group_faces: GroupFaces) -> None:
    engine = DlibEngine(weights.path("dlib-landmarks-5"), published)
    chips = [engine.chip(group_faces.picture, face.box, None) for face in group_faces.faces]
    noise = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3), dtype=np.uint8)
    chips += [*noise, np.zeros((150, 150, 3), np.uint8), np.full((150, 150, 3), 255, np.uint8)]
    expected = np.asarray(dlib.face_recognition_model_v1(str(published)).compute_face_descriptor(chips))
    np.testing.assert_allclose(network.describe(np.stack(chips)), expected, atol=1e-5)


def test_a_face_has_the_same_vector_alone_and_among_others(network: DlibDescriptor) -> None:
    chips = np.random.default_rng(1).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)
    np.testing.assert_allclose(network.describe(chips)[1], network.describe(chips[1:2])[0], atol=1e-5)


def test_gradients_reach_the_picture(network: DlibDescriptor) -> None:
    chips = torch.full((1, 3, 150, 150), 128.0, requires_grad=True)
    network(chips).square().sum().backward()
    assert chips.grad is not None
    assert float(chips.grad.abs().max()) > 0


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9999])
def test_a_cut_off_file_is_a_weights_error(published: Path, tmp_path: Path, share: float) -> None:
    data = published.read_bytes()
    broken = tmp_path / "broken.dat"
    broken.write_bytes(data[: int(share * len(data))])
    with pytest.raises(WeightsError, match="pvchat weights verify"):
        load_descriptor(broken)


def test_another_network_of_dlib_is_a_weights_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="face descriptor"):
        load_descriptor(weights.path("dlib-landmarks-5"))
    with pytest.raises(WeightsError, match=r"missing\.dat"):
        load_descriptor(tmp_path / "missing.dat")
