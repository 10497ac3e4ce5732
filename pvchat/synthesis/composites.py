"""The person together with somebody else who was never there."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pvchat.perception.geometry import Image, resize
from pvchat.perception.record import Box
from pvchat.synthesis.backgrounds import over
from pvchat.synthesis.framing import portrait, union
from pvchat.synthesis.shots import Shot

# (width, height) of each half of a split picture.
_PANELS = ((240, 240), (240, 270), (240, 320))
# A pasted head is at least this high where there is room; a smaller one can be nobody's any more.
_LEAST_HEAD_PX = 60.0
# A person pasted into a scene needs this much of its width, and so much air beside the head.
_LEAST_ROOM = 0.3
_AIR = 1.15
# Of the picture's height, up to which a person counts as cut off by its lower edge.
_EDGE = 0.02


def beside(shot: Shot, others: Sequence[Shot], rng: random.Random) -> tuple[Shot, str]:
    """Side by side with another person, as in a video call; the other one stands still once their shot is over.

    Returns:
        the shot, and the key of the other person's footage.
    """
    other = rng.choice(others)
    panel = rng.choice(_PANELS)
    mine = portrait(shot, panel)
    theirs = portrait(_as_long(other, shot, rng), panel)
    on_left = rng.random() < 0.5
    left, right = (mine, theirs) if on_left else (theirs, mine)
    frames = tuple(np.concatenate(pair, axis=1) for pair in zip(left.frames, right.frames, strict=True))
    start = 0.0 if on_left else 0.5
    masks = None
    if mine.masks is not None:
        nobody = np.zeros((panel[1], panel[0]), np.float32)
        pairs = [(mask, nobody) if on_left else (nobody, mask) for mask in mine.masks]
        masks = tuple(np.concatenate(pair, axis=1) for pair in pairs)
    placed = replace(
        mine,
        frames=frames,
        face_boxes=tuple(None if box is None else _halved(box, start) for box in mine.face_boxes),
        body_boxes=tuple(_halved(box, start) for box in mine.body_boxes),
        masks=masks,
    )
    return placed, other.source


def has_room(shot: Shot) -> bool:
    """Whether somebody else could stand beside the person of a shot."""
    start, end = _room(shot)
    return end - start >= _LEAST_ROOM


def together(shot: Shot, others: Sequence[Shot], rng: random.Random) -> tuple[Shot, str]:
    """Cut out and pasted into another person's scene, beside that person and about as large.

    Args:
        shot: with masks. others: shots that have room, see `has_room`.

    Returns:
        the shot, and the key of the other person's footage.
    """
    other = rng.choice(others)
    scene = _as_long(other, shot, rng)
    scale, left, top = _place(shot, scene, rng)
    width, height = scene.size
    size = (max(2, round(shot.size[0] * scale)), max(2, round(shot.size[1] * scale)))
    frames, masks = [], []
    for frame, mask, behind in zip(shot.frames, shot.masks or (), scene.frames, strict=True):
        placed = _laid(resize(frame, *size), behind, left, top)
        levels = resize(np.asarray(mask * 255 + 0.5, np.uint8), *size)
        seen = np.asarray(_laid(levels, np.zeros((height, width), np.uint8), left, top), np.float32) / np.float32(255)
        frames.append(over(placed, seen, behind))
        masks.append(seen)

    def moved(box: Box) -> Box:
        xs = [min(max((x * size[0] + left) / width, 0.0), 1.0) for x in (box[0], box[2])]
        ys = [min(max((y * size[1] + top) / height, 0.0), 1.0) for y in (box[1], box[3])]
        return xs[0], ys[0], xs[1], ys[1]

    pasted = replace(
        shot,
        frames=tuple(frames),
        face_boxes=tuple(None if box is None else moved(box) for box in shot.face_boxes),
        body_boxes=tuple(moved(box) for box in shot.body_boxes),
        masks=tuple(masks),
    )
    return pasted, other.source


def _as_long(other: Shot, shot: Shot, rng: random.Random) -> Shot:
    """As many frames of another shot as `shot` has, the last one held where they run out."""
    count = len(shot.frames)
    first = rng.randint(0, max(0, len(other.frames) - count))
    part = other.part(first, min(count, len(other.frames)))
    missing = count - len(part.frames)
    return replace(
        part,
        times_s=shot.times_s,
        frames=part.frames + part.frames[-1:] * missing,
        face_boxes=part.face_boxes + part.face_boxes[-1:] * missing,
        body_boxes=part.body_boxes + part.body_boxes[-1:] * missing,
        masks=None,
    )


def _room(scene: Shot) -> tuple[float, float]:
    """The wider side beside the head of a scene's person, from and to which share of the width."""
    x0, _, x1, _ = union(scene.head_boxes, 0.1)
    return (0.0, x0) if x0 >= 1 - x1 else (x1, 1.0)


def _place(shot: Shot, scene: Shot, rng: random.Random) -> tuple[float, int, int]:
    """How much a shot is scaled for a scene, and where its upper left corner comes to lie, in pixels."""
    width, height = scene.size
    mine, theirs = union(shot.head_boxes, 0.0), union(scene.head_boxes, 0.0)
    one, other = (float(np.median([b[3] - b[1] for b in boxes])) for boxes in (shot.head_boxes, scene.head_boxes))
    start, end = _room(scene)
    wanted = other * height * rng.uniform(0.85, 1.2) / (one * shot.size[1])
    narrowest = _LEAST_HEAD_PX / (one * shot.size[1])
    widest = (end - start) * width / (_AIR * (mine[2] - mine[0]) * shot.size[0])
    scale = min(max(wanted, narrowest), widest)
    across, down = shot.size[0] * scale, shot.size[1] * scale
    if _is_cut_off(shot):
        # Nobody floats: who is cut off by the lower edge stays so.
        level = (theirs[1] + theirs[3]) / 2 * height - (mine[1] + mine[3]) / 2 * down
        top = max(level, height - down)
    else:
        top = max(box[3] for box in scene.body_boxes) * height - max(box[3] for box in shot.body_boxes) * down
    # The head stays in the picture, whatever else does.
    top = min(max(top, -mine[1] * down), height - mine[3] * down)
    left = (start + end) / 2 * width - (mine[0] + mine[2]) / 2 * across
    # So does the other one's: what is beside it, hair or a raised arm, makes way.
    begin, finish = _reach(shot, (theirs[1] * height - top) / down, (theirs[3] * height - top) / down)
    if start > 0:
        left = min(max(left, start * width - begin * across), width - mine[2] * across)
    else:
        left = max(min(left, end * width - finish * across), -mine[0] * across)
    return scale, round(left), round(top)


def _reach(shot: Shot, upper: float, lower: float) -> tuple[float, float]:
    """From where to where a person reaches between two heights of their frames; all of it as fractions."""
    masks = shot.masks or ()
    height = masks[0].shape[0]
    rows = slice(max(0, int(upper * height)), max(1, min(height, round(lower * height))))
    seen = np.flatnonzero(np.any([(mask[rows] > 0.5).any(axis=0) for mask in masks], axis=0))
    width = masks[0].shape[1]
    return (float(seen[0]) / width, float(seen[-1] + 1) / width) if len(seen) else (0.5, 0.5)


def _is_cut_off(shot: Shot) -> bool:
    rows = [mask[-max(1, round(_EDGE * mask.shape[0])) :] for mask in shot.masks or ()]
    return float(np.median([row.mean() for row in rows])) > _EDGE


def _laid(picture: Image, canvas: Image, left: int, top: int) -> Image:
    """A picture laid on a copy of a canvas; what stands out of it is gone."""
    laid = canvas.copy()
    height, width = canvas.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + picture.shape[1]), min(height, top + picture.shape[0])
    if x1 > x0 and y1 > y0:
        laid[y0:y1, x0:x1] = picture[y0 - top : y1 - top, x0 - left : x1 - left]
    return laid


def _halved(box: Box, start: float) -> Box:
    return start + box[0] / 2, box[1], start + box[2] / 2, box[3]
