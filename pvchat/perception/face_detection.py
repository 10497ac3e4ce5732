"""Faces in one image, with MediaPipe's face detectors (BlazeFace; Bazarevsky et al. 2019 and the model cards).

The full range network sees a whole frame at 192 x 192, where a face must be some ten pixels wide. Far faces are
therefore looked for again in overlapping tiles, each of which the network sees at a larger scale.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pvchat.errors import ModelError
from pvchat.perception.geometry import (
    FloatArray,
    Image,
    PixelBox,
    as_box,
    decode_ssd,
    letterbox,
    sigmoid,
    ssd_anchors,
    weighted_suppression,
)
from pvchat.perception.litert import LiteRtModel

Range = Literal["full", "short"]
Tiles = int | Literal["auto"]

# Feature maps of the two networks: (stride, anchors per cell).
_LAYERS: dict[Range, Sequence[tuple[int, int]]] = {"full": [(4, 1)], "short": [(8, 2), (16, 6)]}
_SIDE: dict[Range, int] = {"full": 192, "short": 128}

# Share of a tile that two neighbours have in common; a face up to this size is whole in at least one of them.
_TILE_OVERLAP = 0.25
# Faces below this size in network pixels are not found reliably; finer tiles are cut until the smallest face fits.
_MIN_NETWORK_PX = 12.0
# A level that has too many tiles is made coarser by this factor until it fits.
_COARSER = 1.1
# A level that is less than this finer than the one before shows nothing new.
_WORTH_A_LEVEL = 1.4
MAX_TILES = 60


@dataclass(frozen=True)
class FaceDetection:
    """A face in an image.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the image, may reach outside of it.
        score: 0..1.
        keypoints: (6, 2) pixels: the eye, then the other eye (image left, image right for an upright face),
            nose tip, mouth centre, the ear on the image left, the ear on the image right.
    """

    box: PixelBox
    score: float
    keypoints: FloatArray

    @property
    def height(self) -> float:
        """Height of the box in pixels."""
        return self.box[3] - self.box[1]

    @property
    def roll(self) -> float:
        """Angle of the eye line in radians, positive when the head is tilted clockwise as displayed."""
        right, left = self.keypoints[0], self.keypoints[1]
        return math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))


class FaceDetector:
    """Finds faces of any size.

    Args:
        path: `face_detection_full_range_sparse.tflite` or `face_detection_short_range.tflite`.
        reach: which of the two networks the file holds.
        num_threads: CPU threads of one call.
        min_score: faces below this score are dropped.
        min_tile_score: the same for faces that only a tile shows; higher, since many tiles mean many chances to err.
        min_face_px: tiles are cut small enough for faces of this height.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        reach: Range = "full",
        num_threads: int = 1,
        min_score: float = 0.5,
        min_tile_score: float = 0.55,
        min_face_px: float = 20.0,
    ) -> None:
        side = _SIDE[reach]
        self._anchors = ssd_anchors(side, _LAYERS[reach])
        n = len(self._anchors)
        self._model = LiteRtModel(path, num_threads=num_threads, outputs=[(n, 16), (n, 1)])
        if self._model.side != side:
            raise ModelError(f"{Path(path).name} takes {self._model.side} px images, the {reach} range network {side}")
        self.min_score = min_score
        self.min_tile_score = min_tile_score
        self.min_face_px = min_face_px

    def detect(self, rgb: Image, *, tiles: Tiles = 0) -> list[FaceDetection]:
        """Find the faces of one image.

        Args:
            rgb: (H, W, 3) uint8.
            tiles: 0 looks at the whole image once. "auto" adds tiles fine enough for faces of `min_face_px`.
                A number is the same with at most that many tiles. One tile costs as much as the whole image.

        Returns:
            faces, best first.
        """
        found = [self._run(rgb, self.min_score)]
        for x0, y0, side in tile_grid(rgb.shape[1], rgb.shape[0], self._model.side, self.min_face_px, tiles):
            found.append(self._run_tile(rgb, x0, y0, side))
        boxes, scores, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
        boxes, scores, points = weighted_suppression(boxes, scores, points, iou=0.3, inside=0.6)
        return [FaceDetection(as_box(b), float(s), p) for b, s, p in zip(boxes, scores, points, strict=True)]

    def _run(self, rgb: Image, min_score: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        square, fit = letterbox(rgb, self._model.side)
        raw, logits = self._model.run(square.astype(np.float32) / 127.5 - 1.0)
        scores = sigmoid(logits[:, 0])
        keep = scores >= min_score
        boxes, points = decode_ssd(raw[keep], self._anchors[keep], self._model.side)
        boxes, scores, points = weighted_suppression(boxes, scores[keep], points)
        return fit.to_image(boxes.reshape(-1, 2)).reshape(-1, 4), scores, fit.to_image(points)

    def _run_tile(self, rgb: Image, x0: int, y0: int, side: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        height, width = rgb.shape[:2]
        tile = rgb[y0 : y0 + side, x0 : x0 + side]
        boxes, scores, points = self._run(tile, self.min_tile_score)
        whole = _inside(boxes, x0, y0, tile.shape[1], tile.shape[0], width, height)
        shift = np.array([x0, y0], dtype=np.float32)
        boxes = (boxes.reshape(-1, 2) + shift).reshape(-1, 4)
        return boxes[whole], scores[whole], (points + shift)[whole]


def _inside(
    boxes: FloatArray, x0: int, y0: int, tile_w: int, tile_h: int, width: int, height: int
) -> NDArray[np.bool_]:
    """Which boxes of a tile are neither cut by an inner edge of it nor larger than what tiles are for."""
    margin = 0.02 * max(tile_w, tile_h)
    whole = np.ones(len(boxes), dtype=np.bool_)
    if x0 > 0:
        whole &= boxes[:, 0] > margin
    if y0 > 0:
        whole &= boxes[:, 1] > margin
    if x0 + tile_w < width:
        whole &= boxes[:, 2] < tile_w - margin
    if y0 + tile_h < height:
        whole &= boxes[:, 3] < tile_h - margin
    return whole


def tile_grid(width: int, height: int, side: int, min_face_px: float, tiles: Tiles) -> list[tuple[int, int, int]]:
    """Overlapping square tiles (x0, y0, side) that show faces of `min_face_px` large enough, coarse to fine.

    Each level halves the tile's side, so that a face too large for one level is found on the level before.

    Args:
        width, height: image size in pixels.
        side: input side of the network.
        min_face_px: height of the smallest face worth finding.
        tiles: "auto" for at most `MAX_TILES`, or the largest number of tiles; the finest level that fits is the last.
    """
    limit = MAX_TILES if tiles == "auto" else tiles
    grid: list[tuple[int, int, int]] = []
    tile = float(max(width, height))
    finest = min_face_px * side / _MIN_NETWORK_PX
    while len(grid) < limit and tile > finest:
        # The last level need not halve: the largest tile that shows the smallest face is enough.
        smaller = max(tile / 2, finest)
        level = _level(width, height, smaller)
        while len(grid) + len(level) > limit and smaller * _COARSER < tile / _WORTH_A_LEVEL:
            smaller *= _COARSER
            level = _level(width, height, smaller)
        if len(grid) + len(level) > limit:
            break
        grid += level
        tile = smaller
    return grid


def _level(width: int, height: int, tile: float) -> list[tuple[int, int, int]]:
    return [(x, y, math.ceil(tile)) for y in _starts(height, tile) for x in _starts(width, tile)]


def _starts(length: int, tile: float) -> list[int]:
    if length <= tile:
        return [0]
    count = math.ceil((length - tile) / (tile * (1 - _TILE_OVERLAP))) + 1
    return [round(i * (length - tile) / (count - 1)) for i in range(count)]
