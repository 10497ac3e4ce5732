"""Glasses and hats: told where they are drawn on, said to be missing where nothing is, and not told from bad views."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pvchat.errors import ModelError
from pvchat.perception.geometry import Image
from pvchat.perception.observation import HeadSeen, TrackObservation
from pvchat.perception.worn import eyewear, head_square, headwear, look_at_head, told
from pvchat.perception.worn_net import HEAD_SIDE, THINGS, WornNet, WornReader, window
from pvchat.training.worn_glasses import draw_glasses
from pvchat.training.worn_hats import draw_hat
from tests.group_faces import GroupFaces, find_group_faces

DRAWN = 12


@pytest.fixture(scope="module")
def group_faces() -> GroupFaces:
    return find_group_faces()


@pytest.fixture(scope="module")
def reader() -> WornReader:
    return WornReader()


def heads(group: GroupFaces) -> list[tuple[Image, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]]:
    found = []
    for mesh in group.meshes:
        square = head_square(mesh)
        found.append((square.crop(group.picture, HEAD_SIDE), square.from_image(mesh.points[:, :2], HEAD_SIDE)))
    return found


@pytest.mark.parametrize(("thing", "draw"), [("glasses", draw_glasses), ("hat", draw_hat)])
def test_what_is_drawn_on_a_head_is_told_and_nothing_else(
    group_faces: GroupFaces, reader: WornReader, thing: str, draw: Callable[..., Image | None]
) -> None:
    rng = np.random.default_rng(5)
    drawn = [draw(head, points, rng) for _ in range(DRAWN // 6) for head, points in heads(group_faces)]
    worn = reader.read([head for head in drawn if head is not None], thing)
    bare = reader.read([head for head, _ in heads(group_faces)], thing)
    other = next(name for name in THINGS if name != thing)
    assert np.median(worn) > 2 > -2 > np.median(bare)
    assert np.median(reader.read([head for head in drawn if head is not None], other)) < 0


def test_looks_are_judged_together() -> None:
    assert told("glasses", [9.0, 9.0]) == "glasses"
    assert told("glasses", [-9.0, -9.0]) == "no glasses"
    assert told("hat", [9.0, -9.0]) is None
    assert told("glasses", [9.0]) is None, "one look is no look"
    assert told("glasses", []) is None


def test_the_words_of_a_track() -> None:
    bare = TrackObservation(100, 100, (0.0, 0.25), 0.5, (), ())
    track = replace(bare, heads=(HeadSeen(0.0, 9.0, None), HeadSeen(0.25, 9.0, -9.0)))
    (glasses,) = eyewear(track)
    assert (glasses.name, glasses.value) == ("eyewear", "glasses")
    assert glasses.confidence > 0.9
    assert headwear(track) == [], "one look at the hat is too few"
    assert eyewear(bare) == []


def test_a_head_is_looked_at_only_where_it_can_be_seen(group_faces: GroupFaces, reader: WornReader) -> None:
    mesh = group_faces.meshes[0]
    assert look_at_head(group_faces.picture, 1.0, mesh, 0.0, reader) is not None
    assert look_at_head(group_faces.picture, 1.0, mesh, 60.0, reader) is None, "turned away"
    small = replace(mesh, points=(mesh.points * np.float32(0.05)))
    assert look_at_head(group_faces.picture, 1.0, small, 0.0, reader) is None, "too small"
    _, top, _, bottom = (round(v) for v in mesh.box)
    below = group_faces.picture[top + (bottom - top) // 2 :]
    moved = replace(mesh, points=mesh.points - np.array([0, top + (bottom - top) // 2, 0], np.float32))
    assert look_at_head(below, 1.0, moved, 0.0, reader) is None, "cut through the face"


def test_no_hat_is_told_of_a_head_that_the_frame_cuts_off(group_faces: GroupFaces, reader: WornReader) -> None:
    mesh = max(group_faces.meshes, key=lambda one: one.box[3] - one.box[1])
    top = max(0, round(mesh.box[1]) - 2)
    moved = replace(mesh, points=mesh.points - np.array([0, top, 0], np.float32))
    seen = look_at_head(group_faces.picture[top:], 1.0, moved, 0.0, reader)
    assert seen is not None
    assert seen.hat is None


def test_windows_fit_the_towers() -> None:
    head = np.zeros((HEAD_SIDE, HEAD_SIDE, 3), np.uint8)
    assert window(head, "glasses").shape == (48, 96, 3)
    assert window(head, "hat").shape == (60, 72, 3)
    assert WornReader().read([], "hat").shape == (0,)


def test_a_file_that_is_missing_or_another_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="pretrain worn"):
        WornReader(tmp_path / "none.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="does not hold"):
        WornReader(tmp_path / "other.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"no network")
    with pytest.raises(ModelError, match="does not hold"):
        WornReader(tmp_path / "broken.safetensors")


def test_half_precision_reads_as_it_was_saved(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = WornNet().eval()
    save_file({name: tensor.half() for name, tensor in network.state_dict().items()}, tmp_path / "n.safetensors")
    head = np.random.default_rng(0).integers(0, 255, (HEAD_SIDE, HEAD_SIDE, 3)).astype(np.uint8)
    assert WornReader(tmp_path / "n.safetensors").read([head], "hat").shape == (1,)
