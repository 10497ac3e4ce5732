"""How new a made face is: its distance from the nearest face of the video, in spacings of faces in neighbouring frames.

Below 1 it is a copy: the video shows a face as like it a moment later.
"""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor

from pvchat.errors import SynthesisError
from pvchat.perception.geometry import Image
from pvchat.perception.record import Box
from pvchat.synthesis.aligned_faces import FaceCrop, Mesh, face_crops, oval
from pvchat.synthesis.linear_latent import vectors_of
from pvchat.synthesis.shots import Shot

SIDE = 96
FPS = 25.0
"""Pixels of aligned faces, and frames per second of the shots, for spacings that can be compared."""


class NoveltyMeter:
    """Measures pictures that a model made without knowing the faces of the video, pixel by pixel.

    Args:
        vectors: (n, D) of the video's faces, see `inner_face`. spacing: of neighbouring ones. mesh: fits landmarks.
    """

    def __init__(self, vectors: Tensor, spacing: float, mesh: Mesh) -> None:
        self._vectors = vectors
        self._spacing = spacing
        self._mesh = mesh

    @classmethod
    def fit(cls, shots: Sequence[Shot], mesh: Mesh) -> Self:
        """Learn the faces of some shots, `FPS` a second where the video has as many.

        Raises:
            SynthesisError: no two faces follow each other, so nothing says what is near.
        """
        crops = face_crops(shots, mesh, SIDE)
        if not crops:
            raise SynthesisError("no face of the video can be aligned; give a video that shows the face larger")
        vectors = inner_face(crops)
        return cls(vectors, spacing(vectors, crops), mesh)

    def of(self, frames: Sequence[Image], face_boxes: Sequence[Box]) -> float | None:
        """Mean over frames of how new the face is; None where there is none that can be aligned.

        Args:
            frames: (H, W, 3) uint8 RGB, all of one size. face_boxes: the face in each, as fractions.
        """
        if not frames:
            return None
        times = tuple(float(index) for index in range(len(frames)))
        shot = Shot("made", 0.0, times, tuple(frames), tuple(face_boxes), tuple(face_boxes))
        crops = face_crops([shot], self._mesh, SIDE)
        if not crops:
            return None
        nearest = torch.cdist(inner_face(crops), self._vectors).min(dim=1).values
        return float(nearest.mean()) / self._spacing


def inner_face(crops: Sequence[FaceCrop]) -> Tensor:
    """(n, D) pixels in -1..1 of the part of n aligned faces that `put_back` uses; the rest is no part of the face."""
    return vectors_of([one.pixels for one in crops])[:, inside(crops[0].pixels.shape[0])]


def inside(side: int) -> Tensor:
    """Which numbers of an aligned crop are of that part: (3 S S,) bool."""
    seen = torch.from_numpy(oval(side) > 0)
    return seen[..., None].expand(side, side, 3).flatten()


def spacing(vectors: Tensor, crops: Sequence[FaceCrop]) -> float:
    """Median distance of faces in neighbouring frames.

    Args:
        vectors: (n, D), any in which distances mean something. crops: the n faces.

    Raises:
        SynthesisError: no two follow each other, or all that do are the same.
    """
    numbers = {(one.shot, one.frame): index for index, one in enumerate(crops)}
    following = ((index, numbers.get((one.shot, one.frame + 1))) for index, one in enumerate(crops))
    pairs = [(index, other) for index, other in following if other is not None]
    if not pairs:
        raise SynthesisError("no two faces follow each other; give a video that shows the person without cuts")
    one, other = torch.tensor(pairs).unbind(dim=1)
    found = float((vectors[one] - vectors[other]).norm(dim=1).median())
    if found <= 0:
        raise SynthesisError("the usable faces are all alike (a still picture?); give a video in which it moves")
    return found
