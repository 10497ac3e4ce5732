"""Colours of the upper and the lower clothing.

A region of the body is taken from the pose (or from the face where only head and shoulders are seen), everything that
is not the person, skin or hair is removed, and each remaining pixel votes for a colour name. The name of a pixel is
that of the nearest of some hundred reference colours in CIELAB, with lightness counting less than hue and chroma,
because lightness is what lamps, folds and exposure change.
"""

from collections.abc import Callable, Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.geometry import Image, PixelBox, quick_resize
from pvchat.perception.observation import BodySeen, ClothingSeen, TrackObservation
from pvchat.perception.pose import LEFT_HIP, LEFT_KNEE, LEFT_SHOULDER, RIGHT_HIP, RIGHT_KNEE, RIGHT_SHOULDER
from pvchat.perception.record import COLOURS, Attribute, AttributeName

_REFERENCES: dict[str, str] = {
    "black": "000000 0e0e10 191919 232324 14161f 1c1714 202228 2a2a2c 21170f 2b1f18",
    "gray": "464646 5a5a5a 6e6e6e 808080 949494 a8a8a8 b8b8b8 5c6068 7c828a 9aa0a8 6e6a66 8f8a84 aaa59e 3c3e42",
    "white": "ffffff f2f2f2 e4e4e4 d8d8d8 f4f6fb e6eaf2 faf6ee ebe8e2",
    "beige": "e1cdaf d2b48c c8b9a0 f0e1c8 b4a082 d8c8a8 bfa98a e8d8bc cbbb9f",
    "brown": "654321 8b4513 5c4033 78553c 3c2819 966e4b 4b372d 7a5030 a0724a 4a2a18 8a6a50",
    "red": "ff0000 c8141e 8b0000 aa282d 640a14 dc3c3c b01030 e02030 7a1a20 c04048",
    "orange": "ff8c00 e66e1e ffa53c c85a14 f08246 ff7020 d97a30 c8861e b07814 94600a",
    "yellow": "ffff00 f0d228 fff078 c8aa28 e6c85a ffe040 d8b820 f4e08c",
    "green": "008000 00c000 225a28 508c50 6e823c 3c4628 96c88c 143c28 00966e aadcaa 46a05a 788c64 2e7d52 a0c040 4a5a38",
    "blue": "0000ff 00008b 1e3c96 4682b4 6496dc 87ceeb 28325a 3c5a82 7896b4 00b4d2 3caabe aacde6 141e46 2050c0 50a0e0 "
    " 30c8e0 006080 8eb4d0 5a7aa8",
    "purple": "800080 5a2878 9664b4 c8aadc 4b0082 6e466e 3c193c 8050c0 a078b8 5c3a6c",
    "pink": "ffc0cb ff69b4 e67896 dca0aa c86482 b4788c ff1493 f0c8d2 d88aa8 e8b0c0 a86078",
}
_LIGHTNESS_WEIGHT = 0.6
_SKIN_REACH = 0.14
# A neck in the shadow of the chin or in the light of a lamp strays further, but keeps a name that skin can have.
_SKIN_REACH_OF_SKIN_NAMES = 0.28
_SKIN_NAMES = np.array([name in ("beige", "brown", "orange") for name in COLOURS])
# Side of the square in which a garment is named, over the longer side of the torso.
_SQUARE = 1.3
_SHIFT = 3  # colours are looked up in a table of 32 steps per channel


def _lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIELAB of (H, W, 3) uint8: L in 0..100."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)


@cache
def _table() -> NDArray[np.uint8]:
    """Index into COLOURS for every colour of 5 bits per channel, shape (32, 32, 32)."""
    codes = [(COLOURS.index(name), code) for name, line in _REFERENCES.items() for code in line.split()]
    reference = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for _, code in codes], dtype=np.uint8)
    names = np.array([name for name, _ in codes], dtype=np.uint8)
    weights = np.array([_LIGHTNESS_WEIGHT, 1.0, 1.0], dtype=np.float32)
    steps = (np.arange(32, dtype=np.uint8) << _SHIFT) + (1 << (_SHIFT - 1))
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(1, -1, 3)
    points = _lab(grid)[0] * weights
    near = _lab(reference[None])[0] * weights
    squared = (points**2).sum(1)[:, None] - 2.0 * points @ near.T + (near**2).sum(1)[None]
    return np.asarray(names[squared.argmin(1)].reshape(32, 32, 32))


def colour_indices(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Name each colour: index into `record.COLOURS`.

    Args:
        rgb: (..., 3) uint8.
    """
    low = rgb >> _SHIFT
    return np.asarray(_table()[low[..., 0], low[..., 1], low[..., 2]])


def colour_name(red: int, green: int, blue: int) -> str:
    """Name one sRGB colour (0..255 each)."""
    return COLOURS[int(colour_indices(np.array([red, green, blue], dtype=np.uint8)))]


def colour_votes(rgb: NDArray[np.uint8], keep: NDArray[np.bool_]) -> dict[str, float]:
    """Share of each colour name among the kept pixels of an image; empty when none is kept.

    Args:
        rgb: (H, W, 3) uint8.
        keep: (H, W).
    """
    pixels = rgb[keep]
    if not len(pixels):
        return {}
    counts = np.bincount(colour_indices(pixels), minlength=len(COLOURS)) / len(pixels)
    return {name: float(share) for name, share in zip(COLOURS, counts, strict=True) if share > 0}


def look_at_clothing(
    rgb: Image,
    time_s: float,
    *,
    body: BodySeen | None,
    mask: NDArray[np.float32] | None,
    face_box: PixelBox | None,
    portrait_mask: Callable[[], NDArray[np.float32] | None] | None = None,
) -> tuple[ClothingSeen | None, ClothingSeen | None]:
    """Measure the colours of a person's clothes in one frame.

    Args:
        rgb: (H, W, 3) uint8 frame.
        time_s: its time.
        body: the person's pose, if any.
        mask: (H, W) probability of being this person (or any person), if known.
        face_box: the person's face in pixels, if seen.
        portrait_mask: gives a mask like `mask` made for heads and shoulders; asked when no more of the person is seen.

    Returns:
        What was seen of the upper and of the lower clothing; None for what is not in view.
    """
    upper, lower = _upper_region(body, face_box), _lower_region(body)
    height, width = rgb.shape[:2]
    around = mask
    if face_box is not None and (upper is None or _in_frame(upper, width, height) < 0.3):
        # In a portrait the shoulders lie at the lower edge; without a mask its corners would be background.
        around = portrait_mask() if portrait_mask is not None else mask
        upper = _bust_region(face_box) if around is not None else None
    return (
        _look(rgb, time_s, upper, around, face_box) if upper is not None else None,
        _look(rgb, time_s, lower, mask, face_box) if lower is not None else None,
    )


def torso_box(body: BodySeen | None, face_box: PixelBox | None) -> PixelBox | None:
    """Upright box around the torso in pixels, may reach outside of the frame; None when it cannot be told."""
    corners = _upper_region(body, face_box)
    if corners is None:
        return None
    (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def square_around(torso: PixelBox, width: int, height: int) -> tuple[int, int, int, int]:
    """A square around a torso with a little of what is beside it, moved into the frame; cut off where it is too large.

    Args:
        torso: see `torso_box`. width, height: of the frame.

    Returns:
        x0, y0, x1, y1 in whole pixels, at least one pixel each way.
    """
    x0, y0, x1, y1 = torso
    side = min(_SQUARE * max(x1 - x0, y1 - y0), float(max(width, height)))
    left = min(max((x0 + x1 - side) / 2, 0.0), max(0.0, width - side))
    top = min(max(y0 - (_SQUARE - 1) / 2 * (y1 - y0), 0.0), max(0.0, height - side))
    return (
        int(left),
        int(top),
        max(int(left) + 1, int(min(left + side, width))),
        max(int(top) + 1, int(min(top + side, height))),
    )


def _upper_region(body: BodySeen | None, face: PixelBox | None) -> NDArray[np.float32] | None:
    """Corners (4, 2) of the torso in pixels; may reach outside of the frame."""
    if body is not None and body.visible(LEFT_SHOULDER, RIGHT_SHOULDER, at_least=0.5):
        points = body.landmarks[:, :2]
        a, b = points[LEFT_SHOULDER], points[RIGHT_SHOULDER]
        across = float(np.linalg.norm(a - b))
        if body.visible(LEFT_HIP, RIGHT_HIP, at_least=0.5):
            c, d = points[RIGHT_HIP], points[LEFT_HIP]
            # Seen from the side the torso is narrow; a face-on torso is about as high as wide.
            if across < 0.3 * float(np.linalg.norm((a + b) / 2 - (c + d) / 2)):
                return None
        else:
            down = np.array([0.0, 1.2 * across], dtype=np.float32)
            c, d = b + down, a + down
        # Arms and background lie at the outline, the waist band at the lower end.
        corners = np.stack([a, b, b + 0.9 * (c - b), a + 0.9 * (d - a)]).astype(np.float32)
        middle = corners.mean(0)
        corners[:, 0] = middle[0] + 0.9 * (corners[:, 0] - middle[0])
        return np.asarray(corners, dtype=np.float32)
    if face is None:
        return None
    width, height = face[2] - face[0], face[3] - face[1]
    x = (face[0] + face[2]) / 2
    top, bottom = face[3] + 0.35 * height, face[3] + 1.8 * height
    return np.array(
        [(x - width, top), (x + width, top), (x + 1.1 * width, bottom), (x - 1.1 * width, bottom)], dtype=np.float32
    )


def _bust_region(face: PixelBox) -> NDArray[np.float32]:
    """Corners (4, 2) of what lies beside and below the chin: all that a portrait shows of the clothes."""
    width, height = face[2] - face[0], face[3] - face[1]
    x = (face[0] + face[2]) / 2
    top, bottom = face[3] - 0.1 * height, face[3] + 0.6 * height
    return np.array(
        [(x - 1.2 * width, top), (x + 1.2 * width, top), (x + 1.2 * width, bottom), (x - 1.2 * width, bottom)],
        dtype=np.float32,
    )


def _in_frame(corners: NDArray[np.float32], width: int, height: int) -> float:
    """Share of a region's bounding box that lies inside the frame."""
    (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
    inside = max(0.0, min(x1, width) - max(x0, 0.0)) * max(0.0, min(y1, height) - max(y0, 0.0))
    return float(inside / max((x1 - x0) * (y1 - y0), 1e-6))


def _lower_region(body: BodySeen | None) -> NDArray[np.float32] | None:
    """Corners (4, 2) of the thighs, or None when hips or knees are not seen."""
    if body is None or not body.visible(LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE, at_least=0.6):
        return None
    points = body.landmarks[:, :2]
    a, b, c, d = points[LEFT_HIP], points[RIGHT_HIP], points[RIGHT_KNEE], points[LEFT_KNEE]
    # From below the waist band to above the knee: a skirt ends there, trousers go on.
    start_a, start_b = a + 0.15 * (d - a), b + 0.15 * (c - b)
    end_a, end_b = a + 0.85 * (d - a), b + 0.85 * (c - b)
    return np.stack([start_a, start_b, end_b, end_a]).astype(np.float32)


def _look(
    rgb: Image,
    time_s: float,
    corners: NDArray[np.float32],
    mask: NDArray[np.float32] | None,
    face: PixelBox | None,
) -> ClothingSeen | None:
    height, width = rgb.shape[:2]
    whole = float(cv2.contourArea(corners))
    low = np.floor(corners.min(0)).astype(int)
    high = np.ceil(corners.max(0)).astype(int)
    top, left = max(low[1], 0), max(low[0], 0)
    if face is not None:
        # Hair and skin are told by what they touch, so the head belongs to the crop.
        tall = face[3] - face[1]
        top = max(0, min(top, int(face[1] - 0.6 * tall)))
        left = max(0, min(left, int(face[0] - 0.4 * tall)))
        high[0] = max(high[0], int(face[2] + 0.4 * tall))
    bottom, right = min(high[1], height), min(high[0], width)
    if bottom - top < 4 or right - left < 4 or whole < 16:
        return None
    scale = min(1.0, 128.0 / max(bottom - top, right - left))
    size = (max(2, round((right - left) * scale)), max(2, round((bottom - top) * scale)))
    crop = quick_resize(rgb[top:bottom, left:right], *size)
    inside = np.zeros(crop.shape[:2], dtype=np.uint8)
    cv2.fillConvexPoly(inside, np.round((corners - (left, top)) * scale).astype(np.int32), (1,))
    person = np.ones(crop.shape[:2], dtype=bool)
    if mask is not None:
        # A mask is smooth: its network sees less than this many pixels.
        likely = cv2.resize(mask[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR) > 0.6
        # The outline of a mask is off by a pixel or two of its network's input.
        person = cv2.erode(likely.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    box = None
    if face is not None:
        box = tuple(round((v - o) * scale) for v, o in zip(face, (left, top, left, top), strict=True))
    region = (inside > 0) & person
    cloth = region & ~head_pixels(crop, person, box) if box is not None else region
    if cloth.sum() < 12:
        return None
    # A third of the torso, evenly lit, is as good as all of it.
    coverage = float(cloth.sum()) / scale**2 / whole
    return ClothingSeen(time_s=time_s, votes=colour_votes(crop, cloth), coverage=min(1.0, 3.0 * coverage))


def head_pixels(rgb: Image, person: NDArray[np.bool_], face: Sequence[int]) -> NDArray[np.bool_]:
    """Pixels that are skin or hair, going by the colours of this person's own face and head.

    Args:
        rgb: (H, W, 3) uint8 crop that shows head and torso.
        person: (H, W), where the person is.
        face: box of the face in the crop.

    Returns:
        (H, W): the head itself, pixels of the face's colour, and pixels of the hair's colour that hang together with
        the hair on the head (a black jacket below short black hair is kept, long hair on the shoulders is not).
    """
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = face
    wide, tall = max(x1 - x0, 1), max(y1 - y0, 1)
    lab = _lab(rgb)
    result = np.zeros((height, width), dtype=bool)
    # The face box ends at the chin and begins at the brow.
    result[: max(0, y1 + round(0.08 * tall)), max(0, x0) : max(0, x1)] = True
    # Below the chin comes the neck, half as wide as the face; what a collar loses here, the shoulders still show.
    result[: max(0, y1 + round(0.35 * tall)), max(0, x0 + round(0.25 * wide)) : max(0, x1 - round(0.25 * wide))] = True
    cheeks = _part(rgb, person, x0 + 0.2 * wide, y0 + 0.45 * tall, x0 + 0.8 * wide, y0 + 0.75 * tall)
    if cheeks is not None:
        # A shadow scales the three channels alike, so skin keeps their ratios; the constant tames noise in the dark.
        ratios, own = _log_ratios(rgb), _log_ratios(cheeks[None, None])
        light = rgb.sum(axis=-1, dtype=np.float32) / max(float(cheeks.sum()), 1.0)
        away = np.hypot(*(ratios - own))
        like_skin = (away < _SKIN_REACH) | ((away < _SKIN_REACH_OF_SKIN_NAMES) & _SKIN_NAMES[colour_indices(rgb)])
        result |= like_skin & (light > 0.3) & (light < 1.5)
    hair = _part(lab, person, x0 + 0.15 * wide, y0 - 0.5 * tall, x0 + 0.85 * wide, y0 - 0.2 * tall)
    if hair is not None:
        like = (np.linalg.norm((lab - hair) * (0.7, 1.0, 1.0), axis=-1) < 16) & person
        like[: max(0, y0 + tall // 2), max(0, x0 - wide // 2) : max(0, x1 + wide // 2)] |= person[
            : max(0, y0 + tall // 2), max(0, x0 - wide // 2) : max(0, x1 + wide // 2)
        ]
        _, labels = cv2.connectedComponents(like.astype(np.uint8), connectivity=4)
        on_head = labels[: max(1, y0 + tall // 2), max(0, x0 - wide // 2) : max(1, x1 + wide // 2)]
        touching = [label for label in np.unique(on_head) if label != 0]
        result |= np.isin(labels, touching)
    return result


def _log_ratios(rgb: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Red over green and green over blue of (H, W, 3) values 0..255, in logarithms: (2, H, W)."""
    logs = np.log(rgb.astype(np.float32) + 6.0)
    return np.stack([logs[..., 0] - logs[..., 1], logs[..., 1] - logs[..., 2]])


def _part(
    image: NDArray[np.uint8] | NDArray[np.float32],
    person: NDArray[np.bool_],
    x0: float,
    y0: float,
    x1: float,
    y1: float,
) -> NDArray[np.float32] | None:
    """Median colour of a rectangle inside the person, or None when less than a handful of pixels is left."""
    rows, columns = slice(max(0, round(y0)), max(0, round(y1))), slice(max(0, round(x0)), max(0, round(x1)))
    pixels = image[rows, columns][person[rows, columns]]
    return np.asarray(np.median(pixels, axis=0), dtype=np.float32) if len(pixels) >= 6 else None


def colour_of(name: AttributeName, looks: Sequence[ClothingSeen]) -> list[Attribute]:
    """The colour most looks agree on.

    Args:
        name: "upper_colour" or "lower_colour".
        looks: what was measured in several frames; frames that showed more count more.

    Returns:
        One attribute, or none without looks. The confidence is the winner's share of the votes, counted from a
        coin flip between two colours, times how much of the garment was in view.
    """
    weight = sum(look.coverage for look in looks)
    if weight <= 0:
        return []
    votes: dict[str, float] = {}
    for look in looks:
        for colour, share in look.votes.items():
            votes[colour] = votes.get(colour, 0.0) + share * look.coverage / weight
    best = max(votes, key=lambda colour: votes[colour])
    seen = max(look.coverage for look in looks)
    # A winner with twice the votes of the runner-up is as sure as one with all of them but for pattern and shade.
    runner_up = max((share for colour, share in votes.items() if colour != best), default=0.0)
    lead = min(1.0, votes[best] / (2.0 * runner_up)) if runner_up > 0 else 1.0
    confidence = (0.4 + 0.6 * votes[best]) * lead * min(1.0, 0.25 + 2.5 * seen)
    return [Attribute(name=name, value=best, confidence=round(min(1.0, confidence), 3))]


def upper_colour(track: TrackObservation) -> list[Attribute]:
    """Colour of the upper clothing."""
    return colour_of("upper_colour", track.upper)


def lower_colour(track: TrackObservation) -> list[Attribute]:
    """Colour of the lower clothing."""
    return colour_of("lower_colour", track.lower)
