"""Finding cuts between sampled frames, and how the whole picture moves between them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pvchat.perception.geometry import Image, quick_resize

_WIDTH, _HEIGHT = 64, 36
_EVEN = 0.06


@dataclass(frozen=True)
class Signature:
    """A small summary of one frame.

    Attributes:
        gray: (36, 64) float32 brightness in 0..1, slightly blurred.
        colours: (36, 64) uint8 joint bin of hue, saturation and value of each pixel, 0..255.
    """

    gray: NDArray[np.float32]
    colours: NDArray[np.uint8]


def signature(rgb: Image) -> Signature:
    """Summarise a frame.

    Args:
        rgb: (H, W, 3) uint8.
    """
    small = quick_resize(rgb, _WIDTH, _HEIGHT)
    gray = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0, (0, 0), 1.0)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    bins = (hsv[..., 0] // 23) * 32 + (hsv[..., 1] // 64) * 8 + hsv[..., 2] // 32
    return Signature(gray=gray.astype(np.float32), colours=bins.astype(np.uint8))


def difference(a: Signature, b: Signature) -> float:
    """How different two frames are: 0 (the same) to 1 (nothing in common).

    The mean of two views, since each alone is fooled: the layout (structural similarity of the small gray pictures,
    blind to colour) and the colours (histogram intersection, blind to layout). Bars at the edges do not count.
    """
    inside = slice(*_shown(a.gray, b.gray)), slice(*_shown(a.gray.T, b.gray.T))
    if not a.gray[inside].size:
        return 0.0
    layout = 1.0 - max(0.0, _structure(a.gray[inside], b.gray[inside]))
    colours = 1.0 - float(np.minimum(_histogram(a.colours[inside]), _histogram(b.colours[inside])).sum())
    return min(1.0, max(0.0, 0.5 * (layout + colours)))


def _shown(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[int, int]:
    """First row and end of what lies between the bars (rows at the edges of one even grey in both frames)."""
    both = np.concatenate([a, b], axis=1)
    rows = np.flatnonzero(both.max(axis=1) - both.min(axis=1) > _EVEN)
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)


def _histogram(bins: NDArray[np.uint8]) -> NDArray[np.float32]:
    cube = np.bincount(bins.ravel(), minlength=256).astype(np.float32).reshape(8, 4, 8)
    # Neighbouring brightness bins share their counts, or a slow fade would read as another picture.
    padded = np.pad(cube, ((0, 0), (0, 0), (1, 1)), mode="edge")
    mixed: NDArray[np.float32] = 0.25 * padded[..., :-2] + 0.5 * padded[..., 1:-1] + 0.25 * padded[..., 2:]
    return (mixed / max(float(mixed.sum()), 1e-9)).ravel()


def _structure(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    x, y = a - a.mean(), b - b.mean()
    # The constant stands for sensor noise: two flat dark pictures are alike, not uncorrelated.
    noise = 0.02**2 * a.size
    return float((2 * (x * y).sum() + noise) / ((x * x).sum() + (y * y).sum() + noise))


# Where the picture's own motion is looked for: near the edges, since the middle is where people are.
_PATCH_W, _PATCH_H, _REACH_X, _REACH_Y = 12, 12, 6, 4
_PATCHES = ((6, 4), (26, 4), (46, 4), (6, 15), (46, 15))


def shift(a: Signature, b: Signature) -> tuple[float, float] | None:
    """How the picture moved from one frame to the next.

    Patches along the upper edge and the sides are looked for in the next frame; at least two thirds of those with any
    texture have to agree.

    Returns:
        (dx, dy) as fractions of the frame's width and height, or None when it cannot be told.
    """
    found = []
    for x, y in _PATCHES:
        patch = a.gray[y : y + _PATCH_H, x : x + _PATCH_W]
        if float(patch.std()) < 0.02:
            continue
        top, left = max(0, y - _REACH_Y), x - _REACH_X
        area = b.gray[top : y + _PATCH_H + _REACH_Y, left : x + _PATCH_W + _REACH_X]
        _, best, _, (at_x, at_y) = cv2.minMaxLoc(cv2.matchTemplate(area, patch, cv2.TM_CCOEFF_NORMED))
        if best > 0.8:
            found.append((at_x - (x - left), at_y - (y - top)))
    if len(found) < 2:
        return None
    moves = np.array(found, dtype=np.float32)
    middle = np.median(moves, axis=0)
    if (np.abs(moves - middle).max(axis=1) <= 1.0).mean() < 2 / 3:
        return None
    return float(middle[0]) / _WIDTH, float(middle[1]) / _HEIGHT


@dataclass(frozen=True)
class CutBetween:
    """A cut known to lie between two samples: their times and their signatures."""

    before_s: float
    after_s: float
    before: Signature
    after: Signature


def locate_cuts(
    cuts: Sequence[CutBetween], look: Callable[[Sequence[float]], Iterable[Signature]], tolerance_s: float
) -> list[float]:
    """Times of cuts, by bisection of all of them in step, so that the video is read once per round.

    Args:
        cuts: ascending.
        look: signatures of the frames at ascending times, in that order.
        tolerance_s: no further than this from the cut. When all cuts are known this well, nothing is read.

    Returns:
        One time per cut, ascending.
    """
    brackets = [[cut.before_s, cut.after_s] for cut in cuts]
    while wide := [i for i, (start, end) in enumerate(brackets) if end - start > 2 * tolerance_s]:
        middles = [(brackets[i][0] + brackets[i][1]) / 2 for i in wide]
        for i, middle, seen in zip(wide, middles, look(middles), strict=True):
            later = difference(cuts[i].before, seen) <= difference(cuts[i].after, seen)
            brackets[i][0 if later else 1] = middle
    return [(start + end) / 2 for start, end in brackets]


class CutDetector:
    """Says for each sampled frame whether a cut lies between it and the one before.

    Args:
        threshold: difference (0..1) that is a cut in a calm video. In a restless one (hand-held, many lights) the
            bound rises to twice the recent median difference, so that motion is not taken for cuts.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._recent: list[float] = []
        self.last: Signature | None = None
        self.last_difference = 0.0

    def update(self, current: Signature) -> bool:
        """Add the next frame; True when a cut lies before it."""
        previous, self.last = self.last, current
        if previous is None:
            return False
        self.last_difference = difference(previous, current)
        bound = max(self._threshold, 2.0 * _median(self._recent))
        cut = self.last_difference > bound
        if cut:
            self._recent = []
        else:
            self._recent = [*self._recent[-7:], self.last_difference]
        return cut


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else 0.0
