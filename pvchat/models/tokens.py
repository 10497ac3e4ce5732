"""From a perception record to the numbers nano reads: one token per track and time bin, plus a scene token.

A clip's sampled time is cut into `TokenLayout.bins` equal bins. The same `ClipArrays` is made from a real record (here)
and from a simulated scene (`pvchat.training.simulate`), so the model never sees a difference in form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pvchat.errors import ModelError
from pvchat.models.config import TokenLayout
from pvchat.perception.patches import PatchMaps
from pvchat.perception.record import COLOURS, Attribute, Box, PerceptionRecord, SceneWord, Track
from pvchat.perception.words import DOINGS, LOOKS, SCENE_WORDS, Meaning

Float = NDArray[np.float32]

APPEARANCE_WIDTH = 1280
PATCH_EXTRAS = 5
PATCH_WIDTH = APPEARANCE_WIDTH + PATCH_EXTRAS
WHOLE_FRAME, NO_PATCH = -1, -2
_PROJECTION_SEED = 135


@dataclass(frozen=True)
class ClipArrays:
    """One clip as arrays. K tracks, T bins (see `TokenLayout`).

    Attributes:
        face: (K, face) whitened track-mean face vector, zeros where the track has none.
        has_face: (K,) bool.
        appearance: (K, appearance) projected torso descriptor, zeros where there is none.
        attributes: (K, T, attributes).
        visible: (K, T) bool, the tokens that exist.
        scene: (scene,).
        track_ids: ids of the K slots, -1 where a slot is empty.
    """

    face: Float
    has_face: NDArray[np.bool_]
    appearance: Float
    attributes: Float
    visible: NDArray[np.bool_]
    scene: Float
    track_ids: tuple[int, ...]


@dataclass(frozen=True)
class PatchArrays:
    """Patches of some frames of a clip. V patches in all.

    Attributes:
        rows: (V, F) float16, see `patch_rows`. slot: (V,) int64, the track slot of a person's crop, or WHOLE_FRAME.
    """

    rows: NDArray[np.float16]
    slot: NDArray[np.int64]


def patch_rows(maps: PatchMaps, track_ids: Sequence[int]) -> PatchArrays:
    """Feature maps as rows of patches.

    Args:
        maps: of `pvchat.perception.patches`. track_ids: of the clip's slots; crops of other tracks are left out.

    Returns:
        Rows of the patch's feature vector at length 1, then: whole frame, person's crop, row and column in the map
        (-1..1), time in the clip (-1..1).
    """
    slots = {track: slot for slot, track in enumerate(track_ids) if track >= 0}
    chosen = [i for i, track in enumerate(maps.track) if track < 0 or track in slots]
    cells = maps.maps.shape[1]
    side = round(cells**0.5)
    grid = np.stack(np.divmod(np.arange(cells), side), axis=1) / max(1, (side - 1) / 2) - 1.0
    rows = np.zeros((len(chosen), cells, maps.maps.shape[2] + PATCH_EXTRAS), np.float32)
    slot = np.full((len(chosen), cells), WHOLE_FRAME, np.int64)
    for out, index in enumerate(chosen):
        features = maps.maps[index].astype(np.float32)
        rows[out, :, :-PATCH_EXTRAS] = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-6)
        track = int(maps.track[index])
        rows[out, :, -PATCH_EXTRAS] = track < 0
        rows[out, :, -PATCH_EXTRAS + 1] = track >= 0
        rows[out, :, -PATCH_EXTRAS + 2 : -1] = grid
        rows[out, :, -1] = maps.moment[index] * 2 - 1
        if track >= 0:
            slot[out] = slots[track]
    return PatchArrays(rows.reshape(-1, rows.shape[2]).astype(np.float16), slot.reshape(-1))


@cache
def appearance_projection(width: int) -> Float:
    """(1280, width) fixed random projection with orthonormal columns; seeded, so it need not be stored. Read-only."""
    gaussian = np.random.default_rng(_PROJECTION_SEED).normal(size=(APPEARANCE_WIDTH, width))
    columns, _ = np.linalg.qr(gaussian)
    # Unit vectors projected on `width` of 1280 directions have a norm of about sqrt(width / 1280): scale it back to 1.
    scaled: Float = (columns * np.sqrt(APPEARANCE_WIDTH / width)).astype(np.float32)
    # Every clip needs it, and the decomposition takes longer than all else that is done for a clip without pixels.
    scaled.flags.writeable = False
    return scaled


@cache
def face_projection(dimension: int, width: int) -> Float:
    """(dimension, width) fixed projection of whitened face vectors onto what the model reads. Read-only.

    The identity where the two agree. Else a seeded one with orthonormal columns: whitened vectors have a spread of 1 in
    every direction, and so has what is left of them, as the drawn vectors had that the model was pretrained on.

    Raises:
        ModelError: the engine's vectors are shorter than what the model reads.
    """
    if dimension < width:
        raise ModelError(
            f"the model reads face vectors of {width} numbers, the engine gives {dimension}; use another engine"
        )
    if dimension == width:
        columns = np.eye(width)
    else:
        columns, _ = np.linalg.qr(np.random.default_rng(_PROJECTION_SEED + 1).normal(size=(dimension, width)))
    found: Float = columns.astype(np.float32)
    found.flags.writeable = False
    return found


def attribute_row(
    box: Box,
    *,
    is_face: bool,
    bin_index: int,
    layout: TokenLayout,
    coverage: float,
    distance: tuple[float, float],
    upper: Float,
    lower: Float,
    actions: Float,
    looks: Float,
) -> Float:
    """The numbers of one token.

    Args:
        box: fractions of the frame. is_face: whether it is a face box (else a body box).
        coverage: share of the bin's samples in which the track is seen.
        distance: confidences of near and far. upper, lower: (colours,) confidences. actions: (actions,) confidences, in
            the order of `pvchat.perception.words.DOINGS`. looks: (looks,) confidences, in the order of `LOOKS`.

    Returns:
        (attributes,) float32: centre x and y, width, height (square roots, so that small faces keep resolution),
        box kind, bin centre, first bin, last bin, coverage, near, far, one; then upper, lower, actions, looks.
    """
    x0, y0, x1, y1 = box
    head = (
        (x0 + x1) - 1.0,
        (y0 + y1) - 1.0,
        float(np.sqrt(max(x1 - x0, 0.0))),
        float(np.sqrt(max(y1 - y0, 0.0))),
        1.0 if is_face else 0.0,
        (bin_index + 0.5) / layout.bins * 2.0 - 1.0,
        1.0 if bin_index == 0 else 0.0,
        1.0 if bin_index == layout.bins - 1 else 0.0,
        coverage,
        distance[0],
        distance[1],
        1.0,
    )
    return np.concatenate([np.asarray(head, np.float32), upper, lower, actions, looks]).astype(np.float32)


def scene_row(duration_s: float, tracks: int, cuts: int, layout: TokenLayout, words: Sequence[SceneWord] = ()) -> Float:
    """The scene token: log duration, cuts, the number of tracks as a number and as one-hot, confidences of words.

    Args:
        duration_s: length of the video. tracks, cuts: how many. words: about the picture as a whole.
    """
    sure = {word.value: word.confidence for word in sorted(words, key=lambda word: word.confidence)}
    one_hot = np.zeros(layout.tracks + 1, np.float32)
    one_hot[min(tracks, layout.tracks)] = 1.0
    head = (np.log1p(duration_s) / 4.0, min(cuts, 8) / 8.0, tracks / layout.tracks, 1.0)
    said = np.array([sure.get(word, 0.0) for word in SCENE_WORDS], np.float32)
    return np.concatenate([np.asarray(head, np.float32), one_hot, said])


def clip_arrays(
    record: PerceptionRecord, faces: Mapping[int, Float], appearance: Mapping[int, Float], layout: TokenLayout
) -> ClipArrays:
    """Arrays of a clip. Keeps the `layout.tracks` tracks that are seen longest.

    Args:
        record: what was seen, real or simulated.
        faces: track id -> (face,) whitened track-mean vector; tracks without a described face are missing.
        appearance: track id -> (appearance,) projected torso descriptor.
    """
    tracks = sorted(record.tracks, key=lambda t: (-_seconds(t), t.id))[: layout.tracks]
    tracks.sort(key=lambda t: t.id)
    face = np.zeros((layout.tracks, layout.face), np.float32)
    has_face = np.zeros(layout.tracks, np.bool_)
    appearances = np.zeros((layout.tracks, layout.appearance), np.float32)
    attributes = np.zeros((layout.tracks, layout.bins, layout.attributes), np.float32)
    visible = np.zeros((layout.tracks, layout.bins), np.bool_)
    for slot, track in enumerate(tracks):
        if track.id in faces:
            face[slot] = faces[track.id]
            has_face[slot] = True
        if track.id in appearance:
            appearances[slot] = appearance[track.id]
        _fill_bins(track, record, layout, attributes[slot], visible[slot])
    ids = tuple(t.id for t in tracks) + (-1,) * (layout.tracks - len(tracks))
    scene = scene_row(record.video.duration_s, len(record.tracks), len(record.cuts_s), layout, record.scene)
    return ClipArrays(face, has_face, appearances, attributes, visible, scene, ids)


def _seconds(track: Track) -> float:
    return sum(end - start for start, end in track.spans)


def _fill_bins(
    track: Track, record: PerceptionRecord, layout: TokenLayout, rows: Float, visible: NDArray[np.bool_]
) -> None:
    duration = max(record.video.duration_s, 1e-3)
    width = duration / layout.bins
    per_bin = np.bincount(_bin_of(record.sampled_s, width, layout.bins), minlength=layout.bins)
    bins = _bin_of([s.time_s for s in track.sightings], width, layout.bins)
    for index in range(layout.bins):
        seen = [s for s, b in zip(track.sightings, bins, strict=True) if b == index]
        if not seen:
            continue
        seen_then = _between(track, index * width, (index + 1) * width)
        box = np.mean([s.box for s in seen], axis=0)
        is_face = sum(s.face_box is not None for s in seen) * 2 >= len(seen)
        rows[index] = attribute_row(
            (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            is_face=is_face,
            bin_index=index,
            layout=layout,
            coverage=min(len(seen) / max(int(per_bin[index]), 1), 1.0),
            distance=(_confidence(track, "distance", "near"), _confidence(track, "distance", "far")),
            upper=_confidences(seen_then, [[("upper_colour", colour)] for colour in COLOURS]),
            lower=_confidences(seen_then, [[("lower_colour", colour)] for colour in COLOURS]),
            actions=_confidences(seen_then, list(DOINGS.values())),
            looks=_confidences(seen_then, [[look] for look in LOOKS]),
        )
        visible[index] = True


def _bin_of(times_s: Sequence[float], width: float, bins: int) -> NDArray[np.int64]:
    return np.clip((np.asarray(times_s, np.float64) / width).astype(np.int64), 0, bins - 1)


def _confidence(track: Track, name: str, value: str) -> float:
    return max((a.confidence for a in track.attributes if a.name == name and a.value == value), default=0.0)


def _between(track: Track, start: float, end: float) -> list[Attribute]:
    """What holds at some time between two seconds."""
    return [a for a in track.attributes if not a.spans or any(s < end and e > start for s, e in a.spans)]


def _confidences(attributes: Sequence[Attribute], words: Sequence[Sequence[Meaning]]) -> Float:
    """(words,) the surest attribute that means each word, 0 where none does."""
    sure: dict[Meaning, float] = {}
    for attribute in attributes:
        key: Meaning = (attribute.name, attribute.value)
        sure[key] = max(sure.get(key, 0.0), attribute.confidence)
    return np.array([max(sure.get(meaning, 0.0) for meaning in meanings) for meanings in words], np.float32)


def cosine_rows(rows: Float, vector: Float) -> Float:
    """(n, d) x (d,) -> (n,) cosine similarity, 0 for zero vectors."""
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(vector)
    out: Float = np.divide(rows @ vector, norms, out=np.zeros(len(rows), np.float32), where=norms > 1e-6)
    return out
