"""Hats drawn on a head: caps, beanies, brims, helmets, headscarves, turbans and peaked caps, in many colours."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from pvchat.perception.geometry import FloatArray, Image
from pvchat.training.worn_strokes import FaceAxes, any_colour, bow, filled, laid_over, line, shaded

_HAIRLINE, _CHIN, _TEMPLES = 10, 152, (127, 356)
_LEAST_FACE_PX = 10.0
_SHADE_CHANCE = 0.4


@dataclass(frozen=True)
class _Kind:
    """How a kind of hat is made.

    Attributes:
        chance: how often it is drawn. height: of the crown, in faces. square: exponent of the crown's outline.
        peak, brim, band, emblem: how often it has one. wider: how much the crown widens upwards, at most.
    """

    chance: float
    height: tuple[float, float]
    square: tuple[float, float] = (1.6, 3.2)
    peak: float = 0.0
    brim: float = 0.0
    band: float = 0.0
    emblem: float = 0.0
    wider: float = 0.12


_KINDS: dict[str, _Kind] = {
    "cap": _Kind(0.36, (0.4, 0.65), peak=1.0, emblem=0.6),
    "cap turned round": _Kind(0.05, (0.4, 0.6), band=0.5, emblem=0.3),
    "beanie": _Kind(0.15, (0.42, 0.8), band=0.7, emblem=0.4),
    "brim": _Kind(0.14, (0.4, 0.7), square=(2.0, 6.0), brim=1.0, band=0.7),
    "helmet": _Kind(0.08, (0.45, 0.75), peak=0.4, emblem=0.6),
    "headscarf": _Kind(0.08, (0.35, 0.55)),
    "turban": _Kind(0.06, (0.45, 0.8)),
    "peaked cap": _Kind(0.08, (0.3, 0.55), peak=1.0, band=0.7, emblem=0.4, wider=0.35),
}
_NAMES = tuple(_KINDS)
_CHANCES = np.array([kind.chance for kind in _KINDS.values()])


@dataclass(frozen=True)
class _Head:
    """The measures of a head in pixels: height and width of the face, and where the hat's edge meets the temples."""

    axes: FaceAxes
    hairline: FloatArray
    chin: FloatArray
    tall: float
    wide: float
    left: FloatArray
    right: FloatArray

    @property
    def middle(self) -> FloatArray:
        return np.asarray((self.left + self.right) / 2, dtype=np.float32)


def draw_hat(head: Image, points: FloatArray, rng: Generator) -> Image | None:
    """A head with a hat.

    Args:
        head: (H, W, 3) uint8. points: (468, 2) mesh in its pixels. rng: the source of chance.

    Returns:
        None where the face is too small to draw anything.
    """
    name = _NAMES[int(rng.choice(len(_NAMES), p=_CHANCES / _CHANCES.sum()))]
    kind = _KINDS[name]
    measured = _measured(points, rng)
    if measured.tall < _LEAST_FACE_PX:
        return None
    shape = (head.shape[0], head.shape[1])
    before = head.astype(np.float32)
    colour = any_colour(rng)
    height = rng.uniform(*kind.height) * measured.tall
    crown, edge = _crown(measured, kind, height, rng)
    mask = _scarf(shape, measured, rng) if name == "headscarf" else filled(shape, np.concatenate([crown, edge]))
    picture = shaded(
        before,
        mask,
        (0.0, rng.uniform(0.03, 0.12) * measured.tall),
        measured.tall * rng.uniform(0.02, 0.05),
        rng.uniform(0.1, 0.6),
    )
    if rng.random() < _SHADE_CHANCE:
        picture = _shade(picture, mask, measured, edge, rng)
    centre = measured.axes.at(measured.middle, down=-height / 2)
    picture = laid_over(picture, mask, _cloth(shape, colour, measured.axes, centre, measured.wide / 2, rng))
    if name == "turban":
        picture = _folds(picture, mask, measured, height, colour, rng)
    if rng.random() < kind.band:
        strip = np.concatenate([edge[::-1], edge - rng.uniform(0.08, 0.22) * measured.tall * measured.axes.down])
        paint = colour * rng.uniform(0.5, 1.2) if rng.random() < 0.6 else any_colour(rng)
        cloth = _cloth(shape, paint, measured.axes, measured.middle, measured.wide / 2, rng)
        picture = laid_over(picture, filled(shape, strip) * mask, cloth)
    if rng.random() < kind.peak:
        picture = _peak(picture, measured, colour, rng)
    if rng.random() < kind.brim:
        picture = _brim(picture, measured, np.concatenate([crown, edge]), colour, rng)
    if rng.random() < kind.emblem:
        picture = _emblem(picture, mask, measured, height, rng)
    # What is drawn has edges as soft as what was filmed.
    drawn = np.abs(picture - before).max(-1) > 0
    soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.8))
    picture = np.where(drawn[..., None], soft + rng.normal(0, 2, picture.shape), picture)
    return np.asarray(np.clip(picture, 0, 255), dtype=np.uint8)


def _measured(points: FloatArray, rng: Generator) -> _Head:
    hairline, chin = points[_HAIRLINE], points[_CHIN]
    axes = FaceAxes.from_down(chin - hairline)
    tall = float(np.linalg.norm(chin - hairline))
    left, right = (float((points[temple] - hairline) @ axes.across) for temple in _TEMPLES)
    wide = right - left
    out = rng.uniform(0.02, 0.14) * wide
    low = rng.uniform(-0.08, 0.14)
    first, second = (
        axes.at(hairline, end, (low + rng.uniform(-0.02, 0.16)) * tall) for end in (left - out, right + out)
    )
    return _Head(axes, hairline, chin, tall, max(wide, 1.0), first, second)


def _crown(head: _Head, kind: _Kind, height: float, rng: Generator) -> tuple[FloatArray, FloatArray]:
    """The crown's outline from left to right, and the edge over the forehead from right to left."""
    angle = np.linspace(math.pi, 0, 40)
    power = 2 / rng.uniform(*kind.square)
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    x *= 1 + rng.uniform(0, kind.wider) * np.sin(angle)
    y = np.sin(angle) ** power
    half = (head.right - head.left) / 2
    crown = head.middle + x[:, None] * half - y[:, None] * height * head.axes.down
    edge = bow(head.right, head.left, rng.uniform(-0.12, 0.04) * head.tall * head.axes.down)
    return np.asarray(crown, dtype=np.float32), edge


def _shade(picture: FloatArray, mask: FloatArray, head: _Head, edge: FloatArray, rng: Generator) -> FloatArray:
    """What a hat keeps the light from: the forehead, often the eyes too."""
    under = edge[::-1] + rng.uniform(0.2, 0.6) * head.tall * head.axes.down
    shadow = filled(mask.shape, np.concatenate([edge, under])) * (1 - mask)
    return shaded(picture, shadow, (0.0, 0.0), head.tall * rng.uniform(0.01, 0.06), rng.uniform(0.15, 0.6))


def _scarf(shape: tuple[int, int], head: _Head, rng: Generator) -> FloatArray:
    """A ring around the face, and what hangs over the shoulders."""
    angle = np.linspace(0, 2 * math.pi, 60)[:, None]
    centre = np.asarray((head.hairline + head.chin) / 2, dtype=np.float32)
    across, down = head.axes.across, head.axes.down

    def ring(wide: float, tall: float) -> FloatArray:
        points = centre + np.cos(angle) * across * wide * head.wide + np.sin(angle) * down * tall * head.tall
        return np.asarray(points, dtype=np.float32)

    corners = [(-0.7, 0.0), (0.7, 0.0), (1.1, 1.4), (-1.1, 1.4)]
    over = np.stack([head.axes.at(centre, x * head.wide, y * head.tall) for x, y in corners])
    outer = filled(shape, ring(rng.uniform(0.68, 0.95), rng.uniform(0.85, 1.15)))
    inner = filled(shape, ring(rng.uniform(0.47, 0.55), rng.uniform(0.5, 0.58)))
    return np.asarray(np.maximum(outer, filled(shape, over)) * (1 - inner), dtype=np.float32)


def _cloth(
    shape: tuple[int, int], colour: FloatArray, axes: FaceAxes, centre: FloatArray, reach: float, rng: Generator
) -> FloatArray:
    """(H, W, 3) cloth lit from somewhere, now and then ribbed, rough, or made of two colours."""
    height, width = shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    from_centre = np.stack([columns - centre[0], rows - centre[1]], axis=-1) / max(reach, 1.0)
    x, y = from_centre @ axes.across, from_centre @ axes.down
    light = rng.normal((0.0, -0.5), (0.7, 0.5))
    shade = 1 - rng.uniform(0.1, 0.45) * (x * light[0] + y * light[1]) - rng.uniform(0, 0.35) * x * x
    if rng.random() < 0.25:
        turn = rng.uniform(0, math.pi)
        shade += rng.uniform(0.05, 0.25) * np.sin((x * math.cos(turn) + y * math.sin(turn)) * rng.uniform(4, 30))
    if rng.random() < 0.4:
        grain = int(rng.integers(3, 20))
        noise = rng.normal(0, 1, (max(2, height // grain), max(2, width // grain))).astype(np.float32)
        shade += rng.uniform(0.03, 0.2) * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    base = np.broadcast_to(colour, (height, width, 3)).copy()
    if rng.random() < 0.2:
        around = np.arctan2(y, x) + rng.uniform(0, math.pi)
        base[np.floor(around / math.pi * rng.integers(2, 7)) % 2 < 1] = any_colour(rng)
    return np.asarray(np.clip(base * shade[..., None], 0, 255), dtype=np.float32)


def _folds(
    picture: FloatArray, mask: FloatArray, head: _Head, height: float, colour: FloatArray, rng: Generator
) -> FloatArray:
    for _ in range(int(rng.integers(3, 7))):
        start, end = (
            head.axes.at(head.middle, rng.uniform(-0.5, 0.5) * head.wide, -rng.uniform(0, 1) * height) for _ in range(2)
        )
        fold = bow(start, end, -rng.uniform(0, 0.3) * height * head.axes.down)
        picture = laid_over(picture, line(mask.shape, fold, float(rng.integers(1, 3))) * mask * 0.5, colour * 0.4)
    return picture


def _peak(picture: FloatArray, head: _Head, colour: FloatArray, rng: Generator) -> FloatArray:
    """The peak of a cap, with its shadow on the face."""
    shape = (picture.shape[0], picture.shape[1])
    low, half = rng.uniform(0.06, 0.26) * head.tall, rng.uniform(0.36, 0.56) * head.wide
    centre = head.axes.at(head.middle, rng.normal(0, 0.15) * head.wide, -rng.uniform(0, 0.08) * head.tall)
    angle = np.linspace(0, math.pi, 30)[:, None]
    front = centre + np.cos(angle) * head.axes.across * half + np.sin(angle) * head.axes.down * low
    back = bow(front[-1], front[0], -rng.uniform(0, 0.14) * head.tall * head.axes.down)
    mask = filled(shape, np.asarray(np.concatenate([front, back]), dtype=np.float32))
    picture = shaded(picture, mask, (0.0, 0.08 * head.tall), 0.04 * head.tall, rng.uniform(0.1, 0.6))
    paint = colour * rng.uniform(0.5, 1.1) if rng.random() < 0.7 else any_colour(rng)
    return laid_over(picture, mask, _cloth(shape, paint, head.axes, centre, half, rng))


def _brim(picture: FloatArray, head: _Head, crown: FloatArray, colour: FloatArray, rng: Generator) -> FloatArray:
    """A brim all around; what of it lies behind the head is hidden now and then."""
    shape = (picture.shape[0], picture.shape[1])
    half, low = rng.uniform(0.7, 1.15) * head.wide, rng.uniform(0.06, 0.25) * head.tall
    centre = head.axes.at(head.middle, down=-rng.uniform(-0.02, 0.1) * head.tall)
    angle = np.linspace(0, 2 * math.pi, 50)[:, None]
    curl = rng.uniform(-0.1, 0.2) * head.tall * np.cos(angle) ** 2
    outline = centre + np.cos(angle) * head.axes.across * half + (np.sin(angle) * low - curl) * head.axes.down
    mask = filled(shape, np.asarray(outline, dtype=np.float32))
    if rng.random() < 0.5:
        mask = mask * (1 - filled(shape, crown))
    paint = colour * rng.uniform(0.6, 1.1)
    return laid_over(picture, mask, _cloth(shape, paint, head.axes, centre, half, rng))


def _emblem(picture: FloatArray, mask: FloatArray, head: _Head, height: float, rng: Generator) -> FloatArray:
    centre = head.axes.at(head.middle, rng.normal(0, 0.06) * head.wide, -rng.uniform(0.35, 0.65) * height)
    sign = np.zeros(mask.shape, dtype=np.float32)
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 4))):
            ends = np.asarray(centre + rng.normal(0, 0.08, (2, 2)) * head.wide, dtype=np.float32)
            sign = np.maximum(sign, line((mask.shape[0], mask.shape[1]), ends, float(rng.integers(1, 4))))
    else:
        size = (max(1, round(head.wide * rng.uniform(0.06, 0.2))), max(1, round(head.tall * rng.uniform(0.04, 0.12))))
        at = (round(float(centre[0])), round(float(centre[1])))
        cv2.ellipse(sign, at, size, rng.normal(0, 15), 0, 360, 1.0, -1, cv2.LINE_AA)
    return laid_over(picture, 0.9 * sign * mask, any_colour(rng))
