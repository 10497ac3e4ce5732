"""The recognition engines behind one protocol."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper

from pvchat.errors import ModelError, WeightsError
from pvchat.identity.dlib_engine import DlibEngine
from pvchat.identity.engines import FaceEngine, load_engine
from pvchat.identity.insightface_license import ACCEPT, LICENSE_VARIABLE, accept, accepted
from pvchat.identity.insightface_packs import find_pack
from pvchat.identity.similarity import cosines
from pvchat.identity.whitening import Whitening
from pvchat.perception.face_mesh import FaceLandmarks
from tests.group_faces import GroupFaces
from tests.tiny_packs import DIMENSION, save_network, write_pack

Rgb = NDArray[np.uint8]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> FaceEngine:
    """insightface's own FaceAnalysis over two tiny files, loaded without a network."""
    folder = write_pack(tmp_path_factory.mktemp("packs") / "tiny")
    return load_engine(f"insightface:{folder}", accept_insightface_license=True)


@pytest.fixture(scope="module")
def dlib_engine() -> DlibEngine:
    engine = load_engine("dlib")
    assert isinstance(engine, DlibEngine)
    return engine


def test_insightface_describes_with_and_without_a_mesh(pack: FaceEngine) -> None:
    rng = np.random.default_rng(1)
    picture = np.asarray(cv2.resize(rng.integers(0, 255, (12, 16, 3), np.uint8), (640, 480)), np.uint8)
    points = rng.uniform(100, 200, (468, 3)).astype(np.float32)
    for index, place in zip((33, 133, 362, 263, 1, 61, 291), (120, 140, 160, 180, 150, 130, 170), strict=True):
        points[index, :2] = place, 150 if index > 100 or index == 33 else 170
    boxes = [(100.0, 100.0, 200.0, 220.0), (300.0, 200.0, 420.0, 340.0)]
    vectors = pack.describe(picture, boxes, [FaceLandmarks(points, 1.0), None])
    assert pack.dimension == DIMENSION
    assert vectors.shape == (2, DIMENSION)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(pack.describe(picture, boxes[1:], [None]), vectors[1:], atol=1e-5)
    assert pack.describe(picture, [], []).shape == (0, DIMENSION)


def test_insightface_id_tells_packs_of_one_name_apart(pack: FaceEngine, tmp_path: Path) -> None:
    other = write_pack(tmp_path / "tiny")
    mixing = np.ones((3 * 49, DIMENSION))
    nodes = [
        helper.make_node("AveragePool", ["image"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Flatten", ["cells"], ["flat"]),
        helper.make_node("MatMul", ["flat", "mixing"], ["embedding"]),
    ]
    (other / "w600k_tiny.onnx").unlink()
    save_network(other / "w600k_tiny.onnx", nodes, ["n", 3, 112, 112], {"embedding": ["n", DIMENSION]}, mixing=mixing)
    changed = load_engine(f"insightface:{other}", accept_insightface_license=True)
    assert pack.model_id.startswith("insightface:tiny@")
    assert changed.model_id.startswith("insightface:tiny@")
    assert changed.model_id != pack.model_id


def test_insightface_needs_the_users_consent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(LICENSE_VARIABLE, raising=False)
    with pytest.raises(ModelError, match=f"{LICENSE_VARIABLE}=1 .*{ACCEPT}.*use the engine 'dlib'"):
        load_engine("insightface")
    folder = write_pack(tmp_path / "tiny")
    monkeypatch.setenv(LICENSE_VARIABLE, "1")
    assert load_engine(f"insightface:{folder}").dimension == DIMENSION


def test_the_licence_is_accepted_once_for_a_data_folder(monkeypatch: pytest.MonkeyPatch, pvchat_home: Path) -> None:
    monkeypatch.delenv(LICENSE_VARIABLE, raising=False)
    assert not accepted()
    accept()
    assert accepted()
    assert not accepted(pvchat_home / "elsewhere")
    # Who says no in the environment means it.
    monkeypatch.setenv(LICENSE_VARIABLE, "0")
    assert not accepted()
    (pvchat_home / "insightface-license.json").write_text("[1]")
    monkeypatch.delenv(LICENSE_VARIABLE)
    assert not accepted()


def test_packs_are_found_by_name_by_folder_and_on_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PVCHAT_OFFLINE", "1")
    root = tmp_path / "insightface"
    stored = write_pack(root / "models" / "buffalo_s")
    assert find_pack("buffalo_s", root) == stored
    # The published archive of this one has a folder of its own name in it.
    nested = write_pack(root / "models" / "antelopev2" / "antelopev2")
    assert find_pack("antelopev2", root) == nested
    assert find_pack(str(nested), root) == nested
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    kept = tmp_path / "hub" / "models--someone--faces"
    on_hub = write_pack(kept / "snapshots" / ("a" * 40))
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("a" * 40)
    assert find_pack("hub:someone/faces", root) == on_hub
    engine = load_engine("insightface:hub:someone/faces", accept_insightface_license=True)
    assert engine.model_id.startswith("insightface:faces@")
    for missing, way_out in (
        ("buffalo_l", "PVCHAT_OFFLINE is set"),
        ("hub:someone/else", "cannot be had from the model hub"),
        ("bufalo", "choose from antelopev2, buffalo_l"),
    ):
        with pytest.raises(ModelError, match=way_out):
            find_pack(missing, root)


def test_a_pack_of_another_vector_length_is_refused(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "short")
    nodes = [
        helper.make_node("AveragePool", ["image"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Flatten", ["cells"], ["flat"]),
        helper.make_node("MatMul", ["flat", "mixing"], ["embedding"]),
    ]
    save_network(
        folder / "w600k_tiny.onnx", nodes, ["n", 3, 112, 112], {"embedding": ["n", 16]}, mixing=np.ones((147, 16))
    )
    with pytest.raises(ModelError, match="vectors of 16 numbers; only packs with 512"):
        load_engine(f"insightface:{folder}", accept_insightface_license=True)


def test_a_missing_or_broken_pack_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PVCHAT_OFFLINE", "1")
    with pytest.raises(ModelError, match="no-such-pack"):
        load_engine("insightface:no-such-pack", accept_insightface_license=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="empty"):
        load_engine(f"insightface:{tmp_path / 'empty'}", accept_insightface_license=True)
    half = write_pack(tmp_path / "half")
    (half / "w600k_tiny.onnx").unlink()
    with pytest.raises(ModelError, match="recognition"):
        load_engine(f"insightface:{half}", accept_insightface_license=True)


@pytest.mark.parametrize("name", ["", "facenet", "dlib:x"])
def test_an_unknown_engine_is_named_with_the_way_out(name: str) -> None:
    with pytest.raises(ModelError, match="use 'dlib'"):
        load_engine(name)


def test_boxes_and_meshes_must_match(pack: FaceEngine) -> None:
    with pytest.raises(ValueError, match="1 boxes"):
        pack.describe(np.zeros((64, 64, 3), np.uint8), [(0.0, 0.0, 9.0, 9.0)], [])


def test_unreadable_dlib_files_are_a_weights_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.dat"
    broken.write_bytes(b"not a model")
    with pytest.raises(WeightsError, match="pvchat weights"):
        DlibEngine(broken, broken)


def test_dlib_gives_the_same_person_the_same_vector_at_other_sizes_and_places(
    dlib_engine: DlibEngine, group_faces: GroupFaces
) -> None:
    picture, faces, meshes = group_faces.picture, group_faces.faces[:3], group_faces.meshes[:3]
    boxes = [face.box for face in faces]
    vectors = dlib_engine.describe(picture, boxes, list(meshes))
    assert vectors.shape == (3, 128)
    by_predictor = dlib_engine.describe(picture, boxes, [None] * 3)
    half = np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    smaller = dlib_engine.describe(
        half,
        [(b[0] / 2, b[1] / 2, b[2] / 2, b[3] / 2) for b in boxes],
        [FaceLandmarks((mesh.points / 2).astype(np.float32), mesh.score) for mesh in meshes],
    )
    white = Whitening.for_model(dlib_engine.model_id).transform
    for other in (by_predictor, smaller):
        alike = cosines(white(vectors), white(other))
        assert alike.diagonal().min() > 0.8
        assert alike[~np.eye(3, dtype=bool)].max() < 0.5


def test_dlib_aligns_faces_at_the_edge_of_the_picture(dlib_engine: DlibEngine, group_faces: GroupFaces) -> None:
    picture, faces, meshes = group_faces.picture, group_faces.faces, group_faces.meshes
    x0, y0, x1, y1 = (round(v) for v in faces[0].box)
    tight = picture[y0:y1, x0:x1]
    moved = FaceLandmarks((meshes[0].points - np.array([x0, y0, 0])).astype(np.float32), meshes[0].score)
    box = (0.0, 0.0, float(x1 - x0), float(y1 - y0))
    white = Whitening.for_model(dlib_engine.model_id).transform
    whole = dlib_engine.describe(picture, [faces[0].box], [meshes[0]])
    cropped = dlib_engine.describe(tight, [box], [moved])
    assert float(cosines(white(whole), white(cropped))[0, 0]) > 0.7
    assert dlib_engine.chip(tight, box, moved).shape == (150, 150, 3)
    assert dlib_engine.describe(picture, [], []).shape == (0, 128)
