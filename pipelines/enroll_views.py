"""From which sides and in what light an enrollment video shows the face: a few frames, looked at once more."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pvchat.perception.record import Sighting, Track

if TYPE_CHECKING:
    from pvchat.perception.face_detection import FaceDetection
    from pvchat.perception.geometry import Image
    from pvchat.synthesis.aligned_faces import Mesh

LOOKED_AT = 9
# The mesh flattens far sides: a full profile reads as about 50 to 60 degrees.
TURNED_DEG = 22.0
FRONT_DEG = 15.0
_LEAST_SCORE = 0.5
_MOST_PX = 960


def views_of(file: Path, tracks: Sequence[Track], mesh: "Mesh | None") -> dict[str, float | int]:
    """How many of up to nine moments show the face from the front and turned to the person's own left and right, and
    how bright it is.

    Args:
        file: the video. tracks: of the person. mesh: fits landmarks; without it nothing is looked at.

    Returns:
        `views_front`, `views_left`, `views_right`; `light`, the median brightness of the face in 0..1, and
        `light_range`, how far it varies. Nothing when no face was found again.

    Raises:
        VideoError: the file cannot be read any more.
    """
    seen = [sighting for track in tracks for sighting in track.sightings if sighting.face_box is not None]
    if mesh is None or not seen:
        return {}
    from pvchat.perception.face_mesh import head_pose
    from pvchat.video import read_frames

    picked = _spread(sorted(seen, key=lambda sighting: sighting.time_s))
    frames = read_frames(file, [sighting.time_s for sighting in picked], max_side=_MOST_PX, untrusted=True)
    yaws, lights = [], []
    for sighting, picture in zip(picked, frames.images, strict=True):
        face = _detection(sighting, picture)
        found = mesh(picture, face)
        if found.score >= _LEAST_SCORE:
            yaws.append(head_pose(found.points).yaw)
            lights.append(_brightness(picture, face.box))
    if not yaws:
        return {}
    turned = np.asarray(yaws)
    return {
        "views_front": int((np.abs(turned) < FRONT_DEG).sum()),
        # Whose head turns to the right of the picture turns it to the own left.
        "views_left": int((turned > TURNED_DEG).sum()),
        "views_right": int((turned < -TURNED_DEG).sum()),
        "light": round(float(np.median(lights)), 2),
        "light_range": round(float(np.max(lights) - np.min(lights)), 2),
    }


def _spread(seen: Sequence[Sighting]) -> list[Sighting]:
    index = np.unique(np.linspace(0, len(seen) - 1, min(LOOKED_AT, len(seen))).round().astype(int))
    return [seen[i] for i in index]


def _detection(sighting: Sighting, picture: "Image") -> "FaceDetection":
    from pvchat.perception.face_detection import FaceDetection

    if sighting.face_box is None:
        raise ValueError(f"the sighting at {sighting.time_s:.2f} s has no face box")
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = sighting.face_box
    box = (x0 * width, y0 * height, x1 * width, y1 * height)
    # Level eyes, where an upright face has them: the mesh finds the rest.
    across, down = box[2] - box[0], box[3] - box[1]
    eyes = [(box[0] + share * across, box[1] + 0.3 * down) for share in (0.3, 0.7)]
    middle = [(box[0] + 0.5 * across, box[1] + share * down) for share in (0.55, 0.75)]
    ears = [(box[0], box[1] + 0.35 * down), (box[2], box[1] + 0.35 * down)]
    return FaceDetection(box, 1.0, np.asarray([*eyes, *middle, *ears], np.float32))


def _brightness(picture: "Image", box: tuple[float, float, float, float]) -> float:
    height, width = picture.shape[:2]
    x0, x1 = (int(np.clip(edge, 0, width)) for edge in (box[0], box[2]))
    y0, y1 = (int(np.clip(edge, 0, height)) for edge in (box[1], box[3]))
    crop = picture[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)].astype(np.float32)
    return float((crop @ np.array([0.299, 0.587, 0.114], np.float32)).mean() / 255.0) if crop.size else 0.0
