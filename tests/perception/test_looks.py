"""Hair, garments, cloth, still faces and words about the scene."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat.perception.attributes import EXTRACTORS, describe
from pvchat.perception.background import Backgrounds
from pvchat.perception.clothing import square_around
from pvchat.perception.garments import GARMENT_CLASSES, garment_shares, upper_garment
from pvchat.perception.geometry import FloatArray
from pvchat.perception.hair import hair_colour, hair_length
from pvchat.perception.hair_colours import hair_colour_name
from pvchat.perception.liveness import picture
from pvchat.perception.observation import HairSeen, HeadSeen, Texture
from pvchat.perception.patterns import pattern, pattern_name, texture_of
from pvchat.perception.record import RICH_WORDS
from pvchat.perception.scene_words import PLACE_CLASSES, THING_CLASSES
from tests.perception.people_of_numbers import portrait

Image = NDArray[np.uint8]

SKIN = np.array([73.0, 15.0, 16.0], np.float32)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((24, 24, 26), "black"),
        ((78, 50, 32), "brown"),
        ((190, 150, 90), "blond"),
        ((160, 158, 155), "gray"),
        ((130, 45, 30), "red"),
        ((120, 96, 80), None),
        ((60, 200, 90), None),
        ((190, 130, 110), None),
    ],
)
def test_colours_of_hair_have_names_and_what_lies_between_has_none(rgb: tuple[int, int, int], name: str | None) -> None:
    lab = cv2.cvtColor(np.full((1, 1, 3), rgb, np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)[0, 0]
    assert hair_colour_name(lab, SKIN) == name


def lab(rgb: tuple[float, float, float]) -> FloatArray:
    return cv2.cvtColor(np.full((1, 1, 3), rgb, np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)[0, 0]


def test_brown_hair_in_lamplight_is_brown() -> None:
    hair, skin = np.array([80, 58, 40]), np.array([214, 168, 148])
    lamp = np.array([1.1, 0.97, 0.8])
    assert hair_colour_name(lab(tuple(hair)), lab(tuple(skin))) == "brown"
    assert hair_colour_name(lab(tuple(hair * lamp)), lab(tuple(skin * lamp))) == "brown"


@pytest.mark.parametrize("torso", [(200, 150, 300, 350), (-50, 200, 90, 700), (0, 0, 640, 360), (630, 350, 700, 420)])
def test_a_garment_is_named_in_a_square_of_the_frame(torso: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = square_around(torso, 640, 360)
    assert 0 <= x0 < x1 <= 640
    assert 0 <= y0 < y1 <= 360
    longest = max(torso[2] - torso[0], torso[3] - torso[1])
    if 1.3 * longest < 360:
        assert x1 - x0 == pytest.approx(1.3 * longest, abs=1)
        assert y1 - y0 == pytest.approx(x1 - x0, abs=1)
    # Whatever is in the frame of the torso's middle is in the square.
    middle = min(max((torso[0] + torso[2]) / 2, 0), 639)
    assert x0 <= middle <= x1


def test_hair_is_told_when_looks_agree() -> None:
    seen = tuple(HairSeen(float(i), "brown", 0.8) for i in range(3))
    assert {a.value for a in describe(replace(portrait(), hair=seen), 0.5, (hair_colour, hair_length))} == {
        "brown",
        "long",
    }
    assert not hair_length(replace(portrait(), hair=tuple(HairSeen(float(i), "gray", None) for i in range(3))))
    mixed = (*seen, *(HairSeen(5.0 + i, "black", 0.0) for i in range(6)), HairSeen(20.0, None, 0.0))
    said = describe(replace(portrait(), hair=mixed), 0.5, (hair_colour, hair_length))
    assert not said


def test_the_colour_of_a_hat_is_not_told_as_that_of_hair() -> None:
    hair = tuple(HairSeen(float(i), "black", None) for i in range(3))
    bare = replace(portrait(), hair=hair, heads=(HeadSeen(0.0, -5.0, -4.0), HeadSeen(1.0, -5.0, None)))
    assert [a.value for a in hair_colour(bare)] == ["black"]
    capped = replace(bare, heads=(HeadSeen(0.0, -5.0, 5.0), HeadSeen(1.0, -5.0, 3.0)))
    assert hair_colour(capped) == []


def stripes(crossed: bool = False) -> Image:
    wave = np.sin(np.arange(224) / 3.5)
    light = np.tile(120 + 60 * wave, (224, 1))
    if crossed:
        light = 120 + 60 * np.sign(np.sin(np.arange(224) / 7))[None] * np.sign(np.sin(np.arange(224) / 7))[:, None]
    return np.repeat(light[:, :, None], 3, 2).astype(np.uint8)


def blots() -> Image:
    noise = np.random.default_rng(1).normal(0, 1, (224, 224)).astype(np.float32)
    light = 120 + 600 * cv2.GaussianBlur(noise, (0, 0), 5)
    return np.repeat(np.clip(light, 0, 255)[:, :, None], 3, 2).astype(np.uint8)


@pytest.mark.parametrize(
    ("cloth", "name"),
    [
        (np.full((224, 224, 3), 90, np.uint8), "plain"),
        (stripes(), "striped"),
        (np.rot90(stripes()).copy(), "striped"),
        (stripes(crossed=True), "checked"),
        (blots(), "printed"),
    ],
)
def test_patterns_of_cloth(cloth: Image, name: str) -> None:
    texture = texture_of(cloth)
    assert texture is not None
    assert pattern_name(texture) == name


def test_a_badge_is_no_pattern() -> None:
    shirt = np.full((224, 224, 3), 70, np.uint8)
    shirt[80:140, 85:135] = 230
    texture = texture_of(shirt)
    assert texture is not None
    assert pattern_name(texture) is None


def test_a_pattern_is_told_when_all_looks_agree() -> None:
    plain, drawn = Texture(0.5, 0.2, 0.2, 0.3), Texture(9.0, 0.9, 0.2, 0.3)
    assert [a.value for a in pattern(replace(portrait(), cloth=(plain, plain)))] == ["plain"]
    assert not pattern(replace(portrait(), cloth=(plain, drawn)))
    assert not pattern(replace(portrait(), cloth=(plain,)))


def test_a_garment_is_told_when_the_network_is_sure() -> None:
    sure, torn = np.zeros(1000, np.float32), np.zeros(1000, np.float32)
    sure[[834, 906]] = 0.5, 0.3
    torn[[834, 610]] = 0.3, 0.3
    said = upper_garment(replace(portrait(), labels=(garment_shares(sure, 1.0),)))
    assert [a.value for a in said] == ["suit"]
    assert not upper_garment(replace(portrait(), labels=(garment_shares(torn, 1.0),)))
    assert not upper_garment(portrait())


def test_of_a_portrait_only_what_a_collar_shows_is_told() -> None:
    robe, suit = np.zeros(1000, np.float32), np.zeros(1000, np.float32)
    robe[400], suit[834] = 0.9, 0.9
    for chances, whole, collar in ((robe, ["robe"], []), (suit, ["suit"], ["suit"])):
        for seen, words in ((1.0, whole), (0.1, collar)):
            told = upper_garment(replace(portrait(), labels=(garment_shares(chances, seen),)))
            assert [a.value for a in told] == words


def test_classes_are_classes_and_belong_to_one_word_of_a_kind() -> None:
    for classes in (GARMENT_CLASSES, PLACE_CLASSES, THING_CLASSES):
        numbers = [number for members in classes.values() for number in members]
        assert len(numbers) == len(set(numbers))
        assert all(0 <= number < 1000 for number in numbers)


def test_a_face_that_never_moves_is_a_picture_and_one_that_blinks_is_not() -> None:
    assert [a.value for a in picture(portrait())] == ["not a live person"]
    assert not picture(portrait(open_eyes=lambda t: 0.03 if int(t) % 2 else 0.33))
    assert not picture(portrait(mouth=lambda t: 0.1 * (t > 4)))
    assert not picture(portrait(until_s=2.0))


def test_every_word_that_can_be_said_is_in_the_vocabulary() -> None:
    said = describe(portrait(), 0.0, EXTRACTORS)
    assert all(a.value in RICH_WORDS[a.name] for a in said if a.name in RICH_WORDS)


def wall(scale: float, seed: int = 1) -> Image:
    noise = np.random.default_rng(seed).uniform(0, 255, (270, 480)).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), 9))
    light = (soft - soft.min()) * (255 / np.ptp(soft))
    matrix = np.array([[scale, 0, (1 - scale) * 240], [0, scale, (1 - scale) * 135]])
    return np.repeat(cv2.warpAffine(light, matrix, (480, 270))[:, :, None], 3, 2).astype(np.uint8)


def test_a_background_keeps_its_size_unless_the_camera_zooms() -> None:
    seen = Backgrounds()
    for time, rgb in ((0.0, wall(1.0)), (1.0, wall(1.0)), (2.0, wall(1.3)), (3.0, wall(1.0, 2)), (4.0, wall(1.0) * 0)):
        seen.add(time, rgb)
    middle = [(0.4, 0.2, 0.6, 1.0)]
    assert seen.kept_size(0.0, 1.0, middle)
    assert not seen.kept_size(0.0, 2.0, middle)
    assert not seen.kept_size(0.0, 3.0, middle)  # another picture
    assert not seen.kept_size(4.0, 4.0, middle)  # a plain wall
    assert not seen.kept_size(0.0, 1.0, [(0.0, 0.0, 1.0, 1.0)])  # nothing but people
    assert not seen.kept_size(0.0, 9.0, middle)  # never seen
