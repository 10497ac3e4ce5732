"""Stock pictures: what is nobody's clothes and nobody's room, for a model that has seen few other people.

Installed packages bring a few photographs as examples. They are read where they lie, are never copied, and stand in as
footage of people whose faces are not seen: without them, whatever is not like the few others would look like the
subject.
"""

import random
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import cv2
import numpy as np

from pvchat.perception.geometry import Image
from pvchat.perception.record import PerceptionRecord, PerceptionVectors, Sighting, Track, VideoInfo
from pvchat.training.footage import Footage

PICTURES: tuple[tuple[str, str], ...] = (
    *(
        ("scikit-image", f"skimage/data/{name}")
        for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png", "gravel.png")
    ),
    *(("scikit-image", f"skimage/data/{name}") for name in ("brick.png", "grass.png", "horse.png", "camera.png")),
    *(("gradio", f"gradio/media_assets/images/{name}") for name in ("cheetah1.jpg", "lion.jpg", "tower.jpg")),
    ("matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg"),
)
# Those in which there is neither a person nor an animal.
SCENES = frozenset({"coffee", "rocket", "motorcycle_left", "gravel", "brick", "grass", "tower"})
LONGEST_PX = 480
_SECONDS = 4.0
_SAMPLES = 8


def stock_footage(face_model: str, *, seed: int = 0) -> list[Footage]:
    """One piece of footage per stock picture that is installed; pictures that are not there are left out.

    Args:
        face_model: id of the recognition engine whose vectors it stands beside (it has none). seed: of the boxes.
    """
    rng = random.Random(f"stock {seed}")
    found = []
    for package, place in PICTURES:
        image = _read(package, place)
        if image is not None:
            found.append(_footage(Path(place).stem, image, face_model, rng))
    return found


def stock_scenes() -> list[Image]:
    """Pictures of nobody, (H, W, 3) uint8 RGB, at most `LONGEST_PX` long; those that are not installed are left out."""
    read = (_read(package, place) for package, place in PICTURES if Path(place).stem in SCENES)
    return [image for image in read if image is not None]


def _read(package: str, place: str) -> Image | None:
    try:
        path = Path(str(distribution(package).locate_file(place)))
    except PackageNotFoundError:
        return None
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        return None
    scale = min(1.0, LONGEST_PX / max(image.shape[:2]))
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    rgb = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    return np.asarray(rgb, np.uint8)


def _footage(name: str, image: Image, face_model: str, rng: random.Random) -> Footage:
    width, height = rng.uniform(0.3, 0.8), rng.uniform(0.4, 0.9)
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    box = (left, top, left + width, top + height)
    times = [_SECONDS * (index + 0.5) / _SAMPLES for index in range(_SAMPLES)]
    track = Track(
        id=1,
        spans=((0.0, _SECONDS),),
        sightings=tuple(Sighting(time_s=time_s, body_box=box) for time_s in times),
        keyframe_s=times[0],
        keyframe_box=box,
    )
    record = PerceptionRecord(
        models={},
        video=VideoInfo(
            sha256=f"stock {name}",
            duration_s=_SECONDS,
            width=image.shape[1],
            height=image.shape[0],
            fps=25.0,
            decoder="stock picture",
        ),
        sampled_s=tuple(times),
        tracks=(track,),
    )

    def frames(wanted: Sequence[float]) -> list[Image]:
        return [image] * len(wanted)

    return Footage(f"stock {name}", record, PerceptionVectors(face_model), (), frames)
