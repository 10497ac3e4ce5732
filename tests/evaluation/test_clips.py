"""Test clips are what they say they are: deterministic, rightly placed, rightly timed."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat.errors import VideoError
from pvchat.evaluation import clips, pictures
from pvchat.video import probe, read_frames

RED, GREEN, BLUE = (200, 30, 30), (30, 180, 30), (30, 30, 200)


def plain(
    folder: Path, name: str, colour: tuple[int, int, int], *, seconds: float = 1.0, size: tuple[int, int]
) -> Path:
    width, height = size
    image = np.full((height, width, 3), colour, dtype=np.uint8)
    return clips.write_clip(folder / name, [image] * round(seconds * 10), 10).path


def at(path: Path, time_s: float) -> NDArray[np.uint8]:
    return read_frames(path, [time_s], untrusted=False).images[0]


def colour_in(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    x0, y0, x1, y1 = box
    inset_x, inset_y = (x1 - x0) / 4, (y1 - y0) / 4
    part = pictures.crop_box(image, (x0 + inset_x, y0 + inset_y, x1 - inset_x, y1 - inset_y))
    mean: NDArray[np.float64] = part.reshape(-1, 3).mean(axis=0)
    return mean


def near(found: NDArray[np.float64], colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(found - colour).max() < 12)


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    """Left half red, right half blue, with texture."""
    image = np.zeros((300, 400, 3), dtype=np.uint8)
    image[:, :200], image[:, 200:] = RED, BLUE
    image[::20] //= 2
    return image


def test_written_clip_keeps_colours_and_length(tmp_path: Path) -> None:
    truth = clips.write_clip(tmp_path / "a.mp4", [np.full((65, 99, 3), GREEN, dtype=np.uint8)] * 30, 30)
    found = probe(truth.path)
    assert truth.size == (found.width, found.height) == (98, 64)
    assert truth.duration_s == pytest.approx(found.duration_s) == pytest.approx(1.0)
    assert near(colour_in(at(truth.path, 0.5), (0, 0, 1, 1)), GREEN)


def test_clip_without_frames_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no frames"):
        clips.write_clip(tmp_path / "a.mp4", [], 30)
    assert not list(tmp_path.iterdir())


def test_frames_of_two_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="frame 1 of"):
        clips.write_clip(tmp_path / "a.mp4", [np.zeros((64, 64, 3), np.uint8), np.zeros((32, 64, 3), np.uint8)], 30)


def test_moving_clip_moves_and_is_the_same_for_the_same_seed(tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    made = [clips.moving_clip(photo, tmp_path / f"{i}.mp4", seconds=2, seed=s) for i, s in enumerate((5, 5, 6))]
    first, again, other = (read_frames(m.path, [0.0, 1.9], untrusted=False).images for m in made)
    assert made[0].duration_s == pytest.approx(2.0)
    assert np.array_equal(first, again)
    assert made[0].path.read_bytes() == made[1].path.read_bytes()
    assert np.abs(first[0].astype(int) - other[0].astype(int)).mean() > 3
    assert np.abs(first[0].astype(int) - first[1].astype(int)).mean() > 3


def test_moving_clip_keeps_most_of_the_photo_in_view(tmp_path: Path) -> None:
    photo = np.full((300, 300, 3), pictures.NEUTRAL, dtype=np.uint8)
    photo[60:240, 60:240] = RED
    for seed in range(4):
        path = clips.moving_clip(photo, tmp_path / f"{seed}.mp4", seconds=3, fps=10, seed=seed).path
        for image in read_frames(path, [0.0, 1.0, 2.0, 2.9], untrusted=False).images:
            red = (image[:, :, 0] > 130) & (image[:, :, 2] < 90)
            border = np.concatenate([red[0], red[-1], red[:, 0], red[:, -1]])
            assert not border.any(), "the middle 60 % never touches the edge"
            assert red.mean() > 0.3


def test_cropped_moving_clip_shows_nothing_of_the_rest(tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    made = clips.moving_clip(photo, tmp_path / "a.mp4", seconds=1, size=(320, 180), crop=(0.0, 0.0, 0.5, 1.0))
    for image in read_frames(made.path, [0.0, 0.5, 0.9], untrusted=False).images:
        blue = (image[:, :, 2].astype(int) - image[:, :, 0]) > 60
        assert not blue.any()
    assert made.size == (320, 180)


def test_side_by_side_places_each_clip_in_its_box(tmp_path: Path) -> None:
    paths = [
        plain(tmp_path, "r.mp4", RED, size=(64, 64)),
        plain(tmp_path, "g.mp4", GREEN, size=(128, 64), seconds=2.0),
        plain(tmp_path, "b.mp4", BLUE, size=(32, 64)),
    ]
    truth = clips.side_by_side(paths, tmp_path / "out.mp4", height=120, fps=10)
    assert truth.duration_s == pytest.approx(1.0)
    assert [part.source for part in truth.parts] == [0, 1, 2]
    image = at(truth.path, 0.5)
    assert image.shape[0] == 120
    for part, colour in zip(truth.parts, (RED, GREEN, BLUE), strict=True):
        assert near(colour_in(image, part.box), colour)
    assert truth.parts[0].box[0] == 0
    assert truth.parts[-1].box[2] == 1


def test_side_by_side_starts_short_clips_over(tmp_path: Path) -> None:
    two = clips.one_after_another(
        [plain(tmp_path, "r.mp4", RED, size=(64, 64)), plain(tmp_path, "g.mp4", GREEN, size=(64, 64))],
        tmp_path / "two.mp4",
        size=(64, 64),
        fps=10,
    )
    truth = clips.side_by_side([two.path, two.path], tmp_path / "out.mp4", height=64, seconds=5, fps=10)
    assert truth.duration_s == pytest.approx(5.0)
    for time_s, colour in ((0.5, RED), (1.5, GREEN), (2.5, RED), (3.5, GREEN), (4.5, RED)):
        assert near(colour_in(at(truth.path, time_s), truth.parts[1].box), colour)


@pytest.mark.parametrize("count", [0, 6])
def test_side_by_side_takes_one_to_five(tmp_path: Path, count: int) -> None:
    with pytest.raises(VideoError, match=f"{count} clips"):
        clips.side_by_side([tmp_path / "a.mp4"] * count, tmp_path / "out.mp4")


def test_one_after_another_knows_spans_and_boxes(tmp_path: Path) -> None:
    paths = [
        plain(tmp_path, "r.mp4", RED, size=(64, 128), seconds=1.3),
        plain(tmp_path, "g.mp4", GREEN, size=(256, 64), seconds=0.7),
    ]
    truth = clips.one_after_another(paths, tmp_path / "out.mp4", size=(200, 120), fps=10)
    assert [part.span for part in truth.parts] == [pytest.approx((0, 1.3)), pytest.approx((1.3, 2.0))]
    for part, colour in zip(truth.parts, (RED, GREEN), strict=True):
        for time_s in (part.span[0] + 0.05, part.span[1] - 0.05):
            image = at(truth.path, time_s)
            assert near(colour_in(image, part.box), colour)
            x0, y0, _, _ = part.box
            outside = image[2, 100] if y0 > 0.05 else image[60, 2]
            assert np.abs(outside.astype(int) - pictures.NEUTRAL).max() < 12
            assert x0 > 0.05 or y0 > 0.05


def test_cut_holds_only_the_part(tmp_path: Path) -> None:
    both = clips.one_after_another(
        [plain(tmp_path, "r.mp4", RED, size=(64, 64)), plain(tmp_path, "g.mp4", GREEN, size=(64, 64))],
        tmp_path / "two.mp4",
        size=(64, 64),
        fps=10,
    )
    part = clips.cut(both.path, tmp_path / "part.mp4", 1.0, 9.0)
    assert part.duration_s == pytest.approx(1.0)
    for time_s in (0.0, 0.5, 0.95):
        assert near(colour_in(at(part.path, time_s), (0, 0, 1, 1)), GREEN)
    with pytest.raises(VideoError, match="is empty"):
        clips.cut(both.path, tmp_path / "none.mp4", 3.0, 4.0)


@pytest.fixture
def base(tmp_path: Path, photo: NDArray[np.uint8]) -> Path:
    return clips.write_clip(tmp_path / "base.mp4", [photo] * 10, 10).path


def test_small_shrinks_onto_a_neutral_canvas(tmp_path: Path, base: Path) -> None:
    truth = clips.degrade(base, tmp_path / "out.mp4", "small", 4, seed=3)
    x0, y0, x1, y1 = truth.parts[0].box
    assert [x1 - x0, y1 - y0] == pytest.approx([0.25, 0.25], abs=0.01)
    image = at(truth.path, 0.5)
    assert image.shape == (300, 400, 3)
    grey = np.abs(image.astype(int) - pictures.NEUTRAL).max(axis=2) < 12
    assert 0.9 < grey.mean() < 0.95
    red, _, blue = colour_in(image, (x0, y0, (x0 + x1) / 2, y1))
    assert red > blue + 100


def test_blur_removes_detail(tmp_path: Path, base: Path) -> None:
    sharpness = [
        np.abs(np.diff(at(clips.degrade(base, tmp_path / f"{s}.mp4", "blur", s).path, 0.5).astype(int), axis=0)).mean()
        for s in (0, 0.5, 2, 6)
    ]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[-1] < sharpness[0] / 3


def test_mask_covers_the_region_and_nothing_else(tmp_path: Path, base: Path) -> None:
    truth = clips.degrade(
        base,
        tmp_path / "out.mp4",
        "masked",
        1.0,
        regions=lambda time_s: [(0.0, 0.0, 0.4, 0.4)] if time_s < 0.5 else [(0.6, 0.6, 1.0, 1.0)],
    )
    early, late = at(truth.path, 0.2), at(truth.path, 0.8)
    assert colour_in(early, (0.0, 0.0, 0.4, 0.4)).max() < 40
    assert colour_in(late, (0.6, 0.6, 1.0, 1.0)).max() < 40
    assert colour_in(early, (0.6, 0.6, 1.0, 1.0))[2] > 150
    assert colour_in(late, (0.0, 0.0, 0.4, 0.4))[0] > 150


def test_dark_and_noise(tmp_path: Path, base: Path) -> None:
    plain_mean = at(base, 0.5).mean()
    dark = at(clips.degrade(base, tmp_path / "d.mp4", "dark", 0.8).path, 0.5)
    assert dark.mean() == pytest.approx(plain_mean * 0.2, abs=6)
    noisy = [at(clips.degrade(base, tmp_path / f"{i}.mp4", "noise", 30, seed=4).path, 0.5) for i in range(2)]
    assert np.array_equal(noisy[0], noisy[1])
    assert noisy[0][:, :200, 0].std() > at(base, 0.5)[:, :200, 0].std() + 3


@pytest.mark.parametrize(("kind", "strength"), [("upside down", 1), ("small", 0.5), ("dark", 1.5), ("blur", -1)])
def test_unknown_damage_and_strength_out_of_range(tmp_path: Path, base: Path, kind: str, strength: float) -> None:
    with pytest.raises(VideoError, match=kind):
        clips.degrade(base, tmp_path / "out.mp4", kind, strength)  # type: ignore[arg-type]
    assert not (tmp_path / "out.mp4").exists()


def test_crop_outside_the_picture(photo: NDArray[np.uint8]) -> None:
    with pytest.raises(VideoError, match="not inside the picture"):
        pictures.crop_box(photo, (0.5, 0.0, 1.2, 1.0))
