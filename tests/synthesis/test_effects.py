"""What each effect may and may not do to a shot."""

import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.synthesis.backgrounds import background, can_be_cut_out
from pvchat.synthesis.camera import blur, colour, light, noise
from pvchat.synthesis.composites import beside, has_room, together
from pvchat.synthesis.framing import crop, mirror
from pvchat.synthesis.occlusion import occlusion
from pvchat.synthesis.shots import Shot
from tests.synthesis.shot_tools import SKIN, pixels, shot

BLUE = (40, 60, 220)
# Pictures take long; the seeds only choose among a few ways of doing the same.
FEW = settings(max_examples=15, deadline=None)
SEEDS = st.integers(0, 10_000)
SHOT = shot(count=8)
OTHER = shot("other", count=6, skin=BLUE, centre=0.25, step=0.0)

Effect = Callable[[Shot, random.Random], Shot]


def changed(before: Shot, after: Shot) -> list[np.ndarray]:
    """(H, W) of each frame: where more than coding noise differs."""
    pairs = zip(before.frames, after.frames, strict=True)
    return [np.abs(one.astype(int) - two).max(axis=2) > 8 for one, two in pairs]


def skin_in(after: Shot, index: int, skin: tuple[int, int, int]) -> float:
    """Share of the subject's body box that has a colour."""
    inside = after.frames[index][pixels(after.body_boxes[index], after.size)].astype(int)
    return float((np.abs(inside - np.asarray(skin)).max(axis=2) < 30).mean())


@FEW
@given(seed=SEEDS)
@pytest.mark.parametrize("effect", [light, colour, blur, noise, crop, occlusion])
def test_an_effect_changes_the_shot_and_keeps_its_size_and_length(effect: Effect, seed: int) -> None:
    after = effect(SHOT, random.Random(seed))
    assert after.size == SHOT.size
    assert len(after.frames) == len(SHOT.frames)
    assert all(frame.dtype == np.uint8 for frame in after.frames)
    assert any(where.any() for where in changed(SHOT, after))


@FEW
@given(seed=SEEDS)
@pytest.mark.parametrize("effect", [colour, blur])
def test_a_camera_does_not_change_from_frame_to_frame(effect: Effect, seed: int) -> None:
    still = shot(step=0.0)
    after = effect(still, random.Random(seed))
    assert all(np.array_equal(after.frames[0], frame) for frame in after.frames[1:])


@FEW
@given(seed=SEEDS)
def test_light_drifts_smoothly(seed: int) -> None:
    levels = [float(frame.mean()) for frame in light(shot(step=0.0), random.Random(seed)).frames]
    assert max(abs(b - a) for a, b in pairwise(levels)) < 0.06 * levels[0]


def test_a_mirrored_mirror_image_is_the_picture() -> None:
    once = mirror(SHOT)
    assert np.array_equal(once.frames[0], SHOT.frames[0][:, ::-1])
    assert skin_in(once, 5, SKIN) == pytest.approx(skin_in(SHOT, 5, SKIN), abs=0.05)
    twice = mirror(once)
    assert all(np.array_equal(a, b) for a, b in zip(twice.frames, SHOT.frames, strict=True))
    assert twice.face_boxes[3] == pytest.approx(SHOT.face_boxes[3])


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, count=st.sampled_from([1, 2, 8]), faces=st.booleans())
def test_occlusion_covers_less_than_half_of_the_face_in_every_frame(seed: int, count: int, faces: bool) -> None:
    before = shot(count=count, faces=faces, size=(320, 240))
    after = occlusion(before, random.Random(seed))
    for where, head in zip(changed(before, after), before.head_boxes, strict=True):
        assert where[pixels(head, before.size)].mean() < 0.5


@FEW
@given(seed=SEEDS)
def test_crop_comes_nearer_and_keeps_the_head_in_view(seed: int) -> None:
    after = crop(SHOT, random.Random(seed))
    for before, face in zip(SHOT.head_boxes, after.face_boxes, strict=True):
        assert face is not None
        assert 0 < face[0] < face[2] < 1
        assert 0 < face[1] < face[3] < 1
        assert face[2] - face[0] > 1.2 * (before[2] - before[0])
    assert all(skin_in(after, index, SKIN) > 0.7 for index in range(len(after.frames)))


@FEW
@given(seed=SEEDS)
def test_another_background_keeps_the_person_and_changes_the_rest(seed: int) -> None:
    after, company = background(SHOT, [OTHER], random.Random(seed))
    assert set(company) <= {"other"}
    for before, frame, mask, body in zip(SHOT.frames, after.frames, SHOT.masks or (), SHOT.body_boxes, strict=True):
        rows, columns = pixels(body, SHOT.size)
        inside = (slice(rows.start + 4, rows.stop), slice(columns.start + 4, columns.stop - 4))
        assert np.abs(before[inside].astype(int) - frame[inside]).max() <= 1
        outside = np.abs(before.astype(int) - frame).max(axis=2)[mask == 0]
        assert (outside > 3).mean() > 0.5


def test_nobody_is_cut_out_by_a_mask_that_misses_the_face() -> None:
    assert can_be_cut_out(SHOT)
    assert not can_be_cut_out(shot(masks=False))
    holes = [mask.copy() for mask in SHOT.masks or ()]
    for mask, head in zip(holes, SHOT.head_boxes, strict=True):
        mask[pixels(head, SHOT.size)] = 0.4
    assert not can_be_cut_out(Shot(**{**vars(SHOT), "masks": tuple(holes)}))


@FEW
@given(seed=SEEDS)
def test_side_by_side_each_has_a_half(seed: int) -> None:
    after, source = beside(SHOT, [OTHER], random.Random(seed))
    assert source == "other"
    width, height = after.size
    assert (width, height % 2) == (480, 0)
    assert height <= 480
    for index in (0, len(after.frames) - 1):
        box = after.body_boxes[index]
        assert box[2] <= 0.5 or box[0] >= 0.5
        assert skin_in(after, index, SKIN) > 0.8
        half = after.frames[index][:, width // 2 :] if box[2] <= 0.5 else after.frames[index][:, : width // 2]
        assert (np.abs(half.astype(int) - np.asarray(BLUE)).max(axis=2) < 30).mean() > 0.1


@FEW
@given(seed=SEEDS)
def test_in_another_scene_the_person_stands_beside_the_other_and_covers_no_face(seed: int) -> None:
    after, source = together(SHOT, [OTHER], random.Random(seed))
    assert source == "other"
    assert after.size == OTHER.size
    for index in (0, len(after.frames) - 1):
        assert skin_in(after, index, SKIN) > 0.7
        head = OTHER.head_boxes[0]
        theirs = np.abs(after.frames[index].astype(int) - OTHER.frames[0]).max(axis=2) > 8
        assert not theirs[pixels(head, OTHER.size)].any()
        face = after.face_boxes[index]
        assert face is not None
        assert head[2] < face[0] < face[2] <= 1
        assert 0 <= face[1] < face[3] <= 1


def test_there_is_no_room_beside_somebody_who_fills_the_picture() -> None:
    assert has_room(OTHER)
    assert not has_room(shot("other", step=0.025, centre=0.2))
