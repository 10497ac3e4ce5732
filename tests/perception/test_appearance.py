"""Appearance vectors tell crops apart and hold still under small changes."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from pvchat import weights
from pvchat.errors import ModelError
from pvchat.perception.appearance import AppearanceNet
from pvchat.perception.efficientnet import EfficientNetLite0, fold_batch_norms

Image = NDArray[np.uint8]
BOW_TIE = 457


@pytest.fixture(scope="module")
def checkpoint() -> Path:
    return weights.path("efficientnet-lite0")


@pytest.fixture(scope="module")
def net(checkpoint: Path) -> AppearanceNet:
    return AppearanceNet(checkpoint)


def test_vectors_have_unit_length_and_the_promised_shape(
    net: AppearanceNet, carphone: Image, street: list[Image]
) -> None:
    vectors = net.describe([carphone, street[0], carphone[20:90, 60:130]])
    assert vectors.shape == (3, net.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_crops_give_no_vectors(net: AppearanceNet) -> None:
    assert net.describe([]).shape == (0, 1280)
    assert net.feature_map([]).shape == (0, 1280, 7, 7)


def test_a_vector_does_not_depend_on_its_batch(net: AppearanceNet, carphone: Image, street: list[Image]) -> None:
    alone = net.describe([carphone])[0]
    within = net.describe([*street, carphone, *street, street[0], carphone])
    assert np.allclose(within[len(street)], alone, atol=1e-4)
    assert np.allclose(within[-1], alone, atol=1e-4)


def test_a_default_precision_that_another_thread_sets_does_not_reach_the_network(
    net: AppearanceNet, checkpoint: Path, carphone: Image
) -> None:
    torch.set_default_dtype(torch.bfloat16)
    try:
        built = AppearanceNet(checkpoint)
    finally:
        torch.set_default_dtype(torch.float32)
    assert np.array_equal(built.describe([carphone]), net.describe([carphone]))


def test_the_same_scene_is_nearer_than_another(net: AppearanceNet, carphone: Image, street: list[Image]) -> None:
    changed = np.asarray(cv2.GaussianBlur(carphone, (0, 0), 0.6), dtype=np.uint8)
    darker = (carphone * 0.85).astype(np.uint8)
    here, blurred, dark, other = net.describe([carphone, changed, darker, street[0]])
    assert min(here @ blurred, here @ dark) > here @ other + 0.2


def test_the_feature_map_keeps_places(net: AppearanceNet, street: list[Image]) -> None:
    grey = np.full((224, 224, 3), 127, np.uint8)
    left = grey.copy()
    left[:, :96] = cv2.resize(street[0], (96, 224))
    plain, half = net.feature_map([grey, left])
    change = np.abs(half - plain).sum(axis=0)
    assert plain.shape == (1280, 7, 7)
    assert change[:, 0].mean() > 3 * change[:, -1].mean()


def test_the_network_sees_the_bow_tie(checkpoint: Path, carphone: Image) -> None:
    from safetensors.torch import load_file

    network = EfficientNetLite0()
    network.load_state_dict(load_file(checkpoint))
    network.eval()
    image = torch.from_numpy(cv2.resize(carphone, (224, 224))).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        assert int(network((image - 127) / 128).argmax()) == BOW_TIE


def test_folding_batch_norms_changes_nothing(checkpoint: Path) -> None:
    from safetensors.torch import load_file

    network = EfficientNetLite0()
    network.load_state_dict(load_file(checkpoint))
    network.eval()
    images = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        before = network.features(images)
        after = fold_batch_norms(network).features(images)
    assert torch.allclose(before, after, atol=1e-3)


def test_another_network_or_no_file_is_a_one_line_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="weights pull"):
        AppearanceNet(tmp_path / "none.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, other)
    with pytest.raises(ModelError, match="does not hold EfficientNet-Lite0"):
        AppearanceNet(other)
    other.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="weights verify"):
        AppearanceNet(other)
